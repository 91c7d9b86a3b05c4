"""The value of an option, and the volatility that gives its mark by the same model. Not for a web worker: see the package.

American: finite differences of Black and Scholes' equation, the spot falling by each cash dividend on its ex-date; one solution
holds for every spot (QuantLib's Fdm1DimSolver, put together as its FdBlackScholesVanillaEngine does). A call without dividends
is never exercised early while the rate isn't negative (Merton, *Theory of Rational Option Pricing*, 1973), so that it is valued
as a European one. European: Black's formula on the forward (*The Pricing of Commodity Contracts*, 1976). Time is in calendar
days of 365 a year.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

TIME_STEPS, SPOT_STEPS = 100, 200
LEAST_VOL, MOST_VOL = 0.001, 5.0
ACCURACY = 1e-6  # of an implied volatility: the price that it gives, per share
MOST_STEPS = 8
EDGE = 0.1

Value = Callable[[float], float]  # of a spot


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
    return values(option, market, volatility)(market.spot)


def values(option: Option, market: Market, volatility: float, band: tuple[float, float] | None = None) -> Value:
    """As :func:`value`, of any spot in `band` and around the strike and the market's spot; a forward moves with the spot."""
    if market.day >= option.expiry:
        return lambda spot: intrinsic(option, spot)
    dividends = [(day, amount) for day, amount in market.dividends if market.day < day <= option.expiry]
    exercised_early = dividends or option.right == "P" or market.rate < 0
    if option.is_american and exercised_early:
        wanted = (market.spot, *(band or ()))
        # An edge of the grid is no good place to look a value up, nor one that a dividend leads across.
        lowest = max(min(wanted) * (1 - EDGE) - sum(amount for _, amount in dividends), min(wanted) * EDGE)
        return _american(option, market, volatility, dividends, (lowest, max(wanted) * (1 + EDGE)))
    return _european(option, market, volatility)


def implied(option: Option, market: Market, mark: float | None, band: tuple[float, float] | None = None) -> Implied:
    """The volatility at which :func:`values` over `band` is `mark` at the market's spot."""
    if mark is None:
        return Implied(None, "no mark")
    if market.day >= option.expiry:
        return Implied(None, "expires today")
    if option.is_american and mark <= intrinsic(option, market.spot):
        return Implied(None, "the mark is not above the intrinsic value")

    def excess(volatility: float) -> float:
        return values(option, market, volatility, band)(market.spot) - mark

    found = _near(option, market, mark, excess)
    return Implied(found) if found is not None else _anywhere(excess)


def _near(option: Option, market: Market, mark: float, excess: Value) -> float | None:
    """By secants from the European volatility: two or three values where early exercise is worth little. None: not found."""
    import QuantLib

    years, discount, forward = _forward(option, market)
    dividends = (amount for day, amount in market.dividends if market.day < day <= option.expiry)
    forward -= 0.0 if market.forward else sum(dividends) / discount
    try:
        deviation = QuantLib.blackFormulaImpliedStdDev(_type(QuantLib, option), option.strike, forward, mark, discount)
        vega = QuantLib.BlackCalculator(_payoff(QuantLib, option), forward, deviation, discount).vega(years)
    except RuntimeError:  # below what the option is worth without early exercise
        return None
    at = deviation / math.sqrt(years)
    if not LEAST_VOL < at < MOST_VOL or vega <= 0:
        return None
    over = excess(at)
    slope = vega
    for _ in range(MOST_STEPS):
        if abs(over) < ACCURACY:
            return float(at)
        step = at - over / slope
        if not LEAST_VOL < step < MOST_VOL:
            return None
        then = excess(step)
        slope = (then - over) / (step - at)
        at, over = step, then
        if slope <= 0:
            return None
    return None


def _anywhere(excess: Value) -> Implied:
    import QuantLib

    if excess(LEAST_VOL) >= 0:
        return Implied(None, "the mark is below what the option is worth without any volatility")
    if excess(MOST_VOL) <= 0:
        return Implied(None, f"the mark needs a volatility above {MOST_VOL:.0%}")
    return Implied(float(QuantLib.Brent().solve(excess, ACCURACY / 10, 0.3, LEAST_VOL, MOST_VOL)))


def _forward(option: Option, market: Market) -> tuple[float, float, float]:
    """Years to expiry, the discount factor and the forward."""
    years = (option.expiry - market.day).days / 365
    discount = math.exp(-market.rate * years)
    return years, discount, market.spot / discount if market.forward is None else market.forward


def _european(option: Option, market: Market, volatility: float) -> Value:
    import QuantLib

    years, discount, forward = _forward(option, market)
    right, deviation = _type(QuantLib, option), volatility * math.sqrt(years)
    return lambda spot: float(
        QuantLib.blackFormula(right, option.strike, forward * spot / market.spot, deviation, discount)
    )


def _american(
    option: Option,
    market: Market,
    volatility: float,
    dividends: list[tuple[date, float]],
    band: tuple[float, float],
) -> Value:
    import QuantLib as ql  # noqa: N813

    today, expiry, count = _day(ql, market.day), _day(ql, option.expiry), ql.Actual365Fixed()
    ql.Settings.instance().evaluationDate = today
    process = ql.BlackScholesProcess(
        ql.QuoteHandle(ql.SimpleQuote(option.strike)),  # the grid is laid around it
        ql.YieldTermStructureHandle(ql.FlatForward(today, market.rate, count)),
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), volatility, count)),
    )
    years = (option.expiry - market.day).days / 365
    schedule = ql.DividendVector([_day(ql, day) for day, _ in dividends], [amount for _, amount in dividends])
    grid = _grid(ql, option, process, years, schedule, band)
    mesh = ql.FdmMesherComposite(grid)
    payoff = ql.FdmLogInnerValue(_payoff(ql, option), mesh, 0)
    conditions = ql.FdmStepConditionComposite.vanillaComposite(
        schedule, ql.AmericanExercise(today, expiry), mesh, payoff, today, count
    )
    solver = ql.Fdm1DimSolver(
        ql.FdmSolverDesc(mesh, ql.FdmBoundaryConditionSet(), conditions, payoff, years, TIME_STEPS, 0),
        ql.FdmSchemeDesc.Douglas(),
        ql.FdmBlackScholesOp(mesh, process, option.strike),
    )
    return lambda spot: float(solver.interpolateAt(math.log(spot)))


def _grid(ql: Any, option: Option, process: Any, years: float, schedule: Any, band: tuple[float, float]) -> Any:
    """In logarithms, dense at the strike; wide enough for the volatility and for the band."""

    def made(low: float, high: float) -> Any:
        dense = (option.strike, 0.1)
        return ql.FdmBlackScholesMesher(
            SPOT_STEPS, process, years, option.strike, low, high, 0.0001, 1.5, dense, schedule
        )

    usual = made(ql.nullDouble(), ql.nullDouble())
    places = usual.locations()
    low, high = math.log(band[0]), math.log(band[1])
    if places[0] <= low and high <= places[-1]:
        return usual
    return made(min(low, places[0]), max(high, places[-1]))


def _type(lib: Any, option: Option) -> Any:
    return lib.Option.Call if option.right == "C" else lib.Option.Put


def _payoff(lib: Any, option: Option) -> Any:
    return lib.PlainVanillaPayoff(_type(lib, option), option.strike)


def _day(lib: Any, day: date) -> Any:
    return lib.Date(day.day, day.month, day.year)
