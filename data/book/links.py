"""What binds the round trips of one underlying: shares that an option delivered, rolls, calls written on shares. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import attrgetter

from data.book.lots import Deed, Trip, share
from data.book.sources import DELIVERIES, ZERO, Fill

BOTH = 3
AT = attrgetter("at")
ROLL_WINDOW = timedelta(minutes=10)  # of two orders: bought back, and sold again further out

Delivery = tuple[str, date, Decimal, bool]


@dataclass(frozen=True, slots=True)
class Delivered:
    """An option's booking and the shares that it moved; `premium` is what the option was sold (or bought: negative) for."""

    option: Trip
    shares: Fill
    premium: Decimal


@dataclass(frozen=True, slots=True)
class Roll:
    """A short (or long) option closed and another of the same underlying and right opened instead.

    `credit`: money of both sides before fees, of `quantity` contracts; negative is a debit.
    """

    ts: datetime
    out_of: Trip
    into: Trip
    quantity: Decimal
    credit: Decimal


def deliveries(options: Iterable[Deed], shares: Iterable[Fill]) -> list[Delivered]:
    """Match options' assignments and exercises with the bookings of shares, as a multiset within one session.

    Shares come at the strike: bought for a put that was short or a call that was long, sold for the others.
    """
    waiting: dict[Delivery, list[_Waiting]] = defaultdict(list)
    for fill in shares:
        if fill.kind in DELIVERIES and fill.price is not None:
            waiting[fill.kind, fill.day, fill.price, fill.quantity > 0].append(_Waiting(fill, abs(fill.quantity)))
    found: list[Delivered] = []
    several: list[tuple[Deed, list[_Waiting]]] = []
    for deed in options if waiting else ():
        fill, trip = deed.fill, deed.trip
        if not deed.is_closing or fill.kind not in DELIVERIES or fill.terms.strike is None:
            continue
        is_bought = (fill.terms.right == "P") == (trip.direction < 0)
        those = waiting.get((fill.kind, fill.day, fill.terms.strike, is_bought), [])
        moved = deed.quantity * fill.terms.multiplier
        exact = next((one for one in those if one.left == moved == abs(one.fill.quantity)), None)
        if exact is not None:
            exact.left = ZERO
            found.append(Delivered(trip, exact.fill, deed.premium))
        elif those:
            several.append((deed, those))
    for deed, those in several:
        found += _spread(deed, those)
    return found


@dataclass(slots=True)
class _Waiting:
    """A booking of shares, and how many of them no option explains yet."""

    fill: Fill
    left: Decimal


def _spread(deed: Deed, those: list[_Waiting]) -> Iterator[Delivered]:
    """One booking of shares for several of an option, or several for one."""
    moved = left = deed.quantity * deed.fill.terms.multiplier
    for one in those:
        taken = min(one.left, left)
        if taken:
            part = deed.premium if taken == moved else share(deed.premium, taken, moved)
            one.left -= taken
            left -= taken
            yield Delivered(deed.trip, one.fill, part)


def rolls(deeds: Sequence[Deed]) -> list[Roll]:
    """Of the deeds of one underlying's options, in place: within one order, else by orders within :data:`ROLL_WINDOW`."""
    sides: dict[tuple[str | None, int], list[_Side]] = defaultdict(list)
    for deed in _both_ways(deeds):
        fill = deed.fill
        money = (fill.price or ZERO) * fill.terms.multiplier
        side = _Side(fill, deed.trip, deed.quantity, -money if fill.quantity > 0 else money, deed.is_closing)
        sides[fill.terms.right, deed.trip.direction].append(side)
    found: dict[tuple[str, str], Roll] = {}
    for those in sides.values():
        closings = [side for side in those if side.is_closing]
        if not closings or len(closings) == len(those):
            continue
        openings = [side for side in those if not side.is_closing]
        _within_orders(closings, openings, found)
        _within_window(closings, openings, found)
    return sorted(found.values(), key=lambda roll: (roll.ts, roll.out_of.id, roll.into.id))


