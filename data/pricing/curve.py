"""Profit or loss of shares and options of one underlying on days until the nearest expiry; by QuantLib, see the package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from data.pricing import options
from data.pricing.expiry import Leg


@dataclass(frozen=True, slots=True)
class Held:
    """A leg of the book; `option` is None for shares. Per share: `mark`, and the `forward` to its expiry where it is known."""

    leg: Leg
    option: options.Option | None = None
    mark: float | None = None
    forward: float | None = None


@dataclass(frozen=True, slots=True)
class Curves:
    """`profits[day][spot]` in money: None where a leg that lives on has no volatility. `implied` is by leg; None for shares.

    What shares receive in dividends on the way isn't in it.
    """

    implied: list[options.Implied | None]
    profits: list[list[float | None]]


def curves(book: Sequence[Held], market: options.Market, days: Sequence[date], spots: Sequence[float]) -> Curves:
    """`market` is today's. Raises ValueError for a day before today or past the nearest expiry."""
    nearest = min((held.option.expiry for held in book if held.option), default=None)
    if any(day < market.day or (nearest is not None and day > nearest) for day in days):
        raise ValueError("a day before today, or past the nearest expiry")
    band = (min(spots), max(spots))
    found = [
        options.implied(held.option, replace(market, forward=held.forward), held.mark, band) if held.option else None
        for held in book
    ]
    legs = list(zip(book, found, strict=True))
    profits = []
    for day in days:
        columns = [_profits(*leg, market, day, spots) for leg in legs]
        profits.append([_sum(row) for row in zip(*columns, strict=True)])
    return Curves(found, profits)


def _sum(profits: Sequence[float | None]) -> float | None:
    known = [profit for profit in profits if profit is not None]
    return sum(known) if len(known) == len(profits) else None


def _profits(
    held: Held, implied: options.Implied | None, market: options.Market, day: date, spots: Sequence[float]
) -> list[float | None]:
    each: options.Value = float
    if held.option is not None and implied is not None:
        if implied.volatility is None and day < held.option.expiry:
            return [None] * len(spots)
        then = replace(market, day=day, forward=_forward(held, market, day))
        each = options.values(held.option, then, implied.volatility or 0.0, (min(spots), max(spots)))
    units, cost = float(held.leg.quantity * held.leg.multiplier), float(held.leg.cost)
    return [units * each(spot) - cost for spot in spots]


def _forward(held: Held, market: options.Market, day: date) -> float | None:
    """The forward's premium over the spot shrinks with the time that is left."""
    if held.forward is None or held.option is None or day >= held.option.expiry:
        return None
    left = (held.option.expiry - day).days / (held.option.expiry - market.day).days
    return float(market.spot * (held.forward / market.spot) ** left)
