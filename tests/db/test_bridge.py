"""The bridge over the night: the broker's reset, a dividend that is paid, marks that ran ahead, a deposit: each has a step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest

from data.db import connect, make_engine
from data.model import CashState, PortfolioSample, Role
from data.reads import Reads
from data.reconciliation_views import BridgeView
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer

CLOSE = datetime(2026, 3, 4, 21, tzinfo=UTC)  # of Wednesday
RESET = CLOSE + timedelta(hours=4, minutes=15)
NOW = CLOSE + timedelta(hours=18)


@pytest.fixture
def reads(database_url: str) -> Iterator[Reads]:
    engine = make_engine(database_url, Role.WEB, "test")
    yield Reads(engine, database_url)
    engine.dispose()


@pytest.fixture
def write(database_url: str) -> Iterator[Writer]:
    with samples.writer(database_url) as found:
        found.account()
        with psycopg.connect(database_url) as conn:
            conn.execute("UPDATE accounts SET baseline_net_liquidation = 100000, baseline_at = %s", [CLOSE])
            conn.execute("DELETE FROM positions_latest")
            conn.execute("DELETE FROM portfolio_latest")  # they are of now
        yield found


def told(write: Writer, at: datetime, worth: float, daily: float) -> None:
    value = samples.portfolio(net_liquidation=worth, daily_pnl=daily, as_of=at)
    write.flush(portfolio_samples=(PortfolioSample(at, value),))


def owed(at: datetime, amount: float) -> CashState:
    return CashState(ACCOUNT, at, {"USD": ("1.00", "1.00")}, amount, 0.0, 100_000.0, 0.0)


def steps(view: BridgeView) -> dict[str, float | None]:
    found = {step["cause"]: step["amount"] for step in view["steps"]}
    known = sum(Decimal(str(amount)) for amount in found.values() if amount is not None)
    assert Decimal(str(view["ours"])) + known == Decimal(str(view["broker"]))
    return found


def test_the_day_s_steps(reads: Reads, write: Writer, database_url: str) -> None:
    night = [(CLOSE - timedelta(minutes=1), 100_000, 300), (CLOSE + timedelta(hours=1), 100_050, 350)]
    night += [(RESET - timedelta(minutes=1), 100_120, 420), (RESET, 100_121, 1)]
    for at, worth, daily in night:
        told(write, at, worth, daily)
    write.flush(cash_states=(owed(CLOSE - timedelta(hours=2), 73.6), owed(CLOSE + timedelta(hours=14), 0.0)))
    held = samples.position(samples.stock(), quantity=100.0, market_value=50_010.0, as_of=NOW)
    now = samples.portfolio(net_liquidation=105_500.0, daily_pnl=390.0, cash=55_500.0, accrued_dividends=0.0, as_of=NOW)
    write.flush(portfolio=now, positions=(held,))
    sold = samples.execution(1, time=NOW - timedelta(hours=1), commission=Decimal("1.05"), commission_currency="USD")
    write.flush(executions=(sold,))
    with connect(database_url, Role.IMPORTER, "test", autocommit=True) as conn:
        for name, kind, amount in (("a", "dividend", "73.60"), ("b", "deposit", "5000")):
            conn.execute(
                "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, base_amount, source)"
                " VALUES (%s, %s, %s, '2026-03-05', %s, %s, 'USD', %s, 'statement')",
                [ACCOUNT, name, CLOSE + timedelta(hours=14), kind, amount, amount],
            )
    view = reads.agreement.bridge(ACCOUNT, "daily_pnl")
    assert (view["ours"], view["broker"]) == (500, 390)
    assert steps(view) == {
        "income": -73.6, "currency": 0, "paid": 73.6, "reset": -120, "fees": 0, "marks": 10, "unexplained": 0,
    }  # fmt: skip
    assert "Of today: 1.05." in next(step["reason"] for step in view["steps"] if step["cause"] == "fees")


def test_what_was_not_seen_is_not_made_up(reads: Reads, write: Writer) -> None:
    """No sample around the reset, nothing known of what was owed before: it is in the rest."""
    told(write, CLOSE - timedelta(minutes=1), 100_000, 300)
    told(write, CLOSE + timedelta(hours=14), 100_900, 200)
    write.flush(portfolio=samples.portfolio(net_liquidation=100_900.0, daily_pnl=200.0, cash=100_900.0, as_of=NOW))
    found = steps(reads.agreement.bridge(ACCOUNT, "daily_pnl"))
    assert (found["reset"], found["paid"], found["marks"], found["unexplained"]) == (None, None, None, -700)
