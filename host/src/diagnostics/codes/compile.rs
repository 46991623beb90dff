//! F04xx: compiling.

super::codes! {
    SETTING_UNKNOWN = "F0401", "Unknown setting of a compute",
        "A key below a compute's `config` is neither floe's (`threads`, `timeout_seconds`, `connect_timeout_seconds`, `max_timeout_seconds`) nor in the schema of its plugin. dbt adapters ignore such a key silently, so it would look set and do nothing.\n\n```yaml\nconfig: {memory_limit: 2GB}            # no such setting of duckdb\nconfig: {settings: {memory_limit: 2GB}} # this is where it belongs\n```\n\n`floe schema plugin NAME` prints every setting with its description.";
    SETTING_INVALID = "F0402", "Setting of the wrong type or out of range",
        "A value below a compute's `config` does not fit the schema of its plugin: it has another type, is none of the allowed words, or is out of range.\n\n```yaml\nconfig: {retries: {connect_attempts: many}} # a number is expected\n```\n\n`floe schema plugin NAME` prints what each setting takes.";
    SETTING_MISSING = "F0403", "Required setting is missing",
        "The plugin of a compute requires a setting that neither the compute's `config` nor the environment's `connections` gives. Add it to the manifest; `floe schema plugin NAME` prints what it means.";
    SCHEMA_INVALID = "F0404", "The plugin's schema cannot be used",
        "What the plugin answers for the schema of its settings is no JSON Schema (draft 2020-12), so nothing can be checked against it. This is a defect of the plugin: tell its vendor, or install another version.";
    PROFILE_INVALID = "F0406", "The plugin's profile cannot be used",
        "The dbt profile that the plugin generated lacks what every dbt adapter needs (`type`, `threads`, `schema` or `dataset`), or comes with a helper file whose path leaves its folder or is that of another helper file with other content. This is a defect of the plugin: tell its vendor, or install another version.";
    PACKAGE_INVALID = "F0407", "The plugin's package requirement cannot be used",
        "A Python package that the plugin asks for is no requirement by PEP 508, or lacks a lower or an upper bound. Without bounds the same product would be built with other versions tomorrow. This is a defect of the plugin: tell its vendor, or install another version.";
    RESOURCES_INVALID = "F0408", "A resource request is over its limit",
        "After the manifest's `resources` are laid over the plugin's presets, a request is larger than its limit, which Kubernetes refuses. Set both in the manifest:\n\n```yaml\nresources: {large: {memory_request: 8Gi, memory_limit: 16Gi}}\n```";
    OUT_NOT_OURS = "F0409", "The output folder is not floe's",
        "`floe compile` replaces its output folder as a whole, and the folder given has files in it but not floe's marker (`.floe-artifacts`). Nothing was changed. Choose another folder with `--out`, or move what is there away.";
    OUT_NOT_WRITTEN = "F0410", "The artifacts cannot be written",
        "The system refused to write the artifacts: no permission, no room, a file in the place of a folder. The former artifacts are as they were. The message holds the system's own words.";
    COMPUTE_NOT_APPROVED = "F0411", "Compute is not approved",
        "A transform names a compute that the manifest does not approve. Computes are approved by the platform, so that every product runs on engines that somebody answers for.\n\n```yaml\nplugins:\n  compute:\n    approved: [duckdb, spark_large]\n```\n\nUse one of the approved names, or ask the manifest's owner to approve the one that you need.";
    ENVIRONMENT_UNKNOWN = "F0412", "Unknown environment",
        "An environment was named, on the command line or in a manifest's `connections`, that the spec does not have. Environments are declared in `floe.yaml`; without any there is one, `dev`.\n\n```yaml\nenvironments:\n  - name: dev\n  - name: prod\n```";
    DBT_PROJECT_MISSING = "F0413", "No dbt project",
        "floe compiles a dbt project, whose `dbt_project.yml` lies beside the spec (`floe.yaml`). There is none. Run floe in the project's folder, or name the spec with `--spec path/to/floe.yaml`.";
    DBT_PROJECT_INVALID = "F0414", "`dbt_project.yml` cannot be used",
        "floe needs two keys of `dbt_project.yml`, each a plain text: `name`, and `profile`, by which dbt finds the generated `profiles.yml`.\n\n```yaml\nname: sales\nprofile: sales\n```";
    TRANSFORM_NOT_FOUND = "F0415", "A transform names a path that does not exist",
        "A transform's `path` is no file or folder of the dbt project beside the spec, so it would select nothing. Paths count from the dbt project's folder and stay in it.\n\n```yaml\ntransforms:\n  - {path: models/staging/, compute: duckdb}\n```";
    TRANSFORM_CLAIMED_TWICE = "F0416", "Two transforms claim the same",
        "Two transforms select the same path, model or package, so which compute it runs on would depend on their order. Keep one of them. A transform of a deeper path, or of a model by its name, may take part of a wider one.";
    PLUGIN_WARNS = "F0417", "The plugin warns",
        "The plugin has generated what was asked for and says something besides that the user should know, such as a limit that the dbt adapter cannot hold by itself. The message holds the plugin's own words.";
    COMPUTES_ALL_FAILED = "F0418", "No approved compute can be used",
        "Every approved compute failed; each has its own error beside this one. Look at the plugins first: `floe plugin list` shows which were found, and where floe looked.";
    SPEC_MISSING = "F0419", "No spec",
        "There is no `floe.yaml` in this folder, and no dbt project that could be compiled without one; or the file that `--spec` names is not there. Run floe in the folder of a dbt project, or name the spec with `--spec path/to/floe.yaml`.";
    COMPUTE_UNKNOWN = "F0420", "Unknown compute",
        "A compute was named on the command line, or below an environment's `connections`, that the manifest does not approve. `floe plan` shows the computes of a product.";
    NOT_FOR_PRODUCTS = "F0423", "A setting that products may not set",
        "An environment of the spec sets a connection setting that the manifest does not leave to products. Connections belong to the platform; what a product may set for people's sandboxes is named in the manifest:\n\n```yaml\nenvironments:\n  - name: dev\n    product_may_set: [schema]\n```";
    TARGET_NAME = "F0430", "`target.name` is compared with what is no environment",
        "The dbt project compares `target.name` with a text that is the name of no environment. Under floe the dbt target is the environment, the same for every compute, so the comparison has one outcome for ever: most often the name of a target as it was before floe, or the name of a compute.\n\n```sql\n{% if target.name == 'production' %}   -- the environment is called prod\n```\n\nCompare with a name from `environments` of the spec and the manifest. For what depends on the engine compare `target.type`, which is the adapter's name. Only texts that are written out, in SQL and YAML of the project itself, are looked at.";
    ARTIFACTS_NOT_READ = "F0440", "Artifacts that are no JSON",
        "A file that should hold compiled artifacts is no JSON: it was cut off, edited by hand, or is another file. The message says where reading stopped. `floe compile` writes artifacts whole or not at all, so compile again, or fetch the file again from where it was stored.";
    ARTIFACTS_WRONG = "F0441", "Not floe's artifacts",
        "A file is JSON, but lacks what `compiled_artifacts.json` holds, or holds something in another form: a field is missing or of another type, a transform names a compute that the registry does not hold, or a transform stands twice. Name the folder that `floe compile` wrote (`target/floe` where `--out` says nothing else) or the file in it, and change nothing in it.";
    ARTIFACTS_OTHER_VERSION = "F0442", "Artifacts of another version",
        "The artifacts were written by a floe of another major version, whose fields may mean something else. Within a major fields are only added, so any floe of that major reads them. Compile again with this floe.";
    PARITY_COMPUTE = "F0443", "A transform runs on another compute",
        "`floe parity` compared two artifacts, and a transform runs on one compute in the first and on another in the second. Types, functions, NULL order and rounding differ from engine to engine, so that what was tested with the one is not what runs with the other. Choose the same compute in both specs and manifests, and compile again.";
    PARITY_PLUGIN = "F0444", "A compute has another plugin",
        "`floe parity` compared two artifacts. A compute has the same name in both and runs on another plugin, that is on another engine; so all its transforms differ, whatever they are called. Bind the name to the same plugin in both manifests: `{name: warehouse, plugin: snowflake}`.";
    PARITY_MISSING = "F0445", "A transform that only one has",
        "`floe parity` compared two artifacts, and only one of them has this transform; in the other one its models are claimed by something else, or run on the default. Compile both from the same spec.";
    PARITY_DEFAULT = "F0446", "The default compute differs",
        "`floe parity` compared two artifacts whose default computes differ. What no transform claims runs on the default: models of folders that the spec does not name, and what is added tomorrow. Choose the same `default` in both manifests.";
    PARITY_BINARY = "F0447", "Another binary of a plugin",
        "`floe parity` compared two artifacts. A plugin has another version in the second, or the same version and another sha256 for the same platform. The computes are the same; what the plugin writes into profiles may not be. Install the same binaries in both places; `floe.lock` pins them.";
    PARITY_PRODUCT = "F0448", "Artifacts of two products",
        "`floe parity` was given the artifacts of two products. That each of their transforms differs says nothing. Compare two compiles of one product, such as what was compiled for dev and what was compiled for prod.";
    TOO_MANY = "F0449", "More errors than are shown",
        "A document has more than 1,000 errors. The first 1,000 are shown, by their place in the file, and the number of the others. A file with so many is most often written by a program: mend that.";
    NOT_EMBEDDED = "F0450", "A plugin's settings are not in the manifest's schema",
        "`floe schema manifest` puts the schemas of all installed plugins into its own. One of them cannot be a part of another document: it is written in an older draft of JSON Schema, refers to something outside of itself or to an anchor, or leads back to itself. What the schema says below that plugin's `config` stays open, so that an editor neither completes nor checks it; `floe compile` checks it all the same. The message says what it is; tell the plugin's vendor.";
    MAY_SET_UNKNOWN = "F0451", "Products may set what is no setting",
        "An entry of `product_may_set` is neither a setting of a plugin behind an approved compute nor one of floe's (`threads`, `timeout_seconds`, `connect_timeout_seconds`, `connection_secret_ref`), so no product could ever set it.\n\n```yaml\nenvironments:\n  - name: dev\n    product_may_set: [schmea]     # schema\n```\n\nOnly settings at the top of `config` are meant: who may set `settings` may set all below it.";
    MOUNT_KEYS = "F0452", "What a mounted secret holds is not said",
        "`connection_secret_ref: NAME` means the secrets that the plugin requires, or its only one. The plugin has several and requires none of them, or none at all at the top of its settings. Name the settings that the Kubernetes secret holds:\n\n```yaml\nconnection_secret_ref: {name: pg-login, keys: [password]}\n```\n\n`floe schema plugin NAME` prints the settings; secrets carry `x-floe-secret`.";
    READS_NOT_ADDRESSABLE = "F0453", "`reads` in words that the engine does not have",
        "`reads` says how a compute addresses what another one wrote. Some engines have databases (`{catalog: lake}` makes `lake.schema.table`), others have none and take a prefix before the schema (`{schema_prefix: lake.}`); each plugin says which.\n\n```yaml\n- name: spark\n  reads: {duckdb: {schema_prefix: lake.}}   # Spark has no databases\n- name: duckdb\n  reads: {spark: {catalog: lake}}\n```\n\nWrite the form that the message names.";
    TIMEOUT_ELSEWHERE = "F0454", "A limit that plain dbt does not hold",
        "`floe run` and `floe dbt` hold every `timeout_seconds`: they cancel a query through its adapter, whichever it is. Plain dbt (and `floe plan --as shell`) knows the compute's own limit alone, and that only where the adapter has a setting for it; of transforms and models it knows nothing. Run it with floe, or set a limit in the engine too, as the help line says.";
}
