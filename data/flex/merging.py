"""A statement's trades and the API's fills are one execution each: whichever comes first, the other completes it.

Stateless: what the executions of a few trades are is computed from all that both have said, so that the order in which they came
is nothing. The importer asks after each statement, the store after each fill that a statement may have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import psycopg

from data.db import literal
from data.queries import statement

Conn = psycopg.Connection[Any]
STEPS = ("statement_executions", "statement_executions_retired", "statement_executions_standing")
MAYBE = """
SELECT EXISTS (SELECT FROM statement_trades t
                WHERE t.account = %(account)s
                  AND (t.base_exec_id = ANY (%(bases)s)
                       OR (t.con_id = ANY (%(con_ids)s) AND t.session_date = ANY (%(days)s::date[]) AND t.exec_id IS NULL)))
"""


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
    pairs = conn.execute(
        literal(statement("statement_trades_paired")),
        {"account": account, "trades": list(trades), "bases": sorted(asked), "splits": sorted(map(_split, asked)),
         "con_ids": list(con_ids), "days": list(days)},
    ).fetchall()  # fmt: skip
    asked.update(base for pair in pairs for base in pair if base is not None)
    for step in STEPS:
        conn.execute(literal(statement(step)), {"account": account, "bases": sorted(asked), "revision": revision})


def merge_late(conn: Conn, account: str, revision: int, rows: Sequence[dict[str, Any]]) -> None:
    """Of rows of executions that the API has just reported: most are of today, which no statement has yet."""
    bases = sorted({row["base_exec_id"] for row in rows} | {_split(row["base_exec_id"]) for row in rows})
    where = {
        "account": account,
        "bases": bases,
        "con_ids": sorted({row["con_id"] for row in rows}),
        "days": sorted({row["session_date"] for row in rows}),
    }
    (is_said,) = conn.execute(MAYBE, where).fetchone() or (False,)
    if is_said:
        days = [date.fromisoformat(day) for day in where["days"]]
        merge(conn, account, revision, bases=bases, con_ids=where["con_ids"], days=days)


def _split(base: str) -> str:
    """What stands before the last number: a statement may name an execution without its revision."""
    before, dot, last = base.rpartition(".")
    return before if dot and last.isdigit() else base
