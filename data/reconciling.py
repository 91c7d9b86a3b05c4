"""Makes the trust reports of an account's statements anew, from what is stored: called after each import, in its transaction."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from data.book.keeping import folded
from data.book.lots import Trip
from data.book.realized import realized
from data.flex.derived import KEPT_FEE
from data.db import literal
from data.flex.records import (
    CashBalance,
    CashTransaction,
    ClosedLot,
    ConversionRate,
    DividendAccrual,
    NavDay,
    OpenLot,
    OpenPosition,
    OptionEvent,
    Statement,
    Trade,
)
from data.model import Contract, ExecutionKind
from data.queries import statement as written
from data.reconciliation.against import NO_MONEY
from data.reconciliation.known import Known, KnownFill, KnownFlow
from data.reconciliation.report import trust_report

Conn = psycopg.Connection[Any]
Row = dict[str, Any]

# A statement whose days another one says anew, and later, has nothing of its own any more.
STATEMENTS = """
SELECT s.*
  FROM statements s
 WHERE s.account = %(account)s
   AND NOT EXISTS (SELECT FROM statements n
                    WHERE n.account = s.account AND n.first_day <= s.first_day AND n.last_day >= s.last_day
                      AND (n.generated_at, n.id) > (s.generated_at, s.id))
 ORDER BY s.last_day DESC, s.id
"""
CONTRACT = """c.con_id, c.symbol, c.local_symbol, c.sec_type, c.currency AS contract_currency, c.trading_class,
       c.exchange AS contract_exchange, c.expiry, c.strike, c."right", c.multiplier AS contract_multiplier"""
TRADES = """
SELECT t.*, {contract}
  FROM statement_trades t JOIN contracts c USING (con_id)
 WHERE t.account = %(account)s AND coalesce(t.report_date, t.trade_date) BETWEEN %(first)s AND %(last)s
 ORDER BY t.ts, t.trade
"""
LOTS = """
SELECT l.* FROM statement_lots l JOIN statement_trades t ON t.account = l.account AND t.trade = l.trade
 WHERE t.account = %(account)s AND coalesce(t.report_date, t.trade_date) BETWEEN %(first)s AND %(last)s
"""
EVENTS = """
SELECT e.*, {contract} FROM statement_option_events e JOIN contracts c USING (con_id)
 WHERE e.account = %(account)s AND e.day BETWEEN %(first)s AND %(last)s
"""
FLOWS = """
SELECT f.* FROM cash_flows f
 WHERE f.account = %(account)s AND f.session_date BETWEEN %(first)s AND %(last)s ORDER BY f.ts, f.flow_id
"""
POSITIONS = (
    "SELECT p.*, {contract} FROM statement_positions p JOIN contracts c USING (con_id) WHERE p.statement = %(id)s"
)
NAV = "SELECT n.* FROM statement_nav n WHERE n.account = %(account)s AND n.day BETWEEN %(before)s AND %(last)s ORDER BY n.day"
BEFORE = "SELECT max(day) FROM statement_nav WHERE account = %(account)s AND day < %(first)s"
ACCRUALS = """
SELECT a.*, c.symbol FROM dividend_accruals a JOIN contracts c USING (con_id) WHERE a.statement = %(id)s
"""
RATES = "SELECT day, currency, to_currency, rate FROM conversion_rates WHERE day BETWEEN %(first)s AND %(last)s ORDER BY day"
CASH = "SELECT currency, starting, ending, parts FROM statement_cash WHERE statement = %(id)s"
# What counts, and, of what the API reported, its own last word.
FILLS = """
SELECT e.base_exec_id AS key, t.trade, e.con_id, c.local_symbol AS name, c.symbol, c.sec_type, e.ts, e.side, e.quantity, e.price, c.multiplier,
       c.currency, e.commission, e.commission_currency, e.source
  FROM executions e
  JOIN contracts c USING (con_id)
  LEFT JOIN statement_trades t ON t.account = e.account AND t.base_exec_id = e.base_exec_id
 WHERE e.account = %(account)s AND e.effective AND e.kind <> %(no_money)s AND e.quantity <> 0
   AND coalesce(t.report_date, t.trade_date, e.session_date) BETWEEN %(first)s AND %(last)s
