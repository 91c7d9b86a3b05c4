"""The strategy agent's process: one leads by an advisory lock, others wait; commands are taken as they come."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Engine

from data import audit
from data.audit import Caller
from data.commands import CHANNEL, Commands
from data.db import DatabaseError, make_engine
from data.model import Role
from data.serving import Conn, serve_until_stopped
from data.strategies.agent import killfile, progress
from data.strategies.agent.deadman import DeadMan
from data.strategies.agent.deciding import Decider
from data.strategies.agent.enforcing import Enforcer
from data.strategies.agent.options import AgentOptions
from data.strategies.base import Adapter, Bot, CannotApplyError
from data.strategies.desired import AGENT_LOCK_KEY
from data.strategies.figures.service import keep_figures
from data.strategies.folder import ControlFolder, ControlFolderError
from data.strategies.states import bot_states

log = logging.getLogger("mtz.agent")

RETRY_S = 0.5
LOCK_RETRY_S = 0.5
FIGURES_END_S = 5.0
# A dead network is noticed although nobody says so; over a Unix socket libpq ignores these.
PATIENCE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 8000}


def run_agent(options: AgentOptions, adapters: Sequence[Adapter]) -> int:
    """Serve until SIGTERM or SIGINT; the exit code, as of :func:`data.serving.serve_until_stopped`."""

    def serve(conn: Conn, stopping: threading.Event) -> None:
        _serve(conn, options, adapters, stopping)

    return serve_until_stopped(
        options.database_url, Role.AGENT, "agent", serve, retry_s=RETRY_S, log=log, **PATIENCE,
        meanwhile="Commands wait until it is back; what was acknowledged stays.",
    )  # fmt: skip


def _serve(conn: Conn, options: AgentOptions, adapters: Sequence[Adapter], stopping: threading.Event) -> None:
    """Wait to lead, then lead until stopped. Raises psycopg.OperationalError: the connection, and with it the lead, is lost."""
    while not _leads(conn):
        if stopping.wait(LOCK_RETRY_S):
            return
    engine = make_engine(options.database_url, Role.AGENT, "agent (commands)", pool_size=1)
    leader = Leader(conn, engine, options, adapters)
    ending = threading.Event()
    # On a connection of its own: no command waits for a sum.
    figures = threading.Thread(target=keep_figures, args=(options.database_url, ending), name="figures", daemon=True)
    figures.start()
    try:
        leader.run(stopping)
    finally:
        ending.set()
        leader.close()
        figures.join(FIGURES_END_S)
        engine.dispose()


def _leads(conn: Conn) -> bool:
    row = conn.execute("SELECT pg_try_advisory_lock(%s)", [AGENT_LOCK_KEY]).fetchone()
    return bool(row and row[0])


class Leader:
    """The agent that holds the lock, on its connection."""

    def __init__(self, conn: Conn, engine: Engine, options: AgentOptions, adapters: Sequence[Adapter]) -> None:
        self._conn, self._options, self._adapters = conn, options, adapters
        self._caller = Caller("strategy agent", "agent", socket.gethostname())
        self._folder = ControlFolder(options.control_dir)
        self._commands = Commands(engine, options.database_url)
        self._decider = Decider(options, self._folder, self._caller)
        self._enforcer = Enforcer(options, self._caller)
        self._dead_man = DeadMan(options.dead_man_minutes, self._commands)
        self._started = datetime.now(UTC)
        self._told: set[str] = set()  # bots whose states were written since the start
        self._said = ""

    def run(self, stopping: threading.Event) -> None:
        """Look at everything when a command was given, and each second all the same."""
        self._conn.execute(f"LISTEN {CHANNEL}")
        while not stopping.is_set():
            begun = time.monotonic()
            self._look()
            left = self._options.look_s - (time.monotonic() - begun)
            for _ in self._conn.notifies(timeout=max(left, 0.0), stop_after=1):
                pass

    def close(self) -> None:
        self._enforcer.close()

    def _look(self) -> None:
        conn = self._conn
        self._beat()
        bots = self._bots()
        self._decider.look(conn, bots)
        self._each(
            partial(self._tell, bots),
            lambda: killfile.agree(conn, self._folder, self._commands, progress.open_commands(conn)),
            self._keep_head,
            lambda: self._dead_man.look(conn),
        )
        self._enforcer.look(progress.open_commands(conn), self._with_orphans(bots))

    def _each(self, *works: Callable[[], None]) -> None:
        """Each of them, whatever becomes of the others; what is wrong, as with the folder, is said once."""
        problems = []
        for work in works:
            try:
                work()
            except (ControlFolderError, DatabaseError) as error:
                problems.append(str(error))
        sentence = problems[0] if problems else ""
        if sentence and sentence != self._said:
            log.error("%s", sentence)
        self._said = sentence

    def _beat(self) -> None:
        self._conn.execute(
            "INSERT INTO agent_status (heartbeat_at, started_at, host, pid) VALUES (now(), %s, %s, %s) "
            "ON CONFLICT (singleton) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, started_at = excluded.started_at, "
            "  host = excluded.host, pid = excluded.pid",
            [self._started, self._caller.origin, os.getpid()],
        )

    def _tell(self, bots: dict[str, tuple[Adapter, Bot]]) -> None:
        """A bot that is new, or whose file may have been lost: what is in force, for a start with the database away."""
        if bots.keys() <= self._told:
            return
        states = progress.states(self._conn)
        for name, (adapter, bot) in bots.items():
            if name not in self._told:
                with contextlib.suppress(CannotApplyError):
                    adapter.apply(self._conn, bot, bot_states(name, states))
                self._told.add(name)

    def _bots(self) -> dict[str, tuple[Adapter, Bot]]:
        return {bot.name: (adapter, bot) for adapter in self._adapters for bot in adapter.list(self._conn)}

    def _with_orphans(self, bots: dict[str, tuple[Adapter, Bot]]) -> dict[str, tuple[Adapter, Bot]]:
        """Strategies whose bot was never seen here, as of a database that was copied: taken for a wrapper's, which isn't running."""
        rows = self._conn.execute(
            "SELECT split_part(name, '/', 1), array_agg(name ORDER BY name) FROM strategies WHERE bot IS NULL GROUP BY 1"
        ).fetchall()
        wrapped = self._adapters[0]
        return {
            name: (wrapped, Bot(name, wrapped.kind, None, None, None, None, None, None, tuple(names)))
            for name, names in rows
        } | bots

    def _keep_head(self) -> None:
        """The audit log's newest number and hash, outside the database. One that doesn't follow from the kept one never replaces it.

        Raises DatabaseError for such a log.
        """
        number, digest = audit.head(self._conn)
        database = self._conn.info.dbname
        kept = self._folder.audit_head(database)
        if kept is not None and not audit.holds(self._conn, kept):
            raise DatabaseError(
                f"Event {kept[0]} of the audit log isn't what it was: `mtz audit verify` says more. Where an older backup was "
                f"restored, remove {self._folder.audit_head_path(database)}."
            )
        if number and (kept is None or number > kept[0]):
            self._folder.write_audit_head(database, number, digest)
