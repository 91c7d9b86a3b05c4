"""What is in force for a bot, as the agent has acknowledged it: the database's side of what lies in the control folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from sqlalchemy import Connection, text

from data.queries import query
from data.strategies.desired import EVERY, BotStates, Desired, StrategyState

Key = tuple[str, str]  # strategy, symbol ("": all of it)


def read_states(conn: Connection | psycopg.Connection[Any], bot: str) -> BotStates:
    """The states of `bot` with the newest command that they take account of: what a start of it has to know."""
    sql = query("bot_states")
    if isinstance(conn, Connection):
        rows: Iterable[Any] = conn.execute(text(sql), {"bot": bot})
    else:
        rows = conn.execute(sql.replace(":bot", "%(bot)s").encode(), {"bot": bot})
    return bot_states(bot, {(row[0], row[1]): (Desired(row[2]), row[3]) for row in rows})


def bot_states(bot: str, states: Mapping[Key, tuple[Desired, int]]) -> BotStates:
    """The same from rows: (strategy, symbol) → what is desired and by which command. Other bots' rows are left out."""
    strategies: dict[str, StrategyState] = {}
    mine = {key: value for key, value in states.items() if key[0] == EVERY or key[0].partition("/")[0] == bot}
    for strategy, symbol in sorted(mine):
        if strategy == EVERY:
            continue
        desired, command = mine[strategy, symbol]
        name = strategy.partition("/")[2]
        known = strategies.get(name, StrategyState())
        if symbol:
            symbols = {**known.symbols, symbol: desired} if desired is not Desired.ACTIVE else known.symbols
            strategies[name] = StrategyState(known.desired, known.command, symbols)
        else:
            strategies[name] = StrategyState(desired, command, known.symbols)
    killed = mine.get((EVERY, ""), (Desired.ACTIVE, 0))[0] is Desired.STOPPED
    return BotStates(bot, max((command for _, command in mine.values()), default=0), killed, strategies)
