"""The portfolio's levels computed from raw samples in plain Python, and read back in the same form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString, NamedTuple

from data.store import Sessions
from tests.timescale.sample import Row
from tests.timescale.sides import Side

STEP = {"1m": timedelta(minutes=1), "1h": timedelta(hours=1)}
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Bucket(NamedTuple):
    """`worth` and `daily` are open, high, low and close of what is known; `cash` is as of the last sample."""

    session_date: date
    worth: tuple[float | None, ...]
    daily: tuple[float | None, ...]
    cash: float | None
    samples: int
    first: datetime
    last: datetime


Key = tuple[str, datetime, date]


def buckets(rows: Iterable[Row], level: str, sessions: Sessions) -> dict[Key, Bucket]:
    """By account, start of the bucket and trading day."""
    groups: dict[Key, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda r: r.ts):
        day = sessions.date_of(row.ts)
        if level == "1d":
            start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        else:
            start = EPOCH + (row.ts - EPOCH) // STEP[level] * STEP[level]
        groups[row.account, start, day].append(row)
    return {
        key: Bucket(
            key[2], ohlc([r.worth for r in group]), ohlc([r.daily for r in group]), group[-1].cash, len(group), group[0].ts,
            group[-1].ts,
        )
        for key, group in groups.items()
    }  # fmt: skip


def ohlc(values: Sequence[float | None]) -> tuple[float | None, ...]:
    known = [v for v in values if v is not None]
    return (known[0], max(known), min(known), known[-1]) if known else (None,) * 4


def portfolio(side: Side, level: str) -> dict[Key, Bucket]:
    return _read(
        side,
        "SELECT account, bucket, session_date, net_liquidation_open, net_liquidation_high, net_liquidation_low,"
        " net_liquidation_close, daily_pnl_open, daily_pnl_high, daily_pnl_low, daily_pnl_close, cash, samples, first_ts,"
        " last_ts FROM portfolio_history WHERE resolution = %(level)s",
        level,
    )


def strategy(side: Side, level: str) -> dict[Key, Bucket]:
    """The same of a strategy's samples, in which a row's worth is the total P&L and its cash the premium."""
    return _read(
        side,
        "SELECT account, bucket, session_date, pnl_total_open, pnl_total_high, pnl_total_low, pnl_total_close,"
        " pnl_day_open, pnl_day_high, pnl_day_low, pnl_day_close, premium, samples, first_ts, last_ts"
        " FROM strategy_history WHERE resolution = %(level)s AND strategy = 'bot/wheel'",
        level,
    )


def _read(side: Side, query: LiteralString, level: str) -> dict[Key, Bucket]:
    found: dict[Key, Bucket] = {}
    row: tuple[Any, ...]
    for row in side.conn.execute(query, {"level": level}).fetchall():
        key: Key = (row[0], row[1], row[2])
        assert key not in found, f"{key} twice"
        found[key] = Bucket(row[2], row[3:7], row[7:11], *row[11:15])
    return found
