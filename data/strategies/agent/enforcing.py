"""From acknowledged to enforced: beside the leader's connection, one bot a thread, so that a slow gateway delays nobody else."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import psycopg

from data.audit import Caller
from data.db import connect
from data.model import Role
from data.strategies.agent import deadman, progress
from data.strategies.agent.options import AgentOptions
from data.strategies.agent.progress import Open
from data.strategies.agent.stopping import Stopper, wait
from data.strategies.base import Adapter, Bot, Run, Status
from data.strategies.desired import EVERY, Action, CommandState, Desired
from data.strategies.folder import ControlFolderError

log = logging.getLogger("mtz.agent")
Conn = psycopg.Connection[Any]
Bots = Mapping[str, tuple[Adapter, Bot]]
AT_ONCE = 8
LONGEST_S = 30.0

STALE = "The bot's own start-up pass may still cancel stale orders."
BY_DEAD_MAN = "Paused by the dead-man rule, because nobody watched the account; resume it by hand."
LEFT = "Nothing is cancelled: working orders stay, and so do positions."


class Enforcer:
    """Looks at what is acknowledged, or not enforced yet; each bot by one thread at a time."""

    def __init__(self, options: AgentOptions, agent: Caller) -> None:
        self._options, self._agent = options, agent
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="enforce")
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._seen: dict[str, tuple[float, frozenset[int]]] = {}  # when each bot was looked at, and for which commands

    def look(self, commands: Sequence[Open], bots: Bots) -> None:
        """Start what is due; returns at once. `commands`: all open ones."""
        by_bot: dict[str, list[Open]] = defaultdict(list)
        for command in commands:
            if command.state != "claimed":
                by_bot[command.wish.strategy.partition("/")[0]].append(command)
        for name, group in by_bot.items():
            if name == EVERY:
                self._start(name, group, partial(self._every, group, bots))
            elif name in bots:
                self._start(name, group, partial(self._bot, *bots[name], group))

    def close(self) -> None:
        """What is under way goes on to its end: the lead may be taken again meanwhile, since each bot's lock is held."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start(self, name: str, group: Sequence[Open], work: Callable[[], None]) -> None:
        numbers, now = frozenset(command.id for command in group), time.monotonic()
        with self._lock:
            at, known = self._seen.get(name, (0.0, frozenset()))
            # The switch hangs on its parts alone: it is looked at whenever one of them was settled.
            is_due = now - at >= self._pause_s(group) or not numbers <= known or name == EVERY
            if name in self._busy or not is_due:
                return
            self._busy.add(name)
            self._seen[name] = (now, numbers)
        self._pool.submit(self._guarded, name, work)

    def _pause_s(self, group: Sequence[Open]) -> float:
        """The longer it has lasted, the less often it is looked at: an order made by hand may work for weeks."""
        return max(self._options.again_s, min(LONGEST_S, min(command.waited_s for command in group) / 30))

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except psycopg.Error as error:  # away, or a statement that met another's: looked at again
            log.debug("%s is looked at again: %s", name, error)
        except Exception:
            log.exception("enforcing commands of %s failed; it is tried again", name)
        finally:
            with self._lock:
                self._busy.discard(name)
                self._seen[name] = (time.monotonic(), self._seen[name][1])

    def _connect(self) -> Conn:
        return connect(self._options.database_url, Role.AGENT, "agent (enforcing)", autocommit=True)

    # -- one bot

    def _bot(self, adapter: Adapter, bot: Bot, commands: Sequence[Open]) -> None:
        with self._connect() as conn:
            try:
                runs, status = adapter.runs(conn, bot), adapter.status(conn, bot)
            except ControlFolderError as error:
                self._unseen(conn, commands, error)
                return
            stops = []
            for command in commands:
                if (failure := _failure(command, runs)) is not None:
                    progress.settle(conn, self._agent, command, CommandState.FAILED, failure)
                elif waits := older(command, runs):
                    wait(conn, self._agent, command, _in_flight(waits), self._options.patience_s)
                elif command.wish.action is Action.STOP:
                    stops.append(command)
                else:
                    progress.settle(conn, self._agent, command, CommandState.ENFORCED, _settled(command, status))
            if stops:
                Stopper(self._options, self._agent, adapter, bot).run(conn, stops, status)

    def _unseen(self, conn: Conn, commands: Sequence[Open], error: ControlFolderError) -> None:
        for command in commands:
            wait(conn, self._agent, command, f"Whether it runs can't be seen: {error}", self._options.patience_s)

    # -- the kill switch

    def _every(self, commands: Sequence[Open], bots: Bots) -> None:
        """The switch is enforced when every bot's runs know of it and each strategy's stop is enforced."""
        with self._connect() as conn:
            try:
                running = [run for adapter, bot in bots.values() for run in adapter.runs(conn, bot)]
            except ControlFolderError as error:
                self._unseen(conn, commands, error)
                return
            for command in commands:
                if runs := older(command, running):
                    wait(conn, self._agent, command, _in_flight(runs), self._options.patience_s)
                elif command.wish.action is Action.STOP:
                    self._switch(conn, command)
                else:
                    progress.settle(conn, self._agent, command, CommandState.ENFORCED, RELEASED)

    def _switch(self, conn: Conn, command: Open) -> None:
        rows = conn.execute(
            "SELECT s.name, p.state, coalesce(p.remaining, '[]') FROM strategies s "
            "  JOIN strategy_states t ON t.strategy = s.name AND t.symbol = '' "
            "  JOIN command_progress p ON p.command = t.command "
            " WHERE t.desired = %s AND p.state <> 'enforced' ORDER BY s.name",
            [Desired.STOPPED.value],
        ).fetchall()
        if not rows:
            progress.settle(conn, self._agent, command, CommandState.ENFORCED, THROWN)
            return
        left = {order["perm_id"]: order for row in rows for order in row[2]}
        why = f"Not enforced yet: {_listed([row[0] for row in rows])}."
        if any(row[1] in ("claimed", "acknowledged") for row in rows):
            wait(conn, self._agent, command, why, self._options.patience_s, list(left.values()))
        else:
            progress.settle(conn, self._agent, command, CommandState.NOT_ENFORCED, why, list(left.values()))


RELEASED = "The kill switch is released. Each strategy stays stopped until it is resumed."
THROWN = "No bot starts, and no order of any strategy works at the broker. Positions stay as they are."
NAMED = 5


def older(command: Open, runs: Sequence[Run]) -> list[Run]:
    """The runs in flight that read an older state than `command`'s."""
    about = (None, command.wish.strategy)
    return [
        run
        for run in runs
        if run.command_seen < command.id and (run.strategy in about or command.wish.strategy == EVERY)
    ]


def _failure(command: Open, runs: Sequence[Run]) -> str | None:
    return next((run.failure for run in older(command, runs) if run.failure is not None), None)


def _in_flight(runs: Sequence[Run]) -> str:
    if own := next((run.waits for run in runs if run.waits is not None), None):
        return own
    who = _listed([run.words or "a run" for run in runs])
    return f"It waits for {who}, which began before this command and may still send orders: enforced when it ends."


def _settled(command: Open, status: Status) -> str | None:
    if command.wish.action is Action.RESUME:
        return None
    sentences = [BY_DEAD_MAN] if command.actor == deadman.ACTOR else []
    return " ".join([*sentences, LEFT, *([STALE] if status.may_cancel_stale else [])])


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
