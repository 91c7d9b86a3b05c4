"""What every benchmark needs: a throw-away database, percentiles, rows of the table."""

from __future__ import annotations

import contextlib
import math
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from data.calendar import fill_sessions
from data.embedded import EmbeddedPostgres
from data.migrate import migrate


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `limit` None: reported only. `ok` says whether `value` keeps to it."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False

    @property
    def ok(self) -> bool:
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        bound = "" if self.limit is None else f"{'≥' if self.at_least else '≤'} {self.limit:g} {self.unit}"
        verdict = "" if self.limit is None else ("ok" if self.ok else "MISSED")
        return f"{self.what:<72} {self.value:>10.2f} {self.unit:<6} {bound:<16} {verdict}"


def percentile(values: Sequence[float], fraction: float) -> float:
    """The nearest-rank percentile; values must not be empty."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(fraction * len(ordered)) - 1)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder that the database's unprivileged user can enter."""
    path = Path(tempfile.mkdtemp(prefix="mtz-bench-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def database() -> Iterator[str]:
    """The URL of a fresh, migrated database on a server of its own, with the settings that `mtz run` uses."""
    with folder() as path:
        server = EmbeddedPostgres(path)
        server.start()
        try:
            url = server.ensure_database("bench")
            migrate(url)
            fill_sessions(url, date.today())
            yield url
        finally:
            server.stop()
