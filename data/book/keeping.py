"""The book in the database: read the executions that are new, fold, and write the trips and cycles that changed."""

from __future__ import annotations

import contextlib
import gc
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import psycopg

from data.book.book import Book, Name
from data.book.chains import Component
from data.book.rows import cycle_row, trip_row
from data.book.sources import ZERO, Change, Fill, Flow, Terms
from data.book.wheel import UnderlyingPrice, cycle
from data.db import literal
from data.queries import statement

Conn = psycopg.Connection[Any]
Row = dict[str, Any]
LOOK_BACK = 7  # days, over the longest holiday

STATES = """
SELECT a.account, coalesce(r.revision, 0)
  FROM accounts a
  LEFT JOIN revisions r ON r.account = a.account AND r.topic = 'trades'
 ORDER BY a.account
"""
# A correction counts in the place of what it corrects, a bust as what it says: nothing. What counts no more (a statement has it
# under another name, or took it back) is nothing too.
FILLS = """
SELECT e.base_exec_id, e.ts, e.session_date,
       CASE WHEN NOT e.effective THEN 0 WHEN e.side = 'BOT' THEN e.quantity ELSE -e.quantity END, e.price, e.kind,
       e.commission, e.commission_currency,
       coalesce(nullif(e.perm_id, 0)::text, nullif(e.order_id, 0) || '@' || e.client_id || '@' || e.session_date), e.strategy,
       e.con_id
  FROM executions e
 WHERE e.account = %(account)s AND e.changed_revision > %(revision)s
   AND (e.effective OR (%(revision)s >= 0 AND NOT EXISTS (
        SELECT FROM executions n WHERE n.account = e.account AND n.base_exec_id = e.base_exec_id AND n.effective)))
 ORDER BY e.ts, e.base_exec_id
"""
OPENINGS = """
SELECT 'opening:' || opening, ts, session_date, quantity, price, 'opening', NULL, NULL, NULL, NULL, con_id
  FROM openings WHERE account = %(account)s
"""
CLOSED_LOTS = """
SELECT t.base_exec_id, l.opened, l.quantity
  FROM statement_lots l
  JOIN statement_trades t ON t.account = l.account AND t.trade = l.trade
 WHERE l.account = %(account)s AND t.base_exec_id IS NOT NULL AND (%(revision)s < 0 OR t.base_exec_id = ANY (%(keys)s))
 ORDER BY t.base_exec_id, l.opened, l.lot
"""
CHANGES = """
SELECT change, con_id, into_con_id, ts, numerator, denominator FROM contract_changes WHERE account = %s ORDER BY change
"""
TERMS = """
SELECT con_id, symbol, local_symbol, sec_type, currency, multiplier, strike, "right", expiry
  FROM contracts WHERE con_id = ANY (%s)
"""
# Who pays stands in the description: the broker writes "KO(US1912161007) CASH DIVIDEND …", the demo "Dividend of KO".
DIVIDENDS = r"""
SELECT flow_id, ts, kind, amount, currency, coalesce(symbol, substring(description FROM '^(?:Dividend of )?([A-Z0-9. ]+?)(?:\(|$)'))
  FROM cash_flows WHERE account = %s AND kind IN ('dividend', 'tax')
"""
PRICES = """
SELECT c.symbol, b.session_date, b.close
  FROM price_bars b
  JOIN contracts c USING (con_id)
 WHERE b.what = 'trades' AND b.resolution = '1d' AND c.sec_type IN ('STK', 'IND') AND c.symbol = ANY (%s)
"""
PLACEMENTS = "SELECT key, beside FROM cycle_placements WHERE account = %s"
TABLES = {"round_trips": "trip", "wheel_cycles": "cycle"}
FOLDED = """
INSERT INTO book_state AS b (account, revision) VALUES (%s, %s)
ON CONFLICT (account) DO UPDATE SET revision = excluded.revision, folded_at = now()
"""


