"""Values against the literature's, and what must hold of any book at expiry."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import QuantLib as ql  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st

from data.pricing import expiry, options

DAY = date(2026, 1, 5)
MARKET = options.Market(DAY, 100.0, 0.05)


def _option(right, strike, days=180, is_american=True):
    return options.Option(right, strike, DAY + timedelta(days=days), is_american)


def test_european_values_of_hull():
    """Hull, Options, Futures, and Other Derivatives, example 15.6: S 42, K 40, r 10 %, 20 %, half a year: 4.76 and 0.81."""
    market = options.Market(DAY, 42.0, 0.10)
    days = round(365 / 2)
    assert options.value(_option("C", 40.0, days, False), market, 0.20) == pytest.approx(4.76, abs=0.01)
    assert options.value(_option("P", 40.0, days, False), market, 0.20) == pytest.approx(0.81, abs=0.01)


@pytest.mark.parametrize(("spot", "expected"), [(36.0, 4.478), (40.0, 2.314), (44.0, 1.110)])
def test_american_puts_of_longstaff_and_schwartz(spot, expected):
    """Longstaff and Schwartz, Valuing American Options by Simulation (2001), table 1: K 40, r 6 %, 20 %, a year."""
    put = _option("P", 40.0, 365)
    assert options.value(put, options.Market(DAY, spot, 0.06), 0.20) == pytest.approx(expected, abs=0.01)


def test_a_dividend_lowers_the_call_and_makes_early_exercise_worth_something():
    call = _option("C", 90.0, 60)
    paying = replace(MARKET, dividends=((DAY + timedelta(days=30), 3.0),))
    after = replace(MARKET, dividends=((DAY + timedelta(days=61), 3.0),))
    with_it, without = options.value(call, paying, 0.2), options.value(call, MARKET, 0.2)
    assert options.intrinsic(call, 100.0) < with_it < without
    assert options.value(call, after, 0.2) == without


@settings(max_examples=25, deadline=None)
@given(st.sampled_from("CP"), st.floats(80, 120), st.integers(7, 400), st.floats(0.1, 0.9), st.floats(0, 3))
def test_the_implied_volatility_gives_the_mark_back(right, strike, days, volatility, dividend):
    market = replace(MARKET, dividends=((DAY + timedelta(days=5), dividend),) if dividend > 0.01 else ())
    option = _option(right, strike, days)
    mark = options.value(option, market, volatility)
    found = options.implied(option, market, mark)
    if found.volatility is None:
        assert mark <= options.value(option, market, options.LEAST_VOL) + 0.001
    else:
        assert options.value(option, market, found.volatility) == pytest.approx(mark, abs=0.001)


@pytest.mark.parametrize(("right", "strike", "days"), [("P", 110.0, 7), ("P", 95.0, 200), ("C", 90.0, 60)])
def test_one_solution_holds_for_every_spot(right, strike, days):
    """Against QuantLib's own engine on a fine grid around each spot, far from the strike too."""
    option, vol = _option(right, strike, days), 0.25
    dividends = ((DAY + timedelta(days=days // 2), 1.0),)
    found = options.values(option, replace(MARKET, dividends=dividends), vol, (40.0, 200.0))
    ql.Settings.instance().evaluationDate = today = ql.Date(DAY.day, DAY.month, DAY.year)
    priced = ql.VanillaOption(
        ql.PlainVanillaPayoff(ql.Option.Put if right == "P" else ql.Option.Call, strike),
        ql.AmericanExercise(today, today + days),
    )
    schedule = ql.DividendVector([today + days // 2], [1.0])
    spot = ql.SimpleQuote(100.0)
    process = ql.BlackScholesProcess(
        ql.QuoteHandle(spot),
        ql.YieldTermStructureHandle(ql.FlatForward(today, MARKET.rate, ql.Actual365Fixed())),
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), vol, ql.Actual365Fixed())),
    )
    priced.setPricingEngine(ql.FdBlackScholesVanillaEngine(process, schedule, 200, 800))
    for price in (45.0, 80.0, 90.0, 100.0, 110.0, 130.0, 190.0):
        spot.setValue(price)
        assert found(price) == pytest.approx(priced.NPV(), abs=0.01)


@settings(max_examples=25, deadline=None)
@given(st.floats(70, 130), st.integers(7, 400), st.floats(0.1, 0.9))
def test_bounds(strike, days, volatility):
    american, european = _option("P", strike, days), _option("P", strike, days, False)
    worth = options.value(american, MARKET, volatility)
    assert worth >= options.value(european, MARKET, volatility) - 0.01
    assert options.intrinsic(american, 100.0) - 0.01 <= worth <= strike
    assert options.value(american, replace(MARKET, spot=101.0), volatility) <= worth + 0.001


def test_what_has_no_volatility_says_why():
    put = _option("P", 120.0)
    assert options.implied(put, MARKET, None).reason == "no mark"
    assert "intrinsic" in (options.implied(put, MARKET, 19.0).reason or "")
    assert "above 500%" in (options.implied(put, MARKET, 119.9).reason or "")


MONEY = st.decimals(-5000, 5000, places=2)
LEGS = st.lists(
    st.builds(
        expiry.Leg,
        st.integers(-5, 5).filter(bool).map(Decimal),
        st.just(Decimal(100)),
        MONEY,
        st.sampled_from("CP"),
        st.integers(10, 200).map(Decimal),
    )
    | st.builds(expiry.Leg, st.integers(-300, 300).map(Decimal), st.just(Decimal(1)), MONEY),
    min_size=1,
    max_size=8,
)


@given(LEGS, st.decimals(0, 1000, places=2))
def test_extremes_hold_everywhere_and_break_evens_are_roots(legs, spot):
    found, here = expiry.extremes(legs), expiry.profit(legs, spot)
    assert here == sum(expiry.profit([leg], spot) for leg in legs)
    assert found.max_profit is None or here <= found.max_profit
    assert found.max_loss is None or here >= found.max_loss
    assert all(abs(expiry.profit(legs, root)) < Decimal("1e-15") for root in found.break_evens)


def test_a_covered_call_and_a_naked_one():
    shares = expiry.Leg(Decimal(100), Decimal(1), Decimal(9500))
    call = expiry.Leg(Decimal(-1), Decimal(100), Decimal(-200), "C", Decimal(100))
    assert expiry.extremes([shares, call]) == expiry.Extremes(Decimal(700), Decimal(-9300), [Decimal(93)])
    assert expiry.extremes([call]) == expiry.Extremes(Decimal(200), None, [Decimal(102)])
