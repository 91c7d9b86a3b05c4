"""From claimed to acknowledged: which command counts, and its way to where every start of a bot reads it."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg

from data.audit import Caller
from data.strategies.agent import progress
from data.strategies.agent.options import AgentOptions
from data.strategies.agent.progress import Open
from data.strategies.base import Adapter, Bot, CannotApplyError
from data.strategies.desired import EVERY, Action, CommandState, Desired, winner
from data.strategies.folder import ControlFolder, ControlFolderError
from data.strategies.states import Key, bot_states

log = logging.getLogger("mtz.agent")
Conn = psycopg.Connection[Any]
CLAIMED = "claimed"


def choose(commands: Iterable[Open]) -> tuple[list[Open], list[tuple[Open, Open]]]:
    """Of what is not settled: the commands that count, one a strategy and symbol, and pairs of loser and winner."""
    groups: dict[Key, list[Open]] = defaultdict(list)
    for command in commands:
        if command.state != CommandState.NOT_ENFORCED:
            groups[command.key].append(command)
    winners, losers = [], []
    for group in groups.values():
        best = winner(command.wish for command in group)
        first = next(command for command in group if command.wish == best)
        winners.append(first)
        losers += [(command, first) for command in group if command is not first]
    return sorted(winners, key=lambda command: command.id), losers


class Decider:
    """One look at the commands, on the leader's connection."""

    def __init__(self, options: AgentOptions, folder: ControlFolder, agent: Caller) -> None:
        self._options, self._folder, self._agent = options, folder, agent

    def look(self, conn: Conn, bots: Mapping[str, tuple[Adapter, Bot]]) -> None:
        """Claim, overrule and acknowledge what there is. Raises psycopg.Error."""
        step = self._options.step
        step("before claim")
        if progress.claim(conn, self._agent):
            step("claimed")
        winners, losers = choose(progress.open_commands(conn))
        if losers:
            progress.overrule(conn, self._agent, losers)
            step("overruled")
        fresh = [command for command in winners if command.state == CLAIMED]
        if fresh:
            self._acknowledge(conn, fresh, bots)

    def _acknowledge(self, conn: Conn, fresh: Sequence[Open], bots: Mapping[str, tuple[Adapter, Bot]]) -> None:
        """All together: first the control folder, which is read with the database away, then the database."""
        step = self._options.step
        states = progress.states(conn)
        states.update({command.key: (command.wish.desired, command.id) for command in fresh})
        try:
            self._switch(fresh)
            failed = self._apply(conn, fresh, states, bots)
        except ControlFolderError as error:
            for command in fresh:
                progress.explain_wait(conn, command, f"Not acknowledged yet: {error} It is tried again.")
            return
        good = [command for command in fresh if _bot_of(command) not in failed]
        step("before acknowledge")
        progress.acknowledge(conn, self._agent, good)
        for command in fresh:
            if words := failed.get(_bot_of(command)):
                progress.settle(conn, self._agent, command, CommandState.FAILED, words)
        step("acknowledged")

    def _switch(self, fresh: Iterable[Open]) -> None:
        """The kill switch's file, before anything else."""
        for command in fresh:
            if command.wish.strategy != EVERY:
                continue
            if command.wish.action is Action.STOP:
                throw(self._folder, command.id, command.actor, command.reason)
                self._options.step("kill file written")
            elif 0 < ((self._folder.killed() or {}).get("command") or 0) < command.id:  # else thrown again meanwhile
                self._folder.release()
                self._options.step("kill file removed")

    def _apply(
        self, conn: Conn, fresh: Sequence[Open], states: Mapping[Key, tuple[Desired, int]],
        bots: Mapping[str, tuple[Adapter, Bot]],
    ) -> dict[str, str]:  # fmt: skip
        """Tell the bots that are concerned; which of them couldn't be told, and why."""
        is_for_all = any(command.wish.strategy == EVERY for command in fresh)
        concerned = {_bot_of(command) for command in fresh} - {EVERY}
        failed: dict[str, str] = {}
        for name in sorted(bots if is_for_all else concerned & set(bots)):
            adapter, bot = bots[name]
            try:
                adapter.apply(conn, bot, bot_states(name, states))
            except CannotApplyError as error:
                failed[name] = str(error)
            self._options.step(f"states of {name} written")
        return failed


def throw(folder: ControlFolder, command: int, actor: str | None, reason: str | None) -> None:
    """Write the kill file with the number of its command; one that is there already keeps who wrote it and when."""
    if (known := folder.killed()) is None or known.get("killed_at") is None:
        folder.kill(actor or "the strategy agent", reason)
    folder.stamp(command)


def _bot_of(command: Open) -> str:
    return command.wish.strategy.partition("/")[0]
