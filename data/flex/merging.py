"""A statement's trades and the API's fills are one execution each: whichever comes first, the other completes it.

Stateless: what the executions of a few trades are is computed from all that both have said, so that the order in which they came
is nothing. The importer asks after each statement, the store after each fill that a statement may have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import psycopg

from data.db import literal
from data.queries import query, statement

Conn = psycopg.Connection[Any]
STEPS = ("statement_executions", "statement_executions_retired", "statement_executions_standing")
NAMED = "SELECT base_exec_id FROM executions WHERE account = %s AND source = 'api' AND base_exec_id = ANY (%s)"

Place = tuple[int, Decimal, Decimal, date | datetime]


class _Said(NamedTuple):
    trade: str
    exec_id: str | None
    base: str | None
    con_id: int
    quantity: Decimal
    price: Decimal
    day: date
    ts: datetime
    is_booked: bool

    @property
    def place(self) -> Place:
        """What the API's fill of it says too: the broker's own entries come at another time of the same session."""
        return self.con_id, self.quantity, self.price, self.day if self.is_booked else self.ts


def merge(
    conn: Conn,
    account: str,
    revision: int,
    *,
    trades: Sequence[str] = (),
    bases: Iterable[str] = (),
    con_ids: Sequence[int] = (),
    days: Sequence[date] = (),
) -> None:
    """Make the executions of these `trades` (keys of statements), and of what the API calls `bases`, anew, within the transaction.

    `con_ids` and `days`: where trades without an execution id may pair with the API's. `revision` of trades.
    """
    asked = set(bases)
    where = {"account": account, "con_ids": list(con_ids), "days": list(days)}
    said = [
        _Said(*row)
        for row in conn.execute(
            literal(query("statement_trades_asked")), where | {"trades": list(trades), "bases": sorted(asked)}
        )
    ]
    named = _by_id(conn, account, said)
    _name(conn, account, named)
    paired = _as_multiset(
        [one for one in said if one.exec_id is None],
        conn.execute(literal(query("executions_unnamed")), where).fetchall(),
    )
    _name(conn, account, paired)
    asked.update(one.base for one in said if one.base is not None)
    asked.update(named.values(), paired.values())
    for step in STEPS:
        conn.execute(literal(statement(step)), {"account": account, "bases": sorted(asked), "revision": revision})


def merge_late(conn: Conn, account: str, revision: int, rows: Sequence[dict[str, Any]]) -> None:
    """Of rows of executions that the API has just reported: most are of today, which no statement has yet."""
    bases = sorted({row["base_exec_id"] for row in rows} | {_split(row["base_exec_id"]) for row in rows})
    con_ids, days = sorted({row["con_id"] for row in rows}), sorted({row["session_date"] for row in rows})
    where = {"account": account, "bases": bases, "con_ids": con_ids, "days": days}
    (is_said,) = conn.execute(literal(query("executions_told")), where).fetchone() or (False,)
    if is_said:
        found = [date.fromisoformat(day) for day in days]
        merge(conn, account, revision, bases=bases, con_ids=con_ids, days=found)


def _by_id(conn: Conn, account: str, said: Iterable[_Said]) -> dict[str, str]:
    """The API's name of each trade that has an execution id: without the number of its revision, which a statement may leave out."""
    ids = {one.trade: one.exec_id for one in said if one.exec_id is not None}
    whole = {base for (base,) in conn.execute(NAMED, [account, list(ids.values())])}
    return {trade: exec_id if exec_id in whole else _split(exec_id) for trade, exec_id in ids.items()}


def _as_multiset(said: Iterable[_Said], candidates: Iterable[tuple[Any, ...]]) -> dict[str, str]:
    """Of as many equal ones as both have, in the order of their names; what the API doesn't have is an execution of its own."""
    free: dict[tuple[bool, Place], list[str]] = defaultdict(list)
    for base, con_id, quantity, price, day, ts, is_booked in sorted(candidates, reverse=True):
        if is_booked:
            free[True, (con_id, quantity, price, day)].append(base)
        free[False, (con_id, quantity, price, ts)].append(base)
    found = {}
    for one in sorted(said):
        those = free[one.is_booked, one.place]
        found[one.trade] = those.pop() if those else f"flex:{one.trade}"
    return found


def _name(conn: Conn, account: str, names: Mapping[str, str]) -> None:
    if names:
        conn.execute(
            literal(statement("statement_trades_named")),
            {"account": account, "trades": list(names), "bases": list(names.values())},
        )


def _split(base: str) -> str:
    """What stands before the last number: a statement may name an execution without its revision."""
    before, dot, last = base.rpartition(".")
    return before if dot and last.isdigit() else base
