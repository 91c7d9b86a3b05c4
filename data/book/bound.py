"""The cash-secured capital of a wheel cycle as money that is put in and taken out, day by day. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import groupby

from data.book.lots import Folding
from data.book.sources import ZERO, Fill, place
from data.book.wheel import secured


def contributions(fills: Iterable[Fill]) -> dict[date, Decimal] | None:
    """By trading day: what the cycle bound more at its end than the day before (negative: less); days without a change are left out.

    None where what it bound isn't known.
    """
    folds: dict[int, Folding] = {}
    found: dict[date, Decimal] = {}
    before = ZERO
    for day, of_day in groupby(sorted(fills, key=place), key=lambda fill: fill.day):
        for fill in of_day:
            folds.setdefault(fill.terms.con_id, Folding({})).add(fill)
        now = ZERO
        for trip in (trip for fold in folds.values() for trip in fold.trips):
            binds = secured(trip, abs(trip.quantity), trip.bound)
            if binds is None:
                return None
            now += binds
        if now != before:
            found[day] = found.get(day, ZERO) + now - before
        before = now
    return found


def held(fills: Iterable[Fill]) -> dict[int, Decimal]:
    """What is left of each contract."""
    found: dict[int, Decimal] = {}
    for fill in fills:
        found[fill.terms.con_id] = found.get(fill.terms.con_id, ZERO) + fill.quantity
    return found
