"""One strategy's executions in one contract, folded: what it holds, paid and closed. Pure, exact (Decimal)."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from data.book.sources import NO_MONEY, ZERO, Terms

NONE = ""  # the strategy of what belongs to none


@dataclass(frozen=True, slots=True)
class Fill:
    """An effective execution. `quantity` is signed: bought positive, sold negative. `kind` as in :class:`ExecutionKind`.

    `commission` positive is what was paid, negative a rebate; None: not reported yet, or none as with an assignment.
    `is_left_out`: the round trip that it is of, or that it began, is left out of statistics.
    """

    ts: datetime
    session_date: date
    quantity: Decimal
    price: Decimal
    kind: str = "trade"
    commission: Decimal | None = None
    commission_currency: str | None = None
    is_left_out: bool = False


@dataclass(slots=True)
class Counts:
    """Executions of kind trade, positions that came back to zero, and those of them that made money."""

    trades: int = 0
    closed: int = 0
    wins: int = 0


@dataclass(slots=True)
class Book:
    """What fills in one contract add up to; money in the contract's currency, `fees` by their own.

    `lots` are what is open, first in first out: (signed quantity, price). `closed` counts how often the position came back to
    zero, `wins` how often that made money; both count everything, and `left_out` says by trading day what of it statistics leave out: a
    position is if what opened it is. `day` is the trading day of `day_cash`, `day_fees` and `before` (the quantity held
    when it began).
    """

    terms: Terms
    day: date
    quantity: Decimal = ZERO
    cash: Decimal = ZERO  # received less paid, before commissions
    premium: Decimal = ZERO
    fees: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    trades: int = 0
    closed: int = 0
    wins: int = 0
    first: datetime | None = None
    newest: datetime | None = None
    price: Decimal | None = None  # of the newest fill
    traded_on: date | None = None  # its trading day
    before: Decimal = ZERO
    day_cash: Decimal = ZERO
    day_fees: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    lots: deque[tuple[Decimal, Decimal]] = field(default_factory=deque)
    left_out: dict[date, Counts] = field(default_factory=lambda: defaultdict(Counts))
    _trip: Decimal = ZERO  # money of the position since it was last zero
    _is_left_out: bool = False  # what has been open since

    def roll(self, day: date) -> None:
        """Begin the trading day `day`."""
        self.day, self.before, self.day_cash = day, self.quantity, ZERO
        self.day_fees.clear()

    def add(self, fill: Fill) -> None:
        """Fold one more fill; they come in the order of time."""
        if fill.kind == NO_MONEY or not fill.quantity:
            return
        money = -fill.quantity * fill.price * self.terms.multiplier
        currency, fee = fill.commission_currency or self.terms.currency, fill.commission or ZERO
        self.cash += money
        self.fees[currency] += fee
        if fill.kind == "trade":
            self.trades += 1
            if self.terms.is_option:
                self.premium += money
        if fill.session_date < self.day:
            self.before += fill.quantity
        else:
            self.day_cash += money
            self.day_fees[currency] += fee
        self.first = self.first or fill.ts
        self.newest, self.price, self.traded_on = fill.ts, fill.price, fill.session_date
        was_left_out = self._is_left_out if self.quantity else fill.is_left_out
        self._move(fill, money - (fee if currency == self.terms.currency else ZERO))
        if fill.kind == "trade" and was_left_out and (self._is_left_out or not self.quantity):
            self.left_out[fill.session_date].trades += 1

    def _move(self, fill: Fill, money: Decimal) -> None:
        """Open or close lots; a fill that turns the position round closes one and opens another."""
        quantity, price = fill.quantity, fill.price
        closing = min(abs(quantity), abs(self.quantity)) if self.quantity * quantity < 0 else ZERO
        part = money * closing / abs(quantity)
        self._trip += part
        self._close(closing)
        self.quantity += quantity
        opening = abs(quantity) - closing
        if closing and self.quantity * quantity >= 0:  # it was zero on the way
            self._end(fill.session_date)
        self._trip += money - part
        if opening:
            if not self.lots:
                self._is_left_out = fill.is_left_out
            self.lots.append((opening if quantity > 0 else -opening, price))

    def _end(self, day: date) -> None:
        won = self._trip > 0
        self.closed += 1
        self.wins += won
        if self._is_left_out:
            self.left_out[day].closed += 1
            self.left_out[day].wins += won
        self._trip = ZERO

    def _close(self, quantity: Decimal) -> None:
        while quantity:
            held, price = self.lots[0]
            taken = min(abs(held), quantity)
            quantity -= taken
            if taken == abs(held):
                self.lots.popleft()
            else:
                self.lots[0] = (held - taken if held > 0 else held + taken, price)

    @property
    def cost(self) -> Decimal:
        """What the open lots were bought (positive) or sold (negative) for, before commissions."""
        return sum((quantity * price for quantity, price in self.lots), ZERO) * self.terms.multiplier


def fold(terms: Terms, fills: Iterable[Fill], day: date) -> Book:
    """The book of `fills`, which are in the order of time, on the trading day `day`."""
    book = Book(terms, day)
    for fill in fills:
        book.add(fill)
    return book
