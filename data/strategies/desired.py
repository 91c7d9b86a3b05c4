"""What a strategy shall do, and which of several wishes counts. Pure.

Commands are settled one by one; among those that are not settled the safer one wins (stop > pause > resume), and the newer
one where they are equally safe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

EVERY = "*"  # the kill switch's strategy: all of them
AGENT_LOCK_KEY = 0x4D545A06  # "MTZ", 6: the strategy agent that leads holds this advisory lock as long as it lives


class Action(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


class Scope(StrEnum):
    ALL = "all"
    OPENING = "opening"  # no writes and buys; rolls and closes go on


class Desired(StrEnum):
    """What is in force. `order` below: from the freest to the safest."""

    ACTIVE = "active"
    OPENING_PAUSED = "opening_paused"
    PAUSED = "paused"
    STOPPED = "stopped"

    @property
    def may_open(self) -> bool:
        return self is Desired.ACTIVE

    @property
    def may_trade(self) -> bool:
        """Whether the bot may send any order at all."""
        return self in (Desired.ACTIVE, Desired.OPENING_PAUSED)


SAFETY = {desired: number for number, desired in enumerate(Desired)}


class CommandState(StrEnum):
    REQUESTED = "requested"
    ACKNOWLEDGED = "acknowledged"
    ENFORCED = "enforced"
    NOT_ENFORCED = "not_enforced"  # settled, but something remains; looked at again until it is gone
    FAILED = "failed"
    OVERRULED = "overruled"

    @property
    def is_settled(self) -> bool:
        return self not in (CommandState.REQUESTED, CommandState.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class Wish:
    """One command as far as choosing goes. `symbol` "" is the whole strategy."""

    id: int
    strategy: str
    action: Action
    scope: Scope = Scope.ALL
    symbol: str = ""

    @property
    def desired(self) -> Desired:
        return desired_of(self.action, self.scope)


def desired_of(action: Action, scope: Scope) -> Desired:
    match action:
        case Action.STOP:
            return Desired.STOPPED
        case Action.PAUSE:
            return Desired.OPENING_PAUSED if scope is Scope.OPENING else Desired.PAUSED
        case Action.RESUME:
            return Desired.ACTIVE


def winner(wishes: Iterable[Wish]) -> Wish:
    """The one that counts among unsettled wishes for the same strategy and symbol: the safest, then the newest."""
    return max(wishes, key=lambda wish: (SAFETY[wish.desired], wish.id))


def safest(states: Iterable[Desired]) -> Desired:
    """What holds where several states apply (the kill switch's, the strategy's, the symbol's)."""
    return max(states, key=SAFETY.__getitem__, default=Desired.ACTIVE)


@dataclass(frozen=True, slots=True)
class StrategyState:
    """A strategy's desired state and those of single symbols that differ. `command`: which command made it so."""

    desired: Desired = Desired.ACTIVE
    command: int = 0
    symbols: Mapping[str, Desired] = field(default_factory=dict)

    def of_symbol(self, symbol: str) -> Desired:
        return safest((self.desired, self.symbols.get(symbol, Desired.ACTIVE)))


@dataclass(frozen=True, slots=True)
class BotStates:
    """Everything a start of a bot has to know. `command`: the newest command that it takes account of.

    Strategies are named without the bot: `wheel`, not `thetagang/wheel`. One that isn't named is active.
    """

    bot: str
    command: int = 0
    is_killed: bool = False
    strategies: Mapping[str, StrategyState] = field(default_factory=dict)

    def of(self, strategy: str) -> StrategyState:
        """The state of one strategy; under the kill switch each is stopped."""
        state = self.strategies.get(strategy, StrategyState())
        return StrategyState(Desired.STOPPED, state.command, state.symbols) if self.is_killed else state

    def as_json(self) -> dict[str, Any]:
        return {
            "bot": self.bot,
            "command": self.command,
            "is_killed": self.is_killed,
            "strategies": {
                name: {
                    "desired": state.desired.value,
                    "command": state.command,
                    "symbols": {symbol: desired.value for symbol, desired in state.symbols.items()},
                }
                for name, state in self.strategies.items()
            },
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> BotStates:
        """Raises KeyError, TypeError or ValueError for what :meth:`as_json` did not write."""
        strategies = {
            str(name): StrategyState(
                Desired(state["desired"]),
                int(state["command"]),
                {str(symbol): Desired(desired) for symbol, desired in state["symbols"].items()},
            )
            for name, state in value["strategies"].items()
        }
        return cls(str(value["bot"]), int(value["command"]), bool(value["is_killed"]), strategies)