"""
LIVE = """
SELECT DISTINCT ON (e.base_exec_id) e.base_exec_id AS key, t.trade, e.con_id, c.local_symbol AS name, c.symbol, c.sec_type, e.ts, e.side, e.quantity,
       e.price, c.multiplier, c.currency, e.commission, e.commission_currency, e.source
  FROM executions e
  JOIN contracts c USING (con_id)
  LEFT JOIN statement_trades t ON t.account = e.account AND t.base_exec_id = e.base_exec_id
 WHERE e.account = %(account)s AND e.source = 'api' AND e.kind <> %(no_money)s AND e.quantity <> 0
   AND coalesce(t.report_date, t.trade_date, e.session_date) BETWEEN %(first)s AND %(last)s
   AND e.ts < %(generated)s
 ORDER BY e.base_exec_id, e.revision DESC
"""
# The last samples of the last day: a contract counts that was still sampled when the account was sampled last.
HELD = """
SELECT p.con_id, p.quantity
  FROM portfolio_1d a
  JOIN position_1d p ON p.account = a.account AND p.session_date = a.session_date AND p.last_ts > a.last_ts - interval '10 minutes'
 WHERE a.account = %(account)s AND a.session_date = %(last)s AND p.quantity <> 0
"""
SAMPLES = """
SELECT a.session_date, a.net_liquidation_close FROM portfolio_1d a
 WHERE a.account = %(account)s AND a.session_date BETWEEN %(first)s AND %(last)s AND a.net_liquidation_close IS NOT NULL
"""
REPLACED = """
DELETE FROM reconciliations r WHERE r.account = %(account)s AND NOT r.statement = ANY (%(kept)s)
"""


def reconcile(conn: Conn, account: str) -> int:
    """Compare every statement of `account` that counts; how many breaks are open. Role importer, within a transaction.

    Raises psycopg.Error.
    """
    kept, breaks = [], 0
    trips = folded(conn, account).trips
    for row in _rows(conn, STATEMENTS, account=account):
        statement = stored_statement(conn, row)
        report = trust_report(statement, stored_knowledge(conn, statement, trips))
        conn.execute(
            literal(written("reconciliation")),
            {"statement": row["id"], "account": account, "breaks": report["open_breaks"], "report": json.dumps(report)},
        )
        kept.append(row["id"])
        breaks += report["open_breaks"]
    conn.execute(literal(REPLACED), {"account": account, "kept": kept})
    return breaks


def stored_statement(conn: Conn, row: Row) -> Statement:
    """A statement as its tables have it: of statements that overlap the newest word on each row."""
    account, first, last = row["account"], row["first_day"], row["last_day"]
    span = {"account": account, "first": first, "last": last, "id": row["id"]}
    (before,) = conn.execute(literal(BEFORE), span).fetchone() or (None,)
    return Statement(
        account=account, base_currency=row["base_currency"], first_day=first, last_day=last, generated=row["generated_at"],
        content_hash=row["content_hash"], query=row["query"],
        trades=tuple(_trade(each) for each in _rows(conn, TRADES, **span)),
        closed_lots=tuple(_lot(each) for each in _rows(conn, LOTS, **span)),
        option_events=tuple(_event(each) for each in _rows(conn, EVENTS, **span)),
        cash_transactions=tuple(_flow(each) for each in _rows(conn, FLOWS, **span) if _is_transaction(each)),
        accruals=tuple(_accrual(each) for each in _rows(conn, ACCRUALS, **span)),
        nav=tuple(_nav(each) for each in _rows(conn, NAV, **span, before=before or first)),
        rates=tuple(ConversionRate(**each) for each in _rows(conn, RATES, **span)),
        positions=tuple(_position(each) for each in _rows(conn, POSITIONS, **span)),
        cash=tuple(CashBalance(each["currency"], each["starting"], each["ending"], _amounts(each["parts"])) for each in _rows(conn, CASH, **span)),
        nav_change=_amounts(row["nav_change"]),
        sections={name: frozenset(names) for name, names in row["sections"].items()},
    )  # fmt: skip


def stored_knowledge(conn: Conn, statement: Statement, trips: Sequence[Trip]) -> Known:
    """What the database says of the same account and days; `trips`: all of its book."""
    span = {
        "account": statement.account, "first": statement.first_day, "last": statement.last_day, "no_money": NO_MONEY,
        "generated": statement.generated,
    }  # fmt: skip
    samples = {
        each["session_date"]: Decimal(repr(each["net_liquidation_close"])) for each in _rows(conn, SAMPLES, **span)
    }
    fills = tuple(_fill(each) for each in _rows(conn, FILLS, **span))
    held: dict[int, Decimal] = defaultdict(Decimal)
    for each in _rows(conn, HELD, **span):
        held[each["con_id"]] += Decimal(repr(each["quantity"]))
    return Known(
        live=tuple(_fill(each) for each in _rows(conn, LIVE, **span)),
        fills=fills,
        flows=tuple(KnownFlow(each["flow_id"], each["ts"], each["kind"], each["amount"], each["currency"], each["flow_id"].startswith(KEPT_FEE)) for each in _rows(conn, FLOWS, **span)),
        held=held if statement.last_day in samples else None,
        realized=realized(trips, {fill.key for fill in fills}),
        nav=samples,
    )  # fmt: skip


def _rows(conn: Conn, words: str, **params: Any) -> list[Row]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(literal(words.replace("{contract}", CONTRACT)), params).fetchall()


def _amounts(found: dict[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(amount) for name, amount in found.items()}


def _contract(row: Row) -> Contract:
    return Contract(
        row["con_id"], row["symbol"], row["local_symbol"], row["sec_type"], row["contract_currency"], row["trading_class"],
        row["contract_exchange"], row["expiry"], row["strike"], row["right"], row["contract_multiplier"],
    )  # fmt: skip


def _is_transaction(flow: Row) -> bool:
    """Whether a flow is one of the statement's own; conversions and kept fees are of its trades."""
    return flow["source"] == "statement" and flow["kind"] != "conversion" and not flow["flow_id"].startswith(KEPT_FEE)


