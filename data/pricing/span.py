"""At which prices of the underlying a payoff is computed, and between which it is worth looking at. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from data.pricing import expiry
from data.pricing.expiry import Leg

STEPS = 80
LEAST, MOST = 0.12, 0.75  # how far a chart reaches to either side, of the price
DEVIATIONS = 2.5
MARGIN = 1.08  # beyond the farthest strike or break-even
FAR = 2.0  # of the upper end: where what lives on is looked through for its extremes
NEAREST_ZERO = 0.02  # of the price: the model's grid is in logarithms
TAIL = 15


@dataclass(frozen=True, slots=True)
class Places:
    """`spots` rise; they hold the price, and every strike and break-even at expiry that is shown."""

    spots: list[float]
    shown: tuple[float, float]


def spots(legs: Sequence[Leg], price: float, deviation: float, lives_on: bool) -> Places:
    """`deviation` of the logarithm of the price until the nearest expiry; `lives_on`: some expire later."""
    marks = [float(leg.strike) for leg in legs if leg.strike is not None]
    if not lives_on:
        marks += [float(root) for root in expiry.extremes(legs).break_evens]
    reach = max((abs(mark / price - 1) * MARGIN for mark in marks), default=0.0)
    half = min(MOST, max(LEAST, math.expm1(DEVIATIONS * deviation), reach))
    low, high = price * (1 - half), price * (1 + half)
    found = {price, *(mark for mark in marks if low < mark < high)}
    found |= {round(low + (high - low) * step / STEPS, 6) for step in range(STEPS + 1)}
    if lives_on:
        found |= _steps(price * NEAREST_ZERO, low) | _steps(high, high * FAR)
    return Places(sorted(spot for spot in found if spot > 0), (low, high))


def _steps(low: float, high: float) -> set[float]:
    return {round(low * (high / low) ** (step / TAIL), 6) for step in range(TAIL + 1)}
