//! F091x: `floe init`.

super::codes! {
    ALREADY_THERE = "F0910", "A file is there already",
    "`floe init` writes `floe.yaml` and `manifest.yaml` into a project that has neither, and replaces nothing: what is there \
     may be somebody's work.\n\nWhere the project runs with floe already, go on with `floe compile`. To have the files made \
     anew, move the old ones away first; `floe init --dry-run` shows what it would write and writes nothing.";
    PROFILES_MISSING = "F0911", "No profiles.yml",
    "`floe init` reads the connections of a dbt project from its `profiles.yml`, and looks for it where dbt does: in \
     `--profiles-dir`, in the folder that `DBT_PROFILES_DIR` names, beside `dbt_project.yml`, and in `~/.dbt`. The first of \
     these folders that is given or has the file counts.\n\nName the folder: `floe init --profiles-dir ~/work/dbt`. A project \
     that has never had one needs no `floe init`: without a manifest floe runs it on DuckDB.";
    PROFILE_MISSING = "F0912", "No such profile",
    "`profile:` in `dbt_project.yml` names an entry at the top of `profiles.yml`, by its exact name, upper and lower case \
     counting, and there is none of that name.\n\n```yaml\n# dbt_project.yml\nprofile: jaffle_shop\n# profiles.yml\njaffle_shop:\n  \
     target: dev\n  outputs: {dev: {type: duckdb}}\n```\n\nCorrect the name, or point `--profiles-dir` at the folder of the \
     other `profiles.yml`.";
    PROFILE_INVALID = "F0913", "A profile that cannot be used",
    "A profile must have `outputs:`, a mapping of at least one output, and each output a `type`: the name of its dbt \
     adapter, as plain text.\n\n```yaml\njaffle_shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: \
     shop.duckdb}\n```\n\ndbt refuses such a profile too; `dbt debug` says more.";
    TARGET_UNKNOWN = "F0914", "Which output is the default is not known",
    "The default output decides which compute the product runs on. It is the one that `target:` of the profile names, or \
     `default` where it names none. Here there is no output of that name, or `target:` is an expression that only dbt can \
     evaluate.\n\nSay which: `floe init --target prod`. Of an `env_var` with a default, the default is taken.";
    NO_PLUGIN = "F0915", "No plugin for a dbt adapter",
    "An output of the profile has a `type` for which no plugin is installed, so floe can neither check its settings nor make \
     a compute of it.\n\n`floe plugin list` shows which plugins were found and where floe looked. Install the plugin of that \
     engine into one of these folders, or choose another output by `floe init --target NAME`.";
    LEFT_OUT = "F0916", "A key of the profile is left out",
    "dbt adapters silently ignore keys that they do not know, so a profile may hold some that never had an effect: \
     misspelt, of another adapter, of an older version. floe refuses unknown settings, and so `floe init` leaves them \
     out and names each.\n\nWhere a key was meant to be another one, write that into `manifest.yaml`; `floe schema plugin \
     NAME` prints what there is. Flags of dbt below `config:` belong below `flags:` in `dbt_project.yml`.";
    OTHER_ADAPTER = "F0917", "Outputs on several adapters",
    "The outputs of a profile are on different engines: DuckDB in dev and Snowflake in prod, say. floe keeps environments \
     alike: what a transform runs on is the same in all of them, and only connections differ, so that what was tested is \
     what runs. `floe init` takes the adapter of the default output, and leaves the others out.\n\n`floe init --target prod` \
     takes the other one. To use both side by side, each for some of the models and in every environment, approve the \
     second in the manifest, where it stands in a comment, and name it as `compute:` of a transform.";
    CHANGED = "F0918", "A value of the profile is not kept as it was",
    "A value of the profile has another form in floe, and could not be taken over as it was: a name that is no name of an \
     environment, a limit that is an expression, more threads than floe allows.\n\nThe message says what stands in its place. \
     Look at it in `manifest.yaml`, and write there what you want.";
    NOT_WRITTEN = "F0919", "The files of `floe init` cannot be written",
    "`floe init` writes `floe.yaml` and `manifest.yaml` beside `dbt_project.yml`, both or neither, and the operating system \
     refuses.\n\nSee that the folder can be written to by the user that runs floe and that the disk has room, or copy what \
     `floe init --dry-run` prints.";
}
