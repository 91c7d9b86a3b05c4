"""The payoff of an underlying over REST, priced by a process beside the web worker."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from dashboard.api import payoff_schemas
from data.analytics.positions import NEW_YORK
from data.model import Contract, DividendOutlook
from tests.web import samples
from tests.web.samples import Writer
from tests.web.server import Web, wait_until

DAY = datetime.now(NEW_YORK).date()
NEAR, FAR = DAY + timedelta(days=45), DAY + timedelta(days=90)
KO = Contract(71, "KO", "KO", "STK", "USD")


def option(con_id: int, symbol: str, right: str, strike: float, expiry: date, trading_class: str = "") -> Contract:
    local = f"{symbol} {expiry:%y%m%d}{right}{strike:.0f}"
    return Contract(con_id, symbol, local, "OPT", "USD", trading_class or symbol, "SMART", expiry, strike, right, 100.0)


def shares(contract: Contract, **values: Any) -> Any:
    return samples.position(contract, **{"implied_vol": None, "underlying_price": None, "delta": None} | values)


CALL = option(72, "KO", "C", 72.0, NEAR)
HELD = (
    shares(KO, quantity=100.0, avg_cost=68.5, market_price=70.0),
    samples.position(CALL, quantity=-1.0, avg_cost=120.0, market_price=1.05, underlying_price=70.0, implied_vol=0.18),
    shares(Contract(80, "MO", "MO", "STK", "USD"), quantity=-100.0, avg_cost=60.0, market_price=70.0),
    # Two expiries, and a put whose mark is below what exercise brings.
    samples.position(option(73, "PEP", "P", 150.0, NEAR), quantity=-1.0, avg_cost=300.0, market_price=2.5, underlying_price=155.0),
    samples.position(option(74, "PEP", "P", 150.0, FAR), quantity=1.0, avg_cost=500.0, market_price=4.4, underlying_price=155.0),
    samples.position(option(75, "GE", "P", 200.0, NEAR), quantity=-1.0, avg_cost=2500.0, market_price=19.0, underlying_price=180.0),
    samples.position(option(76, "SPX", "P", 6000.0, NEAR, "SPXW"), quantity=-1.0, avg_cost=5000.0, market_price=45.0, underlying_price=6500.0),
    samples.position(option(77, "XOM", "P", 100.0, NEAR, "XOM1"), quantity=-1.0),
    samples.position(option(78, "T", "P", 20.0, NEAR), quantity=-1.0, underlying_price=None),
    samples.position(option(79, "VIX", "C", 20.0, NEAR), quantity=-1.0, avg_cost=150.0, market_price=1.4, underlying_price=18.0),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def held(write: Writer) -> None:
    said = DividendOutlook("KO", "USD", samples.now(), 2.04, 2.1, DAY + timedelta(days=12), 0.53)
    write.flush(positions=HELD, dividends=(said,))


def payoff(web: Web, symbol: str, query: str = "") -> payoff_schemas.Payoff:
    answer = web.get(f"/api/underlyings/{symbol}/payoff?{query}")
    assert answer.status == 200, answer.body
    assert answer.headers["cache-control"] == "no-store"
    return payoff_schemas.Payoff.model_validate_json(answer.body, strict=True)


def test_a_covered_call(web: Web) -> None:
    middle = DAY + timedelta(days=20)
    found = payoff(web, "KO", f"dates={middle}")
    assert (found.currency, found.expiry, found.extremes_are) == ("USD", str(NEAR), "exact")
    assert (found.underlying.price, found.underlying.source, found.risk_free_pct) == (70.0, "shares", 0.0)
    assert (found.max_profit.value, found.max_loss.value, found.break_evens) == (470.0, -6730.0, [67.3])
    assert [(curve.day, curve.kind) for curve in found.curves] == [(str(DAY), "today"), (str(middle), "before"), (str(NEAR), "expiry")]  # fmt: skip
    today, between, expiry = found.curves
    assert found.pnl == today.at_spot == 100 * 1.5 + 15  # at the marks, to the cent
    assert expiry.at_spot == 270
    assert today.at_spot < (between.at_spot or 0) < expiry.at_spot  # a short option's time goes by
    for price, profit in ((67.3, 0.0), (72.0, 470.0), (found.spots[-1], 470.0)):
        assert expiry.profits[found.spots.index(price)] == profit
    assert found.shown[0] <= 67.3 < 72 < found.shown[1]
    call = next(leg for leg in found.legs if leg.right)
    assert (call.volatility, call.average_price) == (pytest.approx(0.2, abs=0.05), 1.2)
    assert all(leg.as_of >= found.as_of for leg in found.legs)
    (dividend,) = found.dividends.items
    assert (dividend.ex_date, dividend.amount) == (str(DAY + timedelta(days=12)), 0.53)
    assert any(f"after that of {DAY + timedelta(days=12)} are not known" in note for note in found.notes)


def test_two_expiries_go_by_the_model(web: Web) -> None:
    found = payoff(web, "PEP")
    assert (found.expiry, found.extremes_are, found.underlying.source) == (str(NEAR), "model", "greeks")
    assert found.max_loss.value == pytest.approx(-200, abs=1)  # what was paid for both, far from the strike
    assert 0 < (found.max_profit.value or 0) < 400
    assert found.break_evens[0] < 150 < found.break_evens[1]
    assert found.curves[0].at_spot == found.pnl == 50 - 60
    assert found.dividends.items == []
    assert any("dividend of PEP is not known" in note for note in found.notes)
    assert any(str(FAR) in note for note in found.notes)


def test_what_has_no_volatility_says_so_and_has_no_curve_before_its_expiry(web: Web) -> None:
    found = payoff(web, "GE")
    assert "intrinsic" in (found.legs[0].reason or "")
    today, expiry = found.curves
    assert set(today.profits) == {None}
    assert (expiry.at_spot, found.pnl, found.max_loss.value) == (500.0, 600.0, -17_500.0)
    assert any("no implied volatility" in note and "no curve" in note for note in found.notes)
    vix = payoff(web, "VIX")
    assert "forward" in (vix.legs[0].reason or "")
    assert vix.max_loss.is_unlimited
    assert (vix.max_loss.value, vix.break_evens) == (None, [21.5])
    assert any("forward of SPX" in note for note in payoff(web, "SPX").notes)


def test_shares_alone_are_a_line_without_an_end(web: Web) -> None:
    found = payoff(web, "MO")
    assert (found.expiry, [curve.kind for curve in found.curves], found.pnl) == (None, ["today"], -1000.0)
    assert (found.max_profit.value, found.max_profit.is_unlimited) == (6000.0, False)
    assert (found.max_loss.value, found.max_loss.is_unlimited, found.break_evens) == (None, True, [60.0])


def test_refusals_are_one_sentence(web: Web) -> None:
    for path, status, words in (
        ("XYZ/payoff", 404, "Nothing of XYZ is held; there is GE, KO, MO"),
        ("XOM/payoff", 404, "adjusted"),
        ("T/payoff", 409, "price of T is not known"),
        (f"KO/payoff?dates={NEAR + timedelta(days=1)}", 422, "nearest expiry"),
        (f"KO/payoff?dates={DAY - timedelta(days=1)}", 422, "today"),
        ("KO/payoff?dates=2026-02-31", 422, "dates"),
        ("KO/payoff?dates=soon", 422, "dates"),
        ("KO/payoff?currency=EUR", 404, "in EUR"),
    ):
        answer = web.get(f"/api/underlyings/{path}")
        assert (answer.status, words in answer.json["detail"]) == (status, True), (path, answer.body)


def test_the_web_worker_goes_on_while_the_pricing_process_computes(web: Web) -> None:
    payoff(web, "KO")
    worker = psutil.Process(web.worker_pid())
    assert "QuantLib" not in Path(f"/proc/{worker.pid}/maps").read_text()
    (child,) = [p for p in worker.children() if "data.pricing" in p.cmdline()]
    child.send_signal(signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(web.get, f"/api/underlyings/KO/payoff?dates={DAY + timedelta(days=3)}")
        wait_until(lambda: child.status() == psutil.STATUS_STOPPED, "the pricing process stands still")
        for _ in range(3):
            assert web.get("/api/portfolio/").status == 200
        assert not asked.done()
        child.send_signal(signal.SIGCONT)
        assert asked.result().status == 200
    child.kill()
    assert payoff(web, "KO", f"dates={DAY + timedelta(days=4)}").curves


def test_the_example_is_an_answer() -> None:
    (example,) = payoff_schemas.Payoff.model_json_schema()["examples"]
    payoff_schemas.Payoff.model_validate(example, strict=True)
