"""Win rate, profit factor, expectancy and averages, by contract, by roll chain or by wheel cycle. Pure.

By contract an assigned option counts with its premium; by chain it ends there; by cycle it stays open until the shares are
gone (their dividends are left out). What began before anything is known, or has fees in another currency, has no result here and is told apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from data.book.book import Book
from data.book.chains import Group
from data.book.lots import Trip
from data.book.sources import ZERO

DTE_BUCKETS = ((0, "0"), (7, "1–7"), (21, "8–21"), (45, "22–45"), (90, "46–90"))
LONGER = "over 90"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Unit(StrEnum):
    """What a win is counted by."""

    CONTRACT = "contract"
    CHAIN = "chain"
    CYCLE = "cycle"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One closed round trip, chain or cycle; `net` after fees, None where it isn't known. `dte` at the opening, in days."""

    id: str
    symbol: str
    currency: str
    strategy: str | None
    opened_on: date
    closed_on: date
    dte: int | None
    net: Decimal | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """In one currency. Ratios are None where they have no base: no loss, no win, nothing closed."""

    count: int
    wins: int
    losses: int
    unknown: int  # closed without a result that is known; not in `count`
    net: Decimal
    win_rate: Decimal | None  # a fraction of 1
    profit_factor: Decimal | None  # what wins made ÷ what losses lost
    expectancy: Decimal | None
    average_win: Decimal | None
    average_loss: Decimal | None  # negative


def outcomes(book: Book, unit: Unit) -> list[Outcome]:
    """What is closed. By contract and by chain: options; by cycle: cycles of a short option."""
    if unit is Unit.CONTRACT:
        return [_of_trip(trip) for trip in book.trips if trip.terms.is_option and trip.is_closed]
    groups = book.chains if unit is Unit.CHAIN else book.cycles
    return [_of_group(group) for group in groups if group.is_closed]


def statistics(outcomes: Iterable[Outcome]) -> Statistics:
    """Of outcomes in one currency; 0 is neither a win nor a loss."""
    all_ = list(outcomes)
    nets = [outcome.net for outcome in all_ if outcome.net is not None]
    wins, losses = [net for net in nets if net > 0], [net for net in nets if net < 0]
    won, lost = sum(wins, ZERO), sum(losses, ZERO)
    return Statistics(
        count=len(nets),
        wins=len(wins),
        losses=len(losses),
        unknown=len(all_) - len(nets),
        net=won + lost,
        win_rate=Decimal(len(wins)) / len(nets) if nets else None,
        profit_factor=won / -lost if lost else None,
        expectancy=(won + lost) / len(nets) if nets else None,
        average_win=won / len(wins) if wins else None,
        average_loss=lost / len(losses) if losses else None,
    )


def by(outcomes: Sequence[Outcome], dimension: Callable[[Outcome], str]) -> dict[tuple[str, str], Statistics]:
    """By currency and what `dimension` says, in that order."""
    found: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        found[outcome.currency, dimension(outcome)].append(outcome)
    return {key: statistics(those) for key, those in sorted(found.items())}


def dte_bucket(outcome: Outcome) -> str:
    """Days to expiry when it was opened."""
    if outcome.dte is None:
        return "no expiry"
    return next((name for days, name in DTE_BUCKETS if outcome.dte <= days), LONGER)


def weekday(outcome: Outcome) -> str:
    """On which it was opened."""
    return WEEKDAYS[outcome.opened_on.weekday()]


def _of_trip(trip: Trip) -> Outcome:
    assert trip.closed_on is not None
    return Outcome(
        trip.id, trip.terms.symbol, trip.terms.currency, trip.strategy, trip.opened_on, trip.closed_on, days_to_expiry(trip),
        None if trip.is_partial or trip.foreign_fees else trip.net,
    )  # fmt: skip


def _of_group(group: Group) -> Outcome:
    closed_on = group.closed_on
    assert closed_on is not None
    return Outcome(
        group.id, group.symbol, group.currency, group.strategy, group.opened_on, closed_on, days_to_expiry(group.trips[0]),
        None if group.is_partial or group.foreign_fees else group.net,
    )  # fmt: skip


def days_to_expiry(trip: Trip) -> int | None:
    """From the opening's trading day."""
    expiry = trip.fills[0].terms.expiry
    return None if expiry is None else (expiry - trip.opened_on).days
