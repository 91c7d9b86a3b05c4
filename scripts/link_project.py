"""Put this project into the environment that runs this file: a path entry, its metadata and the command `mtz`.

What an editable install does, without a build tool to download. The same for .venv and for the container image.
"""

import shutil
import sys
import sysconfig
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: {description}\n"
COMMAND = """#!{python}
import sys

from dashboard.cli import main

if __name__ == "__main__":
    sys.exit(main())
"""
LONGEST_SHEBANG = 120  # what every kernel takes after #!


def link() -> None:
    """Write `moneytrailz.pth`, a dist-info folder and `mtz`."""
    packages = Path(sysconfig.get_path("purelib"))
    (packages / "moneytrailz.pth").write_text(f"{PROJECT}\n", encoding="utf-8")
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    folder_name = project["name"].replace("-", "_")
    for old in packages.glob(f"{folder_name}-*.dist-info"):
        shutil.rmtree(old)
    info = packages / f"{folder_name}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA.format(**project), encoding="utf-8")
    (info / "INSTALLER").write_text("scripts/link_project.py\n", encoding="utf-8")
    (info / "RECORD").write_text("", encoding="utf-8")
    command = Path(sysconfig.get_path("scripts")) / "mtz"
    command.write_text(launcher(sys.executable), encoding="utf-8")
    command.chmod(0o755)


def launcher(python: str) -> str:
    """The text of `mtz`; through /bin/sh where the interpreter's path doesn't fit after #!."""
    if len(python) <= LONGEST_SHEBANG and " " not in python:
        return COMMAND.format(python=python)
    return f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n" + COMMAND.split("\n", 1)[1]


if __name__ == "__main__":
    link()
