"""One account's books by strategy, kept up with its executions: only contracts with news are read again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg

from data.book.sources import ZERO, Terms
from data.db import literal
from data.queries import query
from data.strategies.figures.book import Book, Fill

Conn = psycopg.Connection[Any]

TERMS = 'c.con_id, c.symbol, c.local_symbol, c.sec_type, c.currency, c.multiplier, c.strike, c."right", c.expiry'
# By contract and strategy; a correction counts in the place of what it corrects, a bust as what it says: nothing.
FILLS = f"""
SELECT coalesce(e.strategy, ''), e.ts, e.session_date, CASE e.side WHEN 'BOT' THEN e.quantity ELSE -e.quantity END, e.price,
       e.kind, e.commission, e.commission_currency, e.base_exec_id, {TERMS}
  FROM executions e
  JOIN contracts c USING (con_id)
 WHERE e.account = %(account)s AND e.effective AND (%(con_ids)s::bigint[] IS NULL OR e.con_id = ANY (%(con_ids)s))
 ORDER BY e.ts, e.id
"""  # noqa: S608 - a constant
CHANGED = "SELECT DISTINCT con_id FROM executions WHERE account = %s AND changed_revision > %s"
# Of trades, and what moves when notes leave out more or less: themselves, and the round trips that they are of.
REVISIONS = """
SELECT coalesce((SELECT revision FROM revisions WHERE account = %(account)s AND topic = 'trades'), 0),
       (SELECT revision FROM revisions WHERE account = %(account)s AND topic = 'notes'),
       (SELECT folded_at FROM book_state WHERE account = %(account)s)
"""


def terms_of(row: Iterable[Any]) -> Terms:
    """A contract from the columns :data:`TERMS`."""
    con_id, symbol, local_symbol, sec_type, currency, multiplier, strike, right, expiry = row
    return Terms(con_id, symbol, local_symbol, sec_type, currency, exact(multiplier), maybe(strike), right, expiry)


def exact(value: float) -> Decimal:
    """A sampled number as the decimal it is written as."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def maybe(value: float | None) -> Decimal | None:
    return None if value is None else exact(value)


class Ledger:
    """The books of `account` as of the last :meth:`refresh`."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.books: dict[str, dict[int, Book]] = {}
        self._revision = -1
        self._day: date | None = None
        self._left_out: dict[str, int] = {}  # executions, by contract
        self._told: tuple[Any, ...] | None = None  # what `_left_out` is as of

    def refresh(self, conn: Conn, day: date) -> None:
        """Take in what is new; `day` is the trading day that day figures are of."""
        revision, *told = conn.execute(REVISIONS, {"account": self.account}).fetchone() or (0, None, None)
        others = self._leave_out(conn, tuple(told))
        if day != self._day:
            self.books = {}
            self._read(conn, day, None)
        elif revision != self._revision or others:
            changed = list(others.union(row[0] for row in conn.execute(CHANGED, [self.account, self._revision])))
            for books in self.books.values():
                for con_id in changed:
                    books.pop(con_id, None)
            self._read(conn, day, changed)
        self._day, self._revision = day, revision

    def _leave_out(self, conn: Conn, told: tuple[Any, ...]) -> set[int]:
        """Learn what notes leave out of statistics; contracts of which other executions are than before."""
        if told == self._told:
            return set()
        found = conn.execute(literal(query("strategies_left_out")), {"account": self.account}).fetchall()
        before, self._left_out, self._told = self._left_out, dict(found), told
        return {con_id for _, con_id in before.items() ^ self._left_out.items()}

    def _read(self, conn: Conn, day: date, con_ids: list[int] | None) -> None:
        with conn.cursor() as cursor:
            found = cursor.execute(FILLS, {"account": self.account, "con_ids": con_ids})
            for strategy, ts, session, quantity, price, kind, commission, currency, key, *terms in found:
                books = self.books.setdefault(strategy, {})
                book = books.get(terms[0])
                if book is None:
                    book = books[terms[0]] = Book(terms_of(terms), day)
                book.add(Fill(ts, session, quantity, price, kind, commission, currency, key in self._left_out))
        self.books = {strategy: books for strategy, books in self.books.items() if books}

    def explained(self) -> Mapping[int, Decimal]:
        """The quantity of each contract that executions add up to."""
        found: dict[int, Decimal] = defaultdict(lambda: ZERO)
        for book in self.all():
            found[book.terms.con_id] += book.quantity
        return found

    def all(self) -> Iterable[Book]:
        for books in self.books.values():
            yield from books.values()
