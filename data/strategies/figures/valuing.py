"""The marks of an account's contracts, and what it holds that no execution explains, from the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from data.book.sources import ZERO, Terms
from data.strategies.figures.book import Book
from data.strategies.figures.ledger import TERMS, Conn, Ledger, maybe, terms_of
from data.strategies.figures.marks import Mark, Residue

SETTLING = timedelta(seconds=60)  # an execution and the position that it makes come separately
LOOK_BACK = timedelta(days=15)  # of a close that is missing the one before counts
LONG_AGO = timedelta(days=700)

HELD = f"""
SELECT p.quantity, p.avg_cost, p.market_price, p.as_of, p.underlying_price, p.daily_pnl, {TERMS}
  FROM positions_latest p
  JOIN contracts c USING (con_id)
 WHERE p.account = %s AND p.quantity <> 0
"""  # noqa: S608 - a constant
# The newest known price of each contract up to the end of a trading day, from the level of days.
CLOSES = """
SELECT DISTINCT ON (d.con_id) d.con_id, d.market_price_close, d.session_date
  FROM position_1d_parts d
 WHERE d.account = %(account)s AND d.con_id = ANY (%(con_ids)s) AND d.session_date <= %(day)s
   AND d.bucket >= %(since)s AND d.market_price_close IS NOT NULL
 ORDER BY d.con_id, d.session_date DESC, d.bucket DESC
"""
DAY_BEFORE = "SELECT max(session_date) FROM market_sessions WHERE session_date < %s"


@dataclass(frozen=True, slots=True)
class Held:
    """A position as the broker told it last."""

    terms: Terms
    quantity: Decimal
    average: Decimal | None
    price: Decimal | None
    as_of: datetime
    underlying: Decimal | None
    daily: Decimal | None = None  # the broker's own P&L of the day


@dataclass(frozen=True, slots=True)
class Close:
    """The newest price that was seen by some close; `is_previous`: at the previous session's itself."""

    price: Decimal | None
    is_previous: bool


UNSEEN = Close(None, False)


class Valuer:
    """What `account`'s contracts are worth; closes are read once a trading day and contract."""

    def __init__(self, account: str) -> None:
        self.account = account
        self._day: date | None = None
        self._before: dict[int, Close] = {}
        self._last: dict[int, Close] = {}
        self._untraded: dict[int, Decimal] = {}  # prices at the previous close as of before the day's first fill
        self._settled: dict[int, Decimal] | None = None  # residues of the last look, by contract

    def value(self, conn: Conn, ledger: Ledger, day: date, now: datetime) -> tuple[dict[int, Mark], list[Residue]]:
        """Marks by contract, and the residues."""
        if day != self._day:
            self._day, self._before, self._last, self._untraded = day, {}, {}, {}
        held = {h.terms.con_id: h for h in self._held(conn)}
        gone = [i for i, quantity in ledger.explained().items() if quantity and i not in held]
        before = {*held, *gone, *(book.terms.con_id for book in ledger.all() if book.before)}
        self._closes(conn, self._before, before, day, before=True)
        self._closes(conn, self._last, gone, day, before=False)
        traded = {book.terms.con_id for book in ledger.all() if book.traded_on == day}
        closes = self._before | {i: Close(price, True) for i, price in self._untraded.items() if i in traded}
        marks, residues = assess(held, list(ledger.all()), closes, self._last, day, now, self._settled)
        self._untraded |= {i: m.before for i, m in marks.items() if i not in traded and m.before is not None}
        self._settled = {residue.terms.con_id: residue.quantity for residue in residues}
        return marks, residues

    def _held(self, conn: Conn) -> Iterable[Held]:
        for quantity, average, price, as_of, underlying, daily, *terms in conn.execute(HELD, [self.account]):
            yield Held(
                terms_of(terms), Decimal(repr(quantity)), maybe(average), maybe(price), as_of, maybe(underlying),
                maybe(daily),
            )  # fmt: skip

    def _closes(self, conn: Conn, known: dict[int, Close], con_ids: Iterable[int], day: date, *, before: bool) -> None:
        """Look up what is not known yet."""
        wanted = [con_id for con_id in con_ids if con_id not in known]
        if not wanted:
            return
        last: Any = day
        if before:
            (last,) = conn.execute(DAY_BEFORE, [day]).fetchone() or (None,)
            last = last or day - timedelta(days=1)
        found = conn.execute(
            CLOSES,
            {
                "account": self.account,
                "con_ids": wanted,
                "day": last,
                "since": day - (LOOK_BACK if before else LONG_AGO),
            },
        )
        known |= dict.fromkeys(wanted, UNSEEN) | {i: Close(maybe(price), seen == last) for i, price, seen in found}


