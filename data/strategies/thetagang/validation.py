"""An effective configuration is checked before it is used: by the bot's own code in its own environment, else by ours alone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("in_bot_python.py")
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`version`: the bot's, None where it can't be asked. `problem`: the bot's words why it would refuse."""

    version: str | None
    problem: str | None


def ask_bot(
    python: Path | None, package: str, effective: Path, original: Path, environment: Mapping[str, str], folder: Path
) -> Verdict:
    """What the bot itself says of `effective`; `python`: the one that runs it, None where that isn't known."""
    if python is None:
        return Verdict(None, None)
    command = [str(python), str(SCRIPT), package, str(effective), str(original)]
    try:
        done = subprocess.run(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
        )
        answer = json.loads(done.stdout.decode("utf-8", "replace").splitlines()[-1])
        return Verdict(answer["version"], answer["problem"])
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError, KeyError, TypeError):
        return Verdict(None, None)  # it can't be asked: a bot that refuses says so when it is started
