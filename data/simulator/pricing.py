"""Black-Scholes-Merton prices and Greeks, with discrete dividends by the escrowed model.

Source of the formulas: Hull, *Options, Futures, and Other Derivatives*, ch. 15 (price, dividends) and ch. 19 (Greeks).
All rates are continuously compounded per year, all times are in years of 365 days.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

_SQRT_2 = math.sqrt(2.0)
_SQRT_2PI = math.sqrt(2.0 * math.pi)
MIN_VOL, MAX_VOL = 1e-4, 10.0


class Greeks(NamedTuple):
    """An option's price and sensitivities, per share of the underlying.

    ``vega`` is per 1.00 of volatility, ``theta`` per year; the wire wants them per point and per day.
    """

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float


def _cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / _SQRT_2)


def escrow(spot: float, rate: float, dividends: Iterable[tuple[float, float]], years: float) -> float:
    """The spot less the present value of the dividends that fall before expiry.

    ``dividends`` are pairs of (years from now, amount per share).
    """
    due = sum(amount * math.exp(-rate * when) for when, amount in dividends if 0.0 < when <= years)
    return max(spot - due, 0.01)


def intrinsic(right: str, spot: float, strike: float) -> float:
    """What exercising now brings, per share; never negative."""
    return max(spot - strike, 0.0) if right == "C" else max(strike - spot, 0.0)


def black_scholes(
    right: str, spot: float, strike: float, years: float, vol: float, rate: float, dividend_yield: float = 0.0
) -> Greeks:
    """Price and Greeks of a European option; ``right`` is ``C`` or ``P``.

    At expiry (``years <= 0``) it is the intrinsic value with a delta of 0 or 1. ``spot`` is the escrowed spot where
    dividends are discrete.
    """
    sign = 1.0 if right == "C" else -1.0
    if years <= 0.0:
        value = intrinsic(right, spot, strike)
        return Greeks(value, sign if value > 0.0 else 0.0, 0.0, 0.0, 0.0)
    deviation = max(vol, MIN_VOL) * math.sqrt(years)
    d1 = (math.log(spot / strike) + (rate - dividend_yield) * years) / deviation + 0.5 * deviation
    d2 = d1 - deviation
    growth = math.exp(-dividend_yield * years)
    discount = math.exp(-rate * years)
    density = math.exp(-0.5 * d1 * d1) / _SQRT_2PI
    n1, n2 = _cdf(sign * d1), _cdf(sign * d2)
    root = math.sqrt(years)
    theta = (
        -spot * growth * density * max(vol, MIN_VOL) / (2.0 * root)
        - sign * rate * strike * discount * n2
        + sign * dividend_yield * spot * growth * n1
    )
    return Greeks(
        price=max(sign * (spot * growth * n1 - strike * discount * n2), 0.0),
        delta=sign * growth * n1,
        gamma=growth * density / (spot * deviation),
        vega=spot * growth * density * root,
        theta=theta,
    )


def american_floor(greeks: Greeks, right: str, spot: float, strike: float) -> Greeks:
    """The European value lifted to the intrinsic value where it lies below.

    A holder may exercise at once, so no American option trades below intrinsic. The small rest of the early-exercise
    premium is left out: it is inside the simulated spread.
    """
    floor = intrinsic(right, spot, strike)
    if greeks.price >= floor:
        return greeks
    return Greeks(floor, 1.0 if right == "C" else -1.0, 0.0, 0.0, 0.0)


def implied_vol(
    right: str, price: float, spot: float, strike: float, years: float, rate: float, dividend_yield: float = 0.0
) -> float | None:
    """The volatility at which :func:`black_scholes` gives ``price``, or None where none does.

    Bisection: slower than Newton, but it cannot run away where vega vanishes.
    """
    if years <= 0.0:
        return None
    low, high = MIN_VOL, MAX_VOL

    def value(vol: float) -> float:
        return black_scholes(right, spot, strike, years, vol, rate, dividend_yield).price

    if not value(low) < price < value(high):
        return None
    while high - low > 1e-9:
        middle = 0.5 * (low + high)
        if value(middle) < price:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
