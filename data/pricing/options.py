"""The value of an option, and the volatility that gives its mark by the same model. Not for a web worker: see the package.

American: finite differences of Black and Scholes' equation, the spot falling by each cash dividend on its ex-date (QuantLib's
FdBlackScholesVanillaEngine); a call without dividends is never exercised early while the rate isn't negative (Merton, *Theory
of Rational Option Pricing*, 1973), so that it is valued as a European one. European: Black's formula on the forward (*The
Pricing of Commodity Contracts*, 1976). Time is in calendar days of 365 a year.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

TIME_STEPS, SPOT_STEPS = 100, 200
LEAST_VOL, MOST_VOL = 0.001, 5.0
VOL_ACCURACY = 1e-7


@dataclass(frozen=True, slots=True)
class Option:
    right: Literal["C", "P"]
    strike: float
    expiry: date
    is_american: bool


@dataclass(frozen=True, slots=True)
class Market:
    """Per share. `dividends`: ex-date and amount. `forward`: to the option's expiry, for European ones; None: spot at the rate."""

    day: date
    spot: float
    rate: float  # continuous, a year; 0.04 is 4 %
    dividends: tuple[tuple[date, float], ...] = ()
    forward: float | None = None


@dataclass(frozen=True, slots=True)
class Implied:
    """`volatility` 0.2 is 20 % a year; None: there is none, and `reason` says why."""

    volatility: float | None
    reason: str | None = None


def intrinsic(option: Option, spot: float) -> float:
    return max(0.0, spot - option.strike if option.right == "C" else option.strike - spot)


def value(option: Option, market: Market, volatility: float) -> float:
    """Per share. On the day of expiry it is what exercise brings."""
    if market.day >= option.expiry:
        return intrinsic(option, market.spot)
    dividends = [(day, amount) for day, amount in market.dividends if market.day < day <= option.expiry]
    exercised_early = dividends or option.right == "P" or market.rate < 0
    if option.is_american and exercised_early:
        return _american(option, market, volatility, dividends)
    return _european(option, market, volatility)


def implied(option: Option, market: Market, mark: float | None) -> Implied:
    """The volatility at which `value` is `mark`."""
    import QuantLib

    if mark is None:
        return Implied(None, "no mark")
    if market.day >= option.expiry:
        return Implied(None, "expires today")
    if option.is_american and mark <= intrinsic(option, market.spot):
        return Implied(None, "the mark is not above the intrinsic value")
    if mark <= value(option, market, LEAST_VOL):
        return Implied(None, "the mark is below what the option is worth without any volatility")
    if mark >= value(option, market, MOST_VOL):
        return Implied(None, f"the mark needs a volatility above {MOST_VOL:.0%}")
    found = QuantLib.Brent().solve(
        lambda volatility: value(option, market, volatility) - mark, VOL_ACCURACY, 0.3, LEAST_VOL, MOST_VOL
    )
    return Implied(float(found))


def _european(option: Option, market: Market, volatility: float) -> float:
    import QuantLib

    years = (option.expiry - market.day).days / 365
    discount = math.exp(-market.rate * years)
    forward = market.spot / discount if market.forward is None else market.forward
    deviation = volatility * math.sqrt(years)
    return float(QuantLib.blackFormula(_type(QuantLib, option), option.strike, forward, deviation, discount))


def _american(option: Option, market: Market, volatility: float, dividends: list[tuple[date, float]]) -> float:
    import QuantLib

    today, expiry = _day(QuantLib, market.day), _day(QuantLib, option.expiry)
    QuantLib.Settings.instance().evaluationDate = today
    count = QuantLib.Actual365Fixed()
    process = QuantLib.BlackScholesProcess(
        QuantLib.QuoteHandle(QuantLib.SimpleQuote(market.spot)),
        QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, market.rate, count)),
        QuantLib.BlackVolTermStructureHandle(
            QuantLib.BlackConstantVol(today, QuantLib.NullCalendar(), volatility, count)
        ),
    )
    schedule = QuantLib.DividendVector(
        [_day(QuantLib, day) for day, _ in dividends], [amount for _, amount in dividends]
    )
    priced = QuantLib.VanillaOption(
        QuantLib.PlainVanillaPayoff(_type(QuantLib, option), option.strike), QuantLib.AmericanExercise(today, expiry)
    )
    priced.setPricingEngine(QuantLib.FdBlackScholesVanillaEngine(process, schedule, TIME_STEPS, SPOT_STEPS))
    return float(priced.NPV())


def _type(lib: Any, option: Option) -> Any:
    return lib.Option.Call if option.right == "C" else lib.Option.Put


def _day(lib: Any, day: date) -> Any:
    return lib.Date(day.day, day.month, day.year)
