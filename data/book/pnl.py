"""What a book is worth, by currency: cash and positions on one side, P&L and flows on the other. Pure, exact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from data.book.book import Book
from data.book.sources import NO_MONEY, OPENING, ZERO, Flow

EXTERNAL = frozenset({"deposit", "withdrawal"})  # no return


@dataclass(slots=True)
class Standing:
    """In one currency: cash + value + accruals = transfers + realized + unrealized + income + accruals, to the last digit.

    `realized` is of what is closed, `unrealized` of what is open, both after fees. The broker books the premium of an assigned
    option into its shares: `moved` is what that takes from its realized P&L as long as the shares are held, and adds to its
    unrealized P&L. `income`: dividends, interest, taxes and other fees. Premium is in realized and unrealized, never beside.
    """

    cash: Decimal = ZERO
    value: Decimal = ZERO
    accruals: Decimal = ZERO
    transfers: Decimal = ZERO
    realized: Decimal = ZERO
    unrealized: Decimal = ZERO
    income: Decimal = ZERO
    moved: Decimal = ZERO

    @property
    def worth(self) -> Decimal:
        return self.cash + self.value + self.accruals

    @property
    def pnl(self) -> Decimal:
        return self.realized + self.unrealized + self.income + self.accruals


class UnknownMarkError(LookupError):
    """A contract that is held has no price."""


def standing(
    book: Book, flows: Iterable[Flow], marks: Mapping[int, Decimal], accruals: Mapping[str, Decimal] | None = None
) -> dict[str, Standing]:
    """By currency. `marks`: price by con_id of what is held; `accruals`: earned and not paid, by currency.

    Raises UnknownMarkError.
    """
    found: dict[str, Standing] = defaultdict(Standing)
    for fill in book.fills:
        if fill.kind == NO_MONEY or not fill.quantity:
            continue
        if fill.kind == OPENING:  # it came in kind
            found[fill.terms.currency].transfers -= fill.money
            continue
        found[fill.terms.currency].cash += fill.money
        if fill.fee:
            found[fill.fee_currency or fill.terms.currency].cash -= fill.fee
    for flow in flows:
        mine = found[flow.currency]
        mine.cash += flow.amount
        if flow.kind in EXTERNAL:
            mine.transfers += flow.amount
        else:
            mine.income += flow.amount
    for trip in book.trips:
        mine = found[trip.terms.currency]
        basis = trip.basis
        mine.realized += trip.net - basis
        mine.moved += sum((lot.carried for lot in trip.lots), ZERO)
        if trip.quantity:
            if (mark := marks.get(trip.terms.con_id)) is None:
                raise UnknownMarkError(f"The price of {trip.terms.local_symbol} is not known.")
            value = trip.quantity * mark * trip.terms.multiplier
            mine.value += value
            mine.unrealized += value + basis
        for currency, fee in trip.foreign_fees.items():
            found[currency].realized -= fee
    for currency, amount in (accruals or {}).items():
        found[currency].accruals += amount
    return dict(found)
