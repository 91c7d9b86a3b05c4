"""A strategy's figures from its books and the marks of what they hold. Pure; unknown is None with the reason, never a wrong sum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from data.book.sources import ZERO, Terms
from data.strategies.figures.book import NONE, Book, Counts
from data.strategies.figures.capital import Shares, capital_at_risk, positions_of, spare_shares
from data.strategies.figures.marks import Mark, Rates, Residue, UnknownError, price, price_before


@dataclass(frozen=True, slots=True)
class Short:
    """An open short option."""

    terms: Terms
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Figures:
    """In the account's base currency; `reason` says why one is None (the first that was met)."""

    currency: str
    as_of: datetime | None
    since: datetime | None
    pnl_day: Decimal | None
    pnl_total: Decimal | None
    premium: Decimal | None
    fees: Decimal | None
    capital_at_risk: Decimal | None
    exposure: Decimal | None
    trades: int
    closed: int
    wins: int
    left_out: Mapping[date, Counts]  # of these three, what statistics leave out, by trading day
    positions: int
    shorts: tuple[Short, ...]
    reason: str | None


def compute(
    books: Sequence[Book],
    marks: Mapping[int, Mark],
    rates: Rates,
    residues: Sequence[Residue] = (),
    spare: Shares | None = None,
) -> Figures:
    """The figures of `books` (one strategy's, a book a contract) and, for what belongs to no strategy, of `residues`.

    `spare`: shares elsewhere in the account that may cover short calls here; what does is taken from it.
    """
    reasons: list[str] = []

    def known(make: Iterable[Decimal]) -> Decimal | None:
        try:
            return sum(make, ZERO)
        except UnknownError as unknown:
            reasons.append(str(unknown))
            return None

    positions = [
        p for p in positions_of(books, residues) if p.terms.con_id not in marks or marks[p.terms.con_id].is_held
    ]
    in_use = [book.terms.con_id for book in books if book.quantity or book.before]
    in_use += [residue.terms.con_id for residue in residues]
    seen = [at for con_id in in_use if con_id in marks and (at := marks[con_id].as_of) is not None]
    seen += [book.newest for book in books if book.newest is not None]
    money = known(_total(book, marks, rates) for book in books)
    rest = known(_residue_total(residue, marks, rates) for residue in residues)
    day = known(_day(book, marks, rates) for book in books)
    rest_day = known(_residue_day(residue, marks, rates) for residue in residues)
    exposure = known(
        rates[p.terms.currency] * p.quantity * price(p.terms, marks) * p.terms.multiplier for p in positions
    )
    shorts = [Short(p.terms, p.quantity) for p in positions if p.terms.is_option and p.quantity < 0]
    return Figures(
        currency=rates.base,
        as_of=max(seen, default=None),
        since=min((book.first for book in books if book.first is not None), default=None),
        pnl_day=_added(day, rest_day),
        pnl_total=_added(money, rest),
        premium=known(rates[book.terms.currency] * book.premium for book in books if book.premium),
        fees=known(rates[currency] * fee for book in books for currency, fee in book.fees.items() if fee),
        capital_at_risk=known(capital_at_risk(positions, {} if spare is None else spare, marks, rates)),
        exposure=exposure,
        trades=sum(book.trades for book in books),
        closed=sum(book.closed for book in books),
        wins=sum(book.wins for book in books),
        left_out=_left_out(books),
        positions=len(positions),
        shorts=tuple(sorted(shorts, key=lambda s: (s.terms.expiry is None, s.terms.expiry, s.terms.local_symbol))),
        reason=reasons[0] if reasons else None,
    )


def _left_out(books: Iterable[Book]) -> dict[date, Counts]:
    found: dict[date, Counts] = defaultdict(Counts)
    for book in books:
        for day, counts in book.left_out.items():
            found[day].trades += counts.trades
            found[day].closed += counts.closed
            found[day].wins += counts.wins
    return dict(sorted(found.items()))


def compute_all(
    books: Mapping[str, Mapping[int, Book]], marks: Mapping[int, Mark], rates: Rates, residues: Sequence[Residue]
) -> dict[str, Figures]:
    """Every strategy's figures, by name; NONE's are of what belongs to no strategy, `residues` among it."""
    found: dict[str, Figures] = {}
    mine = {name: list(books.get(name, {}).values()) for name in sorted({*books, NONE})}
    spare: Shares = {}
    for name, held in mine.items():
        for symbol, quantity in spare_shares(positions_of(held, residues if name == NONE else ())).items():
            spare[symbol] = spare.get(symbol, ZERO) + quantity
    for name, held in mine.items():
        found[name] = compute(held, marks, rates, residues if name == NONE else (), spare)
    return found


def _added(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def _total(book: Book, marks: Mapping[int, Mark], rates: Rates) -> Decimal:
    """Money received less paid, plus what is held at its mark, less commissions."""
    worth = book.quantity * price(book.terms, marks) * book.terms.multiplier if book.quantity else ZERO
    fees = sum((rates[currency] * fee for currency, fee in book.fees.items() if fee), ZERO)
    return rates[book.terms.currency] * (book.cash + worth) - fees


def _day(book: Book, marks: Mapping[int, Mark], rates: Rates) -> Decimal:
    """The change since the previous close: of what was held then, and today's money."""
    terms = book.terms
    now = book.quantity * price(terms, marks) if book.quantity else ZERO
    before = book.before * price_before(terms, marks) if book.before else ZERO
    fees = sum((rates[currency] * fee for currency, fee in book.day_fees.items() if fee), ZERO)
    return rates[terms.currency] * ((now - before) * terms.multiplier + book.day_cash) - fees


def _residue_total(residue: Residue, marks: Mapping[int, Mark], rates: Rates) -> Decimal:
    terms = residue.terms
    if residue.average is None:
        raise UnknownError(f"What was paid for {terms.local_symbol} is not known.")
    return (
        rates[terms.currency]
        * residue.quantity
        * (price(terms, marks) * terms.multiplier - residue.average)
    )  # fmt: skip


def _residue_day(residue: Residue, marks: Mapping[int, Mark], rates: Rates) -> Decimal:
    """Since the previous close; what has no price then came today, at its average."""
    terms = residue.terms
    mark = marks.get(terms.con_id)
    if mark is None or mark.before is None:
        return _residue_total(residue, marks, rates)
    return rates[terms.currency] * residue.quantity * (price(terms, marks) - mark.before) * terms.multiplier
