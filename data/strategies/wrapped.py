"""Bots that `mtz bot` starts: their states lie in the control folder, their lock says who runs."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from psycopg.rows import dict_row

from data.strategies.base import Bot, Conn, Run, Status
from data.strategies.desired import BotStates
from data.strategies.folder import ControlFolder
from data.strategies.thetagang.records import DecisionReader

AGENT = "agent"  # the lock's `holder` while the agent cancels for the bot: no run


def list_bots(conn: Conn, kind: str) -> list[Bot]:
    """The bots of one kind, with their listed strategies."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "SELECT b.bot AS name, b.adapter, b.family, b.account, b.client_id, b.gateway_host, b.gateway_port, b.heartbeat_at, "
            "       coalesce(array_agg(s.name ORDER BY s.name) FILTER (WHERE s.is_listed), '{}') AS strategies "
            "  FROM bots b LEFT JOIN strategies s ON s.bot = b.bot WHERE b.adapter = %s GROUP BY b.bot ORDER BY b.bot",
            [kind],
        ).fetchall()
    return [Bot(**{**row, "strategies": tuple(row["strategies"])}) for row in rows]


class Wrapped:
    """The adapter."""

    kind = "wrapper"

    def __init__(self, folder: ControlFolder) -> None:
        self._folder = folder
        self._host = socket.gethostname()
        self._written: set[str] = set()
        self._reader = DecisionReader()

    def list(self, conn: Conn) -> Sequence[Bot]:
        return list_bots(conn, self.kind)

    def apply(self, conn: Conn, bot: Bot, states: BotStates) -> None:  # noqa: ARG002 - a start asks the database by itself
        """Raises ControlFolderError too: trying again may help.

        A process writes each bot's states whatever is there the first time; after that an older one never replaces a newer one, so
        that an agent which has lost the lead without knowing it does no harm.
        """
        if bot.name in self._written:
            self._folder.write_states(states)
        else:
            self._folder.replace_states(states)
            self._written.add(bot.name)

    def status(self, conn: Conn, bot: Bot) -> Status:  # noqa: ARG002 - other bots are asked in the database
        holder = self._folder.lock_holder(bot.name)
        return Status(is_running=holder is not None and holder.get("holder") != AGENT, may_cancel_stale=True)

    def runs(self, conn: Conn, bot: Bot) -> Sequence[Run]:
        # The rows first: a wrapper takes the lock before it writes its row, so that a row without a lock is nobody's.
        rows = conn.execute(
            "SELECT run_id::text, command_seen, started_at, pid, host FROM bot_runs "
            " WHERE bot = %s AND ended_at IS NULL AND NOT is_preview",
            [bot.name],
        ).fetchall()
        holder = self._folder.lock_holder(bot.name)
        if holder is not None and holder.get("holder") == AGENT:
            holder = None
        running = holder.get("run_id") if holder else None
        last = self._folder.last_holder(bot.name).get("run_id")
        elsewhere = [row for row in rows if row[4] not in (None, self._host) and row[0] not in (running, last)]
        over = {row[0] for row in rows} - {running} - {row[0] for row in elsewhere}
        self._close_vanished(conn, bot, sorted(over))
        return [*([_run(holder)] if holder is not None else []), *map(_run_elsewhere, elsewhere)]

    def _close_vanished(self, conn: Conn, bot: Bot, run_ids: Sequence[str]) -> None:
        if run_ids:
            conn.execute(
                "UPDATE bot_runs SET ended_at = now(), outcome = 'vanished', "
                "       words = 'The run ended without a word: its wrapper was killed, or the machine went down.' "
                " WHERE bot = %s AND run_id = ANY (%s::uuid[]) AND ended_at IS NULL",
                [bot.name, [*run_ids]],
            )

    def decisions(self, conn: Conn, bot: Bot) -> int | None:
        return self._reader.read(conn, bot.name)

    def hold(self, bot: Bot) -> AbstractContextManager[object]:
        return self._folder.lock(bot.name, {"holder": AGENT, "started_at": datetime.now(UTC).isoformat()})


def _run_elsewhere(row: tuple[Any, ...]) -> Run:
    """A run whose lock is in another machine's control folder: it goes on until its wrapper says that it ended."""
    run_id, seen, since, pid, host = row
    return Run(run_id, seen, since, f"the run of {since.astimezone(UTC):%H:%M} UTC on {host} (process {pid})")


def _run(holder: dict[str, Any]) -> Run:
    started = holder.get("started_at")
    since = datetime.fromisoformat(started) if isinstance(started, str) else None
    seen = holder.get("command_seen")
    words = f"the run of {since.astimezone(UTC):%H:%M} UTC" if since else "a run"
    pid = f" (process {holder['pid']})" if holder.get("pid") else ""
    return Run(holder.get("run_id"), seen if isinstance(seen, int) else 0, since, words + pid)
