"""Betas of stored daily bars, against the textbook's covariance over variance."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import fmean

import pytest

from data.analytics.greeks import SESSIONS
from data.db import connect, make_engine
from data.model import Role
from data.reads import Reads
from tests.web import samples

DAYS = 300
START = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def reads(database_url: str) -> Iterator[Reads]:
    engine = make_engine(database_url, Role.WEB, "test")
    yield Reads(engine, database_url)
    engine.dispose()


def closes(returns: list[float]) -> list[float]:
    found = [100.0]
    for each in returns:
        found.append(found[-1] * (1 + each))
    return found


def test_beta_is_the_slope_over_the_last_year_of_common_returns(database_url: str, reads: Reads) -> None:
    draw = random.Random(7)
    market = [draw.gauss(0, 0.01) for _ in range(DAYS)]
    own = [1.4 * m + draw.gauss(0, 0.01) for m in market]
    lost = 250  # a day of KO that the broker doesn't have: two of its returns span other days than the benchmark's
    with samples.writer(database_url) as write, connect(database_url, Role.POLLER, "test", autocommit=True) as conn:
        write.account()
        held = samples.stock(3, "KO")
        write.flush(positions=(samples.position(held, quantity=100.0),))
        for con_id, prices in ((1, closes(market)), (3, closes(own))):
            for n, close in enumerate(prices):
                if (con_id, n) != (3, lost):
                    day = START + timedelta(days=n)
                    conn.execute(
                        "INSERT INTO price_bars VALUES (%s, 'trades', '1d', %s, %s, %s, %s, %s, %s, 1)",
                        [con_id, day, day.date(), close, close, close, close],
                    )
            conn.execute("INSERT INTO bar_coverage VALUES (%s, 'trades', '1d', now(), now(), now())", [con_id])
    found = {row["symbol"]: row for row in reads.risk.betas(["KO", "QQQ"])}
    assert set(found) == {"KO", "SPY"}
    prices, ours = closes(own), closes(market)
    pairs = [
        (ours[n] / ours[n - 1] - 1, prices[n] / prices[n - 1] - 1)
        for n in range(DAYS - SESSIONS + 1, DAYS + 1)
        if n not in (lost, lost + 1)
    ]
    x, y = fmean(a for a, _ in pairs), fmean(b for _, b in pairs)
    slope = sum((a - x) * (b - y) for a, b in pairs) / sum((a - x) ** 2 for a, _ in pairs)
    assert found["KO"]["beta"] == pytest.approx(slope, abs=2e-6)
    assert found["KO"]["returns"] == SESSIONS - 2
    assert found["KO"]["last_day"] == (START + timedelta(days=DAYS)).date()
    assert found["SPY"]["benchmark_price"] == pytest.approx(ours[-1])
