"""What is read of a bot: its output, its dry run's table, its records. The samples are what the real bots wrote."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from data.strategies.thetagang import orders, output, wording
from data.strategies.thetagang.records import DecisionReader
from data.strategies.wrapper import command
from data.strategies.wrapper.child import Kept
from data.strategies.wrapper.secrets import Masker
from tests.bots import files
from tests.bots.test_configuration import filled

RUN = """\
\x1b[1m                                      Call writing summary                                      \x1b[0m
┏━━━━━━━━┳━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
┃ Symbol ┃ Action ┃ Detail                                                                        ┃
┡━━━━━━━━╇━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┩
│ SOFI   │ None   │ Skipping because can_write_when_red=False and marketPrice=28.01 < close=28.34 │
└────────┴────────┴───────────────────────────────────────────────────────────────────────────────┘
│                              Rollable & closeable puts                                          │
│ │ F     261218P00012500 │ None   │ Can't be rolled because P&L of 1.0% is < 20.0% │              │
│ │ SOFI  261224P00026500 │ Roll   │ Can be rolled because P&L of 53.6% is >= 20.0% │              │
F: Finding eligible contracts failed. Continuing anyway...
2026 ERROR Failed to execute strategy momentum for QQQ: float() argument must be a string
"""
SUMMARY = """\
Rolling P positions...
F: Rolling from_strike=12.5 to_strike=12.0 from_dte=23 to_dte=23 price=$0.120 qty_to_roll=2
Rolling C positions...
Dry run enabled, no trades will be executed.
                                   Order Summary
         ╷          ╷                                                       ╷        ╷         ╷
  Symbol │ Exchange │ Contract                                              │ Action │ Price   │ Qty
╺━━━━━━━━┿━━━━━━━━━━┿━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┿━━━━━━━━┿━━━━━━━━━┿━━━━━╸
  F      │ SMART    │ Option(conId=920942873, symbol='F',                   │ SELL   │ $0.29   │ 7
         │          │ lastTradeDateOrContractMonth='20261231', strike=12.5, right='P', │        │         │
         │          │ multiplier='100', tradingClass='F')                   │        │         │
╶────────┼──────────┼───────────────────────────────────────────────────────┼────────┼─────────┼────╴
  F      │ SMART    │ Contract(secType='BAG', symbol='F', comboLegs=[ComboLeg(conId=9, action='BUY')]) │ BUY │ $-0.05 │ 2
╶────────┼──────────┼───────────────────────────────────────────────────────┼────────┼─────────┼────╴
  SGOV   │ SMART    │ Stock(conId=1, symbol='SGOV', exchange='SMART')       │ BUY    │ $100.50 │ 1,900
         ╵          ╵                                                       ╵        ╵         ╵
ThetaGang is done, shutting down! Cya next time. ✨
"""


def test_skips_and_troubles_of_an_output():
    said = output.read(RUN)
    assert [(one.kind, one.strategy, one.symbol, one.contract, one.reason) for one in said.skipped] == [
        ("skip", "wheel", "SOFI", None,
         "did not write calls on SOFI: Skipping because can_write_when_red=False and marketPrice=28.01 < close=28.34"),
        ("skip", "wheel", "F", "F 2026-12-18 12.5 P",
         "did not roll F 2026-12-18 12.5 P: Can't be rolled because P&L of 1.0% is < 20.0%"),
        ("skip", "wheel", "F", None, "did not write F: no contract meets the target"),
        ("error", "momentum", "QQQ", None, "float() argument must be a string"),
    ]  # fmt: skip
    assert said.strategies == {"momentum": "QQQ: float() argument must be a string"}
    assert "momentum" in (said.trouble or "")


def test_why_it_failed():
    alert = "ALERT: Run completed with rejected or unfilled orders: F SELL\nRuntimeError: 1 order(s)\nmore"
    assert output.read(alert).words == "Run completed with rejected or unfilled orders: F SELL"
    assert (
        output.read("a\nibapi.errors.TimeoutError: no answer\n  at exit").words
        == "ibapi.errors.TimeoutError: no answer"
    )
    assert output.read("only this").words == "only this"
    assert output.read("").words is None


def test_the_orders_of_a_dry_run():
    found = orders.intended(SUMMARY)
    assert [order["what"] for order in found] == [
        "SELL 7 F 2026-12-31 12.5 P LMT 0.29",
        "BUY 2 F combination LMT -0.05",
        "BUY 1,900 SGOV LMT 100.50",
    ]
    assert [order["cash"] for order in found] == [203.0, 10.0, -190950.0]
    assert [order["assignment"] for order in found] == [-8750.0, -2400.0, None]
    assert found[1]["note"] == "roll from 12.5 to 12 P, 23 days; an assignment buys 200 F at 12"
    assert orders.intended("nothing of the kind") == []


def test_events_in_words():
    assert wording.event("order_error", {"code": 202, "message": "cancelled"}) is None
    assert wording.event("order_error", {"code": 201, "message": "no funds"}) == (
        "rejection",
        "the broker answered 201: no funds",
    )
    gate = {"soft_breach": True, "regime_ok": False, "cooldown_ok": False}
    assert wording.event("regime_rebalance_gate", gate) == (
        "skip", "no rebalance: the market trends and the last rebalance is too recent",
    )  # fmt: skip
    assert wording.event("regime_rebalance_gate", {"orders": {"F": 1}}) is None
    assert wording.event("run_end", {"success": True}) is None


def test_masking():
    mask = Masker({"charlie77", "charlie77-and-more"})
    assert mask("user charlie77-and-more and charlie77") == "user *** and ***"
    assert mask("password: 'a b c' token=xyz IbPassword=q1") == "password: *** token=*** IbPassword=***"
    assert mask("postgresql://bob:pw@db/x") == "postgresql://bob:***@db/x"
    assert mask.arguments(["bot", "--api-key", "k", "-v"]) == ["bot", "--api-key", "***", "-v"]


def test_head_and_tail_are_kept():
    kept = Kept(head=4, tail=6)
    for piece in (b"abc", b"defgh", b"ijklmnop"):
        kept.add(piece)
    assert kept.text() == "abcd\n… 6 bytes left out …\nklmnop"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["thetagang", "--config", "a.toml", "-v"], ["thetagang", "--config", "/x/e.toml", "-v"]),
        (["thetagang", "--config=a.toml"], ["thetagang", "--config=/x/e.toml"]),
        (["python", "-m", "thetagang", "-c", "a.toml"], ["python", "-m", "thetagang", "-c", "/x/e.toml"]),
        (["thetagang", "-ca.toml"], ["thetagang", "-c/x/e.toml"]),
    ],
)
def test_the_configuration_of_a_command_line(tmp_path: Path, given: list[str], expected: list[str]):
    (tmp_path / "a.toml").touch()
    found = command.understand(given, {}, tmp_path)
    assert found.config == tmp_path / "a.toml"
    assert found.with_config(Path("/x/e.toml"))[0] == expected
    assert command.bot_name(given, None) == "thetagang"


# -- ThetaGang 2's records


SCHEMA = """
CREATE TABLE runs (id INTEGER PRIMARY KEY, started_at, config_path, dry_run, version, hostname, config_text);
CREATE TABLE events (id INTEGER PRIMARY KEY, run_id, created_at, event_type, symbol, payload);
CREATE TABLE order_intents (id INTEGER PRIMARY KEY, run_id, created_at, dry_run, symbol, sec_type, con_id, action, quantity,
                            limit_price, order_ref, payload_json);
CREATE TABLE orders (id INTEGER PRIMARY KEY, run_id, intent_id, symbol, sec_type, action, order_ref, order_id);
CREATE TABLE order_statuses (id INTEGER PRIMARY KEY, run_id, order_id, perm_id);
"""
START = datetime.fromisoformat("2026-11-25 15:30")  # naive UTC, as the bot writes it


class Records:
    """A bot's database as the bot writes it, and what was read of it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.config = folder / "thetagang.toml"
        self.config.write_text(filled(files.SECOND))
        (folder / "data").mkdir()
        self.path = folder / "data" / "thetagang.db"
        self.conn = psycopg.connect(url, autocommit=True, row_factory=dict_row)
        self.conn.execute(
            "INSERT INTO bots (bot, adapter, family, client_id, account, config_path) "
            "VALUES ('thetagang', 'wrapper', 'thetagang2', 7, 'DU1', %s)",
            [str(self.config)],
        )
        self.conn.execute(
            "INSERT INTO strategies (name, bot, symbols) VALUES ('thetagang/wheel', 'thetagang', '{F}'), "
            "('thetagang/tail_hedge', 'thetagang', '{KO}')"
        )
        self.reader_conn = psycopg.connect(url, autocommit=True)
        self.reader = DecisionReader()
        with sqlite3.connect(self.path) as bot:
            bot.executescript(SCHEMA)

    def close(self) -> None:
        self.conn.close()
        self.reader_conn.close()

    def write(self, table: str, **values: object) -> None:
        bot = sqlite3.connect(self.path)
        names = ", ".join(values)
        bot.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})", list(values.values()))
        bot.commit()
        bot.close()

    def run(self, number: int, path: str = "thetagang.mtz.toml", dry_run: int = 0) -> None:
        moment = START + timedelta(hours=number)
        config = str(self.config.with_name(path))
        self.write(
            "runs", id=number, started_at=str(moment), config_path=config, dry_run=dry_run, config_text="password"
        )

    def intent(self, number: int, run: int, **values: object) -> None:
        told = {
            "symbol": "F",
            "sec_type": "OPT",
            "con_id": 9,
            "action": "SELL",
            "quantity": 2,
            "limit_price": 0.3,
            "order_ref": "",
        }
        self.write("order_intents", id=number, run_id=run, created_at=str(START), **told | values)

    def event(self, number: int, run: int, event_type: str, **payload: object) -> None:
        self.write(
            "events", id=number, run_id=run, created_at=str(START), event_type=event_type, payload=json.dumps(payload)
        )

    def read(self) -> int | None:
        return self.reader.read(self.reader_conn, "thetagang")

    def rows(self) -> list[dict[str, object]]:
        return self.conn.execute("SELECT * FROM decisions ORDER BY source_key").fetchall()


