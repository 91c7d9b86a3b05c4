"""Prices and Greeks against QuantLib, and properties that no model may break."""

from __future__ import annotations

import math

import pytest
import QuantLib as ql  # noqa: N813 — its own documentation writes it so
from hypothesis import assume, given
from hypothesis import strategies as st

from data.simulator.pricing import american_floor, black_scholes, escrow, implied_vol, intrinsic

SPOTS = st.floats(5, 800)
MONEYNESS = st.floats(0.6, 1.5)
YEARS = st.floats(2 / 365, 2.0)
VOLS = st.floats(0.05, 1.2)
RATES = st.floats(0.0, 0.08)
YIELDS = st.floats(0.0, 0.05)


def quantlib(right: str, spot: float, strike: float, days: int, vol: float, rate: float, q: float) -> ql.VanillaOption:
    today = ql.Date(24, 11, 2026)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(spot)),
        ql.YieldTermStructureHandle(ql.FlatForward(today, q, count)),
        ql.YieldTermStructureHandle(ql.FlatForward(today, rate, count)),
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), vol, count)),
    )
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if right == "C" else ql.Option.Put, strike)
    option = ql.VanillaOption(payoff, ql.EuropeanExercise(today + days))
    option.setPricingEngine(ql.AnalyticEuropeanEngine(process))
    return option


@pytest.mark.parametrize("right", ["C", "P"])
@pytest.mark.parametrize("strike", [60.0, 95.0, 100.0, 130.0])
@pytest.mark.parametrize("days", [1, 30, 400])
@pytest.mark.parametrize(("vol", "rate", "q"), [(0.15, 0.04, 0.0), (0.6, 0.05, 0.02)])
def test_price_and_greeks_agree_with_quantlib(right: str, strike: float, days: int, vol: float, rate: float, q: float):
    theirs = quantlib(right, 100.0, strike, days, vol, rate, q)
    ours = black_scholes(right, 100.0, strike, days / 365, vol, rate, q)
    assert ours.price == pytest.approx(theirs.NPV(), abs=1e-9)
    assert ours.delta == pytest.approx(theirs.delta(), abs=1e-9)
    assert ours.gamma == pytest.approx(theirs.gamma(), abs=1e-9)
    assert ours.vega == pytest.approx(theirs.vega(), abs=1e-7)
    assert ours.theta == pytest.approx(theirs.theta(), abs=1e-7)


def test_escrowed_dividends_agree_with_quantlib():
    today = ql.Date(24, 11, 2026)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    rate = ql.YieldTermStructureHandle(ql.FlatForward(today, 0.04, count))
    process = ql.BlackScholesProcess(
        ql.QuoteHandle(ql.SimpleQuote(71.5)),
        rate,
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), 0.2, count)),
    )
    option = ql.VanillaOption(ql.PlainVanillaPayoff(ql.Option.Call, 72.0), ql.EuropeanExercise(today + 120))
    paid = ql.DividendVector([today + 20, today + 110], [0.51, 0.51])
    option.setPricingEngine(ql.AnalyticDividendEuropeanEngine(process, paid))
    spot = escrow(71.5, 0.04, [(20 / 365, 0.51), (110 / 365, 0.51), (200 / 365, 9.9)], 120 / 365)
    assert black_scholes("C", spot, 72.0, 120 / 365, 0.2, 0.04).price == pytest.approx(option.NPV(), abs=1e-9)


@given(SPOTS, MONEYNESS, YEARS, VOLS, RATES, YIELDS)
def test_put_call_parity(spot: float, moneyness: float, years: float, vol: float, rate: float, q: float):
    strike = spot * moneyness
    call = black_scholes("C", spot, strike, years, vol, rate, q)
    put = black_scholes("P", spot, strike, years, vol, rate, q)
    forward = spot * math.exp(-q * years) - strike * math.exp(-rate * years)
    assert call.price - put.price == pytest.approx(forward, abs=1e-8 * spot)


@given(SPOTS, MONEYNESS, YEARS, VOLS, RATES, st.sampled_from("CP"))
def test_bounds_and_monotonicity(spot: float, moneyness: float, years: float, vol: float, rate: float, right: str):
    strike = spot * moneyness
    greeks = black_scholes(right, spot, strike, years, vol, rate)
    assert 0.0 <= greeks.price <= (spot if right == "C" else strike)
    assert (0.0 <= greeks.delta <= 1.0) if right == "C" else (-1.0 <= greeks.delta <= 0.0)
    assert greeks.gamma >= 0.0
    assert greeks.vega >= 0.0
    dearer = black_scholes(right, spot, strike, years, vol + 0.05, rate)
    assert dearer.price >= greeks.price - 1e-9
    higher = black_scholes(right, spot * 1.01, strike, years, vol, rate).price
    assert (higher >= greeks.price - 1e-9) if right == "C" else (higher <= greeks.price + 1e-9)


@given(SPOTS, MONEYNESS, YEARS, VOLS, RATES, st.sampled_from("CP"))
def test_implied_volatility_gives_the_volatility_back(
    spot: float, moneyness: float, years: float, vol: float, rate: float, right: str
):
    greeks = black_scholes(right, spot, spot * moneyness, years, vol, rate)
    assume(greeks.vega > 1e-3 * spot)  # where price hardly depends on volatility there is nothing to find
    found = implied_vol(right, greeks.price, spot, spot * moneyness, years, rate)
    assert found == pytest.approx(vol, abs=1e-5)


@pytest.mark.parametrize("price", [-1.0, 0.0, 200.0])
def test_no_volatility_for_an_impossible_price(price: float):
    assert implied_vol("C", price, 100.0, 100.0, 0.5, 0.04) is None


@given(SPOTS, MONEYNESS, YEARS, VOLS, RATES, st.sampled_from("CP"))
def test_no_american_price_below_intrinsic(
    spot: float, moneyness: float, years: float, vol: float, rate: float, right: str
):
    strike = spot * moneyness
    lifted = american_floor(black_scholes(right, spot, strike, years, vol, rate), right, spot, strike)
    assert lifted.price >= intrinsic(right, spot, strike)


@pytest.mark.parametrize(("right", "spot", "value"), [("C", 105.0, 5.0), ("C", 95.0, 0.0), ("P", 95.0, 5.0)])
def test_at_expiry_only_the_intrinsic_value_is_left(right: str, spot: float, value: float):
    greeks = black_scholes(right, spot, 100.0, 0.0, 0.3, 0.04)
    assert greeks.price == value
    assert abs(greeks.delta) == (1.0 if value else 0.0)