def _both_ways(deeds: Sequence[Deed]) -> list[Deed]:
    """The trades that may be part of a roll: with openings and closings in their order, or within the window of each other."""
    orders: dict[str, int] = {}
    sitting: list[Deed] = []
    sittings: list[tuple[int, list[Deed]]] = []
    ways, last = 0, None
    for deed in deeds:
        fill = deed.fill
        if fill.kind != "trade":
            continue
        way = 2 if deed.is_closing else 1
        if fill.order is not None:
            orders[fill.order] = orders.get(fill.order, 0) | way
        if last is not None and fill.ts - last > ROLL_WINDOW:
            sittings.append((ways, sitting))
            sitting, ways = [], 0
        sitting.append(deed)
        ways, last = ways | way, fill.ts
    sittings.append((ways, sitting))
    return [
        deed
        for ways, sitting in sittings
        for deed in sitting
        if ways == BOTH or (deed.fill.order is not None and orders[deed.fill.order] == BOTH)
    ]


@dataclass(slots=True)
class _Side:
    fill: Fill
    trip: Trip
    left: Decimal
    price: Decimal  # money of one contract
    is_closing: bool


def _within_orders(closings: list[_Side], openings: list[_Side], found: dict[tuple[str, str], Roll]) -> None:
    by_order: dict[str, list[_Side]] = defaultdict(list)
    for side in openings:
        if side.fill.order is not None:
            by_order[side.fill.order].append(side)
    for side in closings:
        if side.fill.order in by_order:
            for opening in by_order[side.fill.order]:
                _bind(side, opening, found)


def _within_window(closings: list[_Side], openings: list[_Side], found: dict[tuple[str, str], Roll]) -> None:
    """The nearest openings in time, those that follow first; of the same strategy."""
    times = [side.fill.ts for side in openings]
    for side in closings:
        if not side.left:
            continue
        now = side.fill.ts
        first, after = bisect_right(times, now - ROLL_WINDOW), bisect_right(times, now + ROLL_WINDOW)
        near = sorted(openings[first:after], key=lambda o: (o.fill.ts < now, abs(o.fill.ts - now), o.fill.key))
        for opening in near:
            if opening.fill.strategy == side.fill.strategy:
                _bind(side, opening, found)


def _bind(closing: _Side, opening: _Side, found: dict[tuple[str, str], Roll]) -> None:
    """Take what both have left for the roll of their trips."""
    quantity = min(closing.left, opening.left)
    if not quantity or closing.trip is opening.trip or closing.fill.terms.con_id == opening.fill.terms.con_id:
        return
    closing.left -= quantity
    opening.left -= quantity
    credit = quantity * (closing.price + opening.price)
    key = closing.trip.id, opening.trip.id
    known = found.get(key)
    if known is None:
        found[key] = Roll(opening.fill.ts, closing.trip, opening.trip, quantity, credit)
    else:
        found[key] = Roll(known.ts, known.out_of, known.into, known.quantity + quantity, known.credit + credit)


def covering(options: Iterable[Trip], shares: Iterable[Trip]) -> list[tuple[Trip, Trip]]:
    """Short calls with the shares, held long when they were written, that cover a contract of them. `shares` in place."""
    held: dict[int, list[Trip]] = defaultdict(list)
    for trip in shares:
        held[trip.terms.con_id].append(trip)
    found = []
    for call in options if held else ():
        if call.direction > 0 or call.terms.right != "C":
            continue
        for trips in held.values():  # one at most is open at a time
            at = bisect_right(trips, call.at, key=AT) - 1
            one = trips[at]
            is_open = at >= 0 and (one.closed is None or one.closed > call.opened)
            if is_open and one.direction > 0 and one.peak >= call.terms.multiplier:
                found.append((call, one))
    return found
