"""One instrument of one account: its fills folded into FIFO lots and round trips, flat to flat. Pure, exact (Decimal)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from data.book.sources import NO_MONEY, OPENING, ZERO, Change, Event, Fill, Order, Terms

PARTS = Decimal("1E-12")  # money is divided to this, the remainder takes what is left: sums stay exact
SHARES = Decimal("1E-4")  # of a share, to which the broker counts fractions
DAY_S = 86_400

Carried = Mapping[str, Decimal]


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
    fills: list[Fill] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    lots: deque[Lot] = field(default_factory=deque)

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
        sign = self.direction
        names = {fill.strategy for fill in self.fills if (fill.quantity > 0) == (sign > 0) and fill.kind == "trade"}
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
    """What one fill did, at its place: what it opened of one trip and closed of another. Quantities are unsigned."""

    at: Order
    fill: Fill
    opened: Trip | None = None
    open_quantity: Decimal = ZERO
    closed: Trip | None = None
    close_quantity: Decimal = ZERO
    premium: Decimal = ZERO  # of the lots it closed, after their fees and its own


def fold(events: Iterable[Event], carried: Carried | None = None) -> tuple[list[Trip], list[Deed]]:
    """Trips in the order they were opened, and what each fill did. `events` are effective, of one instrument, in place.

    `carried`: by the key of a delivery's fill, the premium that it brought the shares.
    """
    folding = Folding(carried or {})
    for event in events:
        folding.add(event)
    return folding.trips, folding.deeds


class Folding:
    """A fold that goes on: :meth:`add` takes events in place. `upto` is the place of the last of them."""

    def __init__(
        self,
        carried: Carried,
        trips: Iterable[Trip] = (),
        deeds: Iterable[Deed] = (),
        upto: Order | None = None,
    ) -> None:
        """With `trips`, which are flat, and `deeds` up to a place: it goes on from there."""
        self.trips: list[Trip] = list(trips)
        self.deeds: list[Deed] = list(deeds)
        self.carried = carried
        self.upto = upto
        self._open: Trip | None = None

    def add(self, event: Event) -> None:
        self.upto = event.ts, event.key
        if isinstance(event, Change):
            if self._open is not None:
                _wait(self._open, event.ts)
                _change(self._open, event)
            return
        if event.kind == NO_MONEY or not event.quantity:
            return
        deed = Deed(self.upto, event)
        trip, quantity = self._open, event.quantity
        money, fee = event.money, event.fee or ZERO
        foreign = event.fee_currency not in (None, event.terms.currency)
        own_fee = ZERO if foreign else fee
        carried = self.carried.get(event.key, ZERO)
        part: tuple[Decimal, Decimal, Decimal] = (ZERO, ZERO, ZERO)
        if trip is not None and (trip.quantity > 0) != (quantity > 0):
            closing = min(abs(quantity), abs(trip.quantity))
            whole = abs(quantity)
            part = (money, own_fee, carried) if closing == whole else tuple(
                share(amount, closing, whole) for amount in (money, own_fee, carried)
            )  # type: ignore[assignment]  # fmt: skip
            self._close(trip, deed, closing, part)
            quantity += closing if quantity < 0 else -closing
        if quantity:
            rest = (money - part[0], own_fee - part[1], carried - part[2])
            self._enter(deed, quantity, rest)
        if foreign and fee:
            bearer = deed.opened or deed.closed
            assert bearer is not None
            currency = event.fee_currency or event.terms.currency
            bearer.foreign_fees[currency] = bearer.foreign_fees.get(currency, ZERO) + fee
        self.deeds.append(deed)

    def _close(self, trip: Trip, deed: Deed, quantity: Decimal, part: tuple[Decimal, Decimal, Decimal]) -> None:
        """Close `quantity` of `trip` by the fill of `deed`, first in first out."""
        fill, (money, fee, carried) = deed.fill, part
        _wait(trip, fill.ts)
        if not trip.fills or trip.fills[-1] is not fill:
            trip.fills.append(fill)
        trip.gross += money
        trip.fees += fee
        trip.carried += carried
        trip.close_quantity += quantity
        trip.close_money += money
        premium, left = money - fee, quantity
        while left:
            lot = trip.lots[0]
            held = abs(lot.quantity)
            if held <= left:
                taken, signed = held, lot.quantity
                open_money, open_fee, brought = lot.money, lot.fee, lot.carried
                trip.lots.popleft()
            else:
                taken, signed = left, left if lot.quantity > 0 else -left
                open_money, open_fee, brought = (share(x, left, held) for x in (lot.money, lot.fee, lot.carried))
                lot.quantity -= signed
                lot.money -= open_money
                lot.fee -= open_fee
                lot.carried -= brought
            close_money, close_fee = (
                (money, fee) if taken == left else (share(money, taken, left), share(fee, taken, left))
            )
            money, fee, left = money - close_money, fee - close_fee, left - taken
            trip.carried += brought
            premium += open_money - open_fee
            trip.matches.append(Match(lot.fill, fill, signed, open_money, open_fee, close_money, close_fee))
        trip.quantity += -quantity if trip.quantity > 0 else quantity
        deed.closed, deed.close_quantity, deed.premium = trip, quantity, premium
        if not trip.quantity:
            trip.closed, trip.closed_on, trip.ended_by = fill.ts, fill.day, fill.kind
            self._open = None

    def _enter(self, deed: Deed, quantity: Decimal, rest: tuple[Decimal, Decimal, Decimal]) -> None:
        """Open a lot of `quantity`, and a trip where there is none."""
        fill, (money, fee, carried) = deed.fill, rest
        trip = self._open
        if trip is None:
            trip = self._open = Trip(
                fill.key, (fill.ts, fill.key), fill.terms, 1 if quantity > 0 else -1, fill.ts, fill.day, fill.ts
            )
            self.trips.append(trip)
        else:
            _wait(trip, fill.ts)
        trip.fills.append(fill)
        trip.lots.append(Lot(fill, quantity, money, fee, carried))
        trip.terms = fill.terms
        trip.quantity += quantity
        trip.peak = max(trip.peak, abs(trip.quantity))
        trip.gross += money
        trip.fees += fee
        trip.open_quantity += abs(quantity)
        trip.open_money += money
        trip.is_partial |= fill.kind == OPENING and fill.price is None
        deed.opened, deed.open_quantity = trip, abs(quantity)


def share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """`part` of `whole` of an amount, to 10⁻¹²: who takes the rest takes amount − share, and nothing is lost."""
    return (amount * part / whole).quantize(PARTS) if amount else ZERO


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