def assess(
    held: Mapping[int, Held],
    books: Sequence[Book],
    before: Mapping[int, Close],
    last: Mapping[int, Close],
    day: date,
    now: datetime,
    settled: Mapping[int, Decimal] | None = None,
) -> tuple[dict[int, Mark], list[Residue]]:
    """Marks and residues from what is held, folded, and was seen: prices at the previous close, last prices of what is gone.

    `settled`: the residues of the look before. A contract that was traded in the last minute keeps its own, since its position
    may be on the way.
    """
    terms = {book.terms.con_id: book.terms for book in books} | {i: h.terms for i, h in held.items()}
    explained: dict[int, Decimal] = defaultdict(lambda: ZERO)
    traded: dict[int, list[Book]] = defaultdict(list)
    recent: dict[int, Decimal | None] = {}
    for book in sorted(books, key=lambda b: b.newest or datetime.min.replace(tzinfo=now.tzinfo)):
        explained[book.terms.con_id] += book.quantity
        traded[book.terms.con_id].append(book)
        if book.newest is not None and book.newest > now - SETTLING:
            recent[book.terms.con_id] = book.price
    prices = {i: h.price for i, h in held.items()}
    prices |= {
        i: _last_price(traded[i], last.get(i, UNSEEN), day)
        for i, quantity in explained.items()
        if quantity and i not in held
    }
    shares = {h.terms.symbol: h.price for h in held.values() if h.terms.sec_type == "STK"}
    marks: dict[int, Mark] = {}
    for con_id in {*prices, *before}:
        holding, price = held.get(con_id), prices.get(con_id)
        underlying = holding.underlying if holding else None
        if underlying is None and con_id in terms:
            underlying = shares.get(terms[con_id].symbol)
        marks[con_id] = Mark(
            recent.get(con_id) if price is None else price,
            _price_before(before.get(con_id, UNSEEN), holding, traded[con_id]),
            holding.as_of if holding else None,
            underlying,
            holding is not None or con_id in recent,
        )
    quantities = {i: (held[i].quantity if i in held else ZERO) - explained.get(i, ZERO) for i in prices}
    for con_id in recent:
        if settled is not None:
            quantities[con_id] = settled.get(con_id, ZERO)
        elif con_id not in held:
            quantities[con_id] = ZERO
    return marks, [
        _residue(terms[i], quantity, held.get(i), marks[i], day) for i, quantity in quantities.items() if quantity
    ]


def _price_before(close: Close, holding: Held | None, books: Sequence[Book]) -> Decimal | None:
    """The price at the previous close: as it was seen then, else what the broker's own P&L of the day says it was (the worth
    now and the day's money less that P&L), else the newest close that was seen before."""
    if close.is_previous or holding is None or holding.daily is None or holding.price is None:
        return close.price
    quantity = holding.quantity - sum((book.quantity - book.before for book in books), ZERO)
    if not quantity:
        return close.price
    multiplier = holding.terms.multiplier
    money = sum((book.day_cash - book.day_fees.get(book.terms.currency, ZERO) for book in books), ZERO)
    return (holding.quantity * holding.price * multiplier + money - holding.daily) / (quantity * multiplier)


def _last_price(books: Sequence[Book], seen: Close, day: date) -> Decimal | None:
    """Of what is no longer held: what it was traded for today, else the last price that was seen; an option that has expired
    unseen is worth nothing. `books` are in the order of their newest fill."""
    newest = books[-1]
    if newest.traded_on == day:
        return newest.price
    if seen.price is not None:
        return seen.price
    expiry = newest.terms.expiry
    return ZERO if expiry is not None and expiry < day else newest.price


def _residue(terms: Terms, quantity: Decimal, holding: Held | None, mark: Mark, day: date) -> Residue:
    """What is held less what executions add up to.

    Of what is not held, either its opening was before anybody looked, or its end was booked without an execution: it is taken to
    have gone at the price that it has now, an option that expired at 0.
    """
    if holding is not None:
        return Residue(terms, quantity, holding.average)
    price = ZERO if terms.expiry is not None and terms.expiry < day else mark.price
    return Residue(terms, quantity, None if price is None else price * terms.multiplier)