@dataclass(slots=True)
class Account:
    """What is kept of one account between looks. `written`: by table and key, what a row was, by its hash."""

    account: str
    book: Book = field(default_factory=Book)
    revision: int = -1
    terms: dict[int, Terms] = field(default_factory=dict)
    openings: dict[str, Fill] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    written: dict[Name, dict[tuple[str, str], int]] = field(default_factory=lambda: defaultdict(dict))


class Keeper:
    """Keeps round_trips and wheel_cycles through `conn` (role agent, autocommit). Raises psycopg.Error."""

    def __init__(self, conn: Conn) -> None:
        self._conn = conn
        self._accounts: dict[str, Account] = {}

    def look(self) -> bool:
        """Fold what is new and write what changed; whether something was new."""
        changed = False
        for account, revision in self._conn.execute(STATES).fetchall():
            known = self._accounts.get(account)
            if known is None:
                known = self._accounts[account] = Account(account)
            if revision == known.revision:
                continue
            try:
                with _uncollected() if known.revision < 0 else contextlib.nullcontext():
                    self._catch_up(known)
            except BaseException:
                del self._accounts[account]  # what was folded may not have been written: begin again
                raise
            changed = True
        return changed

    def _catch_up(self, known: Account) -> None:
        conn = self._conn
        with conn.transaction():
            conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            (revision,) = conn.execute(
                "SELECT coalesce((SELECT revision FROM revisions WHERE account = %s AND topic = 'trades'), 0)",
                [known.account],
            ).fetchone() or (0,)
            changes = _changes(conn, known)
            if not known.changes.items() <= changes.items():  # one was taken back: nothing that was folded holds
                known.book, known.revision, known.openings = Book(), -1, {}
                known.written.clear()
            known.changes = changes
            is_first = known.revision < 0
            touched = known.book.update(_fills(conn, known), changes.values())
            touched |= known.book.place(dict(conn.execute(PLACEMENTS, [known.account]).fetchall()))
            rows = self._rows(known, touched)
            gone = self._gone(known, touched)
            for table, key in TABLES.items():
                self._write(table, [row for its, row in rows if its == table])
                if is_first:  # what an earlier process wrote and this one doesn't know
                    there = [name for written in known.written.values() for its, name in written if its == table]
                    self._delete(f"DELETE FROM {table} WHERE account = %s AND NOT {key} = ANY (%s)", known, there)  # noqa: S608
                elif names := [name for its, name in gone if its == table]:
                    self._delete(f"DELETE FROM {table} WHERE account = %s AND {key} = ANY (%s)", known, names)  # noqa: S608
            conn.execute(FOLDED, [known.account, revision])
        known.revision = revision
        if rows or gone:  # on its own: others move that counter too, and a snapshot would forbid it
            conn.execute(literal(statement("strategies_changed")))

    def _rows(self, known: Account, touched: Iterable[Name]) -> list[tuple[str, Row]]:
        """Those that differ from what was written last."""
        names = sorted(touched)
        if not names:
            return []
        flows = [Flow(*row) for row in self._conn.execute(DIVIDENDS, [known.account])]
        prices = _prices(self._conn, [symbol for symbol, _ in names])
        found = []
        for name in names:
            written = known.written[name]
            mine = [flow for flow in flows if (flow.symbol, flow.currency) == name]
            for component in known.book.live(name):
                for table, key, row in _component_rows(known.account, component, prices, mine):
                    mark = hash(json.dumps(row, default=str))
                    if written.get((table, key)) != mark:
                        written[table, key] = mark
                        found.append((table, row))
        return found

    def _gone(self, known: Account, touched: Iterable[Name]) -> list[tuple[str, str]]:
        """Keys of what was written and is no more; forgotten here."""
        found = []
        for name in touched:
            there = {key for component in known.book.components(name) for key in _keys(component)}
            written = known.written[name]
            gone = [key for key in written if key not in there]
            for key in gone:
                del written[key]
            found += gone
        return found

    def _delete(self, words: str, known: Account, names: list[str]) -> None:
        self._conn.execute(literal(words), [known.account, names])

    def _write(self, table: str, rows: list[Row]) -> None:
        if rows:
            self._conn.execute(literal(statement(table)), {"rows": json.dumps(rows, default=str)})


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """The garbage collector would look through the growing book again and again, which takes longer than the fold; what the
    book holds then stays, so that it needn't be looked through later either."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
        gc.freeze()


def _keys(component: Component) -> Iterable[tuple[str, str]]:
    yield from (("round_trips", trip.id) for trip in component.group.trips)
    if component.is_cycle:
        yield "wheel_cycles", component.group.id


def _component_rows(
    account: str, component: Component, price: UnderlyingPrice, flows: Iterable[Flow]
) -> Iterable[tuple[str, str, Row]]:
    """Table, key and row of its trips, and of its cycle where it is one."""
    group = component.group
    chain = {trip.id: chain.id for chain in component.chains for trip in chain.trips}
    whole = group.id if component.is_cycle else None
    for trip in group.trips:
        yield "round_trips", trip.id, trip_row(account, trip, chain.get(trip.id), whole)
    if component.is_cycle:
        yield "wheel_cycles", group.id, cycle_row(account, cycle(group, price, flows))


def folded(conn: Conn, account: str) -> Book:
    """An account's book, folded from nothing. Raises psycopg.Error."""
    known = Account(account)
    changes = _changes(conn, known)
    with _uncollected():
        known.book.update(_fills(conn, known), changes.values())
    return known.book


