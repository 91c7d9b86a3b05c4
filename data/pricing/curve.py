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
    found = [
        options.implied(held.option, replace(market, forward=held.forward), held.mark) if held.option else None
        for held in book
    ]
    legs = list(zip(book, found, strict=True))
    return Curves(found, [[_sum([_profit(*leg, market, day, spot) for leg in legs]) for spot in spots] for day in days])


def _sum(profits: Sequence[float | None]) -> float | None:
    known = [profit for profit in profits if profit is not None]
    return sum(known) if len(known) == len(profits) else None


def _profit(
    held: Held, implied: options.Implied | None, market: options.Market, day: date, spot: float
) -> float | None:
    each = spot
    if held.option is not None and implied is not None:
        if implied.volatility is None and day < held.option.expiry:
            return None
        then = replace(market, day=day, spot=spot, forward=_forward(held, market, day, spot))
        each = options.value(held.option, then, implied.volatility or 0.0)
    return float(held.leg.quantity * held.leg.multiplier) * each - float(held.leg.cost)


def _forward(held: Held, market: options.Market, day: date, spot: float) -> float | None:
    """The forward's premium over the spot shrinks with the time that is left."""
    if held.forward is None or held.option is None or day >= held.option.expiry:
        return None
    left = (held.option.expiry - day).days / (held.option.expiry - market.day).days
    return float(spot * (held.forward / market.spot) ** left)
