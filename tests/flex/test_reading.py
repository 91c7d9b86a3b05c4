"""Files that are no whole, plain statement are refused with one sentence; what isn't known is left out and named."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from data.flex.reading import read
from data.flex.records import Statement
from data.flex.safety import FlexError
from data.model import ExecutionKind
from tests.book.lives import KO, P60, START, Life
from tests.support.statement import Draft, Owed, Writer, document

NEW_YORK = ZoneInfo("America/New_York")
LAST = date(2026, 1, 30)


@pytest.fixture
def life() -> Life:
    """A put is sold and assigned, the shares are sold, money comes and a dividend is paid and owed."""
    life = Life()
    life.flow("deposit", Decimal(10_000), "USD")
    life.fill(P60.con_id, Decimal(-1), Decimal("1.5"), fee=Decimal("0.65"), order="o1")
    life.now += timedelta(days=10)
    life.deliver(P60.con_id, Decimal(1), "assignment")
    life.now += timedelta(days=2)
    life.flow("dividend", Decimal("48.50"), "USD", "KO")
    life.fill(KO.con_id, Decimal(-40), Decimal(63), fee=Decimal(1), order="o2")
    return life


@pytest.fixture
def draft(life: Life) -> Draft:
    owed = Owed(KO, date(2026, 1, 20), date(2026, 3, 1), Decimal(60), Decimal("29.1"), Decimal("4.37"))
    return Writer("U1234567", life.fills, life.changes, life.flows, owed=[owed]).statement(START.date(), LAST)


def statements(folder: Path, text: str | bytes, zone: ZoneInfo = NEW_YORK) -> list[Statement]:
    path = folder / "file.xml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(read(path, zone))


def test_what_a_statement_says(tmp_path: Path, draft: Draft, life: Life) -> None:
    (found,) = statements(tmp_path, document(draft))
    assert (found.account, found.base_currency, found.first_day, found.last_day) == (
        "U1234567",
        "USD",
        START.date(),
        LAST,
    )
    sold, option, shares, closing = found.trades
    assert (sold.exec_id, sold.price, sold.commission, sold.net_cash) == (
        "e0000.01",
        Decimal("1.5"),
        Decimal("-0.65"),
        Decimal("149.35"),
    )
    assert (sold.contract.symbol, sold.contract.strike, sold.contract.right, sold.contract.multiplier) == (
        "KO",
        60.0,
        "P",
        100.0,
    )
    assert sold.time == START
    assert [t.kind for t in (option, shares)] == [ExecutionKind.ASSIGNMENT] * 2
    assert (option.exec_id, option.is_booked, option.realized_pnl) == (None, True, 0)
    assert closing.realized_pnl == Decimal("2519") - Decimal("5850.65") * 40 / 100
    (lot,) = found.closed_lots
    assert (lot.trade, lot.quantity, lot.opened) == (closing.key, 40, shares.time)
    assert [(e.kind, e.trade_id) for e in found.option_events] == [("assignment", option.trade_id)]
    assert [(c.kind, c.amount) for c in found.cash_transactions] == [
        ("deposit", 10_000),
        ("dividend", Decimal("48.50")),
    ]
    (held,) = found.positions
    assert (held.quantity, held.cost, len(held.lots)) == (60, Decimal("5850.65") * 60 / 100, 1)
    assert [(a.net, a.is_open) for a in found.accruals] == [(Decimal("24.73"), True)]
    assert found.nav[-1].total == found.nav_change["ending_value"]
    assert found.dropped == ()


ENTITY = '<!DOCTYPE a [<!ENTITY b "c">]>'
BOMB = '<!DOCTYPE a [<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)) + "]>"
OUTSIDE = '<!DOCTYPE a SYSTEM "file:///etc/passwd">'
NO_FLEX = "<html><body>Log in</body></html>"
REFUSAL = "<FlexStatementResponse><Status>Fail</Status><ErrorCode>1019</ErrorCode></FlexStatementResponse>"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is empty"),
        ("   \n", "it is empty"),
        ("Date,Amount\n2026-01-01,5", "it is no XML: choose the format XML"),
        (NO_FLEX, "its root is <html>"),
        (REFUSAL, "an answer of the Flex Web Service"),
        ('<FlexQueryResponse type="TCF"><FlexStatements count="0"/></FlexQueryResponse>', "another kind of Flex query"),
        ('<FlexQueryResponse type="AF"><FlexStatements count="0"/></FlexQueryResponse>', "no statement in it"),
        ('<FlexQueryResponse type="AF"><Other/></FlexQueryResponse>', "<Other> is where a statement should be"),
        (f"{ENTITY}<FlexQueryResponse/>", "a document type"),
        (f"{BOMB}<FlexQueryResponse>&a11;</FlexQueryResponse>", "a document type"),
        (f"{OUTSIDE}<FlexQueryResponse/>", "a document type"),
        ('<FlexQueryResponse type="AF">&b;</FlexQueryResponse>', "it has entities"),
        ("<a>" * 5000, "its root is <a>"),
        ('<FlexQueryResponse type="AF"><FlexStatements><FlexStatement><S>' + "<a>" * 5000, "nested deeper"),
        (b"PK\x03\x04....", "it is packed"),
        ("<?xml version='1.0' encoding='UTF-16'?><FlexQueryResponse/>", "it says that it is in UTF-16"),
        ("<?xml version='1.0' encoding='klingon'?><FlexQueryResponse/>", "it says that it is in klingon"),
        ("<FlexQueryResponse a='ä'/>".encode("latin-1"), "not in UTF-8"),
        ("<FlexQueryResponse/>".encode("utf-16"), "not in UTF-8"),
        (b"<FlexQueryResponse/>\0", "zero bytes"),
        (f"<FlexQueryResponse a='{'x' * 70_000}'/>", "is longer than any statement's"),
    ],
)  # fmt: skip
def test_what_is_no_statement(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(FlexError, match="^it |^its |^a |^there ") as found:
        statements(tmp_path, text)
    assert words in str(found.value)
    assert "\n" not in str(found.value)


def test_a_file_that_is_cut_off_anywhere_gives_no_statement(tmp_path: Path, draft: Draft) -> None:
    text = document(draft, draft)
    for length in range(200, len(text) - 30, len(text) // 25):
        given = read(_file(tmp_path, text[:length]), NEW_YORK)
        with pytest.raises(FlexError, match="cut off|no well-formed XML"):
            next(given)


def _file(folder: Path, text: str) -> Path:
    path = folder / "cut.xml"
    path.write_text(text)
    return path


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, draft: Draft) -> None:
    monkeypatch.setattr("data.flex.safety.MOST_BYTES", 1000)
    with pytest.raises(FlexError, match="larger than"):
        statements(tmp_path, document(draft))


def test_a_statement_is_missing(tmp_path: Path, draft: Draft) -> None:
    with pytest.raises(FlexError, match="it says that it has 2 statements, but there are 1"):
        statements(tmp_path, document(draft).replace('count="1"', 'count="2"'))


def test_what_is_not_known_is_left_out_and_named(tmp_path: Path, draft: Draft) -> None:
    plain = statements(tmp_path, document(draft))[0]
    draft.sections["MoonPhases"] = [{"_tag": "MoonPhase", "phase": "full"}] * 3
    draft.sections["Trades"][0] |= {"newField": "1", "orderType": "SNAP PEG", "notes": "O;Zz"}
    draft.sections["CashTransactions"][1]["type"] = "Tips"
    draft.sections["Trades"][-1]["currency"] = "WIR"  # Swiss, and no ISO code
    (found,) = statements(tmp_path, document(draft))
    assert set(found.dropped) == {
        "Section or line MoonPhases isn't known and was left out (3 times).",
        "Field Trade.newField isn't known and was left out.",
        "Trade.orderType “SNAP PEG” isn't known and counts as other (once).",
        "Trade.notes “Zz” isn't known and counts as other (once).",
        "CashTransaction.type “Tips” isn't known and counts as other (once).",
    }
    assert found.trades[0].codes == ("O", "other")
    assert [c.kind for c in found.cash_transactions] == ["deposit", "other"]
    assert found.closed_lots[0].currency == "WIR"
    assert found.trades[1:] == plain.trades[1:]


@pytest.mark.parametrize(
    ("section", "index", "field", "value", "words"),
    [
        ("Trades", 0, "quantity", "many", "Trade.quantity is 'many', which is no number"),
        ("Trades", 0, "quantity", "NaN", "Trade.quantity is 'NaN', which is no amount"),
        ("Trades", 0, "tradePrice", "1E+999999", "Trade.tradePrice is '1E+999999', which is no amount"),
        ("Trades", 0, "quantity", "", "a Trade has no quantity: tick that field"),
        ("Trades", 0, "conid", "", "a Trade has no contract id: tick the field Conid"),
        ("Trades", 0, "dateTime", "03/05/2026;10:00:00", "can be read in two ways: choose the date format yyyy-MM-dd"),
        ("Trades", 0, "dateTime", "2026-13-45;10:00:00", "Trade.dateTime is '2026-13-45;10:00:00', which is no time"),
        ("Trades", 0, "dateTime", "2026-01-05;10:00:00 XYZ", "names the time zone XYZ"),
        ("CashTransactions", 0, "currency", "U$", "which is no currency"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_refused(
    tmp_path: Path, draft: Draft, section: str, index: int, field: str, value: str, words: str
) -> None:
    with pytest.raises(FlexError) as found:
        statements(tmp_path, document(draft.change(section, index, field, value)))
    assert words in str(found.value)


@pytest.mark.parametrize(
    ("written", "zone", "hour"),
    [
        ("2026-07-06;10:00:00", "America/New_York", 14),
        ("2026-07-06;10:00:00", "Europe/London", 9),
        ("20260706;100000", "America/New_York", 14),
        ("2026-07-06, 10:00:00", "America/New_York", 14),
        ("2026-07-06;10:00:00 EDT", "Europe/London", 14),
        ("2026-07-06T10:00:00-0500", "America/New_York", 15),
        ("2026-07-06 10:00:00Z", "America/New_York", 10),
    ],
)  # fmt: skip
def test_times(tmp_path: Path, draft: Draft, written: str, zone: str, hour: int) -> None:
    (found,) = statements(tmp_path, document(draft.change("Trades", 0, "dateTime", written)), ZoneInfo(zone))
    assert found.trades[0].time == datetime(2026, 7, 6, hour, tzinfo=UTC)


def test_sums_beside_their_details_are_not_counted_twice(tmp_path: Path, draft: Draft) -> None:
    plain = statements(tmp_path, document(draft))[0]
    draft.sections["CashTransactions"].append(draft.sections["CashTransactions"][0] | {"levelOfDetail": "SUMMARY"})
    draft.sections["Trades"].append(draft.sections["Trades"][0] | {"_tag": "Order", "levelOfDetail": "ORDER"})
    draft.sections["Trades"].append(
        draft.sections["Trades"][0] | {"_tag": "SymbolSummary", "levelOfDetail": "SYMBOL_SUMMARY"}
    )
    (found,) = statements(tmp_path, document(draft))
    assert (found.trades, found.cash_transactions) == (plain.trades, plain.cash_transactions)
