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
from data.db import literal
from data.flex.derived import KEPT_FEE
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
from data.queries import query
from data.queries import statement as written
from data.reconciliation.against import NO_MONEY
from data.reconciliation.known import Known, KnownFill, KnownFlow
from data.reconciliation.report import trust_report

Conn = psycopg.Connection[Any]
Row = dict[str, Any]

BEFORE = "SELECT max(day) FROM statement_nav WHERE account = %(account)s AND day < %(first)s"


def reconcile(conn: Conn, account: str) -> int:
    """Compare every statement of `account` that counts; how many breaks are open. Role importer, within a transaction.

    Raises psycopg.Error.
    """
    kept, breaks = [], 0
    trips = folded(conn, account).trips
    for row in _rows(conn, "statements_counting", account=account):
        statement = stored_statement(conn, row)
        report = trust_report(statement, stored_knowledge(conn, statement, trips))
        conn.execute(
            literal(written("reconciliation")),
            {"statement": row["id"], "account": account, "breaks": report["open_breaks"], "report": json.dumps(report)},
        )
        kept.append(row["id"])
        breaks += report["open_breaks"]
    conn.execute(literal(written("reconciliations_gone")), {"account": account, "kept": kept})
    return breaks


def stored_statement(conn: Conn, row: Row) -> Statement:
    """A statement as its tables have it: of statements that overlap the newest word on each row."""
    account, first, last = row["account"], row["first_day"], row["last_day"]
    span = {"account": account, "first": first, "last": last, "id": row["id"]}
    (before,) = conn.execute(literal(BEFORE), span).fetchone() or (None,)
    return Statement(
        account=account, base_currency=row["base_currency"], first_day=first, last_day=last, generated=row["generated_at"],
        content_hash=row["content_hash"], query=row["query"],
        trades=tuple(_trade(each) for each in _rows(conn, "statement_trades_span", **span)),
        closed_lots=tuple(_lot(each) for each in _rows(conn, "statement_lots_span", **span)),
        option_events=tuple(_event(each) for each in _rows(conn, "statement_option_events_span", **span)),
        cash_transactions=tuple(_flow(each) for each in _rows(conn, "cash_flows_span", **span) if _is_transaction(each)),
        accruals=tuple(_accrual(each) for each in _rows(conn, "statement_accruals", **span)),
        nav=tuple(_nav(each) for each in _rows(conn, "statement_nav_span", **span, before=before or first)),
        rates=tuple(ConversionRate(**each) for each in _rows(conn, "conversion_rates_span", **span)),
        positions=tuple(_position(each) for each in _rows(conn, "statement_positions", **span)),
        cash=tuple(CashBalance(each["currency"], each["starting"], each["ending"], _amounts(each["parts"])) for each in _rows(conn, "statement_cash", **span)),
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
        each["session_date"]: Decimal(repr(each["net_liquidation_close"]))
        for each in _rows(conn, "reconciled_worth", **span)
    }
    fills = tuple(_fill(each) for each in _rows(conn, "reconciled_fills", **span))
    held: dict[int, Decimal] = defaultdict(Decimal)
    for each in _rows(conn, "reconciled_held", **span):
        held[each["con_id"]] += Decimal(repr(each["quantity"]))
    return Known(
        live=tuple(_fill(each) for each in _rows(conn, "reconciled_fills_live", **span)),
        fills=fills,
        flows=tuple(KnownFlow(each["flow_id"], each["ts"], each["kind"], each["amount"], each["currency"], each["flow_id"].startswith(KEPT_FEE)) for each in _rows(conn, "cash_flows_span", **span)),
        held=held if statement.last_day in samples else None,
        realized=realized(trips, {fill.key for fill in fills}),
        nav=samples,
    )  # fmt: skip


def _rows(conn: Conn, name: str, **params: Any) -> list[Row]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(literal(query(name)), params).fetchall()


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
