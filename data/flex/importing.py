"""A statement into the database: one transaction, all or nothing, and the same again changes nothing.

Of statements that overlap, the one that was generated last counts, day by day and section by section, in whichever order they
come: what it doesn't say any more goes, and an older one that comes later brings only days and sections that it alone has.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

import psycopg

from data.db import DatabaseError, literal
from data.flex import derived
from data.flex.lacking import lacks
from data.flex.merging import merge
from data.flex.records import CashTransaction, Statement, Trade, Transfer
from data.flex.tables import Table, put
from data.model import Source, Topic
from data.queries import query
from data.queries import statement as written
from data.reconciling import reconcile
from data.store import Sessions

Conn = psycopg.Connection[Any]
Row = dict[str, Any]
TOPICS = [Topic.TRADES.value, Topic.PORTFOLIO.value]
FLEX = "flex:"
FX = "flex:fx:"
IMPORTED, KNOWN = "imported", "known"


class Imported(TypedDict):
    """What became of a statement. `state`: imported, or known (it was there already; nothing changed)."""

    account: str
    first_day: str
    last_day: str
    base_currency: str | None
    state: str
    trades: int
    new_executions: int
    cash_transactions: int
    days: int
    corporate_actions: int
    positions: int
    open_breaks: int
    dropped: list[str]
    lacks: list[str]


def import_statement(conn: Conn, statement: Statement, file_name: str, zone: ZoneInfo) -> Imported:
    """Store `statement` through `conn` (role importer, autocommit); then its trust report, in a transaction of its own.

    Raises:
        DatabaseError: the database is of another source, or a demo's that doesn't know the account; nothing was changed.
        psycopg.Error: nothing of it was kept.
    """
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [f"statements {statement.account}"])
        _claim(conn, statement)
        found = _known(conn, statement)
        if found is None:
            found = _Import(conn, statement, file_name, zone).run()
    breaks = _open_breaks(conn, statement.account)
    if found["state"] == IMPORTED or breaks is None:
        with conn.transaction():
            breaks = reconcile(conn, statement.account)
    return {**found, "open_breaks": breaks}


def _open_breaks(conn: Conn, account: str) -> int | None:
    """By the trust reports there are; None: an importer that was killed between its two transactions left none."""
    (breaks,) = conn.execute(
        "SELECT sum(open_breaks) FROM reconciliations WHERE account = %s", [account]
    ).fetchone() or (None,)
    return None if breaks is None else int(breaks)


def source_of(account: str) -> Source:
    """Paper accounts begin with D: DU, DF."""
    return Source.PAPER if account[:1].upper() == "D" else Source.LIVE


def _claim(conn: Conn, statement: Statement) -> None:
    """The database becomes this source's where it is nobody's, and knows the account."""
    account, source = statement.account, source_of(statement.account)
    row = conn.execute("SELECT source FROM database_source").fetchone()
    is_known = conn.execute("SELECT true FROM accounts WHERE account = %s", [account]).fetchone() is not None
    if row is None:
        conn.execute(literal(written("claim")), {"source": source.value, "account": account})
    elif row[0] == Source.DEMO.value and not is_known:
        raise DatabaseError(
            f"this database is the demo's, which has no account {account}: use the database of that account"
        )
    elif row[0] == Source.DEMO.value:
        source = Source.DEMO
    elif row[0] != source.value:
        raise DatabaseError(
            f"this database holds {row[0]} data, but {account} is a {source.value} account: use its own database"
        )
    conn.execute(literal(written("account")), {"account": account, "source": source.value})
    conn.execute(
        "UPDATE accounts SET base_currency = %(base)s WHERE account = %(account)s AND base_currency IS NULL AND %(base)s::text IS NOT NULL",
        {"account": account, "base": statement.base_currency},
    )


def _known(conn: Conn, statement: Statement) -> Imported | None:
    row = conn.execute(
        "SELECT result FROM statements WHERE account = %s AND content_hash = %s",
        [statement.account, statement.content_hash],
    ).fetchone()
    if row is None:
        return None
    known: Imported = row[0]
    return {**known, "state": KNOWN, "new_executions": 0}


class _Import:
    """One statement on its way in."""

    def __init__(self, conn: Conn, statement: Statement, file_name: str, zone: ZoneInfo) -> None:
        self._conn, self._statement, self._file, self._zone = conn, statement, file_name, zone
        self._sessions = Sessions.load(conn)
        self._id = 0
        self._others = self._overlapping()
        self._con_ids: set[int] = set()
        self._days: set[date] = set()
        self._bases: set[str] = set()

    def run(self) -> Imported:
        statement = self._statement
        self._head()
        put(self._conn, Table("contracts", ("con_id",), fills=True), [_fields(one) for one in statement.contracts])
        trades = self._facts()
        # From here on the poller waits for the row of the revision: short.
        revision = self._bump()
        before = self._executions()
        merge(
            self._conn, statement.account, revision, trades=trades, bases=self._bases,
            con_ids=sorted(self._con_ids), days=sorted(self._days),
        )  # fmt: skip
        derived.corporate(self._conn, statement.account, revision)
        derived.kept_fees(self._conn, statement.account)
        derived.openings(self._conn, statement.account, self._zone)
        self._touch_lots(revision)
        result = self._result(self._executions() - before)
        self._conn.execute("UPDATE statements SET result = %s WHERE id = %s", [json.dumps(result), self._id])
        self._conn.execute(literal(written("notify")), {"account": statement.account, "topics": TOPICS})
        return result

    def _head(self) -> None:
        s = self._statement
        row = self._conn.execute(
            literal(written("statement")),
            {
                "account": s.account, "base_currency": s.base_currency, "first_day": s.first_day, "last_day": s.last_day,
                "generated": s.generated, "content_hash": s.content_hash, "file": self._file, "query": s.query,
                "sections": json.dumps({name: sorted(fields) for name, fields in s.sections.items()}),
                "nav_change": json.dumps({name: str(amount) for name, amount in s.nav_change.items()}),
            },
        ).fetchone()  # fmt: skip
        assert row is not None
        self._id = row[0]

    def _overlapping(self) -> list[tuple[date, date, set[str], bool]]:
        """Spans and sections of the account's other statements, and whether they were generated later."""
        s = self._statement
        rows = self._conn.execute(
            "SELECT first_day, last_day, sections, (generated_at, content_hash) > (%s, %s) FROM statements WHERE account = %s",
            [s.generated, s.content_hash, s.account],
        ).fetchall()
        return [(first, last, set(sections), is_newer) for first, last, sections, is_newer in rows]

    def _counts(self, section: str, day: date) -> bool:
        """Whether this statement has the last word on a day of a section; on a day beside its span only where no other is of it."""
        s = self._statement
        is_own = s.first_day <= day <= s.last_day
        return not any(
            first <= day <= last and section in sections and (is_newer or not is_own)
            for first, last, sections, is_newer in self._others
        )

    # -- facts

    def _facts(self) -> list[str]:
        """Rows of every section that counts; keys of the trades among them."""
        s = self._statement
        trades = [trade for trade in s.trades if self._counts("Trades", trade.report_date or trade.trade_date)]
        kept = {trade.key for trade in trades}
        self._trades(trades)
        self._put("statement_lots", "lot", [_fields(lot) for lot in s.closed_lots if lot.trade in kept])
        self._put("statement_option_events", "event", [
            _fields(e) for e in s.option_events if self._counts("OptionEAE", e.day)
        ], section="OptionEAE", day="day")  # fmt: skip
        self._put("corporate_actions", "action", [
            self._timed(_fields(a)) for a in s.corporate_actions if self._counts("CorporateActions", a.report_date or a.time.date())
        ], section="CorporateActions", day="coalesce(report_date, ts::date)")  # fmt: skip
        self._put("statement_transfers", "transfer", [
            self._timed(_fields(t)) for t in s.transfers if self._counts("Transfers", t.time.date())
        ], section="Transfers", day="ts::date")  # fmt: skip
        self._put("dividend_accruals", "accrual", [_fields(a) | {"key": f"{self._id}:{a.key}"} for a in s.accruals])
        self._put(
            "statement_nav",
            "day",
            [_fields(n) | {"key": n.day} for n in s.nav if self._counts("EquitySummaryInBase", n.day)],
            section="EquitySummaryInBase",
            day="day",
        )
        put(
            self._conn,
            Table("conversion_rates", ("currency", "to_currency", "day")),
            [_fields(rate) for rate in s.rates],
        )
        put(
            self._conn,
            Table("statement_positions", ("statement", "con_id")),
            [self._position(_fields(p)) for p in s.positions],
        )
        put(self._conn, Table("statement_cash", ("statement", "currency")), [
            {"statement": self._id, "account": s.account, **_fields(c), "parts": _json(c.parts)} for c in s.cash
        ])  # fmt: skip
        self._flows()
        return sorted(kept)

    def _trades(self, trades: Sequence[Trade]) -> None:
        rows = [self._timed(_fields(trade)) for trade in trades]
        for row in rows:
            row["session_date"] = self._sessions.date_of(row["ts"])
            row["codes"], row["kind"] = list(row["codes"]), row["kind"].value
            self._con_ids.add(row["contract"].con_id)
            self._days.add(row["session_date"])
        gone = self._gone(
            "statement_trades", "trade", [row["key"] for row in rows], "Trades", "coalesce(report_date, trade_date)"
        )
        cancels = [trade.cancels for trade in trades if trade.cancels]
        # What is taken back, or was: asked again, whenever it was traded.
        touched = self._conn.execute(
            literal(query("statement_trades_taken_back")),
            {"account": self._statement.account, "gone": gone, "cancels": cancels},
        ).fetchall()
        for base, con_id, day in touched:
            self._bases.add(base)
            self._con_ids.add(con_id)
            self._days.add(day)
        self._conn.execute(
            "DELETE FROM statement_lots WHERE account = %s AND trade = ANY (%s)", [self._statement.account, gone]
        )
        # A trade's lots are those of its last statement.
        self._conn.execute(
            "DELETE FROM statement_lots WHERE account = %s AND trade = ANY (%s)",
            [self._statement.account, [trade.key for trade in trades]],
        )
        self._delete("statement_trades", "trade", gone)
        self._put("statement_trades", "trade", rows, keeps=("base_exec_id",))

    def _flows(self) -> None:
        """Cash transactions and transfers of cash; what the broker converted because a trade needed it, by currency."""
        s = self._statement
        flows = [
            self._flow(c)
            for c in s.cash_transactions
            if self._counts("CashTransactions", c.report_date or c.time.date())
        ]
        moved = [self._moved(t) for t in s.transfers if t.cash and self._counts("Transfers", t.time.date())]
        converted = [
            row for t in s.trades
            if t.is_conversion and not t.cancels and self._counts("Trades", t.report_date or t.trade_date) for row in self._converted(t)
        ]  # fmt: skip
        self._forget_flows(f"{FLEX}c%", [row["flow_id"] for row in flows], "CashTransactions")
        self._forget_flows(f"{FX}%", [row["flow_id"] for row in converted], "Trades")
        rows = [row for row in [*flows, *moved] if not self._is_told_elsewhere(row)]
        put(self._conn, Table("cash_flows", ("account", "flow_id")), rows + converted)

    def _flow(self, one: CashTransaction) -> Row:
        row = self._flow_row(
            f"{FLEX}c:{one.key}", one.kind, one.amount, one.currency, one.rate_to_base, one.description
        )
        day = one.report_date or self._sessions.date_of(one.time)
        return row | {"ts": one.time, "session_date": day, "con_id": one.con_id, "symbol": one.symbol}

    def _moved(self, one: Transfer) -> Row:
        kind = "deposit" if one.cash > 0 else "withdrawal"
        row = self._flow_row(
            f"{FLEX}x:{one.key}", kind, one.cash, one.currency, one.rate_to_base, one.description or "transfer"
        )
        return row | {"ts": one.time, "session_date": self._sessions.date_of(one.time), "con_id": None, "symbol": None}

    def _converted(self, trade: Trade) -> Iterable[Row]:
        """`EUR.USD`: so many EUR for so many USD, and what it cost. Net cash isn't asked: of conversions the broker says 0 there."""
        money: dict[str, Decimal] = defaultdict(Decimal)
        money[trade.contract.symbol.partition(".")[0]] += trade.quantity
        money[trade.currency] += trade.proceeds or -trade.quantity * trade.price
        money[trade.currency] += trade.taxes or 0
        money[trade.commission_currency or trade.currency] += trade.commission or 0
        for currency, amount in money.items():
            rate = trade.rate_to_base if currency == trade.currency else None
            row = self._flow_row(
                f"{FX}{trade.key}:{currency}", "conversion", amount, currency, rate, trade.contract.symbol
            )
            yield row | {
                "ts": trade.time,
                "session_date": self._sessions.date_of(trade.time),
                "con_id": None,
                "symbol": None,
            }

    def _flow_row(
        self, flow_id: str, kind: str, amount: Decimal, currency: str, rate: Decimal | None, description: str | None
    ) -> Row:  # fmt: skip
        if currency == self._statement.base_currency:
            rate = Decimal(1)
        return {
            "account": self._statement.account, "flow_id": flow_id, "kind": kind, "amount": amount, "currency": currency,
            "rate_to_base": rate, "base_amount": None if rate is None else amount * rate, "description": description,
            "source": "statement",
        }  # fmt: skip

    def _is_told_elsewhere(self, row: Row) -> bool:
        """Money that the demo booked itself, or somebody entered by hand: it isn't counted again."""
        found = self._conn.execute(literal(query("cash_flows_alike")), row).fetchone()
        return bool(found and found[0])

    def _forget_flows(self, like: str, kept: list[str], section: str) -> None:
        s = self._statement
        if section not in s.sections:
            return
        self._conn.execute(
            literal(written("cash_flows_gone")),
            {
                "account": s.account, "like": like, "first_day": s.first_day, "last_day": s.last_day, "kept": kept, "section": section,
                "generated": s.generated, "content_hash": s.content_hash,
            },
        )  # fmt: skip

    def _timed(self, row: Row) -> Row:
        row["ts"] = row.pop("time")
        return row

    def _position(self, row: Row) -> Row:
        lots = [
            {"opened": lot.opened.isoformat(), "quantity": str(lot.quantity), "cost": None if lot.cost is None else str(lot.cost)}
            for lot in row["lots"]
        ]  # fmt: skip
        own = {"statement": self._id, "account": self._statement.account, "con_id": row["contract"].con_id}
        return row | own | {"lots": json.dumps(lots)}

    def _put(
        self, table: str, key: str, rows: list[Row], *, section: str | None = None, day: str = "", keeps: tuple[str, ...] = ()
    ) -> None:  # fmt: skip
        """Rows under their key; of `section` what this statement has no more goes."""
        if section is not None:
            self._delete(table, key, self._gone(table, key, [row["key"] for row in rows], section, day))
        for row in rows:
            row[key] = row.pop("key")
            row["account"], row["statement"] = self._statement.account, self._id
            contract = row.pop("contract", None)
            if contract is not None:
                row["con_id"] = contract.con_id
        put(self._conn, Table(table, ("account", key), keeps=keeps), rows)

    def _gone(self, table: str, key: str, kept: list[str], section: str, day: str) -> list[str]:
        """Keys of rows of this statement's days on which it has the last word and which it doesn't have."""
        s = self._statement
        if section not in s.sections:
            return []
        rows = self._conn.execute(
            literal(
                f"SELECT t.{key} FROM {table} t WHERE t.account = %s AND {day} BETWEEN %s AND %s AND NOT t.{key} = ANY (%s)"  # noqa: S608
                " AND NOT EXISTS (SELECT FROM statements n WHERE n.account = t.account"
                f"                  AND {day} BETWEEN n.first_day AND n.last_day AND n.sections ? %s"
                "                  AND (n.generated_at, n.content_hash) > (%s, %s))"
            ),
            [s.account, s.first_day, s.last_day, kept, section, s.generated, s.content_hash],
        ).fetchall()
        return [row[0] for row in rows]

    def _delete(self, table: str, key: str, gone: list[str]) -> None:
        if gone:
            self._conn.execute(
                literal(f"DELETE FROM {table} WHERE account = %s AND {key} = ANY (%s)"), [self._statement.account, gone]  # noqa: S608
            )  # fmt: skip

    # -- what follows

    def _bump(self) -> int:
        rows = self._conn.execute(
            literal(written("bump")), {"account": self._statement.account, "topics": TOPICS}
        ).fetchall()
        return next(int(revision) for topic, revision in rows if topic == Topic.TRADES.value)

    def _executions(self) -> int:
        (count,) = self._conn.execute(
            "SELECT count(*) FROM executions WHERE account = %s AND effective", [self._statement.account]
        ).fetchone() or (0,)
        return int(count)

    def _touch_lots(self, revision: int) -> None:
        """Fills whose closed lots are this statement's: the book matches them anew."""
        self._conn.execute(
            literal(written("executions_with_lots")),
            {"revision": revision, "account": self._statement.account, "statement": self._id},
        )

    def _result(self, new: int) -> Imported:
        s = self._statement
        return {
            "account": s.account, "first_day": s.first_day.isoformat(), "last_day": s.last_day.isoformat(), "base_currency": s.base_currency,
            "state": IMPORTED, "trades": len(s.trades), "new_executions": max(new, 0), "cash_transactions": len(s.cash_transactions),
            "days": len(s.nav), "corporate_actions": len(s.corporate_actions), "positions": len(s.positions), "open_breaks": 0,
            "dropped": list(s.dropped), "lacks": list(lacks(s)),
        }  # fmt: skip


def _fields(record: Any) -> Row:
    """A record as a row. Not `dataclasses.asdict`: there are many, and it copies all that is in them."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _json(parts: Any) -> str:
    return json.dumps({name: str(amount) for name, amount in parts.items()})
