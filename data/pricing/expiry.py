"""Profit or loss at expiry of shares and options of one underlying that expire together: piecewise linear, exact. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Literal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Leg:
    """`quantity` is negative if short; `cost` is the signed money paid for all of it: quantity × multiplier × average price.

    Shares have neither a right nor a strike.
    """

    quantity: Decimal
    multiplier: Decimal
    cost: Decimal
    right: Literal["C", "P"] | None = None
    strike: Decimal | None = None

    def __post_init__(self) -> None:
        if (self.right is None) != (self.strike is None):
            raise ValueError("a leg has both a right and a strike, or neither")


@dataclass(frozen=True, slots=True)
class Extremes:
    """Money; None: unbounded. `max_loss` is the least profit, so that a loss is negative. Break-evens rise."""

    max_profit: Decimal | None
    max_loss: Decimal | None
    break_evens: list[Decimal]


def profit(legs: Sequence[Leg], spot: Decimal) -> Decimal:
    return sum((leg.quantity * leg.multiplier * _worth(leg, spot) - leg.cost for leg in legs), ZERO)


def kinks(legs: Sequence[Leg]) -> list[Decimal]:
    """Where the line may bend: 0 and the strikes, rising."""
    return sorted({ZERO, *(leg.strike for leg in legs if leg.strike is not None)})


def extremes(legs: Sequence[Leg]) -> Extremes:
    """The underlying can't be worth less than 0, and has no upper bound."""
    return extremes_of(legs, [(spot, profit(legs, spot)) for spot in kinks(legs)])


def extremes_of(legs: Sequence[Leg], points: Sequence[tuple[Decimal, Decimal]]) -> Extremes:
    """Of a line through `points`, spots rising from 0, that goes on as shares and calls do."""
    slope = sum((leg.quantity * leg.multiplier for leg in legs if leg.right != "P"), ZERO)
    values = [value for _, value in points]
    return Extremes(
        max_profit=None if slope > 0 else max(values),
        max_loss=None if slope < 0 else min(values),
        break_evens=_roots(points, slope),
    )


def _worth(leg: Leg, spot: Decimal) -> Decimal:
    if leg.strike is None:
        return spot
    return max(ZERO, spot - leg.strike if leg.right == "C" else leg.strike - spot)


def _roots(points: Sequence[tuple[Decimal, Decimal]], slope: Decimal) -> list[Decimal]:
    """Of a stretch that is 0 throughout, its ends."""
    found = {spot for spot, value in points if value == 0}
    for (left, low), (right, high) in pairwise(points):
        if low * high < 0:
            found.add(left + (right - left) * low / (low - high))
    spot, value = points[-1]
    if value * slope < 0:
        found.add(spot - value / slope)
    return sorted(found)
