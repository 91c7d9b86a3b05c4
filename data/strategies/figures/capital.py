"""Capital at risk: what a strategy's positions could lose or bind. Pure.

Short puts: strike × multiplier × contracts less the premium of the open lots, as if cash-secured. Short calls: nothing where
the strategy's own shares cover them, else Regulation T's margin of an uncovered call (Cboe, *Margin Manual*: the option's
value plus the greater of 20 % of the underlying less what it is out of the money, and 10 % of the underlying). Long: its cost.
Short shares: half their value, Regulation T's initial margin. Spreads are not set off against each other, which never
understates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from data.strategies.figures.book import ZERO, Book, Terms
from data.strategies.figures.marks import Mark, Rates, Residue, UnknownError, price

NAKED, NAKED_FLOOR, SHORT_SHARES = Decimal("0.20"), Decimal("0.10"), Decimal("0.50")


def capital_at_risk(
    held: Sequence[Book], residues: Sequence[Residue], marks: Mapping[int, Mark], rates: Rates
) -> Iterator[Decimal]:
    """Each position's, in the base currency; raises UnknownError where a price or a rate is missing."""
    positions = [(book.terms, book.quantity, book.cost) for book in held]
    positions += [(r.terms, r.quantity, r.quantity * (r.average or ZERO)) for r in residues]
    shares: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for terms, quantity, _ in positions:
        if not terms.is_option and quantity > 0:
            shares[terms.symbol] += quantity
    for terms, quantity, cost in sorted(positions, key=lambda position: position[0].con_id):
        amount = _of(terms, quantity, cost, shares, marks)
        yield rates[terms.currency] * amount if amount else ZERO


def _of(
    terms: Terms, quantity: Decimal, cost: Decimal, shares: dict[str, Decimal], marks: Mapping[int, Mark]
) -> Decimal:
    if quantity > 0:
        return cost
    if not terms.is_option:
        return -quantity * price(terms, marks) * terms.multiplier * SHORT_SHARES
    if terms.right == "P" and terms.strike is not None:
        return max(-quantity * terms.strike * terms.multiplier + cost, ZERO)  # cost is negative: the premium
    covered = min(-quantity, shares[terms.symbol] // terms.multiplier)
    shares[terms.symbol] -= covered * terms.multiplier
    return (-quantity - covered) * _naked_call(terms, marks) if covered < -quantity else ZERO


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
