"""What is kept up for wrapped bots between their runs, on a thread of the strategy agent: their decisions, records of runs that
waited on disk, and dry runs that somebody asked for."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from data.db import connect, literal, make_engine
from data.model import Role
from data.previews import CHANNEL
from data.queries import statement
from data.strategies.folder import ControlFolder
from data.strategies.wrapped import Wrapped
from data.strategies.wrapper.command import CommandError
from data.strategies.wrapper.previewing import Previewed, last_command, preview
from data.strategies.wrapper.runs import DatabaseAwayError, RunStore, Spool

log = logging.getLogger("mtz.agent.bots")

LOOK_S = 3.0
STALE_S = 600  # nobody waits for a dry run that was asked for longer ago


class Keeper(threading.Thread):
    """Runs until :meth:`stop`; with the database away it waits for it."""

    def __init__(self, url: str, folder: ControlFolder) -> None:
        super().__init__(name="bots", daemon=True)
        self._url, self._folder = url, folder
        self._stopping = threading.Event()
        self._bots = Wrapped(folder)
        self._engine = make_engine(url, Role.AGENT, "agent (bots)", pool_size=1)
        self._store = RunStore(self._engine)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._url, Role.AGENT, "agent (bots)", autocommit=True) as conn:
                    conn.execute(literal(f"LISTEN {CHANNEL}"))
                    while not self._stopping.is_set():
                        self.look(conn)
                        self._wait(conn)
            except psycopg.OperationalError:
                self._stopping.wait(LOOK_S)
            except Exception:
                log.exception("looking after wrapped bots failed; it is tried again")
                self._stopping.wait(LOOK_S)
        self.close()

    def look(self, conn: psycopg.Connection[Any]) -> None:
        """Everything once."""
        for bot in self._bots.list(conn):
            self._bots.decisions(conn, bot)
        try:
            self._store.drain(Spool(self._folder))
        except DatabaseAwayError as error:
            log.warning("runs wait to be stored (%s)", error)
        self._close_abandoned(conn)
        while (asked := self._next_preview(conn)) is not None and not self._stopping.is_set():
            self._preview(conn, *asked)

    def _wait(self, conn: psycopg.Connection[Any]) -> None:
        end = time.monotonic() + LOOK_S
        while not self._stopping.is_set() and (left := end - time.monotonic()) > 0:
            if [*conn.notifies(timeout=min(left, 0.5), stop_after=1)]:
                return

    def _close_abandoned(self, conn: psycopg.Connection[Any]) -> None:
        """Dry runs whose agent died, or that nobody took in time."""
        conn.execute(
            "INSERT INTO preview_results (preview_id, started_at, ended_at, problem) "
            "SELECT p.preview_id, now(), now(), 'No agent ran it in time: ask again.' "
            "  FROM previews p LEFT JOIN preview_results r USING (preview_id) "
            " WHERE r.preview_id IS NULL AND p.requested_at < now() - make_interval(secs => %s) ON CONFLICT DO NOTHING",
            [STALE_S],
        )
        conn.execute(
            "UPDATE preview_results SET ended_at = now(), problem = 'The agent ended while it ran: ask again.' "
            " WHERE ended_at IS NULL AND started_at < now() - make_interval(secs => %s)",
            [STALE_S],
        )

    def _next_preview(self, conn: psycopg.Connection[Any]) -> tuple[str, str] | None:
        row = conn.execute(
            "SELECT p.preview_id::text, p.bot FROM previews p LEFT JOIN preview_results r USING (preview_id) "
            " WHERE r.preview_id IS NULL ORDER BY p.requested_at LIMIT 1"
        ).fetchone()
        return (str(row[0]), str(row[1])) if row else None

    def _preview(self, conn: psycopg.Connection[Any], preview_id: str, bot: str) -> None:
        if conn.execute(literal(statement("preview_started")), {"preview_id": preview_id}).fetchone() is None:
            return  # another agent has it
        done = self._previewed(bot)
        conn.execute(
            literal(statement("preview_ended")),
            {"preview_id": preview_id, "problem": done.problem, "orders": Jsonb(done.orders), "words": done.words},
        )

    def _previewed(self, bot: str) -> Previewed:
        try:
            found = last_command(self._folder, bot)
            return preview(self._folder, bot, found, self._store.states(bot), self._stopping.is_set)
        except (CommandError, DatabaseAwayError) as error:
            return Previewed(problem=str(error))
