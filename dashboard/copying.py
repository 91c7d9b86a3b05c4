"""`mtz migrate --to-timescale`: copy a database to a TimescaleDB server, with progress and a comparison at the end."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NoReturn

import psycopg

from dashboard.exits import CannotRunError, Exit
from dashboard.running import RunLock, Running, find_running
from dashboard.settings import Settings
from dashboard.sources import database_name
from data.copying.comparison import table
from data.copying.copier import Outcome, Progress, copy_database
from data.copying.sides import AGAIN
from data.db import DatabaseError
from data.embedded import EmbeddedDatabaseError, EmbeddedPostgres
from data.model import Source

EMBEDDED = "embedded"

Say = Callable[[str], None]


def copy_to_timescale(settings: Settings, source: str, target: str, say: Say, *, needs_timescale: bool = True) -> None:
    """Copy `source` (a URL, or `embedded`, or `embedded:live`) to `target`; say what is done and how the two compare.

    Raises:
        CannotRunError: refused, failed on the way, stopped, or the two differ.
    """
    show = _Line(say) if sys.stdout.isatty() else _Steps(say)
    try:
        with _ends_in_order(), _reachable(settings, source) as url:
            outcome = copy_database(
                url, target, today=datetime.now(UTC).date(), needs_timescale=needs_timescale, report=show
            )
    except (DatabaseError, EmbeddedDatabaseError) as error:
        raise CannotRunError(str(error), Exit.DATABASE) from None
    except KeyboardInterrupt:
        raise CannotRunError(f"Stopped. {AGAIN}", Exit.FAILED) from None
    finally:
        show.end()
    _conclude(outcome, say)


def _conclude(outcome: Outcome, say: Say) -> None:
    for line in table(outcome.lines):
        say(line)
    for relation in outcome.late:
        say(
            f"{relation}: late rows that the source had not rolled up yet are rolled up on the target, so there it differs."
        )
    different = [line.name for line in outcome.lines if line.different]
    if different:
        raise CannotRunError(
            f"Source and target differ in {', '.join(different)}: "
            + (
                "one of them has been written to since the target was copied; nothing was changed."
                if outcome.was_complete
                else "run the same command again, which copies what differs once more; the source is as it was."
            ),
            Exit.FAILED,
        )
    say(
        "The target held all of it already: nothing was copied."
        if outcome.was_complete
        else "Copied and compared: equal. Set DATABASE_URL to the target and start mtz; the source is as it was."
    )


@contextlib.contextmanager
def _ends_in_order() -> Iterator[None]:
    """SIGTERM ends the copy as Ctrl-C does, so that an embedded source is stopped too."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _reachable(settings: Settings, source: str) -> Iterator[str]:
    """The source's URL; the embedded server is started for as long as it takes."""
    word, _, which = source.partition(":")
    if word != EMBEDDED:
        yield source
        return
    folder = settings.data_dir / "database"
    if not (folder / "pgdata" / "PG_VERSION").exists():
        raise CannotRunError(
            f"There is no embedded database in {settings.data_dir}: set MTZ_DATA_DIR to the folder that `mtz run` uses.",
            Exit.DATABASE,
        )
    if find_running(settings.data_dir):
        raise CannotRunError(
            f"`mtz run` is running on {settings.data_dir}: stop mtz first, then run this again.", Exit.IN_USE
        )
    lock = RunLock(settings.data_dir)
    lock.acquire(Running(os.getpid(), settings.url))
    postgres = EmbeddedPostgres(folder)
    try:
        postgres.start()
        yield postgres.url(_embedded_name(postgres, which))
    finally:
        postgres.stop()
        lock.release()


def _embedded_name(postgres: EmbeddedPostgres, which: str) -> str:
    """The database of the source `which`; without a word of it the only one there is."""
    ours = [database_name(source) for source in Source]
    with psycopg.connect(postgres.url("postgres")) as conn:
        found = conn.execute("SELECT datname FROM pg_database WHERE datname = ANY (%s) ORDER BY 1", [ours]).fetchall()
    names = [str(name) for (name,) in found]
    wanted = [name for name in names if not which or name == f"mtz_{which}"]
    if len(wanted) == 1:
        return wanted[0]
    there = " or ".join(f"{EMBEDDED}:{name.removeprefix('mtz_')}" for name in names) or "none"
    raise CannotRunError(
        f"Which embedded database is meant? There is {there}: name it as SOURCE_URL. Nothing was changed.",
        Exit.SETTINGS,
    )


def _amounts(progress: Progress, started: float) -> str:
    """Rows, bytes, share and time left, as far as they are known."""
    if not progress.of_rows:
        return ""
    text = f"{progress.rows:,} of {progress.of_rows:,} rows, {progress.bytes / 1e6:,.1f} MB"
    share = min(progress.rows / progress.of_rows, 1.0)
    text += f", {share:.0%}"
    if 0 < share < 1:
        left = (time.monotonic() - started) / share * (1 - share)
        text += f", {left // 60:.0f}:{left % 60:02.0f} left"
    return text


class _Line:
    """One line that is written over, for a terminal."""

    def __init__(self, _: Say) -> None:
        self._started: float | None = None

    def __call__(self, progress: Progress) -> None:
        if self._started is None and progress.of_rows:
            self._started = time.monotonic()
        text = f"{progress.what}  {_amounts(progress, self._started or time.monotonic())}"
        sys.stdout.write(f"\r\x1b[2K{text[:118]}")
        sys.stdout.flush()

    def end(self) -> None:
        sys.stdout.write("\r\x1b[2K")
        sys.stdout.flush()


class _Steps:
    """A line per table and per cent, for a log."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._said: tuple[str, int] | None = None
        self._started: float | None = None

    def __call__(self, progress: Progress) -> None:
        if self._started is None and progress.of_rows:
            self._started = time.monotonic()
        amounts = _amounts(progress, self._started or time.monotonic())
        step = progress.what, progress.rows * 100 // max(progress.of_rows, 1)
        if step == self._said:
            return
        self._said = step
        self._say(f"{progress.what}: {amounts}" if amounts else progress.what)

    def end(self) -> None:
        """Nothing is left open."""
