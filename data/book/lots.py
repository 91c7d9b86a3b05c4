"""One instrument of one account: its fills folded into lots and round trips, flat to flat. Pure, exact (Decimal).

Lots are closed first in, first out, unless the broker's statement says which.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from data.book.sources import NO_MONEY, OPENING, ZERO, Change, Event, Fill, Order, Terms, place

PARTS = Decimal("1E-12")  # money is divided to this, the remainder takes what is left: sums stay exact
SHARES = Decimal("1E-4")  # of a share, to which the broker counts fractions
DAY_S = 86_400

Carried = Mapping[str, Decimal]  # by a fill's key
Amounts = tuple[Decimal, Decimal, Decimal]  # money, fee, carried premium


@dataclass(slots=True)
class Lot:
    """What one fill opened and is still open. `money` is what cash changed by (short: positive), before `fee`.

    `carried` is the premium of an option that brought these shares: the broker takes it from their basis.
    """

    fill: Fill
    quantity: Decimal
    money: Decimal
    fee: Decimal
    carried: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Match:
    """A part of a lot and what closed it; `quantity` is signed as the lot's. Money and fees as in :class:`Lot`."""

    opened: Fill
    closed: Fill
    quantity: Decimal
    open_money: Decimal
    open_fee: Decimal
    close_money: Decimal
    close_fee: Decimal


@dataclass(slots=True)
class Trip:
    """A round trip: from flat to flat, or what is open still. Money in the contract's currency.

    `id` is the key of the fill that began it. `gross` is what cash changed by before fees; `fees` those in the contract's
    currency, `foreign_fees` the rest. `carried` is the premium that deliveries brought (shares) or took away (options): net +
    carried is the broker's realized P&L of it. `unit_seconds` and `cost_seconds` are quantity held and money bound, over time,
    up to `until`. `is_partial`: it began before anything is known at a price that isn't known: it has no result.
    """

    id: str
    at: Order  # its place among trips
    terms: Terms
    direction: int  # 1 long, -1 short
    opened: datetime
    opened_on: date
    until: datetime
    closed: datetime | None = None
    closed_on: date | None = None
    ended_by: str | None = None  # the kind of the fill that closed it
    quantity: Decimal = ZERO  # held now, signed
    peak: Decimal = ZERO
    gross: Decimal = ZERO
    fees: Decimal = ZERO
    foreign_fees: dict[str, Decimal] = field(default_factory=dict)
    carried: Decimal = ZERO
    open_quantity: Decimal = ZERO  # bought or sold to open, in units of now
    open_money: Decimal = ZERO
    close_quantity: Decimal = ZERO
    close_money: Decimal = ZERO
    unit_seconds: Decimal = ZERO
    cost_seconds: Decimal = ZERO
    is_partial: bool = False
    is_stale: bool = field(default=False, compare=False)  # it was folded again since: another trip stands for it
    deeds: list[Deed] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    lots: deque[Lot] = field(default_factory=deque)

    @property
    def fills(self) -> list[Fill]:
        """Those that opened or closed something of it, in place."""
        return [deed.fill for deed in self.deeds]

    @property
    def net(self) -> Decimal:
        """After fees in the contract's currency; of what is open the cash so far. `foreign_fees` come on top."""
        return self.gross - self.fees

    @property
    def is_closed(self) -> bool:
        return self.closed is not None

    @property
    def strategy(self) -> str | None:
        """Whose it was: of who opened it; None when nobody's or several strategies'."""
        names = {d.fill.strategy for d in self.deeds if not d.is_closing and d.fill.kind == "trade"}
        return names.pop() if len(names) == 1 else None

    @property
    def basis(self) -> Decimal:
        """Signed cash of the open lots, fees included: negative is what was paid, positive what was received."""
        return sum((lot.money - lot.fee for lot in self.lots), ZERO)

    @property
    def broker_basis(self) -> Decimal:
        """What the open lots cost as the broker books it: positive for longs, with the premium of what brought them."""
        return -sum((lot.money - lot.fee + lot.carried for lot in self.lots), ZERO)

    @property
    def bound(self) -> Decimal:
        """Money that the open lots bind, fees left out: positive for longs, negative for premium received."""
        return -sum((lot.money for lot in self.lots), ZERO)


