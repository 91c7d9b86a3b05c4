"""What the book is folded from. The same set of sources gives the same book in any order and however often. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

ZERO = Decimal(0)
OPTIONS = frozenset({"OPT", "FOP"})
NO_MONEY = "combo"  # the BAG line of a spread: its legs carry the money
OPENING = "opening"  # what was held before the first execution that is known
DELIVERIES = frozenset({"assignment", "exercise"})


@dataclass(frozen=True, slots=True)
class Terms:
    """A contract. `multiplier`: units of the underlying a price is of; `right` C or P."""

    con_id: int
    symbol: str
    local_symbol: str
    sec_type: str
    currency: str
    multiplier: Decimal = Decimal(1)
    strike: Decimal | None = None
    right: str | None = None
    expiry: date | None = None

    @property
    def is_option(self) -> bool:
        return self.sec_type in OPTIONS


@dataclass(frozen=True, slots=True)
class Fill:
    """An execution or a booking of the broker's in one account, as it counts now.

    `lots`: when what it closed was opened, and how many of each, as the broker matched them; what is left goes first in, first
    out. `key` is the execution id without its revision: a correction has its key, a bust has it and quantity 0. `quantity` is signed: bought positive, sold negative. `kind` as in :class:`data.model.ExecutionKind`,
    or `opening`: what was held before anything is known; its `price` None where what was paid is not known. `fee` positive is
    what was paid, negative a rebate; None: not reported yet, or none as with an assignment. `terms` are those of its time, so
    that a later multiplier doesn't change its money.
    """

    key: str
    terms: Terms
    ts: datetime
    day: date  # the trading day
    quantity: Decimal
    price: Decimal | None
    kind: str = "trade"
    fee: Decimal | None = None
    fee_currency: str | None = None  # None: the contract's
    order: str | None = None  # the same for every leg and part of one order
    strategy: str | None = None
    lots: tuple[tuple[datetime, Decimal], ...] = ()

    @property
    def money(self) -> Decimal:
        """What the account's cash changed by, before fees, in the contract's currency."""
        return -self.quantity * (self.price or ZERO) * self.terms.multiplier


@dataclass(frozen=True, slots=True)
class Change:
    """A split, a change of the deliverable or of the multiplier, or a renaming: quantity × `ratio`, at the same cost.

    Held contracts become `into`, which may have the same con_id. Cash in lieu of fractions is a :class:`Fill` of its own.
    """

    key: str
    con_id: int
    into: Terms
    ts: datetime
    ratio: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that came or went without a trade; `amount` is what cash changed by. `kind` as in the table cash_flows.

    `symbol`: the underlying that paid a dividend, None when it isn't known.
    """

    key: str
    ts: datetime
    kind: str
    amount: Decimal
    currency: str
    symbol: str | None = None


Event = Fill | Change
Order = tuple[datetime, str]


def place(event: Event) -> Order:
    """Where an event stands in the book: by time, within the broker's second by its key, never by arrival."""
    return event.ts, event.key
