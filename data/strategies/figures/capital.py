"""Capital at risk: what a strategy's positions could lose or bind. Pure.

Short puts: strike × multiplier × contracts less the premium of the open lots, as if cash-secured. Short calls: nothing where
shares cover them (the strategy's own, then what other strategies' calls leave of theirs), else Regulation T's margin of an uncovered call (Cboe, *Margin Manual*: the option's
value plus the greater of 20 % of the underlying less what it is out of the money, and 10 % of the underlying). Long: its cost.
Short shares: half their value, Regulation T's initial margin. Spreads are not set off against each other, which never
understates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from data.book.sources import ZERO, Terms
from data.strategies.figures.book import Book
from data.strategies.figures.marks import Mark, Rates, Residue, UnknownError, price

NAKED, NAKED_FLOOR, SHORT_SHARES = Decimal("0.20"), Decimal("0.10"), Decimal("0.50")


Shares = dict[str, Decimal]  # by symbol


@dataclass(frozen=True, slots=True)
class Position:
    """What is held of a contract, and what its open lots cost (negative: were sold for), in its currency."""

    terms: Terms
    quantity: Decimal
    cost: Decimal


def positions_of(books: Iterable[Book], residues: Iterable[Residue] = ()) -> list[Position]:
    """One a contract; what an execution and what none explains of one contract are one holding."""
    found: dict[int, Position] = {}
    for book in books:
        found[book.terms.con_id] = Position(book.terms, book.quantity, book.cost)
    for residue in residues:
        cost = residue.quantity * (residue.average or ZERO)
        known = found.get(residue.terms.con_id, Position(residue.terms, ZERO, ZERO))
        found[residue.terms.con_id] = Position(residue.terms, known.quantity + residue.quantity, known.cost + cost)
    return [position for position in found.values() if position.quantity]


def capital_at_risk(
    positions: Sequence[Position], spare: Shares, marks: Mapping[int, Mark], rates: Rates
) -> Iterator[Decimal]:
    """Each position's, in the base currency. `spare`: other strategies' shares; what covers a call here is taken from it.

    Raises UnknownError where a price or a rate is missing.
    """
    shares = long_shares(positions)
    for position in sorted(positions, key=lambda p: p.terms.con_id):
        amount = _of(position, shares, spare, marks)
        yield rates[position.terms.currency] * amount if amount else ZERO


def long_shares(positions: Iterable[Position]) -> Shares:
    """Shares that are held, by symbol."""
    shares: Shares = defaultdict(lambda: ZERO)
    for position in positions:
        if position.terms.sec_type == "STK" and position.quantity > 0:
            shares[position.terms.symbol] += position.quantity
    return shares


def spare_shares(positions: Sequence[Position]) -> Shares:
    """What is left of a strategy's shares when its own calls are covered."""
    shares = long_shares(positions)
    for position in positions:
        if position.terms.is_option and position.terms.right == "C" and position.quantity < 0:
            _cover(position, shares)
    return shares


def _cover(position: Position, shares: Shares, wanted: Decimal | None = None) -> Decimal:
    """Take the shares that cover short calls; how many contracts they cover, whole ones only."""
    terms = position.terms
    wanted = -position.quantity if wanted is None else wanted
    covered = min(wanted, shares.get(terms.symbol, ZERO) // terms.multiplier)
    if covered:
        shares[terms.symbol] -= covered * terms.multiplier
    return covered


def _of(position: Position, shares: Shares, spare: Shares, marks: Mapping[int, Mark]) -> Decimal:
    terms, quantity = position.terms, position.quantity
    if quantity > 0:
        return position.cost
    if not terms.is_option:
        return -quantity * price(terms, marks) * terms.multiplier * SHORT_SHARES
    if terms.right == "P" and terms.strike is not None:
        return max(-quantity * terms.strike * terms.multiplier + position.cost, ZERO)  # cost is negative: the premium
    naked = -quantity - _cover(position, shares)
    naked -= _cover(position, spare, naked) if naked else ZERO
    return naked * _naked_call(terms, marks) if naked else ZERO


def _naked_call(terms: Terms, marks: Mapping[int, Mark]) -> Decimal:
    """The margin of one uncovered call."""
    mark = marks.get(terms.con_id)
    if mark is None or mark.underlying is None or terms.strike is None:
        raise UnknownError(
            f"The price of {terms.symbol}, which the margin of {terms.local_symbol} takes, is not known."
        )
    out_of_the_money = max(terms.strike - mark.underlying, ZERO)
    margin = max(NAKED * mark.underlying - out_of_the_money, NAKED_FLOOR * mark.underlying)
    return (price(terms, marks) + margin) * terms.multiplier
