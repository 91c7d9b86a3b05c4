"""What contracts and currencies are worth, as far as it is known. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from data.book.sources import Terms


class UnknownError(Exception):
    """A figure can't be known; the message is the reason, one sentence."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A contract's price per unit now and at the previous session's close, in its currency; None: not known."""

    price: Decimal | None
    before: Decimal | None
    as_of: datetime | None = None
    underlying: Decimal | None = None
    is_held: bool = True  # False: the account holds none of it any more, whatever executions add up to


@dataclass(frozen=True, slots=True)
class Residue:
    """A quantity the account holds that no execution explains, `average` per unit of the contract (with its multiplier).

    `average` None: not told. A quantity that left without an execution has the sign of the fill that is missing.
    """

    terms: Terms
    quantity: Decimal
    average: Decimal | None


@dataclass(frozen=True, slots=True)
class Rates:
    """What one unit of a currency is worth in `base`, the account's currency."""

    base: str
    known: Mapping[str, Decimal] = field(default_factory=dict)

    def __getitem__(self, currency: str) -> Decimal:
        if currency == self.base:
            return Decimal(1)
        try:
            return self.known[currency]
        except KeyError:
            raise UnknownError(f"The rate from {currency} to {self.base} is not known.") from None


def price(terms: Terms, marks: Mapping[int, Mark]) -> Decimal:
    """The mark of a contract; raises UnknownError."""
    mark = marks.get(terms.con_id)
    if mark is None or mark.price is None:
        raise UnknownError(f"The market price of {terms.local_symbol} is not known.")
    return mark.price


def price_before(terms: Terms, marks: Mapping[int, Mark]) -> Decimal:
    """The price at the previous close; raises UnknownError."""
    mark = marks.get(terms.con_id)
    if mark is None or mark.before is None:
        raise UnknownError(f"The price of {terms.local_symbol} at the previous close is not known.")
    return mark.before
