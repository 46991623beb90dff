//! F08xx: Python environments.

super::codes! {
    PYTHON_MISSING = "F0801", "No Python that fits",
        "dbt runs in a Python environment that floe makes for each compute, and no Python on this machine can make the one of this compute: the plugin's packages support other versions, or its `venv` module is missing, which some distributions ship apart. floe looks at `FLOE_PYTHON` alone where it is set, else at `python3` and at `python3.13` to `python3.10` on `PATH`. The message says what was found. With uv on `PATH` the `venv` module is not needed.\n\n```sh\napt-get install python3-venv                      # Debian, Ubuntu\nFLOE_PYTHON=/opt/python3.12/bin/python3 floe env sync\n```";
    ENVIRONMENT_NOT_MADE = "F0802", "A Python environment cannot be made",
        "The plugin's packages cannot be resolved or installed, or dbt does not start with them. The message holds the reason in the words of uv or pip: a package that the index does not have, requirements that exclude each other, an index that does not answer. The former environment and its lock are as they were.\n\nuv and pip read the settings that they always read: `UV_DEFAULT_INDEX`, `uv.toml`; `PIP_INDEX_URL`, `pip.conf`; `HTTPS_PROXY`. Where only pip is told of an index, pip is used even if uv is there.\n\n```sh\nfloe env sync --compute duckdb             # again\nfloe env sync --compute duckdb --upgrade   # with other versions than the lock's, where one of them is gone\n```";
    ENVIRONMENT_NOT_WRITTEN = "F0803", "A Python environment cannot be written",
        "The system refused to make a folder or file below `.floe/python/` beside the spec, or to lock it: no permission, no room, a file in the place of a folder. The former environment is as it was. The message holds the system's own words.";
}
