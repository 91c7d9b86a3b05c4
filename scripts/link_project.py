"""Put this project into the environment that runs this file: a path entry and the command `mtz`. Needs no build tool.

The same for .venv and for the container image.
"""

import sys
import sysconfig
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
COMMAND = """#!{python}
import sys

from dashboard.cli import main

if __name__ == "__main__":
    sys.exit(main())
"""


def link() -> None:
    """Write `moneytrailz.pth` and `mtz`."""
    (Path(sysconfig.get_path("purelib")) / "moneytrailz.pth").write_text(f"{PROJECT}\n", encoding="utf-8")
    command = Path(sysconfig.get_path("scripts")) / "mtz"
    python = Path(sys.executable)
    if len(str(python)) > 120 or " " in str(python):  # what the kernel takes after #!
        text = f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n" + COMMAND.split("\n", 1)[1]
    else:
        text = COMMAND.format(python=python)
    command.write_text(text, encoding="utf-8")
    command.chmod(0o755)


if __name__ == "__main__":
    link()
