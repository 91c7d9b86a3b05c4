"""A wrapped bot's rows: `bots`, `strategies`, `bot_runs`; and the spool that keeps runs while the database is away."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from data.queries import statement
from data.strategies.desired import BotStates
from data.strategies.folder import ControlFolder, ControlFolderError
from data.strategies.thetagang.records import DecisionReader
from data.strategies.wishes import read_with_wishes

Outcome = Literal["ok", "failed", "refused", "killed"]
T = TypeVar("T")
OF_OTHER_TABLES = ("bot", "strategies", "statuses", "decisions")
PATIENCE_S = 15.0  # a database that takes a connection and then says nothing is away too


class DatabaseAwayError(Exception):
    """The database can't be asked now."""


class UnfitError(DatabaseAwayError):
    """The database is there and doesn't take these rows, whenever they are given."""


class TakenNameError(Exception):
    """The bot's name is an in-process bot's."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run with what its bot is, JSON-ready: what the database gets, and what the spool keeps."""

    bot: dict[str, Any]  # the columns of `bots`
    strategies: list[dict[str, Any]] | None  # None: not known, as for a run that was refused before its file was read
    run_id: str
    started_at: str
    host: str
    pid: int
    command_seen: int = 0
    version: str | None = None
    ended_at: str | None = None
    outcome: Outcome | None = None
    exit_code: int | None = None
    words: str | None = None
    output: str | None = None
    statuses: dict[str, str] = field(default_factory=dict)  # strategy → what the bot said of its trouble
    decisions: list[dict[str, Any]] = field(default_factory=list)  # rows of `decisions` that its output told

    def end(self, outcome: Outcome, exit_code: int | None, words: str | None, output: str | None = None) -> Run:
        now = datetime.now(UTC).isoformat()
        return replace(self, ended_at=now, outcome=outcome, exit_code=exit_code, words=words, output=output)


class RunStore:
    """Writes and reads through `engine` (role agent); every method raises DatabaseAwayError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, run: Run) -> BotStates:
        """Make the bot and its strategies known and read what they have to do. Raises TakenNameError, UnfitError."""

        def write(conn: Connection) -> BotStates:
            _write_bot(conn, run)
            return read_with_wishes(conn, run.bot["bot"])

        return self._within(write)

    def states(self, bot: str) -> BotStates:
        """What a bot has to do; nothing is held back of one that isn't known."""
        return self._within(lambda conn: read_with_wishes(conn, bot))

    def store(self, run: Run) -> None:
        """Write the run as far as it is known. Raises TakenNameError."""
        self._within(lambda conn: store_run(conn, run))

    def drain(self, spool: Spool) -> int:
        """Store what was spooled; how many runs."""
        stored = 0
        for run in spool.pending():
            try:
                self.store(run)
            except (TakenNameError, UnfitError):
                spool.refuse(run)
            else:
                spool.forget(run)  # after it is stored: a run stored twice is stored once
                stored += 1
        return stored

    def read_decisions(self, bot: str) -> None:
        """Bring what the bot recorded of its decisions into the database."""

        def read(conn: Connection) -> None:
            driver: Any = conn.connection.driver_connection
            DecisionReader().read(driver, bot)

        self._within(read)

    def _within(self, write: Callable[[Connection], T]) -> T:
        def transaction() -> T:
            try:
                with self._engine.begin() as conn:
                    return write(conn)
            except SQLAlchemyError as error:
                cause = getattr(error, "orig", None) if isinstance(error, DBAPIError) else None
                kind = (
                    UnfitError if isinstance(cause, psycopg.DataError | psycopg.IntegrityError) else DatabaseAwayError
                )
                raise kind(str(cause or error).splitlines()[0]) from None

        return _in_time(transaction)


def store_run(conn: Connection, run: Run) -> None:
    """Idempotent. Raises TakenNameError."""
    _write_bot(conn, run)
    row = {"bot": run.bot["bot"], "is_preview": False} | {
        name: value for name, value in asdict(run).items() if name not in OF_OTHER_TABLES
    }
    conn.exec_driver_sql(statement("bot_run"), row)
    if run.ended_at is None:
        conn.exec_driver_sql(statement("bot_runs_over"), row)
    if run.ended_at is not None and run.strategies is not None:
        conn.exec_driver_sql(statement("bot_strategy_status"), {"bot": run.bot["bot"], "words": Jsonb(run.statuses)})
    if run.decisions:
        conn.exec_driver_sql(statement("decisions"), {"rows": Jsonb(run.decisions)})
    conn.exec_driver_sql(statement("strategies_changed"))


def _write_bot(conn: Connection, run: Run) -> None:
    row = run.bot | {"version": run.version, "command": Jsonb(run.bot["command"])}
    if conn.exec_driver_sql(statement("bot"), row).first() is None:
        raise TakenNameError(
            f"The name {run.bot['bot']} is taken by a bot that reports by itself: give this one another with --name."
        )
    if run.strategies is not None:
        conn.exec_driver_sql(statement("bot_strategies"), {"bot": run.bot["bot"], "strategies": Jsonb(run.strategies)})


def _in_time(work: Callable[[], T]) -> T:
    """`work` on a thread of its own, which nobody waits for when it takes too long."""
    done: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

    def call() -> None:
        try:
            done.put((True, work()))
        except Exception as error:
            done.put((False, error))

    threading.Thread(target=call, daemon=True).start()
    try:
        is_done, value = done.get(timeout=PATIENCE_S)
    except queue.Empty:
        raise DatabaseAwayError("it doesn't answer") from None
    if not is_done:
        raise value
    found: T = value
    return found


class Spool:
    """Runs that the database hasn't got yet, a file each in the control folder; stored by the next start or by the agent."""

    def __init__(self, folder: ControlFolder) -> None:
        self._folder = folder

    def keep(self, run: Run) -> None:
        """Raises ControlFolderError."""
        self._folder.keep(f"runs/{run.run_id}.json", asdict(run))

    def pending(self) -> list[Run]:
        """The oldest first. A file that can't be read is put aside."""
        found = []
        for path in (self._folder.path / "runs").glob("*.json"):
            try:
                found.append(Run(**(self._folder.kept(f"runs/{path.name}") or {})))
            except (ControlFolderError, TypeError):
                self._put_aside(path)
        return sorted(found, key=lambda run: run.started_at)

    def forget(self, run: Run) -> None:
        (self._folder.path / "runs" / f"{run.run_id}.json").unlink(missing_ok=True)

    def refuse(self, run: Run) -> None:
        """It can never be stored: keep it where nobody tries again."""
        self._put_aside(self._folder.path / "runs" / f"{run.run_id}.json")

    @staticmethod
    def _put_aside(path: Path) -> None:
        with contextlib.suppress(OSError):
            path.replace(path.with_suffix(".refused"))
