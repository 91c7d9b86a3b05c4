"""Which wish counts, and what travels to a bot."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.strategies.desired import (
    SAFETY,
    Action,
    BotStates,
    Desired,
    Scope,
    StrategyState,
    Wish,
    desired_of,
    safest,
    winner,
)

DESIRED = st.sampled_from(Desired)
WISHES = st.builds(
    Wish,
    st.integers(1, 50),
    st.just("tg/wheel"),
    st.sampled_from(Action),
    st.sampled_from(Scope),
)
STATES = st.builds(
    BotStates,
    st.just("tg"),
    st.integers(0),
    st.booleans(),
    st.dictionaries(
        st.text(min_size=1),
        st.builds(StrategyState, DESIRED, st.integers(0), st.dictionaries(st.text(min_size=1), DESIRED)),
    ),
)


@given(st.lists(WISHES, min_size=1, unique_by=lambda wish: wish.id))
def test_the_safest_counts_then_the_newest(wishes: list[Wish]) -> None:
    found = winner(wishes)
    for other in wishes:
        assert SAFETY[other.desired] < SAFETY[found.desired] or (
            other.desired is found.desired and other.id <= found.id
        )


@pytest.mark.parametrize(
    ("action", "scope", "desired"),
    [
        (Action.STOP, Scope.ALL, Desired.STOPPED),
        (Action.PAUSE, Scope.ALL, Desired.PAUSED),
        (Action.PAUSE, Scope.OPENING, Desired.OPENING_PAUSED),
        (Action.RESUME, Scope.ALL, Desired.ACTIVE),
    ],
)
def test_what_a_command_asks_for(action: Action, scope: Scope, desired: Desired) -> None:
    assert desired_of(action, scope) is desired


def test_from_the_freest_to_the_safest() -> None:
    assert sorted(Desired, key=SAFETY.__getitem__) == [
        Desired.ACTIVE, Desired.OPENING_PAUSED, Desired.PAUSED, Desired.STOPPED,
    ]  # fmt: skip
    assert safest([]) is Desired.ACTIVE
    assert [d for d in Desired if d.may_trade] == [Desired.ACTIVE, Desired.OPENING_PAUSED]


@given(STATES)
def test_states_survive_the_file(states: BotStates) -> None:
    assert BotStates.from_json(json.loads(json.dumps(states.as_json()))) == states


def test_under_the_kill_switch_each_is_stopped() -> None:
    states = BotStates("tg", 4, True, {"wheel": StrategyState(Desired.ACTIVE, 3)})
    assert states.of("wheel").desired is Desired.STOPPED
    assert states.of("never heard of").desired is Desired.STOPPED


def test_a_symbol_is_never_freer_than_its_strategy() -> None:
    state = StrategyState(Desired.PAUSED, 1, {"KO": Desired.OPENING_PAUSED, "XLE": Desired.STOPPED})
    assert [state.of_symbol(s) for s in ("KO", "XLE", "AAPL")] == [Desired.PAUSED, Desired.STOPPED, Desired.PAUSED]
