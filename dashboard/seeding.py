"""`mtz seed`: give the demo a past. One transaction, and then the state with which the simulated gateway goes on.

The state is written beside its place first, committed with the past, and moved into place after: whatever is killed when,
the next start finds neither or finishes both (the pending state names the first cash flow of the past it belongs to).
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from dashboard.exits import CannotRunError, Exit
from dashboard.migration import migrate_database
from dashboard.progress import Progress
from dashboard.running import RunLock, Running, find_running, unwritable
from dashboard.settings import Settings
from dashboard.sources import database_name
from dashboard.supervisor import Guard
from data.db import DatabaseError, connect, explain
from data.embedded import EmbeddedDatabaseError, EmbeddedPostgres
from data.housekeeping.service import LOCK_KEY, catch_up
from data.model import Role, Source
from data.poller.writer import account_lock
from data.simulator import state
from data.simulator.calendar import Hours
from data.simulator.history import History
from data.simulator.loading import Counts, load
from data.store import Store
from data.strategies.attributing import Attributor
from data.strategies.figures.past import tell_past

ACCOUNT = "DU9000001"
PENDING = ".seeded"

Say = Callable[[str], None]


class AlreadyThereError(DatabaseError):
    """The database has a past already; nothing was changed."""


def state_path(data_dir: Path) -> Path:
    """Where the simulated gateway of `mtz run` keeps its state."""
    return data_dir / "gateway" / "state.json"


def seed_is_wanted(settings: Settings) -> bool:
    """Whether `mtz run` should seed first: the demo has never run here, or an earlier seeding was interrupted."""
    path = state_path(settings.data_dir)
    return state.beside(path, PENDING).exists() or (settings.demo_history_days > 0 and not path.exists())


def seed(settings: Settings, days: int, number: int, say: Say, path: Path | None = None) -> int:
    """Seed the demo's database: DATABASE_URL's, or the embedded one; the exit code.

    `path`: where a gateway outside `mtz run` keeps its state.

    Raises:
        CannotRunError: refused, unreachable, or in use; nothing was changed.
    """
    path = path or state_path(settings.data_dir)
    running = find_running(settings.data_dir)
    if running is not None and running.pid == os.getppid():  # a step of `mtz run`, before its gateway and poller
        return _seed(settings, str(settings.database_url), path, days, number, say, in_run=True)
    _make_folder(settings.data_dir)
    lock = RunLock(settings.data_dir)
    lock.acquire(Running(os.getpid(), settings.url))
    try:
        if settings.database_url is not None:
            return _seed(settings, settings.database_url, path, days, number, say)
        with _embedded(settings, say) as url:
            return _seed(settings, url, path, days, number, say)
    except OSError as error:
        raise unwritable(settings.data_dir, error) from None
    finally:
        lock.release()


def _make_folder(data_dir: Path) -> None:
    try:
        if not data_dir.exists():
            data_dir.mkdir(parents=True)
            data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except OSError as error:
        raise unwritable(data_dir, error) from None


@contextlib.contextmanager
def _embedded(settings: Settings, say: Say) -> Iterator[str]:
    """The embedded server with the demo's database, migrated, for as long as this takes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    guard = Guard()  # it ends the server where we are killed
    try:
        postgres = EmbeddedPostgres(settings.data_dir / "database")
        postgres.start()
        assert postgres.process is not None
        guard.add(1, postgres.process.pid, signal.SIGINT)
        try:
            url = postgres.ensure_database(database_name(Source.DEMO))
            migrate_database(settings.model_copy(update={"database_url": url}), say)
            yield url
        finally:
            postgres.stop()
    except EmbeddedDatabaseError as error:
        raise CannotRunError(str(error), Exit.DATABASE) from None
    finally:
        guard.close()


