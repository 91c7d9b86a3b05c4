"""Greeks in money, by hand: what isn't known is named and in no sum."""

from __future__ import annotations

from typing import Any

import pytest

from data.analytics.greeks import Beta, Betas, by_underlying, leg, sums, without
from data.views import PositionView
from tests.unit.analytics.test_obligations import held, shares

GREEKS = {"delta": -0.3, "gamma": 0.08, "theta": -0.04, "vega": 0.055}


def put(con_id: int = 1, **values: Any) -> PositionView:
    return held(con_id, **(GREEKS | values))


def stock(quantity: float, price: float | None = 62.0, **values: Any) -> PositionView:
    found: Any = shares(quantity) | {"market_price": price} | values
    return found  # type: ignore[no-any-return]


def test_a_leg_in_money() -> None:
    assert leg(put()) == {
        "delta_shares": 60.0,  # -2 × 100 × -0.3
        "delta": 3_720.0,  # × 62
        "gamma": pytest.approx(-200 * 0.08 * 62 * 62 / 100),
        "theta": 8.0,
        "vega": -11.0,
    }
    assert leg(stock(100.0)) == {"delta_shares": 100.0, "delta": 6_200.0, "gamma": 0.0, "theta": 0.0, "vega": 0.0}
    assert leg(stock(-100.0, None))["delta"] is None


def test_what_lacks_is_named_and_never_a_zero() -> None:
    adjusted = put(2, trading_class="KO1")
    silent = put(3, delta=None, gamma=None, theta=None, vega=None)
    partly = put(4, vega=None)
    book = [put(), adjusted, silent, partly, stock(100.0, None)]
    named = {each["con_id"]: each for each in without(book)}
    assert {con_id: each["lacks"] for con_id, each in named.items()} == {
        2: ["delta", "gamma", "theta", "vega"],
        3: ["delta", "gamma", "theta", "vega"],
        4: ["vega"],
        9: ["delta"],
    }
    assert "adjusted" in named[2]["reason"]
    assert "price" in named[9]["reason"]
    [found] = by_underlying(book, Betas("SPY"))
    assert (found["legs"], found["legs_without"]) == (5, 4)
    assert (found["delta"], found["theta"], found["vega"]) == (7_440.0, 16.0, -11.0)
    [nothing] = by_underlying([silent], Betas("SPY"))
    assert (nothing["delta"], nothing["gamma"], nothing["beta_weighted_delta"]) == (None, None, None)


def test_beta_weighted_and_why_not() -> None:
    betas = Betas("SPY", 620.0, {("KO", "USD"): Beta(0.5, 252), ("NEW", "USD"): Beta(1.2, 12)})
    spy = stock(10.0, 620.0, symbol="SPY")
    new, euro, lost, vix = (
        stock(1.0, symbol="NEW"),
        stock(1.0, symbol="SAP", currency="EUR"),
        stock(1.0, symbol="ABC"),
        put(6, symbol="VIX", trading_class="VIX"),
    )
    future = put(7, symbol="ES", sec_type="FOP", trading_class="ES", multiplier=50.0)
    items = by_underlying([stock(100.0), spy, new, euro, lost, vix, future], betas)
    found = {item["symbol"]: item for item in items}
    assert (found["KO"]["beta_weighted_money"], found["KO"]["beta_weighted_delta"]) == (3_100.0, 5.0)
    assert (found["SPY"]["beta"], found["SPY"]["beta_weighted_delta"]) == (1.0, 10.0)
    why = {symbol: item["beta_reason"] for symbol, item in found.items() if item["beta_weighted_delta"] is None}
    assert why == {
        "NEW": "Only 12 daily returns are shared with SPY; 60 are needed.",
        "SAP": "It is in EUR, SPY in USD.",
        "ABC": "No daily price bars of ABC are stored yet.",
        "VIX": "VIX options follow its futures, not the index.",
        "ES": "Beta is of shares, funds and indexes only.",
    }
    euros, dollars = sums(items)
    assert (euros["currency"], euros["delta"], euros["beta_weighted_delta"]) == ("EUR", 62.0, None)
    assert (dollars["beta_weighted_delta"], dollars["without_beta"]) == (15.0, ["ABC", "ES", "NEW", "VIX"])
    [unpriced] = by_underlying([stock(100.0)], Betas("SPY"))
    assert unpriced["beta_reason"] == "No price bars of SPY are stored yet."
