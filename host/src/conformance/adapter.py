"""Reads outputs of a profile as the dbt adapter of their `type` does before it connects, and says what is wrong."""

import dataclasses
import json
import os
import re
import sys


def main(outputs):
    adapter = outputs[0]["type"]
    try:
        from dbt.adapters.factory import FACTORY
        from dbt.config.renderer import ProfileRenderer
        from dbt_common.context import set_invocation_context

        credentials = FACTORY.load_plugin(adapter)
        module = __import__(f"dbt.adapters.{adapter}.__version__", fromlist=["version"])
    except ImportError as error:
        return {"missing": f"dbt-{adapter} is not installed in {sys.executable} ({error})"}
    except Exception as error:  # dbt raises its own where there is no such adapter
        return {"missing": f"dbt knows no adapter {adapter} in {sys.executable} ({type(error).__name__})"}

    # Whatever an expression reads, it finds something.
    for variable in re.findall(r"env_var\(\W*([A-Za-z_0-9]+)", json.dumps(outputs)):
        os.environ.setdefault(variable, "1")
    set_invocation_context(os.environ)
    renderer = ProfileRenderer({})
    return {
        "wrong": [read(output, credentials, renderer) for output in outputs],
        "version": f"dbt-{adapter} {getattr(module, 'version', '')}".strip(),
    }


def read(output, credentials, renderer):
    # dbt-core itself reads these two.
    own = {key: value for key, value in output.items() if key not in ("type", "threads")}
    wrong = []
    rendered, kind = {}, credentials
    try:
        rendered = credentials.translate_aliases(renderer.render_data(own))
        credentials.validate(rendered)
        # Some adapters have a class for each way to log in, and only a factory that is no class of theirs.
        kind = type(credentials.from_dict(rendered))
    except Exception as error:
        wrong.append(f"{credentials.__name__} refuses it: {one_line(error)}")
    if dataclasses.is_dataclass(kind):
        fields = {field.name for field in dataclasses.fields(kind)}
        # What a factory chooses by is a property of what it makes.
        chosen = {key for key in rendered if kind is not credentials and hasattr(kind, key)}
        unknown = sorted(set(rendered) - fields - chosen)
        if unknown:
            wrong.append(f"{kind.__name__} has no field for {', '.join(unknown)}: the adapter passes it over")
    return wrong


def one_line(error):
    return " ".join(str(error).split())[:400] or type(error).__name__


print(json.dumps(main(json.loads(sys.argv[1]))))
