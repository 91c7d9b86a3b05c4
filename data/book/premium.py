"""Premium income of short options: a view on the same money as P&L, never added to it. Pure.

By open date it counts on the trading day of the sale, by close date on the day the option was bought back, expired or was
assigned, accrued it is spread in a straight line over the calendar days from the sale to the expiry, both included; what is
closed earlier has earned the rest on that day. A buy-back counts with the sale that it closes, first in first out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from data.book.lots import PARTS, Trip
from data.book.sources import ZERO


class PremiumView(StrEnum):
    OPEN = "open"
    CLOSE = "close"
    ACCRUED = "accrued"


@dataclass(frozen=True, slots=True)
class Sold:
    """A part of a sale that has one end. `buy_back` is negative, `fees` positive; `closed` None: open still."""

    trip: Trip
    contracts: Decimal
    opened: date
    closed: date | None
    expiry: date
    premium: Decimal
    buy_back: Decimal
    fees: Decimal


@dataclass(slots=True)
class Income:
    """Of one day, before fees. Net of buy-backs is premium + buy_backs."""

    premium: Decimal = ZERO
    buy_backs: Decimal = ZERO
    fees: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        return self.premium + self.buy_backs


def sales(trips: Iterable[Trip]) -> Iterator[Sold]:
    """Every short option's sales, by what closed them; those before anything is known have no premium and are left out."""
    for trip in trips:
        if not trip.terms.is_option or trip.direction > 0 or trip.is_partial:
            continue
        for match in trip.matches:
            opened, closed = match.opened.day, match.closed.day
            expiry = match.opened.terms.expiry or closed
            yield Sold(
                trip, -match.quantity, opened, closed, expiry, match.open_money, match.close_money,
                match.open_fee + match.close_fee,
            )  # fmt: skip
        for lot in trip.lots:
            expiry = lot.fill.terms.expiry or lot.fill.day
            yield Sold(trip, -lot.quantity, lot.fill.day, None, expiry, lot.money, ZERO, lot.fee)


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