def _seed(settings: Settings, url: str, path: Path, days: int, number: int, say: Say, *, in_run: bool = False) -> int:
    started = time.monotonic()
    progress = Progress(say, every=1 if in_run else 10)
    try:
        with connect(url, Role.IMPORTER, "seed", autocommit=True) as conn:
            hours = Hours(always=settings.demo_hours == "always")
            history = History(number, days, time.time(), ACCOUNT, hours)
            counts = seed_database(
                conn, history, path, lambda done, until: progress(0.9 * done, f"sample history, {until}")
            )
            progress(0.92, "what its strategies earned")
            tell_past(conn, history.account_id)
        progress(0.95, "rolling it up into minutes, hours and days")
        rolled = _roll_up(url)
        progress(1.0, "done")
    except AlreadyThereError as error:
        if in_run:
            say(f"no sample history: {error}")
            return Exit.OK
        raise CannotRunError(str(error), Exit.FAILED) from None
    except DatabaseError as error:
        raise CannotRunError(str(error), Exit.DATABASE) from None
    except psycopg.Error as error:
        raise CannotRunError(explain(error, url), Exit.DATABASE) from None
    except OSError as error:
        raise unwritable(path.parent, error) from None
    finally:
        progress.end()
    say(_summary(counts, days, time.monotonic() - started) + ("" if rolled else "; housekeeping is rolling it up"))
    return Exit.OK


def seed_database(
    conn: psycopg.Connection[Any], history: History, path: Path, report: Callable[[float, date], None]
) -> Counts | None:
    """Write `history`, on an autocommit connection, and the gateway's state at `path`; None: only an earlier one was finished.

    Raises:
        DatabaseError: the database is not the demo's, has a past, or a poller serves the account.
        psycopg.Error, OSError: nothing was kept.
    """
    store, pending = Store(conn), state.beside(path, PENDING)
    store.require_source(Source.DEMO, history.account_id)
    row = conn.execute("SELECT pg_try_advisory_lock(%s, %s)", account_lock(history.account_id)).fetchone()
    if not (row and row[0]):
        raise DatabaseError(
            f"A poller is writing account {history.account_id} into this database: stop `mtz run` or `mtz poll` first. "
            "Nothing was changed."
        )
    try:
        if _finish(conn, path):
            return None
        _require_empty(conn)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with conn.transaction():
            counts = load(conn, store, history, report)
            Attributor(conn).look()
            both = {"world": history.state(), "paths": history.path_state()}
            state.save(pending, {"version": state.VERSION, "first_flow": history.name, **both}, durable=True)
        _finish(conn, path)
        return counts
    finally:
        if not conn.closed:
            conn.execute("SELECT pg_advisory_unlock(%s, %s)", account_lock(history.account_id))


def _finish(conn: psycopg.Connection[Any], path: Path) -> bool:
    """Move a pending state into place if its past was committed; else forget it."""
    pending = state.beside(path, PENDING)
    found = state.load(pending)
    if found is None:
        return False
    row = conn.execute("SELECT true FROM cash_flows WHERE flow_id = %s", [found["first_flow"]]).fetchone()
    if row:
        state.beside(path, state.PRICES).unlink(missing_ok=True)
        state.save(state.beside(path, state.PATHS), found["paths"], durable=True)
        state.save(path, found["world"], durable=True)
    pending.unlink()
    return row is not None


def _require_empty(conn: psycopg.Connection[Any]) -> None:
    row = conn.execute(
        "SELECT EXISTS (SELECT FROM portfolio_snapshots) OR EXISTS (SELECT FROM executions)"
        " OR EXISTS (SELECT FROM portfolio_latest) OR EXISTS (SELECT FROM cash_flows)"
    ).fetchone()
    if row and row[0]:
        raise AlreadyThereError(
            "This database has a history already, so nothing was changed: sample history is for a new demo database "
            "(another MTZ_DATA_DIR or DATABASE_URL)."
        )


def _roll_up(url: str) -> bool:
    """Roll the past up now; False where a running housekeeping process does it anyway."""
    with connect(url, Role.OWNER, "seed", autocommit=True) as conn:
        row = conn.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY]).fetchone()
    if not (row and row[0]):
        return False
    catch_up(url)
    return True


def _summary(counts: Counts | None, days: int, seconds: float) -> str:
    if counts is None:
        return "sample history: an interrupted seeding was finished"
    return (
        f"sample history of {days} days: {counts.executions:,} executions, {counts.flows} cash flows, "
        f"{counts.portfolio:,} account and {counts.positions:,} position samples, {counts.bars:,} bars in {seconds:.0f} s"
    )
