"""What strategies earned before anybody sampled them, from stored closes and fills."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from data.db import make_engine
from data.model import ExecutionKind, PortfolioSample, PositionSample, Role
from data.reads import Reads
from data.strategies.figures.keeping import Keeper
from data.strategies.figures.past import tell_past
from tests.figures.conftest import Conn
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer


def test_closes_are_told_once_and_add_up(agent: Conn, write: Writer) -> None:
    """Sold, marked, and expired on the third of four days; the shares that nothing explains are nobody's."""
    sessions = agent.execute(
        "SELECT closes FROM market_sessions WHERE closes < now() ORDER BY closes DESC LIMIT 4"
    ).fetchall()
    closes = [row[0] for row in reversed(sessions)]
    option, share = samples.put(31, "KO", 60.0), samples.stock()
    option = replace(option, expiry=closes[2].date())
    for n, at in enumerate(closes):
        ts = at - timedelta(minutes=1)
        held: list[Any] = [samples.position(share, quantity=100.0, market_price=50.0 + n, avg_cost=40.0, as_of=ts)]
        if n < 2:
            held.append(samples.position(option, quantity=-1.0, market_price=(1.5, 0.5)[n], as_of=ts))
        write.flush(
            portfolio_samples=(PortfolioSample(ts, samples.portfolio(as_of=ts)),),
            position_samples=tuple(PositionSample(ts, position) for position in held),
        )
        if n == 1:  # at noon of the day after it is only seen for the last time
            noon = closes[2] - timedelta(hours=3)
            late = samples.position(option, quantity=-1.0, market_price=0.01, as_of=noon)
            write.flush(position_samples=(PositionSample(noon, late),))
    first = {"client_id": 1, "time": closes[0] - timedelta(hours=2), "perm_id": 5, "price": Decimal("2.00")}
    end: dict[str, Any] = {
        "time": closes[2] - timedelta(hours=1),
        "perm_id": None,
        "order_id": None,
        "price": Decimal(0),
    }
    write.flush(
        executions=(
            samples.execution(1, option, commission=Decimal("1.00"), commission_currency="USD", **first),
            samples.execution(2, option, side="BOT", kind=ExecutionKind.EXPIRY, client_id=0, **end),
        )
    )
    agent.execute("UPDATE executions SET strategy = 'demo/hedge'")
    assert tell_past(agent, ACCOUNT) == 8
    found = agent.execute(
        "SELECT pnl_total_close, pnl_day_close, positions, closed, wins FROM strategy_history"
        " WHERE resolution = '1d' AND strategy = 'demo/hedge' ORDER BY session_date"
    ).fetchall()
    assert found == [
        (pytest.approx(49.0), pytest.approx(49.0), 1, 0, 0),
        (pytest.approx(149.0), pytest.approx(100.0), 1, 0, 0),
        (pytest.approx(199.0), pytest.approx(50.0), 0, 1, 1),
        (pytest.approx(199.0), 0.0, 0, 1, 1),
    ]
    rest = agent.execute(
        "SELECT pnl_total_close, positions FROM strategy_history WHERE resolution = '1d' AND strategy = '' ORDER BY session_date"
    ).fetchall()
    assert rest == [(1000.0, 1), (1100.0, 1), (1200.0, 1), (1300.0, 1)]
    assert tell_past(agent, ACCOUNT) == 0  # what was sampled or told stays as it is


def test_a_past_that_is_told_while_somebody_looks_on_is_in_the_sparkline(
    agent: Conn, write: Writer, url18: str
) -> None:
    share = samples.stock()
    closes = agent.execute(
        "SELECT closes FROM market_sessions WHERE closes < now() ORDER BY closes DESC LIMIT 3"
    ).fetchall()
    for (at,) in reversed(closes):
        ts = at - timedelta(minutes=1)
        held = samples.position(share, quantity=100.0, as_of=ts)
        write.flush(
            portfolio_samples=(PortfolioSample(ts, samples.portfolio(as_of=ts)),),
            position_samples=(PositionSample(ts, held),),
        )
    write.flush(portfolio=samples.portfolio(), positions=(samples.position(share, quantity=100.0),))
    Keeper(agent).look()
    agent.execute("DELETE FROM strategy_latest WHERE strategy <> ''")
    now = [datetime.now(UTC)]
    engine = make_engine(url18, Role.WEB, "test")
    reads = Reads(engine, url18, clock=lambda: now[0])

    def sparkline() -> list[float | None]:
        rest = reads.strategies(ACCOUNT)["unattributed"]
        assert rest is not None
        return rest["sparkline"]

    try:
        assert sparkline() == []
        write.flush(executions=(samples.execution(1, share, time=closes[-1][0] - timedelta(hours=2)),))
        assert tell_past(agent, ACCOUNT)
        now[0] += timedelta(seconds=3)
        assert len(sparkline()) == 3
    finally:
        engine.dispose()