@dataclass(slots=True)
class Deed:
    """What one fill did to one trip, at its place: a fill that turns a position round closes one trip and opens another.

    `quantity` is unsigned. `premium` of what is closed: money of its lots and its own, after the fees of both; `carried` as in
    :class:`Trip`.
    """

    at: Order
    fill: Fill
    trip: Trip = field(compare=False, repr=False)
    is_closing: bool
    quantity: Decimal
    premium: Decimal = ZERO
    carried: Decimal = ZERO


class Folding:
    """A fold that goes on: :meth:`add` takes events in place. `upto` is the place of the last of them."""

    def __init__(self, carried: Carried, trips: Iterable[Trip] = (), upto: Order | None = None) -> None:
        """With `trips`, which are flat, up to a place: it goes on from there."""
        self.trips: list[Trip] = list(trips)
        self.carried = carried
        self.upto = upto
        self._open: Trip | None = None

    def add(self, event: Event) -> None:
        at = self.upto = place(event)
        trip = self._open
        if isinstance(event, Change):
            if trip is not None:
                _wait(trip, event.ts)
                _change(trip, event)
            return
        if event.kind == NO_MONEY or not event.quantity:
            return
        quantity, money, fee = event.quantity, event.money, event.fee or ZERO
        is_foreign = event.fee_currency not in (None, event.terms.currency)
        whole = money, ZERO if is_foreign else fee, self.carried.get(event.key, ZERO)
        if trip is not None and (trip.quantity > 0) != (quantity > 0):
            closing = min(abs(quantity), abs(trip.quantity))
            part = whole if closing == abs(quantity) else _shares(whole, closing, abs(quantity))
            self._close(trip, event, at, closing, part)
            quantity += closing if quantity < 0 else -closing
            whole = whole[0] - part[0], whole[1] - part[1], whole[2] - part[2]
        if quantity:
            trip = self._enter(event, at, quantity, whole)
        if is_foreign and fee and trip is not None:
            currency = event.fee_currency or event.terms.currency
            trip.foreign_fees[currency] = trip.foreign_fees.get(currency, ZERO) + fee

    def _close(self, trip: Trip, fill: Fill, at: Order, quantity: Decimal, part: Amounts) -> None:
        """Close `quantity` of `trip`, first in first out; `part` is the fill's money, fee and carried premium for that."""
        _wait(trip, fill.ts)
        money, fee, carried = part
        trip.gross += money
        trip.fees += fee
        trip.carried += carried
        trip.close_quantity += quantity
        trip.close_money += money
        premium, moved, left = money - fee, carried, quantity
        for lot, taken in _choose(trip.lots, fill.lots, quantity):
            signed = taken if lot.quantity > 0 else -taken
            if taken == abs(lot.quantity):
                opened: Amounts = lot.money, lot.fee, lot.carried
                trip.lots.remove(lot)
            else:
                opened = _shares((lot.money, lot.fee, lot.carried), taken, abs(lot.quantity))
                lot.quantity -= signed
                lot.money -= opened[0]
                lot.fee -= opened[1]
                lot.carried -= opened[2]
            close_money, close_fee = (
                (money, fee) if taken == left else (share(money, taken, left), share(fee, taken, left))
            )
            money, fee, left = money - close_money, fee - close_fee, left - taken
            trip.carried += opened[2]
            moved += opened[2]
            premium += opened[0] - opened[1]
            trip.matches.append(Match(lot.fill, fill, signed, opened[0], opened[1], close_money, close_fee))
        trip.quantity += -quantity if trip.quantity > 0 else quantity
        trip.deeds.append(Deed(at, fill, trip, True, quantity, premium, moved))
        if not trip.quantity:
            trip.closed, trip.closed_on, trip.ended_by = fill.ts, fill.day, fill.kind
            self._open = None

    def _enter(self, fill: Fill, at: Order, quantity: Decimal, whole: Amounts) -> Trip:
        """Open a lot of `quantity`, and a trip where there is none."""
        money, fee, carried = whole
        trip = self._open
        if trip is None:
            trip = self._open = Trip(fill.key, at, fill.terms, 1 if quantity > 0 else -1, fill.ts, fill.day, fill.ts)
            self.trips.append(trip)
        else:
            _wait(trip, fill.ts)
        trip.deeds.append(Deed(at, fill, trip, False, abs(quantity)))
        trip.lots.append(Lot(fill, quantity, money, fee, carried))
        trip.terms = fill.terms
        trip.quantity += quantity
        trip.peak = max(trip.peak, abs(trip.quantity))
        trip.gross += money
        trip.fees += fee
        trip.open_quantity += abs(quantity)
        trip.open_money += money
        trip.is_partial |= fill.kind == OPENING and fill.price is None
        return trip