def _fills(conn: Conn, known: Account) -> list[Fill]:
    """What is new since the revision that is known, and what was held before all."""
    where = {"account": known.account, "revision": known.revision}
    rows = conn.execute(FILLS, where).fetchall()
    before = conn.execute(OPENINGS, where).fetchall()
    lots: dict[str, list[tuple[datetime, Decimal]]] = defaultdict(list)
    for key, opened, quantity in conn.execute(CLOSED_LOTS, where | {"keys": [row[0] for row in rows]}):
        lots[key].append((opened, quantity))
    _learn(conn, known, (row[-1] for row in (*rows, *before)))
    openings = {row[0]: _fill(row, known, ()) for row in before}
    gone = [replace(fill, quantity=ZERO) for key, fill in known.openings.items() if key not in openings]
    known.openings = openings
    return [*(_fill(row, known, tuple(lots.get(row[0], ()))) for row in rows), *openings.values(), *gone]


def _fill(row: tuple[Any, ...], known: Account, lots: tuple[tuple[datetime, Decimal], ...]) -> Fill:
    key, ts, day, quantity, price, kind, fee, currency, order, strategy, con_id = row
    return Fill(key, known.terms[con_id], ts, day, quantity, price, kind, fee, currency, order, strategy, lots)


def _changes(conn: Conn, known: Account) -> dict[str, Change]:
    rows = conn.execute(CHANGES, [known.account]).fetchall()
    _learn(conn, known, (con_id for row in rows for con_id in row[1:3]))
    return {
        key: Change(key, con_id, known.terms[into], ts, Fraction(numerator) / Fraction(denominator))
        for key, con_id, into, ts, numerator, denominator in rows
    }


def _learn(conn: Conn, known: Account, con_ids: Iterable[int]) -> None:
    unknown = set(con_ids) - known.terms.keys()
    if unknown:
        known.terms |= {row[0]: _terms(row) for row in conn.execute(TERMS, [list(unknown)])}


def _terms(row: tuple[Any, ...]) -> Terms:
    con_id, symbol, local_symbol, sec_type, currency, multiplier, strike, right, expiry = row
    exact = None if strike is None else Decimal(repr(strike))
    return Terms(con_id, symbol, local_symbol, sec_type, currency, Decimal(repr(multiplier)), exact, right, expiry)


def _prices(conn: Conn, symbols: list[str]) -> UnderlyingPrice:
    """The underlying's last close up to a day, None where no bar of the days before is stored."""
    found: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for symbol, day, close in conn.execute(PRICES, [symbols]):
        found[symbol][day] = Decimal(repr(close))

    def price(symbol: str, day: date) -> Decimal | None:
        closes = found.get(symbol, {})
        return next((closes[before] for n in range(LOOK_BACK) if (before := day - timedelta(days=n)) in closes), None)

    return price
