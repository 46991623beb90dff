"""Makes a wheel of one module that knows its own version: make.py FOLDER NAME VERSION [REQUIREMENT...]"""

import sys
import zipfile
from pathlib import Path

folder, name, version, *requirements = sys.argv[1:]
module = name.replace("-", "_")
info = f"{module}-{version}.dist-info"
metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
metadata += "".join(f"Requires-Dist: {requirement}\n" for requirement in requirements)
files = {
    f"{module}.py": f'VERSION = "{version}"\n',
    f"{info}/METADATA": metadata,
    f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: floe-tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
record = "".join(f"{path},,\n" for path in files) + f"{info}/RECORD,,\n"
with zipfile.ZipFile(Path(folder) / f"{module}-{version}-py3-none-any.whl", "w") as wheel:
    for path, text in {**files, f"{info}/RECORD": record}.items():
        wheel.writestr(path, text)
