"""A trade that the broker takes back and whose fee it keeps: the fee is a row of the book, once, in whichever order the files come."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from tests.flex.conftest import ACCOUNT, Importer, everything
from tests.flex.test_importing import LAST, START, bought_twice, writer
from tests.support.statement import Draft

FEES = "SELECT session_date::text, amount, currency, base_amount, symbol, description FROM cash_flows WHERE kind = 'fee' ORDER BY 1"


def with_cancelled(returned: str, *, also: bool = True, hours: int = 0) -> Draft:
    """A purchase that was an error and cost 1.25, and (`also`) its cancellation, which gets `returned` back."""
    draft = writer(bought_twice()).statement(START.date(), LAST)
    draft.generated += timedelta(hours=hours)
    wrong = draft.sections["Trades"][0] | {
        "tradeID": "900", "transactionID": "901", "ibExecID": "0001.z.01.01", "quantity": "50", "proceeds": "-3000", "tradePrice": "60",
        "ibCommission": "-1.25", "netCash": "-3001.25", "cost": "3001.25",
    }  # fmt: skip
    cancel = wrong | {
        "tradeID": "902", "transactionID": "903", "transactionType": "TradeCancel", "buySell": "BUY (Ca.)", "notes": "Ca", "quantity": "-50",
        "proceeds": "3000", "ibCommission": returned, "netCash": f"{3000 + Decimal(returned)}", "cost": f"{-3000 - Decimal(returned)}", "origTradeID": "900",
        "ibExecID": "",
    }  # fmt: skip
    draft.sections["Trades"] += [wrong, cancel] if also else [wrong]
    moved = [Decimal("-1.25"), Decimal(returned) if also else Decimal(-3000)]
    dollars = next(row for row in draft.sections["CashReport"] if row["currency"] == "USD")
    dollars["commissions"] = (
        f"{Decimal(dollars.get('commissions', '0')) - Decimal('1.25') + (Decimal(returned) if also else 0)}"
    )
    if not also:
        dollars["netTradesPurchases"] = f"{Decimal(dollars.get('netTradesPurchases', '0')) - 3000}"
    dollars["endingCash"] = f"{Decimal(dollars['endingCash']) + sum(moved)}"
    draft.sections["CashReport"] = [row for row in draft.sections["CashReport"] if row["currency"] != "BASE_SUMMARY"]
    return draft.without("EquitySummaryInBase").without("ChangeInNAV").without("OpenPositions")


def breaks(importer: Importer) -> list[Any]:
    (found,) = importer.rows("SELECT report->'breaks' FROM reconciliations WHERE account = %s", ACCOUNT)
    return list(found[0])


@pytest.mark.parametrize(("returned", "kept"), [("0", "-1.25"), ("0.5", "-0.75"), ("1.25", None), ("-1.25", "-2.5")])
def test_what_is_kept_is_a_fee_and_no_break(importer: Importer, returned: str, kept: str | None) -> None:
    importer.take(with_cancelled(returned))
    amount = Decimal(kept or 0)
    assert importer.rows(FEES) == (
        [("2026-01-05", amount, "USD", amount, "KO", "Fee kept on a cancelled trade: KO")] if kept else []
    )
    assert breaks(importer) == []
    assert importer.rows("SELECT sum(quantity) FROM executions WHERE effective AND side = 'BOT'") == [(200,)]


def test_in_any_order_and_however_often(importer: Importer) -> None:
    """One file has the trade, one generated later has its cancellation too, and the newest has neither."""
    trade, cancelled = with_cancelled("0", also=False), with_cancelled("0", hours=1)
    importer.take(trade)
    assert importer.rows(FEES) == []
    importer.take(cancelled)
    expected = everything(importer.conn, ACCOUNT, ["cash_flows"])
    assert [amount for _, amount, *_ in importer.rows(FEES)] == [Decimal("-1.25")]
    for order in permutations([trade, cancelled, cancelled]):
        for table in (
            "reconciliations",
            "statement_lots",
            "statement_trades",
            "cash_flows",
            "statement_cash",
            "statements",
        ):
            importer.conn.execute(f"DELETE FROM {table} WHERE account = %s", [ACCOUNT])  # type: ignore[arg-type]
        for draft in order:
            importer.take(draft)
        assert everything(importer.conn, ACCOUNT, ["cash_flows"]) == expected
    neither = writer(bought_twice()).statement(START.date(), LAST)
    neither.generated += timedelta(hours=2)
    importer.take(neither)
    assert importer.rows(FEES) == []
