"""What a statement does to the database and the book, or doesn't."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from data.book.keeping import Keeper
from data.book.sources import Fill
from data.db import DatabaseError, connect
from data.model import Role
from tests.book.lives import KO, P60, START, Life
from tests.flex.conftest import ACCOUNT, Importer, everything
from tests.support.statement import Writer, write

Conn = psycopg.Connection[Any]
LAST = date(2026, 1, 30)


def writer(life: Life, account: str = ACCOUNT, **options: Any) -> Writer:
    return Writer(account, life.fills, life.changes, life.flows, **options)


def bought_twice() -> Life:
    """100 at 60, 100 at 70, 100 sold at 75."""
    life = Life()
    for price, quantity in ((60, 100), (70, 100), (75, -100)):
        life.fill(KO.con_id, Decimal(quantity), Decimal(price), fee=Decimal(1), order=f"o{price}")
        life.now += timedelta(days=1)
    return life


@pytest.mark.parametrize(("method", "left"), [("FIFO", 70), ("LIFO", 60)])
def test_closed_lots_overrule_first_in_first_out(importer: Importer, agent: Conn, method: Any, left: int) -> None:
    importer.take(writer(bought_twice(), method=method).statement(START.date(), LAST))
    keeper = Keeper(agent)
    keeper.look()
    (trip,) = keeper._accounts[ACCOUNT].book.trips
    assert [lot.fill.price for lot in trip.lots] == [left]
    assert trip.broker_basis == 100 * left + 1


def test_closed_lots_that_come_after_the_fold(importer: Importer, agent: Conn) -> None:
    life = bought_twice()
    plain = writer(life).statement(START.date(), LAST)
    plain.sections["Trades"] = [row for row in plain.sections["Trades"] if row.get("_tag") != "Lot"]
    keeper = Keeper(agent)
    importer.take(plain)
    keeper.look()
    importer.take(writer(life, method="LIFO").statement(START.date(), LAST + timedelta(days=1)))
    keeper.look()
    (trip,) = keeper._accounts[ACCOUNT].book.trips
    assert [lot.fill.price for lot in trip.lots] == [60]


def test_what_was_held_before_has_the_price_of_its_lots(importer: Importer, agent: Conn) -> None:
    """The first statement begins when shares and a short put are there; later it sells the shares, and the put expires."""
    life = Life()
    life.fill(KO.con_id, Decimal(100), Decimal(60), fee=Decimal(1), order="o1")
    life.fill(P60.con_id, Decimal(-2), Decimal("1.5"), order="o2")
    life.now = datetime.combine(date(2026, 2, 10), START.timetz())
    life.fill(KO.con_id, Decimal(-100), Decimal(75), fee=Decimal(1), order="o3")
    life.fill(P60.con_id, Decimal(2), Decimal(0), "expiry")
    later = writer(life)
    importer.take(later.statement(date(2026, 2, 1), date(2026, 2, 27)))
    keeper = Keeper(agent)
    keeper.look()
    assert importer.rows("SELECT con_id, ts, quantity, price FROM openings ORDER BY con_id") == [
        (KO.con_id, START, 100, Decimal("60.01")), (P60.con_id, START, -2, Decimal("1.5")),
    ]  # fmt: skip
    assert importer.rows("SELECT con_id, opened, net, quantity FROM round_trips ORDER BY con_id") == [
        (KO.con_id, START, 1498, 0), (P60.con_id, START, 300, 0),
    ]  # fmt: skip
    importer.take(later.statement(date(2026, 1, 1), date(2026, 1, 31)))  # then the month before is found
    keeper.look()
    assert importer.rows("SELECT * FROM openings") == []
    assert importer.rows("SELECT net, quantity FROM round_trips ORDER BY con_id") == [(1498, 0), (300, 0)]
    before = everything(importer.conn, ACCOUNT)
    Keeper(agent).look()
    assert everything(importer.conn, ACCOUNT) == before


def test_without_lots_what_was_held_before_has_no_result(importer: Importer, agent: Conn) -> None:
    life = Life()
    life.fill(KO.con_id, Decimal(100), Decimal(60), order="o1")
    life.now = datetime.combine(date(2026, 2, 10), START.timetz())
    life.fill(KO.con_id, Decimal(-40), Decimal(75), order="o3")
    draft = writer(life).statement(date(2026, 2, 1), date(2026, 2, 27))
    draft.sections["Trades"] = [row for row in draft.sections["Trades"] if row.get("_tag") != "Lot"]
    (done,) = importer.take(draft)
    assert any("Closed Lots" in sentence for sentence in done["lacks"])
    Keeper(agent).look()
    assert importer.rows("SELECT quantity, net, open_price FROM round_trips") == [(60, None, None)]


def test_the_statement_completes_what_the_api_row_lacks(url18: str, importer: Importer) -> None:
    from tests.book.test_keeping import execution
    from tests.web import samples

    life = bought_twice()
    with samples.writer(url18) as poller:
        importer.conn.execute("INSERT INTO accounts (account, source) VALUES (%s, 'paper')", [ACCOUNT])
        poller.flush(ACCOUNT, executions=tuple(execution(ACCOUNT, _bare(fill)) for fill in life.fills))
        assert importer.rows("SELECT count(*), count(commission), count(realized_pnl) FROM executions") == [(3, 0, 0)]
        importer.take(writer(life).statement(START.date(), LAST))
    assert importer.rows("SELECT source, commission, commission_currency, realized_pnl FROM executions ORDER BY ts") == [
        ("api", 1, "USD", 0), ("api", 1, "USD", 0), ("api", 1, "USD", 1498),
    ]  # fmt: skip


def _bare(fill: Fill) -> Fill:
    from dataclasses import replace

    return replace(fill, fee=None)


def test_a_trade_that_the_broker_takes_back(importer: Importer, agent: Conn) -> None:
    life = bought_twice()
    first = writer(life).statement(START.date(), date(2026, 1, 8))
    keeper = Keeper(agent)
    importer.take(first)
    keeper.look()
    wrong = next(row for row in first.sections["Trades"] if row["quantity"] == "-100")
    cancel = wrong | {
        "tradeID": "555", "transactionID": "556", "transactionType": "TradeCancel", "buySell": "SELL (Ca.)", "quantity": "100",
        "notes": "Ca", "origTradeID": wrong["tradeID"], "ibExecID": "", "reportDate": "2026-01-12", "tradeDate": "2026-01-12",
    }  # fmt: skip
    second = writer(Life()).statement(date(2026, 1, 9), LAST)
    second.sections["Trades"] = [cancel]
    importer.take(second)
    keeper.look()
    assert importer.rows("SELECT quantity, effective, source FROM executions WHERE side = 'SLD' ORDER BY revision") == [
        (100, False, "statement"), (0, True, "statement"),
    ]  # fmt: skip
    assert importer.rows("SELECT quantity FROM round_trips") == [(200,)]
    # Generated anew, the second no longer takes it back.
    again = writer(Life()).statement(date(2026, 1, 9), LAST, generated=second.generated + timedelta(days=1))
    importer.take(again)
    keeper.look()
    assert importer.rows("SELECT quantity FROM round_trips") == [(100,)]


def test_a_split_and_a_renaming(importer: Importer, agent: Conn) -> None:
    from dataclasses import replace
    from fractions import Fraction

    life = Life()
    life.fill(KO.con_id, Decimal(100), Decimal(60), order="o1")
    life.change(KO.con_id, KO, Fraction(2))
    life.change(KO.con_id, replace(KO, con_id=77, symbol="COKE", local_symbol="COKE"), Fraction(1))
    life.now += timedelta(days=1)
    life.terms[77] = replace(KO, con_id=77, symbol="COKE", local_symbol="COKE")
    life.held[77] = Decimal(200)
    life.fill(77, Decimal(-200), Decimal(31), order="o2")
    (done,) = importer.take(writer(life).statement(START.date(), LAST))
    assert (done["corporate_actions"], done["open_breaks"]) == (3, 0)
    Keeper(agent).look()
    assert importer.rows("SELECT quantity, gross, peak FROM round_trips") == [(0, 200, 200)]


def test_accounts_base_currencies_and_years_are_kept_apart(importer: Importer) -> None:
    life = bought_twice()
    drafts = [
        writer(life, account, base=base, rates={"USD": Decimal("0.9")} if base == "EUR" else None).statement(*span)
        for account, base in (("DU1000001", "USD"), ("DU1000002", "EUR"))
        for span in ((START.date(), date(2026, 1, 6)), (date(2026, 1, 7), LAST))
    ]
    done = importer.take(*drafts)
    assert [(d["account"], d["trades"], d["open_breaks"]) for d in done] == [
        ("DU1000001", 2, 0), ("DU1000001", 1, 0), ("DU1000002", 2, 0), ("DU1000002", 1, 0),
    ]  # fmt: skip
    assert importer.rows("SELECT account, base_currency FROM accounts ORDER BY 1") == [
        ("DU1000001", "USD"),
        ("DU1000002", "EUR"),
    ]
    assert importer.rows("SELECT account, count(*) FROM executions GROUP BY 1 ORDER BY 1") == [
        ("DU1000001", 3),
        ("DU1000002", 3),
    ]


def test_automatic_conversions_are_no_trades(importer: Importer) -> None:
    draft = writer(bought_twice()).statement(START.date(), LAST)
    fx = draft.sections["Trades"][0] | {
        "tradeID": "777", "assetCategory": "CASH", "symbol": "EUR.USD", "conid": "12087792", "multiplier": "1", "quantity": "1000",
        "tradePrice": "1.1", "proceeds": "-1100", "netCash": "-1102", "ibCommission": "-2", "notes": "AFx", "ibExecID": "x.01",
    }  # fmt: skip
    draft.sections["Trades"].append(fx)
    importer.take(draft)
    assert importer.rows("SELECT count(*) FROM executions") == [(3,)]
    assert importer.rows("SELECT kind, amount, currency FROM cash_flows ORDER BY currency") == [
        ("conversion", 1000, "EUR"), ("conversion", -1102, "USD"),
    ]  # fmt: skip


def test_sources_never_share_a_database(importer: Importer, url18: str) -> None:
    life = bought_twice()
    importer.take(writer(life).statement(START.date(), LAST))
    with pytest.raises(DatabaseError, match="holds paper data, but U7654321 is a live account"):
        importer.take(writer(life, "U7654321").statement(START.date(), LAST))
    with connect(url18, None, "test", autocommit=True) as owner:
        owner.execute("UPDATE database_source SET source = 'demo'")
    before = everything(importer.conn, "U7654321"), importer.rows("SELECT count(*) FROM statements")
    for account in ("U7654321", "DU5555555"):
        with pytest.raises(DatabaseError, match=f"the demo's, which has no account {account}"):
            importer.take(writer(life, account).statement(START.date(), LAST))
    assert before == (everything(importer.conn, "U7654321"), importer.rows("SELECT count(*) FROM statements"))


def test_money_that_the_demo_booked_itself_is_not_counted_again(importer: Importer) -> None:
    life = Life()
    life.flow("deposit", Decimal(5000), "USD")
    life.flow("dividend", Decimal(12), "USD", "KO")
    importer.conn.execute("INSERT INTO accounts (account, source) VALUES (%s, 'paper')", [ACCOUNT])
    importer.conn.execute(
        "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, source)"
        " VALUES (%s, 'mine', %s, %s, 'deposit', 5000, 'USD', 'manual')", [ACCOUNT, START, START.date()],
    )  # fmt: skip
    importer.take(writer(life).statement(START.date(), LAST))
    assert importer.rows("SELECT kind, amount, source FROM cash_flows ORDER BY kind") == [
        ("deposit", 5000, "manual"), ("dividend", 12, "statement"),
    ]  # fmt: skip


def test_pages_hear_of_an_import(importer: Importer, url18: str) -> None:
    with connect(url18, Role.WEB, "test", autocommit=True) as web:
        web.execute("LISTEN mtz")
        importer.take(writer(bought_twice()).statement(START.date(), LAST))
        heard = [json.loads(note.payload) for note in web.notifies(timeout=10, stop_after=2)]
    assert {(note["topic"], note["account"]) for note in heard} == {("trades", ACCOUNT), ("portfolio", ACCOUNT)}


# -- the command


def command(url: str, *arguments: str | Path) -> subprocess.Popen[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("MTZ_")} | {"DATABASE_URL": url}
    return subprocess.Popen(
        [sys.executable, "-m", "dashboard.cli", "import-flex", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env,
    )  # fmt: skip


def test_the_command_says_what_each_file_brought(url18: str, importer: Importer, tmp_path: Path) -> None:
    good = write(tmp_path / "good.xml", writer(bought_twice()).statement(START.date(), LAST).without("ConversionRates"))
    bad = tmp_path / "bad.xml"
    bad.write_text("<html/>")
    said, errors = (process := command(url18, "--json", good, bad)).communicate(timeout=60)
    assert (process.returncode, errors) == (1, "")
    result = json.loads(said)
    assert result["problem"] == (
        "bad.xml was not imported: it is no Flex statement: its root is <html>, not <FlexQueryResponse>. Nothing of it was changed."
    )
    (done,) = result["files"][0]["statements"]
    assert (done["state"], done["trades"], done["new_executions"]) == ("imported", 3, 3)
    assert done["lacks"] == [
        "Transfers is missing: positions that came from another broker look as if nobody had bought them.",
        "Currency Conversion Rates is missing: amounts in other currencies may stay unconverted.",
    ]
    said, _ = (process := command(url18, good)).communicate(timeout=60)
    assert (process.returncode, said.splitlines()[1]) == (
        0,
        f"  {ACCOUNT}, 2026-01-05 to 2026-01-30: known already, nothing changed",
    )


def test_an_importer_that_is_killed_leaves_nothing(url18: str, importer: Importer, tmp_path: Path) -> None:
    """It is held up at the end of its transaction by a lock on what it writes last, and killed there."""
    path = write(tmp_path / "file.xml", writer(bought_twice()).statement(START.date(), LAST))
    importer.conn.execute("INSERT INTO accounts (account, source) VALUES (%s, 'paper')", [ACCOUNT])
    importer.conn.execute("INSERT INTO revisions (account, topic) VALUES (%s, 'trades')", [ACCOUNT])
    before = everything(importer.conn, ACCOUNT)
    with connect(url18, None, "test") as holder:
        holder.execute("SELECT * FROM revisions FOR UPDATE")
        process = command(url18, path)
        with connect(url18, None, "test", autocommit=True) as watch:
            _until(
                watch,
                "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'mtz import' AND wait_event_type = 'Lock'",
            )
            process.send_signal(signal.SIGKILL)
            process.communicate()
            holder.rollback()
            _until(watch, "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'mtz import'")
    assert everything(importer.conn, ACCOUNT) == before
    assert importer.rows("SELECT count(*) FROM statements") == [(0,)]
    process = command(url18, path)
    process.communicate(timeout=60)
    assert (process.returncode, importer.rows("SELECT count(*) FROM executions")) == (0, [(3,)])


def _until(conn: Conn, question: str) -> None:
    end = time.monotonic() + 60
    while not (conn.execute(question).fetchone() or (False,))[0]:
        assert time.monotonic() < end, question
        time.sleep(0.05)
