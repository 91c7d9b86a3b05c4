"""What an in-process bot is told while commands are not settled: safer at once, freer once it is acknowledged."""

from __future__ import annotations

import pytest

from data.strategies.desired import Action, BotStates, Desired, Scope, StrategyState, Wish
from data.strategies.wishes import with_wishes

PAUSED = BotStates("b", 4, False, {"w": StrategyState(Desired.PAUSED, 4)})
ACTIVE = BotStates("b", 3, False, {"w": StrategyState(Desired.ACTIVE, 3)})


def wish(number: int, action: Action, strategy: str = "b/w", scope: Scope = Scope.ALL, symbol: str = "") -> Wish:
    return Wish(number, strategy, action, scope, symbol)


@pytest.mark.parametrize(
    ("states", "wishes", "desired", "command"),
    [
        (ACTIVE, [wish(5, Action.PAUSE)], Desired.PAUSED, 5),
        (ACTIVE, [wish(5, Action.STOP), wish(6, Action.PAUSE)], Desired.STOPPED, 5),  # the safer one counts
        (PAUSED, [wish(5, Action.RESUME)], Desired.PAUSED, 4),  # it waits for the agent
        (PAUSED, [wish(5, Action.STOP)], Desired.STOPPED, 5),
        (PAUSED, [wish(5, Action.PAUSE, scope=Scope.OPENING)], Desired.PAUSED, 4),
        (ACTIVE, [wish(5, Action.RESUME)], Desired.ACTIVE, 5),
        (ACTIVE, [wish(5, Action.STOP, "b/other")], Desired.ACTIVE, 5),
    ],
)
def test_one_strategy(states: BotStates, wishes: list[Wish], desired: Desired, command: int) -> None:
    found = with_wishes(states, wishes)
    assert (found.of("w").desired, found.of("w").command) == (desired, command)


def test_a_command_that_waits_is_not_told_as_seen_by_a_newer_one_of_another() -> None:
    found = with_wishes(PAUSED, [wish(5, Action.RESUME), wish(6, Action.STOP, "b/other")])
    assert (found.of("w").command, found.of("other").command, found.command) == (4, 6, 6)


def test_symbols() -> None:
    found = with_wishes(ACTIVE, [wish(5, Action.PAUSE, symbol="KO"), wish(6, Action.PAUSE, scope=Scope.OPENING)])
    assert found.of("w") == StrategyState(Desired.OPENING_PAUSED, 6, {"KO": Desired.PAUSED})
    assert found.of("w").of_symbol("KO") is Desired.PAUSED


def test_the_kill_switch() -> None:
    killed = with_wishes(ACTIVE, [wish(7, Action.STOP, "*")])
    assert (killed.is_killed, killed.of("w").desired, killed.of("unheard of").desired) == (True, *[Desired.STOPPED] * 2)
    released = with_wishes(
        BotStates("b", 7, True, {"w": StrategyState(Desired.STOPPED, 7)}), [wish(9, Action.RESUME, "*")]
    )
    assert (released.is_killed, released.command, released.of("w").command) == (True, 7, 7)
