"""Many samples at once, by binary COPY: sample history, a benchmark, a copy of another database.

The rows of one call must be new: a key that exists fails the whole call and changes nothing. What few rows at a time need
(live flushes, repeated writes) is in :mod:`data.store`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg import sql

from data.db import DatabaseError, literal
from data.queries import statement

Relation = Literal["portfolio", "position", "strategy"]

PORTFOLIO_COLUMNS = (
    "account", "ts", "as_of", "session_date", "currency", "net_liquidation", "cash", "available_funds", "buying_power",
    "excess_liquidity", "initial_margin", "maintenance_margin", "cushion", "gross_position_value", "daily_pnl",
    "unrealized_pnl", "realized_pnl",
)  # fmt: skip
POSITION_COLUMNS = (
    "account", "con_id", "ts", "as_of", "session_date", "currency", "quantity", "avg_cost", "market_price", "market_value",
    "unrealized_pnl", "realized_pnl", "daily_pnl", "delta", "gamma", "theta", "vega", "implied_vol", "underlying_price",
)  # fmt: skip
STRATEGY_COLUMNS = (
    "account", "strategy", "ts", "as_of", "session_date", "currency", "pnl_day", "pnl_total", "premium", "fees",
    "capital_at_risk", "exposure", "trades", "closed", "wins", "positions",
)  # fmt: skip
COLUMNS: dict[Relation, tuple[str, ...]] = {
    "portfolio": PORTFOLIO_COLUMNS, "position": POSITION_COLUMNS, "strategy": STRATEGY_COLUMNS,
}  # fmt: skip
TYPES = {
    "account": "text", "con_id": "int8", "ts": "timestamptz", "as_of": "timestamptz", "session_date": "date",
    "currency": "text", "strategy": "text", "trades": "int4", "closed": "int4", "wins": "int4", "positions": "int4",
}  # fmt: skip


def load(conn: psycopg.Connection[Any], relation: Relation, rows: Iterable[Sequence[Any]]) -> int:
    """COPY samples of `relation`, each a sequence in the order of :data:`COLUMNS`; return how many.

    Joins the caller's transaction, or is one of its own. The span is noted for housekeeping as far as it is rolled up.

    Raises:
        psycopg.Error: nothing of this call was kept.
        DatabaseError: nor then; rows lie before what retention has left, where they could never be rolled up.
    """
    columns = COLUMNS[relation]
    at = columns.index("ts")
    span = _Span()
    command = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(f"{relation}_snapshots"), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with conn.transaction():
        with conn.cursor() as cursor, cursor.copy(command) as copy:
            copy.set_types([TYPES.get(column, "float8") for column in columns])
            for row in span.watch(rows, at):
                copy.write_row(row)
        if span.first is not None:
            _require_kept(conn, relation, span.first)
            parameters = {"relation": relation, "first_ts": span.first, "last_ts": span.last}
            conn.execute(literal(statement("dirty")), parameters)
    return span.count


def _require_kept(conn: psycopg.Connection[Any], relation: Relation, first: datetime) -> None:
    row = conn.execute(
        "SELECT kept_from FROM rollup_levels WHERE relation = %s AND level = 'raw' AND kept_from > %s",
        [relation, first],
    ).fetchone()
    if row is not None:
        raise DatabaseError(
            f"Samples of a {relation} before {row[0]:%Y-%m-%d} can't be taken any more: retention has dropped what was there. "
            "Nothing was changed; load them into a new database."
        )


class _Span:
    """Counts rows that pass by, and their first and last instant."""

    def __init__(self) -> None:
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.count = 0

    def watch(self, rows: Iterable[Sequence[Any]], at: int) -> Iterator[Sequence[Any]]:
        for row in rows:
            ts = row[at]
            if self.first is None or self.last is None:
                self.first = self.last = ts
            elif ts < self.first:
                self.first = ts
            elif ts > self.last:
                self.last = ts
            self.count += 1
            yield row