def _trade(row: Row) -> Trade:
    same = (
        "price", "currency", "trade_id", "exec_id", "transaction_id", "order_id", "order_ref", "exchange", "multiplier", "is_booked",
        "is_conversion", "cancels", "report_date", "trade_date", "quantity", "proceeds", "commission", "commission_currency", "taxes",
        "net_cash", "cost", "realized_pnl", "rate_to_base",
    )  # fmt: skip
    return Trade(
        key=row["trade"], contract=_contract(row), time=row["ts"], kind=ExecutionKind(row["kind"]), codes=tuple(row["codes"]),
        **{name: row[name] for name in same},
    )  # fmt: skip


def _lot(row: Row) -> ClosedLot:
    same = (
        "trade",
        "con_id",
        "opened",
        "closed",
        "quantity",
        "cost",
        "realized_pnl",
        "currency",
        "multiplier",
        "is_wash_sale",
    )
    return ClosedLot(key=row["lot"], **{name: row[name] for name in same})


def _event(row: Row) -> OptionEvent:
    same = ("day", "kind", "quantity", "price", "proceeds", "realized_pnl", "currency", "trade_id")
    return OptionEvent(key=row["event"], contract=_contract(row), **{name: row[name] for name in same})


def _flow(row: Row) -> CashTransaction:
    return CashTransaction(
        row["flow_id"], row["ts"], row["session_date"], row["kind"], row["kind"].title(), row["amount"], row["currency"],
        row["rate_to_base"], row["description"], row["symbol"], row["con_id"],
    )  # fmt: skip


def _accrual(row: Row) -> DividendAccrual:
    same = (
        "con_id",
        "symbol",
        "day",
        "ex_date",
        "pay_date",
        "quantity",
        "gross",
        "tax",
        "net",
        "currency",
        "is_open",
        "rate_to_base",
    )
    return DividendAccrual(key=row["accrual"], **{name: row[name] for name in same})


def _nav(row: Row) -> NavDay:
    return NavDay(**{name: value for name, value in row.items() if name not in ("account", "statement")})


def _position(row: Row) -> OpenPosition:
    lots = tuple(
        OpenLot(
            row["con_id"],
            each["opened"],
            Decimal(each["quantity"]),
            None if each["cost"] is None else Decimal(each["cost"]),
        )
        for each in row["lots"]
    )
    same = ("day", "quantity", "mark", "value", "cost", "unrealized_pnl", "currency", "rate_to_base", "multiplier")
    return OpenPosition(contract=_contract(row), lots=lots, **{name: row[name] for name in same})


def _fill(row: Row) -> KnownFill:
    quantity = row["quantity"] if row["side"] == "BOT" else -row["quantity"]
    return KnownFill(
        row["key"], row["trade"], row["con_id"], row["name"], row["ts"], quantity, row["price"], Decimal(repr(row["multiplier"])),
        row["currency"], row["commission"], row["commission_currency"] or row["currency"], row["source"] == "api",
        row["symbol"].partition(".")[0] if row["sec_type"] == "CASH" else None, row["symbol"],
    )  # fmt: skip
