"""Statistics and premium income of a book once more, in plain Python: the SQL is held to it.

Premium by open date counts on the trading day of the sale, by close date on the day the option was bought back, expired or was
assigned, accrued it is spread in a straight line over the calendar days from the sale to the expiry, both included; what is
closed earlier has earned the rest on that day. By contract an assigned option counts with its premium; by chain it ends there;
by cycle it stays open until the shares are gone. What began before anything is known, or has fees in another currency, has no
result here and is told apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from data.book.book import Book
from data.book.chains import Group
from data.book.lots import PARTS, Trip
from data.book.premium import Sold
from data.book.rows import days_to_expiry
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


class PremiumView(StrEnum):
    OPEN = "open"
    CLOSE = "close"
    ACCRUED = "accrued"


@dataclass(slots=True)
class Income:
    """Of one day, before fees. Net of buy-backs is premium + buy_backs."""

    premium: Decimal = ZERO
    buy_backs: Decimal = ZERO
    fees: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        return self.premium + self.buy_backs


def income(sold: Iterable[Sold], view: PremiumView, until: date) -> dict[str, dict[date, Income]]:
    """By currency and day, up to and including `until`, in the order of days."""
    found: dict[str, dict[date, Income]] = defaultdict(lambda: defaultdict(Income))
    for one in sold:
        days = found[one.trip.terms.currency]
        if view is PremiumView.ACCRUED:
            _accrue(one, days, until)
        else:
            day = one.opened if view is PremiumView.OPEN else one.closed
            if day is not None and day <= until:
                days[day].premium += one.premium
                days[day].buy_backs += one.buy_back
                days[day].fees += one.fees
    return {currency: dict(sorted(days.items())) for currency, days in found.items() if days}


def accrued(sold: Sold, day: date) -> Decimal:
    """What of the premium is earned at the end of `day`."""
    if day < sold.opened:
        return ZERO
    end = sold.expiry if sold.closed is None else min(sold.closed, sold.expiry)
    if day >= end:
        return sold.premium
    days = (sold.expiry - sold.opened).days + 1
    return (sold.premium * ((day - sold.opened).days + 1) / days).quantize(PARTS)


def _accrue(sold: Sold, days: dict[date, Income], until: date) -> None:
    """Each day its share; buy-back and fees on the day of the end."""
    end = max(sold.opened, sold.expiry if sold.closed is None else min(sold.closed, sold.expiry))
    day, before = sold.opened, ZERO
    while day <= min(end, until):
        earned = accrued(sold, day)
        days[day].premium += earned - before
        day, before = day + timedelta(days=1), earned
    if sold.closed is not None and sold.closed <= until:
        days[sold.closed].buy_backs += sold.buy_back
        days[sold.closed].fees += sold.fees