def _choose(
    lots: Iterable[Lot], told: Sequence[tuple[datetime, Decimal]], quantity: Decimal
) -> list[tuple[Lot, Decimal]]:
    """The lots that `quantity` closes, and how many of each: those that the broker names, then the oldest."""
    found: list[tuple[Lot, Decimal]] = []
    taken_of: dict[int, Decimal] = {}
    for opened, most in (*told, (None, quantity)):
        wanted = min(most, quantity)
        for lot in lots:
            if not wanted:
                break
            if opened is None or opened == lot.fill.ts:
                taken = min(wanted, abs(lot.quantity) - taken_of.get(id(lot), ZERO))
                if taken:
                    found.append((lot, taken))
                    taken_of[id(lot)] = taken_of.get(id(lot), ZERO) + taken
                    wanted -= taken
                    quantity -= taken
    return found


def share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """`part` of `whole` of an amount, to 10⁻¹²: who takes the rest takes amount − share, and nothing is lost."""
    return (amount * part / whole).quantize(PARTS) if amount else ZERO


def _shares(amounts: Amounts, part: Decimal, whole: Decimal) -> Amounts:
    return share(amounts[0], part, whole), share(amounts[1], part, whole), share(amounts[2], part, whole)


def _wait(trip: Trip, now: datetime) -> None:
    """Time passes with what is held."""
    passed = now - trip.until
    if passed > timedelta(0):
        seconds = passed.days * DAY_S + passed.seconds
        trip.unit_seconds += abs(trip.quantity) * seconds
        trip.cost_seconds += trip.bound * seconds
        trip.until = now


def capital_time(trip: Trip, now: datetime) -> tuple[Decimal, Decimal]:
    """`unit_seconds` and `cost_seconds` of `trip` at `now`: what is open goes on."""
    passed = now - trip.until
    if trip.is_closed or passed <= timedelta(0):
        return trip.unit_seconds, trip.cost_seconds
    seconds = passed.days * DAY_S + passed.seconds
    return trip.unit_seconds + abs(trip.quantity) * seconds, trip.cost_seconds + trip.bound * seconds


def _change(trip: Trip, change: Change) -> None:
    """Quantities × ratio, to the broker's fraction of a share, rounded so that the lots add up to the whole. Money stays."""
    trip.terms = change.into
    if change.ratio == 1:
        return
    before = after = ZERO
    for lot in trip.lots:
        before += lot.quantity
        lot.quantity = _times(before, change) - after
        after += lot.quantity
    trip.quantity = after
    trip.peak, trip.open_quantity, trip.close_quantity = (
        _times(x, change) for x in (trip.peak, trip.open_quantity, trip.close_quantity)
    )
    trip.unit_seconds = trip.unit_seconds * change.ratio.numerator / change.ratio.denominator


def _times(quantity: Decimal, change: Change) -> Decimal:
    exact = quantity * change.ratio.numerator / change.ratio.denominator
    rounded = exact.quantize(SHARES)
    return exact if exact == rounded or rounded == 0 else rounded
