"""What closings realised, by contract, as the broker counts it: the premium of an option that was delivered is the shares'. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from data.book.lots import Deed, Trip
from data.book.sources import DELIVERIES, ZERO


def realized(trips: Iterable[Trip], keys: Collection[str]) -> dict[int, Decimal | None]:
    """Of the closings among the fills of `keys`, in the contract's currency, after fees.

    None where it can't be said: what was paid isn't known, fees were in another currency, or one currency was paid for another.
    """
    found: dict[int, Decimal | None] = {}
    for trip in trips:
        is_known = not (trip.is_partial or trip.foreign_fees or trip.terms.sec_type == "CASH")
        for deed in trip.deeds:
            if deed.is_closing and deed.fill.key in keys:
                con_id, made = deed.fill.terms.con_id, _made(trip, deed) if is_known else None
                before = found.get(con_id, ZERO)
                found[con_id] = None if made is None or before is None else before + made
    return found


def _made(trip: Trip, deed: Deed) -> Decimal | None:
    """None: some of its premium went to shares, and how much of it can't be said."""
    if not trip.terms.is_option or deed.fill.kind not in DELIVERIES:
        return deed.premium + deed.carried
    delivered = sum((one.premium for one in trip.deeds if one.is_closing and one.fill.kind in DELIVERIES), ZERO)
    if trip.carried == -delivered:
        return ZERO
    return deed.premium if not trip.carried else None
