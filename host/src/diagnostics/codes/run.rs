//! F081x to F083x: running across computes; F084x: on Kubernetes.

super::codes! {
    DBT_CANNOT_READ = "F0811", "dbt cannot read the project",
        "`floe plan`, `floe run` and `floe dbt` let dbt read the project once for each compute. dbt found a mistake: a `ref()` to a model that is not there, YAML that it cannot read, packages that are not installed, a variable that is not set. The message holds dbt's words. Mend it; where packages are missing, `floe dbt --compute C -- deps` installs them.";
    DBT_NOT_STARTED = "F0812", "dbt cannot be started",
        "The Python of a compute's environment could not be started: it was removed, moved, or belongs to another machine. Environments are cheap: remove the folder that the message names and run `floe env sync`.";
    DBT_OUTPUT = "F0813", "dbt wrote something else than expected",
        "floe reads `manifest.json` as dbt-core 1.8 to 1.11 write it, and found something else. Most often another dbt has been installed into the compute's environment by hand: remove it below `.floe/python` and run `floe env sync`.";
    FILES = "F0814", "Files of a run cannot be read or written",
        "floe keeps what it needs to run a product in `.floe` beside the spec: Python environments, dbt's caches, the artifacts of runs. Something there, or a file of the project, cannot be read or written. The message names it. Everything in `.floe` can be deleted; what is still needed is made again.";
    UNREACHABLE = "F0815", "A compute cannot read what another one builds",
        "A model refers to one that another compute builds. That works where the other one is a table (`table`, `incremental`, seed, snapshot) in storage that the reader mounts. A view exists for its own engine only, an ephemeral model is SQL for its own engine, what is in memory is gone when its step ends.\n\n```yaml\n# manifest.yaml: how spark names what duckdb wrote\n- name: spark\n  reads: {duckdb: {schema_prefix: lake.}}\n```\n\nWhere both mount the manifest's catalog and the model is built in it, floe finds the address itself. Nothing has been run.";
    TEST_NOWHERE = "F0816", "No compute can run a test",
        "A data test runs once: on its model's compute if that can read everything that the test reads, else on another one that can. Here none can. The message says for each what it cannot read.\n\nExample: a `relationships` test between a model on Spark and one in a DuckDB file that Spark does not mount. Build one of them where the other's compute reads it.";
    ORDER = "F0817", "`dependsOn` contradicts dbt's graph",
        "A transform waits for a model by `dependsOn`, and that model is built from one of the transform's own models: neither can begin. Compiling sees this only between transforms; dbt's graph shows it between models. Claim the model that has to wait by its `name`.";
    OWNER_CHANGED = "F0818", "A model with a history moved to another compute",
        "An incremental model or a snapshot goes on from the table that is there. It was built by one compute and is now to run on another one, where there is no such table, or an old one: what it would build is wrong. Copy the table, begin anew with `--full-refresh`, or leave the model where it was. floe knows who built what from its last run in this environment, in `.floe/dbt/<env>/owners.json`.";
    MEMORY_IN_STEPS = "F0819", "What is in memory does not last from step to step",
        "A compute keeps what it builds in memory (`path: \":memory:\"`), and other computes run between two of its steps, so that the second would not find what the first one built. Give it a file or the catalog in this environment, or run what lies between on it too.";
    HOOKS = "F0820", "Hooks run once in each step",
        "dbt runs `on-run-start` and `on-run-end` once for each of its commands, and a run over several computes has several. floe sets FLOE_ENV, FLOE_STEP, FLOE_FIRST and FLOE_LAST for them:\n\n```yaml\non-run-end: \"{% if env_var('FLOE_LAST', 'true') == 'true' %}grant select …{% endif %}\"\n```";
    SHARED_SOURCE = "F0821", "A source is read on several computes",
        "dbt looks for a source by its `database` and `schema`, whichever engine runs. Models on several computes read this one, so these must name the same table on each. Write them with `{{ 'lake' if target.type == 'duckdb' else … }}` where they differ, or stage the source on one compute and refer to that model.";
    DBT_FAILED = "F0822", "dbt did not run a step",
        "dbt ended before it ran anything: it could not connect, could not compile, or was stopped. The message holds its words; the log named in the help line holds all of them. What this step was to build counts as failed, and what depends on it is skipped.";
    NODE_FAILED = "F0823", "A model or test failed",
        "dbt ran a node and the engine refused it, or a test found rows. The message holds the engine's words. What depends on it was skipped, on every compute. The compiled SQL lies in the step's folder.";
    DBT_WARNS = "F0824", "dbt warns",
        "dbt warned of something while it ran a step: settings that nothing uses, names that will change their meaning, `exceptions.warn` in a macro. The message holds its words.";
    DOCS = "F0825", "A compute's tables are not described",
        "After the last step of a compute floe lets dbt list what it built, for the catalog of the run (`dbt docs`). That failed; what was built is not affected.";
    SELECTION = "F0826", "dbt cannot make out the selection",
        "`--select` and `--exclude` of `floe run` and `floe plan` take dbt's own selection syntax, and each compute's dbt is asked what it means. It refused it: an unknown method, a selector that is not there, `state:` without `--state`. The message holds dbt's words.";
    NOTHING_SELECTED = "F0827", "The selection is empty",
        "No model, seed, snapshot or test fits the selection, so there is nothing to run. See that the names are right (`floe plan` lists them) and that what is selected is switched on.";
    DBT_ARGUMENT = "F0828", "An argument that floe gives dbt itself",
        "`floe dbt` sets the target, the profiles, the folders and what dbt defers to. Another value would make dbt read or write somewhere else than the plan says. Leave it out; `floe dbt --env NAME` chooses the environment.";
    FOREIGN = "F0829", "A dbt command selects what another compute owns",
        "`floe dbt --compute C` runs plain dbt on one compute. Its selection holds models of other computes, which dbt would build there a second time. Nothing has been run. Select what C owns, or use `floe run --select …`, which runs each where it belongs.";
    UNIT_TEST_ALONE = "F0830", "A unit test without its model",
        "A unit test runs right before its model is built. The selection holds the test and not the model, so `dbt build` would pass it over without a word. Select the model too, or run the test by itself with `floe dbt --compute C -- test --select …`.";
    MODEL_SETTING = "F0831", "A setting of floe on a model is wrong",
        "A model (seed, snapshot, test) may say in its `meta` how long it may take, over what its transform and its compute say:\n\n```yaml\nmodels:\n  - name: orders\n    config:\n      meta: {floe: {timeout_seconds: 3600}}\n```\n\nThe number is in seconds, from 1 to 86400, and at most the compute's `max_timeout_seconds`. There is no other setting.";
    TIMED_OUT = "F0832", "A model took longer than it may",
        "The wall time of a node, from its first statement to its end, went over its `timeout_seconds`: that of the model (`meta: {floe: {timeout_seconds: …}}`), else of its transform, else of its compute. What waits in the engine's queue counts, and so do retries. floe cancelled the query through the adapter; the message says whether the engine confirmed that. What depends on the model was skipped, everything else went on. Make the query cheaper, give it a larger compute, or raise the limit.";
    INTERRUPTED = "F0833", "The run was interrupted",
        "floe was told to stop (Ctrl-C, SIGTERM, SIGHUP). What ran was cancelled, and what had not begun was not started. What was built before is whole and known: `floe run --resume` goes on with the rest. A second Ctrl-C does not wait for the engines.";
    NO_RUN = "F0834", "There is no such run",
        "`floe status` and `floe run --resume` look at the runs that are kept in `.floe/runs` beside the spec, the last twenty. This one is not there, or what was noted of it cannot be read.";
    RESUME_NOTHING = "F0835", "Nothing is left to resume",
        "Everything that the run was to build is built, and its tests passed. To build it again, run it anew without `--resume`.";
    PLAN_CHANGED = "F0836", "The plan is another one",
        "`--plan` names the plan for which a single step was written down (a Kubernetes Job, for example). The project, the documents or the plugins here give another plan, in which the step with this number may hold something else. Nothing has been run. Write the steps anew with `floe plan`, from what is installed here.";
    NO_STEP = "F0837", "The plan has no such step",
        "`floe run --step N` runs one step of the plan by its number, as `floe plan` shows it with the same selection. This plan has fewer steps.";
    VOLUME_NEEDED = "F0840", "A step on Kubernetes needs a volume",
        "A compute keeps what it builds in a file (DuckDB). In a pod that file is gone when the step ends, so that neither the next step nor the next run finds it. Name a PersistentVolumeClaim: it is mounted at the file's folder in every step that needs it.\n\n```\nfloe plan --as k8s --image REF --volume-claim shop-data\n```\n\nOr build in a catalog or a service in this environment; a file in the image does not last.";
    VOLUME_FOLDER = "F0841", "A volume cannot be mounted at a file's folder",
        "A volume is mounted at the folder of a compute's file, and hides what the image has there. The file lies beside the product's own files, or its path is known only where dbt runs. Give the file a folder of its own, in the manifest or in the environment:\n\n```yaml\n- name: duckdb\n  config: {path: data/shop.duckdb}\n```";
    NOT_IN_IMAGE = "F0842", "A step on Kubernetes would not find a file",
        "`floe plan --as k8s` writes Jobs whose pods hold the image, Kubernetes secrets and one volume, and nothing of this machine. A file that the plan needs is none of these: a secret's file with a relative path, two secret files that would be one key, or a manifest or a `--state` folder outside the product. The help line says where it has to lie.";
}
