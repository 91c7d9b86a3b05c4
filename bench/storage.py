"""The database alone: one flush of the poller, and the latest positions in front of a long history."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from bench.common import Row, database, percentile
from data.db import connect, make_engine
from data.model import Contract, Flush, Portfolio, PortfolioSample, Position, PositionSample, Role, Source
from data.reads import Reads
from data.store import Store

ACCOUNT = "DU9000001"
HISTORY = """
INSERT INTO position_snapshots (account, con_id, ts, as_of, session_date, currency, quantity, market_price, market_value)
SELECT %s, 1000 + c, t, t, t::date, 'USD', -1, 2.5, -250
FROM generate_series(0, 499) c,
     generate_series(now() - 20000 * interval '5 seconds', now(), interval '5 seconds') t
"""


def batch(positions: int, step: int) -> Flush:
    """A flush in which every position changed and is due for a sample."""
    now = datetime.now(UTC) + timedelta(milliseconds=step)
    portfolio = Portfolio(
        ACCOUNT, now, "USD", net_liquidation=150_000.0 + step, cash=40_000.0, available_funds=60_000.0,
        buying_power=240_000.0, excess_liquidity=62_000.0, initial_margin=51_000.0, maintenance_margin=47_000.0,
        cushion=0.41, gross_position_value=118_000.0, daily_pnl=312.5 + step, unrealized_pnl=-812.0, realized_pnl=44.0,
    )  # fmt: skip
    rows = tuple(
        Position(
            ACCOUNT,
            Contract(1000 + n, f"S{n // 4}", f"S{n // 4} {n}", "OPT", "USD", f"S{n // 4}", "SMART", date(2027, 1, 15),
                     100.0 + n, "P", 100.0),
            now, -1.0, avg_cost=250.0, market_price=2.5 + step / 100, market_value=-250.0 - step, unrealized_pnl=1.0 * step,
            realized_pnl=0.0, daily_pnl=1.0, delta=-0.3, gamma=0.02, theta=-0.05, vega=0.1, implied_vol=0.35,
            underlying_price=101.0, greeks_as_of=now,
        )
        for n in range(positions)
    )  # fmt: skip
    return Flush(
        ACCOUNT,
        portfolio=portfolio,
        positions=rows,
        portfolio_samples=(PortfolioSample(now, portfolio),),
        position_samples=tuple(PositionSample(now, row) for row in rows),
    )


def one_flush(url: str) -> Row:
    """1 portfolio + 100 positions, latest and samples, revisions and NOTIFY, committed."""
    took: list[float] = []
    with connect(url, Role.POLLER, "bench") as conn:
        store = Store(conn)
        store.claim_source(Source.DEMO, ACCOUNT)
        for step in range(300):
            work = batch(100, step)
            started = time.perf_counter()
            store.flush(work)
            took.append((time.perf_counter() - started) * 1000)
    return Row("one flush: 1 portfolio + 100 positions, latest + samples (median)", percentile(took[50:], 0.5), "ms", 4)


def latest_positions(url: str) -> Row:
    """500 positions read with 10 M samples behind them, the cache out of the way."""
    with connect(url, Role.POLLER, "bench") as conn:
        Store(conn).flush(batch(500, 1000))
    with connect(url, Role.OWNER, "bench") as conn:
        conn.execute(HISTORY, [ACCOUNT])
    engine = make_engine(url, Role.WEB, "bench")
    reads = Reads(engine)
    stamps: list[float] = [time.perf_counter()]
    for _ in range(100):
        assert len(reads.positions(ACCOUNT)["items"]) == 500
        stamps.append(time.perf_counter())
    engine.dispose()
    took = [(b - a) * 1000 for a, b in pairwise(stamps)]
    return Row("latest 500 positions with 10 M samples behind them (median)", percentile(took, 0.5), "ms", 3)


def run() -> Iterator[Row]:
    with database() as url:
        yield one_flush(url)
        yield latest_positions(url)
