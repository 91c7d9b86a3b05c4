"""Suspected transfers as they are kept and read: left out of profit, told, and gone once something answers them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from data.db import connect, make_engine
from data.model import CashState, Role
from data.reads import Reads
from data.resolution import Window
from data.risk_reads import today_view
from data.transfers import Watcher
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer

AT = datetime(2026, 3, 4, 15, 32, 4, tzinfo=UTC)
NET = 100_000.0


@pytest.fixture
def write(database_url: str) -> Iterator[Writer]:
    with samples.writer(database_url) as found:
        found.account()
        with connect(database_url, Role.POLLER, "test", autocommit=True) as conn:
            begun = AT - timedelta(days=2)
            conn.execute("UPDATE accounts SET baseline_net_liquidation = %s, baseline_at = %s", [NET, begun])
        yield found


@pytest.fixture
def reads(database_url: str) -> Iterator[Reads]:
    engine = make_engine(database_url, Role.WEB, "test")
    yield Reads(engine, database_url)
    engine.dispose()


@pytest.fixture
def watcher(database_url: str) -> Iterator[Watcher]:
    with connect(database_url, Role.AGENT, "test", autocommit=True) as conn:
        yield Watcher(conn)


@pytest.fixture
def importer(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(database_url, Role.IMPORTER, "test", autocommit=True) as conn:
        yield conn


def state(at: datetime, cash: str, net: float, before: float | None = NET, **values: Any) -> CashState:
    return CashState(
        ACCOUNT, at, {"USD": (cash, "1.00")}, 0.0, 0.0, net, 12.5, at - timedelta(seconds=2) if before else None, before,
        12.5 if before else None, **values,
    )  # fmt: skip


def deposit(write: Writer, at: datetime = AT, amount: int = 10_000, base: int = 40_000, net: float = NET) -> None:
    """Told twice, as a replayed spool does."""
    states = (state(at - timedelta(hours=1), f"{base}.00", net), state(at, f"{base + amount}.00", net + amount, net))
    for _ in range(2):
        write.flush(cash_states=states)


def flow(conn: psycopg.Connection[Any], name: str, amount: float, day: date = date(2026, 3, 4)) -> None:
    conn.execute(
        "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, base_amount, source)"
        " VALUES (%s, %s, %s::date + time '20:20', %s, 'deposit', %s, 'USD', %s, 'statement')",
        [ACCOUNT, name, day, day, amount, amount],
    )


def test_it_is_no_profit_and_is_told(write: Writer, reads: Reads, watcher: Watcher, database_url: str) -> None:
    for minutes, amount in ((-10, NET), (-5, NET), (0, NET + 10_000), (5, NET + 10_100)):
        write.sample(AT + timedelta(minutes=minutes), amount)
    deposit(write)
    write.worth(NET + 10_100)
    assert reads.portfolio(ACCOUNT)["total_pnl"] == 10_100
    assert watcher.look() is True
    assert watcher.look() is False
    view = reads.portfolio(ACCOUNT)
    assert (view["total_pnl"], view["suspected_transfers"]) == (100, 10_000)
    (item,) = reads.agreement.suspected(ACCOUNT)["items"]
    words = "suspected deposit of about 10,000.00 USD on 2026-03-04 at 10:32 (New York), not in P&L: import a statement to confirm."
    assert (item["time"], item["amount"], item["is_open"], item["text"]) == (
        "2026-03-04T15:32:04.000Z",
        10_000,
        True,
        words,
    )
    assert [line["text"] for line in today_view(reads, ACCOUNT)["items"] if line["kind"] == "transfer"] == [
        words.capitalize().replace("usd", "USD").replace("new york", "New York").replace("p&l", "P&L")
    ]
    rule = next(card["rule"] for card in reads.summary(ACCOUNT)["items"] if card["key"] == "total_pnl")
    assert "+10,000.00 is suspected" in rule
    history = reads.history.equity(ACCOUNT, Window(since=AT - timedelta(minutes=10), until=AT + timedelta(minutes=6)))
    assert [(f["kind"], f["amount"], f["suspected"]) for f in history["flows"]] == [("deposit", 10_000, True)]
    assert sum(point["pnl"] or 0 for point in history["items"]) == 100
    assert history["items"][-1]["return_pct"] == pytest.approx(100 * 100 / 110_000, abs=1e-4)
    with connect(database_url, Role.AGENT, "test", autocommit=True) as conn:  # another agent finds the same
        assert Watcher(conn).look() is False


def test_the_known_deposit_takes_its_place(
    write: Writer, reads: Reads, watcher: Watcher, importer: psycopg.Connection[Any]
) -> None:
    deposit(write)
    deposit(write, AT + timedelta(hours=4), base=50_000, net=NET + 10_000)
    write.worth(NET + 20_000)
    watcher.look()
    assert reads.portfolio(ACCOUNT)["suspected_transfers"] == 20_000
    flow(importer, "other", 500)
    flow(importer, "first", 9_999.5, date(2026, 3, 5))
    view = reads.portfolio(ACCOUNT)
    assert (view["suspected_transfers"], view["total_pnl"]) == (10_000, -499.5)
    assert [item["is_open"] for item in reads.agreement.suspected(ACCOUNT)["items"]] == [True, False]
    flow(importer, "second", 10_000, date(2026, 3, 6))
    view = reads.portfolio(ACCOUNT)
    assert (view["suspected_transfers"], view["total_pnl"]) == (0, -499.5)


def test_a_statement_of_its_day_has_the_last_word(
    write: Writer, reads: Reads, watcher: Watcher, importer: psycopg.Connection[Any]
) -> None:
    deposit(write)
    watcher.look()

    def statement(last: date, sections: str) -> None:
        importer.execute(
            "INSERT INTO statements (account, base_currency, first_day, last_day, generated_at, content_hash, file_name, sections,"
            " result) VALUES (%s, 'USD', '2026-03-01', %s, now(), %s, 'x.xml', %s, '{}')",
            [ACCOUNT, last, f"{last}{sections}", sections],
        )

    statement(date(2026, 3, 4), '{"CashTransactions": []}')  # it may be booked the next day
    statement(date(2026, 3, 31), '{"Trades": []}')
    assert reads.portfolio(ACCOUNT)["suspected_transfers"] == 10_000
    statement(date(2026, 3, 5), '{"CashTransactions": []}')
    assert reads.portfolio(ACCOUNT)["suspected_transfers"] == 0


def test_a_fill_that_comes_late_withdraws_it(write: Writer, reads: Reads, watcher: Watcher) -> None:
    """A poller that had just begun: what the account was worth before is its predecessor's last sample."""
    write.sample(AT - timedelta(minutes=3), NET)
    write.flush(cash_states=(state(AT - timedelta(hours=1), "40000.00", NET), state(AT, "42000.00", NET + 2000, None)))
    assert watcher.look() is True
    sold = samples.execution(1, time=AT - timedelta(seconds=30), quantity=Decimal(10), price=Decimal(2), commission=Decimal("1.05"),
                             commission_currency="USD")  # fmt: skip
    write.flush(executions=(sold,))
    assert watcher.look() is True
    assert reads.agreement.suspected(ACCOUNT)["items"] == []