@pytest.fixture
def records(url18: str, tmp_path: Path) -> Iterator[Records]:
    found = Records(url18, tmp_path)
    yield found
    found.close()


def test_an_intent_learns_its_order_when_the_run_is_read_again(records: Records):
    records.run(1)
    records.intent(1, 1)
    assert records.read() == 1
    assert records.read() == 0
    assert records.rows()[0]["perm_id"] is None
    records.write(
        "orders", run_id=1, intent_id=1, symbol="F", sec_type="OPT", action="SELL", order_ref="", order_id=174
    )
    records.write("order_statuses", run_id=1, order_id=174, perm_id=0)
    records.write("order_statuses", run_id=1, order_id=174, perm_id=1400)
    records.event(1, 1, "order_broker_rejected", order_id=174, symbol="F", error_message="no funds")
    records.event(2, 1, "run_end", success=True)
    assert records.read() == 2
    rejection, intent = records.rows()
    assert (intent["strategy"], intent["perm_id"], intent["order_id"], intent["client_id"]) == (
        "thetagang/wheel",
        1400,
        174,
        7,
    )
    assert intent["ts"] == START.replace(tzinfo=UTC)
    assert (rejection["kind"], rejection["strategy"], rejection["perm_id"]) == ("rejection", "thetagang/wheel", 1400)
    assert rejection["reason"] == "the broker rejected the order: no funds"
    fresh = DecisionReader()
    assert fresh.read(records.reader_conn, "thetagang") == 0  # another reader finds nothing new


