"""Reports are made from what the tables have, and are made anew."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from data.db import connect
from data.flex.records import Statement
from data.model import Contract, Role
from data.reconciling import reconcile
from tests.reconciliation.lives import life

ACCOUNT = "U1"


@pytest.fixture
def statement() -> Statement:
    return life(7)


def test_a_stored_statement_agrees_and_a_wrong_fill_is_one_break(database_url: str, statement: Statement) -> None:
    with connect(database_url, Role.IMPORTER, "test", autocommit=True) as conn:
        conn.execute("INSERT INTO accounts (account, source, base_currency) VALUES (%s, 'live', 'USD')", [ACCOUNT])
        store(conn, statement)
        assert reconcile(conn, ACCOUNT) == 0, report(conn)["breaks"]
        first = report(conn)
        assert (first["trades"], first["days"]) == (len(statement.trades), 5)
        assert sum(each["checked"] for each in first["compared"] if each["family"] == "fill_price") == len(
            statement.trades
        )
        # The API says another commission for one fill: that, and the fees and the cash that it is part of.
        conn.execute("UPDATE executions SET commission = commission + 1 WHERE base_exec_id = '0001.0'")
        assert reconcile(conn, ACCOUNT) == 1
        (found,) = report(conn)["breaks"]
        assert (found["family"], found["difference"]) == ("fill_commission", "1.00")
        assert {each["family"] for each in found["follows"]} == {"cash", "fees", "realized"}
        conn.execute("UPDATE executions SET commission = commission - 1 WHERE base_exec_id = '0001.0'")
        assert reconcile(conn, ACCOUNT) == 0


def report(conn: psycopg.Connection[Any]) -> dict[str, Any]:
    ((found,),) = conn.execute("SELECT report FROM reconciliations").fetchall()
    shown: dict[str, Any] = found
    return shown


def store(conn: psycopg.Connection[Any], statement: Statement) -> None:
    """As the tables of statements are filled, with an execution of the API for every trade."""
    (number,) = conn.execute(
        "INSERT INTO statements (account, base_currency, first_day, last_day, generated_at, content_hash, file_name, sections,"
        " nav_change, result) VALUES (%s, 'USD', %s, %s, %s, 'x', 'x.xml', %s, %s, '{}') RETURNING id",
        [ACCOUNT, statement.first_day, statement.last_day, statement.generated, json.dumps({n: [] for n in statement.sections}),
         texts(statement.nav_change)],
    ).fetchone() or (None,)  # fmt: skip
    for each in statement.contracts:
        contract(conn, each)
    for trade in statement.trades:
        row = (ACCOUNT, trade.key, number, trade.contract.con_id, trade.time, trade.trade_date, trade.trade_date, trade.report_date,
               trade.kind, trade.quantity, trade.price, trade.multiplier, trade.currency, False, False, trade.trade_id, trade.proceeds,
               trade.commission, trade.commission_currency, trade.taxes, trade.net_cash, trade.cost, trade.realized_pnl,
               trade.rate_to_base, trade.exec_id)  # fmt: skip
        conn.execute(
            "INSERT INTO statement_trades (account, trade, statement, con_id, ts, session_date, trade_date, report_date, kind, quantity,"
            " price, multiplier, currency, is_booked, is_conversion, trade_id, proceeds, commission, commission_currency, taxes, net_cash,"
            f" cost, realized_pnl, rate_to_base, base_exec_id) VALUES ({', '.join(['%s'] * len(row))})",
            row,
        )
        conn.execute(
            "INSERT INTO executions (account, base_exec_id, revision, effective, exec_id, changed_revision, source, kind, con_id, ts,"
            " session_date, side, quantity, price, commission, commission_currency)"
            " VALUES (%s, %s, 1, true, %s, 1, 'api', 'trade', %s, %s, %s, %s, %s, %s, %s, %s)",
            [ACCOUNT, trade.exec_id, trade.exec_id, trade.contract.con_id, trade.time, trade.trade_date,
             "BOT" if trade.quantity > 0 else "SLD", abs(trade.quantity), trade.price, -(trade.commission or Decimal(0)), trade.currency],
        )  # fmt: skip
    for lot in statement.closed_lots:
        conn.execute(
            "INSERT INTO statement_lots VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [ACCOUNT, lot.key, number, lot.trade, lot.con_id, lot.opened, lot.closed, lot.quantity, lot.cost, lot.realized_pnl,
             lot.currency, lot.multiplier, lot.is_wash_sale],
        )  # fmt: skip
    for flow in statement.cash_transactions:
        conn.execute(
            "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, rate_to_base, base_amount, source)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'statement')",
            [ACCOUNT, flow.key, flow.time, flow.report_date, flow.kind, flow.amount, flow.currency, flow.rate_to_base,
             flow.amount * (flow.rate_to_base or 1)],
        )  # fmt: skip
    for day in statement.nav:
        conn.execute(
            "INSERT INTO statement_nav (account, day, statement, currency, total, cash, stock, options, dividend_accruals, other)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                ACCOUNT,
                day.day,
                number,
                day.currency,
                day.total,
                day.cash,
                day.stock,
                day.options,
                day.dividend_accruals,
                day.other,
            ],
        )
    for rate in statement.rates:
        conn.execute(
            "INSERT INTO conversion_rates VALUES (%s, %s, %s, %s)",
            [rate.day, rate.currency, rate.to_currency, rate.rate],
        )
    for held in statement.positions:
        lots = [{"opened": str(one.opened), "quantity": str(one.quantity), "cost": str(one.cost)} for one in held.lots]
        conn.execute(
            "INSERT INTO statement_positions VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [number, ACCOUNT, held.contract.con_id, held.day, held.quantity, held.mark, held.value, held.cost, held.unrealized_pnl,
             held.currency, held.rate_to_base, held.multiplier, json.dumps(lots)],
        )  # fmt: skip
    for line in statement.cash:
        conn.execute(
            "INSERT INTO statement_cash VALUES (%s, %s, %s, %s, %s, %s)",
            [number, ACCOUNT, line.currency, line.starting, line.ending, texts(line.parts)],
        )
    for owed in statement.accruals:
        conn.execute(
            "INSERT INTO dividend_accruals VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [ACCOUNT, owed.key, number, owed.con_id, owed.day, owed.ex_date, owed.pay_date, owed.quantity, owed.gross, owed.tax, owed.net,
             owed.currency, owed.rate_to_base, owed.is_open],
        )  # fmt: skip


def texts(amounts: Any) -> str:
    return json.dumps({name: str(amount) for name, amount in amounts.items()})


def contract(conn: psycopg.Connection[Any], each: Contract) -> None:
    conn.execute(
        'INSERT INTO contracts (con_id, symbol, local_symbol, sec_type, currency, expiry, strike, "right", multiplier)'
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            each.con_id,
            each.symbol,
            each.local_symbol,
            each.sec_type,
            each.currency,
            each.expiry,
            each.strike,
            each.right,
            each.multiplier,
        ],
    )
