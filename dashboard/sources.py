"""Which source a gateway is: demo, paper or live. Each has an embedded database of its own, so that they never mix.

`sources.json` in the data folder remembers which host and port was which, so that `mtz run` can start while the
gateway is away.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dashboard.exits import CannotRunError, Exit
from dashboard.settings import Settings
from data.model import Source

MEMORY_NAME = "sources.json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gateway said when asked: its source, or a sentence why it said nothing."""

    source: Source | None
    problem: str = ""


def database_name(source: Source) -> str:
    """The embedded database of `source`."""
    return f"mtz_{source.value}"


def choose_source(settings: Settings, ask: Callable[[Settings], Answer]) -> Source:
    """The source behind these settings; a gateway that answers is remembered.

    Raises:
        CannotRunError: the gateway doesn't answer and never did before.
    """
    if settings.ibkr_host is None or settings.source == "demo":
        return Source.DEMO
    memory = settings.data_dir / MEMORY_NAME
    address = f"{settings.ibkr_host}:{settings.ibkr_port}"
    known = _remembered(memory)
    answer = ask(settings)
    if answer.source is not None:
        if known.get(address) != answer.source.value:
            write_atomically(memory, json.dumps(known | {address: answer.source.value}, indent=2) + "\n")
        return answer.source
    if address in known:
        return Source(known[address])
    raise CannotRunError(
        f"{answer.problem} Whether {address} is a paper or a live account is not known yet, so nothing was started: "
        "start it and log in, or run `mtz connect`.",
        Exit.GATEWAY,
    )


def _remembered(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    valid = {source.value for source in Source}
    return {key: value for key, value in found.items() if value in valid} if isinstance(found, dict) else {}


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace `path` by `text`: a reader sees the old or the new, never a part."""
    fd, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
