"""What real statements do that a tidy one doesn't: currencies changed by hand, balances among the movements, sections left out."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.book.lives import KO, START, Life
from tests.flex.conftest import ACCOUNT, Importer, everything
from tests.flex.test_importing import LAST, bought_twice, writer
from tests.support.statement import Draft

SECTIONS = sorted(writer(bought_twice()).statement(START.date(), LAST).sections)


def changed(draft: Draft, **fields: str) -> Draft:
    """With 1,000 EUR sold for 1,100 USD and a fee of 2 EUR, as the broker writes it: net cash 0, both currencies in the cash report."""
    draft.sections["Trades"].append(draft.sections["Trades"][0] | {
        "tradeID": "777", "transactionID": "778", "assetCategory": "CASH", "symbol": "EUR.USD", "conid": "12087792", "multiplier": "1",
        "quantity": "-1000", "tradePrice": "1.1", "proceeds": "1100", "netCash": "0", "cost": "0", "fifoPnlRealized": "0", "buySell": "SELL",
        "ibCommission": "-2", "ibCommissionCurrency": "EUR", "notes": "", "ibExecID": "0001.x.01.01",
    } | fields)  # fmt: skip
    dollars = next(row for row in draft.sections["CashReport"] if row["currency"] == "USD")
    dollars["netTradesSales"] = f"{Decimal(dollars.get('netTradesSales', '0')) + 1100}"
    dollars["endingCash"] = f"{Decimal(dollars['endingCash']) + 1100}"
    draft.sections["CashReport"].append({
        "accountId": draft.account, "currency": "EUR", "levelOfDetail": "Currency", "startingCash": "5000",
        "netTradesPurchases": "-1000", "commissions": "-2", "endingCash": "3998",
    })  # fmt: skip
    return draft.without("EquitySummaryInBase").without("ChangeInNAV")


def breaks(importer: Importer) -> list[dict[str, Any]]:
    (found,) = importer.rows("SELECT report->'breaks' FROM reconciliations WHERE account = %s", ACCOUNT)
    return list(found[0])


@pytest.mark.parametrize("notes", ["", "AFx"])
def test_changed_currencies_agree_with_the_cash_report(importer: Importer, notes: str) -> None:
    draft = changed(writer(bought_twice()).statement(START.date(), LAST), notes=notes)
    draft.sections["CashReport"] = [row for row in draft.sections["CashReport"] if row["currency"] != "BASE_SUMMARY"]
    importer.take(draft)
    assert breaks(importer) == []
    assert importer.rows("SELECT amount, currency FROM cash_flows WHERE kind = 'conversion' ORDER BY 2") == (
        [(-1002, "EUR"), (1100, "USD")] if notes else []
    )


def test_balances_of_the_cash_report_moved_nothing(importer: Importer) -> None:
    draft = writer(bought_twice()).statement(START.date(), LAST)
    for row in draft.sections["CashReport"]:
        row |= {
            "slbNetCash": "4000",
            "slbEndingCashCollateral": "100",
            "avgCreditBalance": "99",
            "endingSettledCash": "3",
        }
    importer.take(draft)
    assert breaks(importer) == []


def test_the_premium_of_an_assigned_option_goes_to_the_shares(importer: Importer) -> None:
    """The broker gives the assigned option a cost, and no result."""
    draft = writer(bought_twice()).statement(START.date(), LAST)
    draft.sections["Trades"].append(draft.sections["Trades"][0] | {
        "tradeID": "779", "transactionID": "780", "assetCategory": "OPT", "symbol": "KO    260116P00060000", "conid": "991", "multiplier": "100",
        "underlyingSymbol": "KO", "strike": "60", "expiry": "2026-01-16", "putCall": "P", "quantity": "1", "tradePrice": "0", "proceeds": "0",
        "netCash": "0", "ibCommission": "0", "cost": "49.5", "fifoPnlRealized": "0", "notes": "A", "transactionType": "BookTrade",
        "ibExecID": "",
    })  # fmt: skip
    importer.take(draft.without("OpenPositions").without("EquitySummaryInBase"))
    assert [each for each in breaks(importer) if each["family"] == "trade_realized"] == []


def test_any_section_may_be_missing(importer: Importer) -> None:
    life = bought_twice()
    life.flow("deposit", Decimal(5000), "USD")
    life.flow("dividend", Decimal(12), "USD", "KO")
    for n, section in enumerate(SECTIONS):
        (done,) = importer.take(writer(life, f"DU70000{n:02}").statement(START.date(), LAST).without(section))
        assert (done["state"], done["open_breaks"]) == ("imported", 0), section


def test_few_sections_are_enough(importer: Importer) -> None:
    life = Life()
    life.flow("deposit", Decimal(5000), "USD")
    draft = writer(life).statement(START.date(), LAST)
    draft.sections = {"CashTransactions": draft.sections["CashTransactions"]}
    (done,) = importer.take(draft)
    assert (done["cash_transactions"], done["open_breaks"]) == (1, 0)


def test_a_correction_has_the_trade_id_of_what_it_corrects(importer: Importer) -> None:
    """The cancellation names that id too: it takes back the trade of its own size and price, in whichever order the files come."""
    first = writer(bought_twice()).statement(START.date(), date(2026, 1, 8))
    wrong = next(row for row in first.sections["Trades"] if row["quantity"] == "-100")
    later = {"reportDate": "2026-01-12"}
    cancel = wrong | later | {
        "tradeID": "", "transactionID": "", "transactionType": "TradeCancel", "buySell": "SELL (Ca.)", "quantity": "100", "notes": "Ca",
        "origTradeID": wrong["tradeID"], "ibExecID": "",
    }  # fmt: skip
    right = wrong | later | {"quantity": "-90", "ibExecID": wrong["ibExecID"].removesuffix("01") + "02"}
    second = writer(Life()).statement(date(2026, 1, 9), LAST, generated=first.generated + timedelta(days=20))
    second.sections["Trades"] = [cancel, right]
    importer.take(first)
    importer.take(second)
    counted = "SELECT revision, quantity FROM executions WHERE side = 'SLD' AND effective"
    assert importer.rows(counted) == [(2, 90)]
    before = everything(importer.conn, ACCOUNT)
    importer.conn.execute("DELETE FROM reconciliations")
    importer.take(first.change("Trades", 0, "tradePrice", "60.0"))  # the same again in other words
    assert importer.rows(counted) == [(2, 90)]
    assert everything(importer.conn, ACCOUNT, ["executions"]) == {"executions": before["executions"]}


def test_lots_that_leave_the_fees_out_are_not_held_against_their_trades(importer: Importer) -> None:
    life = bought_twice()
    life.fill(KO.con_id, Decimal(-100), Decimal(80), fee=Decimal(1), order="o80")
    draft = writer(life).statement(START.date(), LAST)
    lots = [row for row in draft.sections["Trades"] if row.get("_tag") == "Lot"]
    for row in lots:
        row["cost"] = f"{Decimal(row['cost']) - 1}"
    assert len(lots) == 2
    importer.take(draft)
    assert breaks(importer) == []


def test_orders_alone_are_named(importer: Importer) -> None:
    draft = writer(bought_twice()).statement(START.date(), LAST)
    draft.sections["Trades"] = [draft.sections["Trades"][0] | {"_tag": "Order", "levelOfDetail": "ORDER"}]
    (done,) = importer.take(draft.without("OpenPositions").without("EquitySummaryInBase").without("CashReport"))
    assert (done["trades"], done["dropped"]) == (
        0, ["Trades has orders or sums only: tick Executions in the Flex query, or no fill comes from it."],
    )  # fmt: skip
