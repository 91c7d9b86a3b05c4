"""What in-process bots report, and what they are told: one transaction a heartbeat.

A report is written as it is: whether a command is enforced is the agent's to judge (data/strategies/in_process.py).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from data import audit
from data.audit import Caller
from data.db import DatabaseError, explain
from data.queries import statement
from data.strategies.desired import BotStates
from data.strategies.wishes import read_with_wishes

Row = Mapping[str, Any]
ANNOUNCE_S = 15.0
"""How often a sign of life is announced where nothing else is new; far more often than a bot counts as silent."""
CYCLES_S = 3.0
"""How often the end of a cycle is announced: a bot may have one every second."""
META = ("version", "account", "client_id", "gateway_host", "gateway_port", "problem")
CYCLE = ("run_id", "started_at", "ended_at", "outcome", "command_seen", "words")


class WrappedBotError(Exception):
    """A bot that `mtz bot` runs has this name already."""


class UnknownBotError(LookupError):
    """No in-process bot of this name has given a sign of life."""


class Reports:
    """Takes reports through `engine` (role web)."""

    def __init__(self, engine: Engine, url: str) -> None:
        self._engine = engine
        self._url = url
        self._told: dict[str, float] = {}  # bot → when something of it was announced
        self._waiting: set[str] = set()  # bots that ended a cycle since

    def heartbeat(self, caller: Caller, bot: str, meta: Row, strategies: Sequence[Row], cycle: Row | None) -> BotStates:
        """Write what the bot says of itself and its strategies (named without the bot); what it has to do.

        `strategies`: rows of the tables `strategies` and `bot_reports` in one. `cycle`: its newest, of the table `bot_runs`.

        Raises:
            WrappedBotError: the name is a wrapped bot's; nothing was written.
            DatabaseError: the database is away; nothing was written.
        """
        rows = [{**row, "name": f"{bot}/{row['name']}", "strategy": f"{bot}/{row['name']}"} for row in strategies]
        with self._transaction() as conn:
            is_news = self._seen(conn, caller, bot, meta)
            told = {"bot": bot, "rows": json.dumps(rows)}
            is_news |= conn.exec_driver_sql(statement("report_strategies"), told).first() is not None
            conn.exec_driver_sql(statement("report_states"), told)
            if cycle is not None:
                values = {name: cycle.get(name) for name in CYCLE}
                values |= {"bot": bot, "version": meta.get("version"), "host": caller.origin, "pid": meta.get("pid")}
                is_cycle = conn.exec_driver_sql(statement("report_cycle"), values).first() is not None
                if is_cycle and cycle.get("outcome") is not None:
                    self._waiting.add(bot)
            if self._is_announced(bot, is_news):
                conn.exec_driver_sql(statement("strategies_changed"))
            return read_with_wishes(conn, bot)

    def decisions(self, bot: str, rows: Sequence[Row]) -> int:
        """Write lines of the ledger (their strategies named without the bot); how many were new.

        Raises:
            UnknownBotError: there is no such in-process bot.
            DatabaseError: the database is away; nothing was written.
        """
        told = [{**row, "strategy": f"{bot}/{row['strategy']}"} for row in rows]
        with self._transaction() as conn:
            found = conn.exec_driver_sql(
                "SELECT FROM bots WHERE bot = %(bot)s AND adapter = 'in_process'", {"bot": bot}
            )
            if found.first() is None:
                raise UnknownBotError("No in-process bot of this name has reported yet: send a heartbeat first.")
            written = conn.exec_driver_sql(statement("report_decisions"), {"bot": bot, "rows": json.dumps(told)}).all()
            if written:
                conn.exec_driver_sql(statement("strategies_changed"))
            return len(written)

    def _is_announced(self, bot: str, is_news: bool) -> bool:
        """Whether it is told now: news at once, cycles that ended at most every few seconds."""
        now = time.monotonic()
        if not is_news and (bot not in self._waiting or now - self._told.get(bot, float("-inf")) < CYCLES_S):
            return False
        self._waiting.discard(bot)
        self._told[bot] = now
        return True

    def _seen(self, conn: Connection, caller: Caller, bot: str, meta: Row) -> bool:
        """Note the sign of life; whether it is news."""
        values = {name: meta.get(name) for name in META}
        values |= {"bot": bot, "announce_s": ANNOUNCE_S}
        row = conn.exec_driver_sql(statement("report_bot"), values).first()
        if row is None:
            raise WrappedBotError(f"{bot} is run by `mtz bot`: give this bot another name.")
        if row.is_new:
            audit.write(conn, "bot.registered", caller, bot, {"account": meta.get("account"), "adapter": "in_process"})
        return bool(row.is_news)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as conn:
                yield conn
        except (OperationalError, InterfaceError, PoolTimeoutError) as error:
            cause = (error.orig if isinstance(error, DBAPIError) else None) or error
            raise DatabaseError(f"{explain(cause, self._url)} The report was not kept.") from error
