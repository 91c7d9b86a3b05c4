"""The world on disk: JSON files, replaced whole.

The books are written before a fill is announced; the prices, in a small file beside them, once a second. There is no fsync: the page cache outlives a killed
process, and after a power cut a demo may begin anew; a file that cannot be read is put aside, never overwritten.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

VERSION = 1
PRICES, PATHS = ".prices", ".paths"
"""Beside the books: what moves with every tick, and what never changes."""
log = logging.getLogger("mtz.gateway")


def save(path: Path, data: dict[str, Any], *, durable: bool = False) -> None:
    """Replace the file in one step; ``durable``: it also survives a power cut. Raises OSError."""
    scratch = path.with_name(path.name + ".new")
    with scratch.open("w") as file:
        file.write(json.dumps(data, separators=(",", ":")))
        if durable:
            file.flush()
            os.fsync(file.fileno())
    scratch.replace(path)


def load(path: Path) -> dict[str, Any] | None:
    """The saved world, or None where there is none (or none that can be read)."""
    try:
        data = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except ValueError:
        data = None
    if not isinstance(data, dict) or data.get("version") != VERSION:
        put_aside(path)
        return None
    return data


def put_aside(path: Path) -> None:
    """Rename a file that cannot be read, so that a new one does not overwrite it."""
    aside = path.with_name(path.name + ".unreadable")
    path.replace(aside)
    log.warning("%s cannot be read; moved to %s, starting anew", path, aside.name)


def beside(path: Path, suffix: str) -> Path:
    """The file that belongs to the state at ``path``."""
    return path.with_name(path.name + suffix)
