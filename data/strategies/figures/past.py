"""What strategies earned before anybody sampled it: a sample at each trading day's close, from fills and the level of days."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from data.db import literal
from data.queries import statement
from data.strategies.figures.book import NONE, Book, Fill
from data.strategies.figures.computing import compute_all
from data.strategies.figures.keeping import SAMPLED, figures_row
from data.strategies.figures.ledger import TERMS, Conn, maybe, terms_of
from data.strategies.figures.marks import Rates
from data.strategies.figures.valuing import Close, Held, assess

BEFORE_CLOSE = timedelta(seconds=1)  # what is at the close belongs to the next trading day
STILL_SAMPLED = timedelta(minutes=5)  # what is held is sampled every minute: what wasn't any more had been closed
AT_ONCE = 2000

FILLS = f"""
SELECT coalesce(e.strategy, ''), e.ts, e.session_date, CASE e.side WHEN 'BOT' THEN e.quantity ELSE -e.quantity END, e.price,
       e.kind, e.commission, e.commission_currency, {TERMS}
  FROM executions e
  JOIN contracts c USING (con_id)
 WHERE e.account = %s AND e.effective AND e.session_date < %s
 ORDER BY e.ts, e.id
"""  # noqa: S608 - a constant
CLOSES = f"""
SELECT d.session_date, d.quantity, d.avg_cost, d.market_price_close, d.last_ts, d.underlying_price, {TERMS}
  FROM position_history d
  JOIN contracts c USING (con_id)
 WHERE d.account = %s AND d.resolution = '1d' AND d.session_date < %s
"""  # noqa: S608 - a constant
# Days on which the account was sampled, up to the first sample of its strategies and before the day that goes on.
DAYS = """
SELECT m.session_date, m.closes
  FROM market_sessions m
  JOIN portfolio_history h ON h.account = %(account)s AND h.resolution = '1d' AND h.session_date = m.session_date
 WHERE m.closes < now()
   AND m.session_date < coalesce((SELECT min(s.session_date) FROM strategy_snapshots s WHERE s.account = %(account)s), 'infinity')
 ORDER BY m.session_date
"""
CURRENCY = "SELECT coalesce(p.currency, a.base_currency) FROM accounts a LEFT JOIN portfolio_latest p USING (account) WHERE a.account = %s"

Books = dict[str, dict[int, Book]]
Prices = dict[int, Close]


def tell_past(conn: Conn, account: str) -> int:
    """Write the closes before the first sample that there is (role importer or agent); how many rows. Raises psycopg.Error."""
    days = conn.execute(DAYS, {"account": account}).fetchall()
    currency = conn.execute(CURRENCY, [account]).fetchone()
    if not days or currency is None or currency[0] is None:
        return 0
    end = days[-1][0] + timedelta(days=1)
    closes = _closes(conn, account, end)
    rows: list[dict[str, Any]] = []
    seen: Prices = {}
    written = 0
    for day, closed_at, books in _days(conn, account, days, end):
        rows += _rows(account, day, closed_at, books, closes.get(day, {}), seen, currency[0])
        if len(rows) >= AT_ONCE or day == days[-1][0]:
            conn.execute(literal(statement("strategy_samples")), {"rows": json.dumps(rows)})
            written += len(rows)
            rows = []
    return written


def _days(
    conn: Conn, account: str, days: list[tuple[date, datetime]], end: date
) -> Iterator[tuple[date, datetime, Books]]:
    """Each day with the books as they were at its close; nothing before the first fill."""
    with conn.cursor() as cursor:
        fills = iter(cursor.execute(FILLS, [account, end]).fetchall())
    following = next(fills, None)
    books: Books = defaultdict(dict)
    for day, closed_at in days:
        for mine in books.values():
            for book in mine.values():
                book.roll(day)
        while following is not None and following[2] <= day:
            strategy, ts, session, quantity, price, kind, commission, currency, *terms = following
            book = books[strategy].setdefault(terms[0], Book(terms_of(terms), day))
            book.add(Fill(ts, session, quantity, price, kind, commission, currency))
            following = next(fills, None)
        if books:
            yield day, closed_at, books


def _closes(conn: Conn, account: str, end: date) -> Mapping[date, dict[int, Held]]:
    """What was held at each close, at its price then."""
    found: dict[date, dict[int, Held]] = defaultdict(dict)
    for day, quantity, average, price, as_of, underlying, *terms in conn.execute(CLOSES, [account, end]):
        held = Held(terms_of(terms), Decimal(repr(quantity)), maybe(average), maybe(price), as_of, maybe(underlying))
        found[day][held.terms.con_id] = held
    return found


def _rows(
    account: str, day: date, closed_at: datetime, books: Books, held: Mapping[int, Held], seen: Prices, currency: str
) -> list[dict[str, Any]]:
    """One sample a strategy; `seen` are the newest prices before the day, which its own join."""
    at = closed_at - BEFORE_CLOSE
    before = dict(seen)
    seen |= {i: Close(h.price, True) for i, h in held.items() if h.price is not None}
    end = max((h.as_of for h in held.values()), default=at) - STILL_SAMPLED
    held, last = {i: h for i, h in held.items() if h.quantity and h.as_of >= end}, seen
    marks, residues = assess(held, [book for mine in books.values() for book in mine.values()], before, last, day, at)
    found = compute_all(books, marks, Rates(currency), residues)
    stamps = {"ts": at.isoformat(), "as_of": at.isoformat()}
    return [
        {key: row[key] for key in SAMPLED} | stamps
        for name, figures in found.items()
        if (name != NONE or figures.positions or figures.trades)
        for row in [figures_row(account, name, day, figures)]
    ]
