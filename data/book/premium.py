"""Sales of short options with their ends, of which sql/queries/premium_income.sql makes premium income. Pure.

A buy-back counts with the sale that it closes, first in first out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from data.book.lots import Trip
from data.book.sources import ZERO


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
