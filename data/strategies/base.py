"""How the strategy agent reaches bots of one kind: list, apply, status, runs, decisions.

wrapped.py: bots that `mtz bot` starts; in_process.py: running programs that report by REST. An adapter never decides what
shall be: it carries what the agent decided to where the bot reads it, and tells what the bot does. It is used from several
threads, each call with a connection of its own (role agent, autocommit).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import psycopg

from data.strategies.desired import BotStates

Conn = psycopg.Connection[Any]


class CannotApplyError(Exception):
    """The bot can't be told, and waiting won't help: the command fails with this sentence (the bot's words where it has some)."""


@dataclass(frozen=True, slots=True)
class Bot:
    """One row of `bots` with its strategies, as far as control needs it."""

    name: str
    adapter: str  # wrapper, in_process
    family: str | None
    account: str | None
    client_id: int | None
    gateway_host: str | None
    gateway_port: int | None
    heartbeat_at: datetime | None
    strategies: tuple[str, ...]  # full names, bot/strategy, of those that are listed


@dataclass(frozen=True, slots=True)
class Run:
    """Something of the bot that trades now.

    `command_seen`: the newest command whose effect it knows. `strategy` (full name) None: it is about every one of the bot.
    `failure`: why it could not apply a newer command, in the bot's words; that command fails.
    `words`: who it is, for a sentence: "the run of 15:30 UTC (process 4711)".
    """

    run_id: str | None
    command_seen: int
    started_at: datetime | None = None
    words: str | None = None
    strategy: str | None = None
    failure: str | None = None
    waits: str | None = None  # the whole sentence while it is waited for, where the usual one isn't true


@dataclass(frozen=True, slots=True)
class Status:
    """What the bot does.

    `is_running`: something of it runs, so that its client id is taken and it may send orders.
    `cancels_itself`: while it runs it cancels a stopped strategy's orders itself; the agent only looks whether they are gone.
    `may_cancel_stale`: its own start-up pass may cancel working orders, also those of a paused strategy.
    `words`: its own, or one sentence of ours about a problem.
    """

    is_running: bool
    cancels_itself: bool = False
    may_cancel_stale: bool = False
    words: str | None = None


class Adapter(Protocol):
    """One kind of bot. Every method may raise psycopg.OperationalError: the database is away, and all is tried again."""

    kind: str  # of `bots.adapter`

    def list(self, conn: Conn) -> Sequence[Bot]:
        """The bots of this kind, with their strategies."""

    def apply(self, conn: Conn, bot: Bot, states: BotStates) -> None:
        """Put `states` where every start of the bot reads them, safe against a power cut. Called *before* the agent writes
        the same to `strategy_states` (what `read_states` reads) and says "acknowledged". Called again with the same or newer states
        after a crash: it must not matter. A bot whose every start asks the database (or us, by REST) has nothing to do here.

        Raises:
            CannotApplyError: it can't be done; the commands fail with the sentence.
        """

    def status(self, conn: Conn, bot: Bot) -> Status:
        """What it does now, by its lock or its heartbeat."""

    def runs(self, conn: Conn, bot: Bot) -> Sequence[Run]:
        """What of it trades now. Rows of `bot_runs` that nobody runs any more are closed as 'vanished' here.

        A command N is enforced only when each that is about its strategy has command_seen >= N. A running in-process bot is
        one Run a strategy, whose command_seen is what it reported last: that it applied the states which it got with its heartbeat,
        and saw that they hold. A bot that was silent for too long is not running.
        """

    def decisions(self, conn: Conn, bot: Bot) -> int | None:
        """Bring what the bot recorded of its decisions into the database; how many were new. None: it records none.

        Called every few seconds: look first whether there can be anything new.
        """

    def hold(self, bot: Bot) -> AbstractContextManager[object]:
        """Keep the bot from starting while the agent uses its client id.

        Raises:
            data.strategies.folder.BusyError: it runs.
        """
