"""What an in-process bot has to do now: what the agent has acknowledged, and commands not settled yet where they are safer.

A command that makes a strategy freer counts once it is acknowledged; one that makes it safer counts at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection, text

from data.queries import query
from data.strategies.desired import (
    EVERY,
    SAFETY,
    Action,
    BotStates,
    Desired,
    Scope,
    StrategyState,
    Wish,
    winner,
)
from data.strategies.states import read_states


def read_with_wishes(conn: Connection, bot: str) -> BotStates:
    """What `bot` has to do, as the database has it now; see :func:`with_wishes`."""
    rows = conn.execute(text(query("bot_wishes")), {"bot": bot})
    found = [Wish(row.id, row.strategy, Action(row.action), Scope(row.scope), row.symbol) for row in rows]
    return with_wishes(read_states(conn, bot), found)


def with_wishes(states: BotStates, wishes: Iterable[Wish]) -> BotStates:
    """`states` made safer by what isn't settled yet. Pure.

    Each `command` in the answer is the newest one whose effect is in it, and every older one's that is about the same.
    """
    waiting: dict[tuple[str, str], list[Wish]] = defaultdict(list)
    for wish in wishes:
        waiting[wish.strategy.removeprefix(f"{states.bot}/"), wish.symbol].append(wish)
    strategies, newest, is_killed = dict(states.strategies), states.command, states.is_killed
    left: dict[str, int] = {}  # strategy → the oldest command of it that waits for the agent
    for (name, symbol), several in waiting.items():
        wish, state = winner(several), strategies.get(name, StrategyState())
        before = _now(state, symbol) if name != EVERY else Desired.STOPPED if is_killed else Desired.ACTIVE
        if SAFETY[wish.desired] < SAFETY[before]:
            left[name] = min(wish.id, left.get(name, wish.id))
            continue
        newest = max(newest, wish.id)
        if name == EVERY:
            is_killed = wish.desired is Desired.STOPPED
        else:
            strategies[name] = _with(state, symbol, wish.desired)
    newest = min(newest, left.get(EVERY, newest + 1) - 1)
    counted = {
        name: StrategyState(state.desired, min(newest, left.get(name, newest + 1) - 1), state.symbols)
        for name, state in strategies.items()
    }
    return BotStates(states.bot, newest, is_killed, counted)


def _now(state: StrategyState, symbol: str) -> Desired:
    return state.symbols.get(symbol, Desired.ACTIVE) if symbol else state.desired


def _with(state: StrategyState, symbol: str, desired: Desired) -> StrategyState:
    symbols = {**state.symbols, symbol: desired} if symbol and desired is not Desired.ACTIVE else state.symbols
    return StrategyState(state.desired if symbol else desired, 0, symbols)