def test_references_and_events_name_their_strategy(records: Records):
    records.run(1)
    records.intent(1, 1, symbol="KO", order_ref="tg:tail-hedge:entry", action="BUY")
    records.event(1, 1, "tail_hedge_evaluation", outcome="minimum_entry_spacing", symbol="KO")
    records.read()
    assert {row["strategy"] for row in records.rows()} == {"thetagang/tail_hedge"}
    assert {row["reason"] for row in records.rows()} == {
        "tail hedge bought", "no tail hedge: the last entry is too recent",
    }  # fmt: skip


def test_dry_runs_and_other_configurations_are_left_out(records: Records):
    records.run(1, dry_run=1)
    records.run(2, path="other.toml")
    records.run(3, path="thetagang.toml")  # from before the wrapper
    for number in (1, 2, 3):
        records.intent(number, number)
    assert records.read() == 1


def test_a_database_that_was_begun_anew_is_told_apart(records: Records):
    records.run(1)
    records.intent(1, 1)
    records.read()
    records.path.unlink()
    with sqlite3.connect(records.path) as bot:
        bot.executescript(SCHEMA)
    records.write("runs", id=1, started_at="2027-01-02 10:00:00", config_path=str(records.config), dry_run=0)
    records.intent(1, 1)
    assert DecisionReader().read(records.reader_conn, "thetagang") == 1
    assert len(records.rows()) == 2


def test_a_locked_or_damaged_database_is_read_the_next_time(records: Records):
    records.run(1)
    records.intent(1, 1)
    writer = sqlite3.connect(records.path, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    assert records.read() == 0
    writer.execute("COMMIT")
    writer.close()
    assert records.read() == 1


def test_a_bot_without_records_says_so(records: Records):
    records.conn.execute("UPDATE bots SET family = 'thetagang1'")
    assert records.read() is None
    records.conn.execute("UPDATE bots SET family = 'thetagang2', config_path = '/nowhere.toml'")
    assert records.read() is None
