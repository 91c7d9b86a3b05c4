"""What a flush does to the database, on both supported PostgreSQL versions."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.db import connect
from data.model import (
    Contract,
    Execution,
    Flush,
    GatewayState,
    Order,
    Outage,
    PollerStatus,
    Portfolio,
    PortfolioSample,
    Position,
    PositionSample,
    Role,
    Source,
    Topic,
)  # fmt: skip
from data.store import Store, WrongSourceError

ACCOUNT = "DU1"
T0 = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
PUT = Contract(101, "KO", "KO 60P", "OPT", "USD", "KO", "SMART", date(2026, 12, 18), 60.0, "P", 100.0)
SHARES = Contract(100, "KO", "KO", "STK", "USD")


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def portfolio(seconds: float, net: float | None = 100_000.25) -> Portfolio:
    return Portfolio(ACCOUNT, at(seconds), "USD", net_liquidation=net, cash=5_000.1, cushion=0.5)


def position(seconds: float, contract: Contract = PUT, value: float = -250.0) -> Position:
    return Position(ACCOUNT, contract, at(seconds), -1.0, avg_cost=251.05, market_price=2.5, market_value=value)


def fill(exec_id: str = "0001.01", seconds: float = 0.0, **changes: Any) -> Execution:
    base, _, revision = exec_id.rpartition(".")
    made = Execution(
        ACCOUNT, exec_id, base, int(revision), PUT, at(seconds), "SLD", Decimal(1), Decimal("2.51"), perm_id=7, client_id=1
    )  # fmt: skip
    return replace(made, **changes)


def order(seconds: float, status: str, filled: int) -> Order:
    return Order(
        ACCOUNT, 7, at(seconds), PUT, "SELL", "LMT", Decimal(2), status, limit_price=2.5, filled=Decimal(filled),
        remaining=Decimal(2 - filled),
    )  # fmt: skip


@pytest.fixture
def conn(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(database_url, Role.POLLER, "test", autocommit=True) as opened:
        yield opened


@pytest.fixture
def store(conn: psycopg.Connection[Any]) -> Store:
    made = Store(conn)
    made.claim_source(Source.PAPER, ACCOUNT)
    return made


def rows(conn: psycopg.Connection[Any], sql: str) -> list[tuple[Any, ...]]:
    return conn.execute(sql).fetchall()


def test_a_flush_bumps_each_touched_topic_once_and_says_so(
    store: Store, conn: psycopg.Connection[Any], database_url: str
) -> None:
    with connect(database_url, Role.WEB, "test", autocommit=True) as listener:
        listener.execute("LISTEN mtz")
        found = store.flush(
            Flush(ACCOUNT, portfolio=portfolio(0), positions=(position(0), position(0, SHARES)), executions=(fill(),))
        )
        store.flush(Flush(ACCOUNT, positions=(position(1),)))
        heard = [json.loads(n.payload) for n in listener.notifies(timeout=2, stop_after=4)]
    assert found == {Topic.PORTFOLIO: 1, Topic.POSITIONS: 1, Topic.TRADES: 1}
    assert sorted(heard[:3], key=lambda n: n["topic"]) == [
        {"account": ACCOUNT, "topic": topic, "revision": 1} for topic in ("portfolio", "positions", "trades")
    ]
    assert heard[3] == {"account": ACCOUNT, "topic": "positions", "revision": 2}
    # Only the row that changed carries the new revision.
    assert rows(conn, "SELECT con_id, changed_revision FROM positions_latest ORDER BY con_id") == [(100, 1), (101, 2)]


def test_an_older_flush_never_overwrites_a_newer_one(store: Store, conn: psycopg.Connection[Any]) -> None:
    store.flush(Flush(ACCOUNT, portfolio=portfolio(10, 2.0), positions=(position(10, value=-2.0),)))
    store.flush(Flush(ACCOUNT, portfolio=portfolio(5, 1.0), positions=(position(5, value=-1.0),)))
    assert rows(conn, "SELECT net_liquidation, as_of FROM portfolio_latest") == [(2.0, at(10))]
    assert rows(conn, "SELECT market_value, as_of FROM positions_latest") == [(-2.0, at(10))]


def test_what_was_written_before_the_clock_was_set_back_gives_way(store: Store, conn: psycopg.Connection[Any]) -> None:
    ahead = (datetime.now(UTC) + timedelta(days=2) - T0).total_seconds()
    store.flush(Flush(ACCOUNT, portfolio=portfolio(ahead, 2.0), positions=(position(ahead, value=-2.0),)))
    store.flush(Flush(ACCOUNT, portfolio=portfolio(5, 1.0), positions=(position(5, value=-1.0),)))
    assert rows(conn, "SELECT net_liquidation, as_of FROM portfolio_latest") == [(1.0, at(5))]
    assert rows(conn, "SELECT market_value, as_of FROM positions_latest") == [(-1.0, at(5))]


def test_writing_a_flush_again_doubles_nothing(store: Store, conn: psycopg.Connection[Any], database_url: str) -> None:
    batch = Flush(
        ACCOUNT,
        portfolio=portfolio(0),
        positions=(position(0),),
        executions=(fill(commission=Decimal("1.05")), fill("0002.01", 1)),
        orders=(order(0, "Submitted", 0), order(1, "Submitted", 1), order(2, "Filled", 2)),
        portfolio_samples=(PortfolioSample(at(0), portfolio(0)),),
        position_samples=(PositionSample(at(0), position(0)),),
        outages=(Outage(ACCOUNT, "feed", at(0), at(1), "why"),),
    )
    store.flush(batch)

    def everything() -> list[Any]:
        tables = ("portfolio_snapshots", "position_snapshots", "executions", "orders", "order_events", "outages")
        return [rows(conn, f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]

    before = everything()
    store.flush(batch)
    with connect(database_url, Role.POLLER, "test", autocommit=True) as other:  # a new process knows nothing of it
        Store(other).flush(batch)
    assert everything() == before


def test_what_is_told_several_times_in_one_flush_is_kept_as_it_was_at_last(
    store: Store, conn: psycopg.Connection[Any]
) -> None:
    """A gateway that is back within the same flush tells of its outage twice, an order that fills at once of itself."""
    lost = Outage(ACCOUNT, "gateway", at(0), None, "lost")
    store.flush(
        Flush(
            ACCOUNT,
            portfolio=portfolio(0),
            positions=(position(0),),
            executions=(fill(), fill(commission=Decimal("1.05"))),
            orders=(order(0, "Submitted", 0), order(1, "Filled", 2)),
            portfolio_samples=(PortfolioSample(at(0), portfolio(0)),) * 2,
            position_samples=(PositionSample(at(0), position(0)),) * 2,
            outages=(lost, replace(lost, reason="refused"), replace(lost, reason="refused", ended=at(1))),
        )
    )
    assert rows(conn, "SELECT kind, started, ended, reason FROM outages") == [("gateway", at(0), at(1), "refused")]
    assert rows(conn, "SELECT status, filled FROM orders") == [("Filled", 2)]
    assert rows(conn, "SELECT commission FROM executions") == [(Decimal("1.05"),)]
    assert rows(conn, "SELECT count(*) FROM position_snapshots") == [(1,)]


def test_order_events_tell_each_change_and_nothing_else(store: Store, conn: psycopg.Connection[Any]) -> None:
    store.flush(Flush(ACCOUNT, orders=(order(0, "Submitted", 0), order(1, "Submitted", 1))))
    store.flush(Flush(ACCOUNT, orders=(order(2, "Submitted", 1), order(3, "PreSubmitted", 1))))
    store.flush(Flush(ACCOUNT, orders=(order(4, "Submitted", 1), order(5, "Filled", 2))))
    assert rows(conn, "SELECT status, filled FROM order_events ORDER BY ts") == [
        ("Submitted", 0), ("Submitted", 1), ("PreSubmitted", 1), ("Submitted", 1), ("Filled", 2),
    ]  # fmt: skip
    assert rows(conn, "SELECT status, filled, limit_price FROM orders") == [("Filled", 2, 2.5)]


EFFECTIVE = "SELECT exec_id, price, commission, realized_pnl, changed_revision FROM executions WHERE effective"


def test_a_correction_takes_the_place_of_the_first_report(store: Store, conn: psycopg.Connection[Any]) -> None:
    store.flush(Flush(ACCOUNT, executions=(fill("0001.01"),)))
    store.flush(Flush(ACCOUNT, executions=(fill("0001.02", price=Decimal("2.40")),)))
    store.flush(Flush(ACCOUNT, executions=(fill("0001.01"),)))  # the first one comes again, as after a reconnect
    assert rows(conn, EFFECTIVE) == [("0001.02", Decimal("2.40"), None, None, 2)]
    assert rows(conn, "SELECT count(*) FROM executions") == [(2,)]


def test_the_commission_comes_later_and_stays(store: Store, conn: psycopg.Connection[Any]) -> None:
    store.flush(Flush(ACCOUNT, executions=(fill(),)))
    known = {"commission": Decimal("1.05"), "commission_currency": "USD", "realized_pnl": Decimal("12.3456")}
    store.flush(Flush(ACCOUNT, executions=(fill(**known),)))
    assert rows(conn, EFFECTIVE) == [("0001.01", Decimal("2.51"), Decimal("1.05"), Decimal("12.3456"), 2)]
    store.flush(Flush(ACCOUNT, executions=(fill(),)))
    assert rows(conn, EFFECTIVE) == [("0001.01", Decimal("2.51"), Decimal("1.05"), Decimal("12.3456"), 2)]


REPORTS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.none() | st.just(1)), min_size=1, max_size=12
)  # fill, revision, commission


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reports=REPORTS, cut=st.integers(0, 12))
def test_in_any_order_one_report_of_a_fill_is_effective(
    store: Store, conn: psycopg.Connection[Any], reports: list[tuple[int, int, int | None]], cut: int
) -> None:
    conn.execute("SET ROLE mtz_owner")
    conn.execute("TRUNCATE executions")
    conn.execute("SET ROLE mtz_poller")
    made = [fill(f"{n:04d}.{revision:02d}", commission=c and Decimal(c)) for n, revision, c in reports]
    for part in (made[:cut], made[cut:]):
        if part:
            store.flush(Flush(ACCOUNT, executions=tuple(part)))
    found = {
        base: (revision, commission)
        for base, revision, commission in rows(
            conn, "SELECT base_exec_id, revision, commission FROM executions WHERE effective"
        )
    }
    newest = {f"{n:04d}": max(r for m, r, _ in reports if m == n) for n, _, _ in reports}
    assert {base: revision for base, (revision, _) in found.items()} == newest
    for base, (revision, commission) in found.items():
        reported = [c for n, r, c in reports if f"{n:04d}" == base and r == revision]
        assert (commission is not None) == any(reported)


def test_rows_carry_the_exchange_s_day(store: Store, conn: psycopg.Connection[Any]) -> None:
    instants = [T0 + timedelta(hours=7 * n, seconds=n) for n in range(200)]
    instants += [datetime(2026, 11, 27, 18, 0, tzinfo=UTC), datetime(2026, 11, 27, 17, 59, 59, tzinfo=UTC)]  # half day
    store.flush(Flush(ACCOUNT, portfolio_samples=tuple(PortfolioSample(t, portfolio(0)) for t in instants)))
    assert rows(conn, "SELECT count(*) FROM portfolio_snapshots WHERE session_date = session_date_of(ts)") == [(202,)]


def test_total_pnl_counts_from_the_first_figure(store: Store, conn: psycopg.Connection[Any]) -> None:
    store.flush(Flush(ACCOUNT, portfolio=portfolio(0, None)))
    store.flush(Flush(ACCOUNT, portfolio=portfolio(1, 5.0)))
    store.flush(Flush(ACCOUNT, portfolio=portfolio(2, 6.0)))
    assert rows(conn, "SELECT base_currency, baseline_net_liquidation, baseline_at FROM accounts") == [
        ("USD", 5.0, at(1))
    ]


def test_what_is_no_number_is_unknown(store: Store, conn: psycopg.Connection[Any]) -> None:
    store.flush(Flush(ACCOUNT, positions=(replace(position(0), delta=math.nan, market_value=math.inf),)))
    assert rows(conn, "SELECT delta, market_value, market_price FROM positions_latest") == [(None, None, 2.5)]


def test_removed_positions_go(store: Store, conn: psycopg.Connection[Any]) -> None:
    store.flush(Flush(ACCOUNT, positions=(position(0), position(0, SHARES))))
    assert store.flush(Flush(ACCOUNT, removed=(101,))) == {Topic.POSITIONS: 2}
    assert store.held(ACCOUNT) == [100]


def test_a_refused_flush_leaves_nothing(store: Store, conn: psycopg.Connection[Any]) -> None:
    wrong = replace(position(0), contract=replace(SHARES, con_id=55, right="X"))
    with pytest.raises(psycopg.errors.CheckViolation):
        store.flush(Flush(ACCOUNT, portfolio=portfolio(0), positions=(wrong, position(0))))
    assert rows(conn, "SELECT * FROM portfolio_latest") == rows(conn, "SELECT * FROM revisions") == []
    # What was rolled back is not taken for written: the contract comes again with the next flush.
    store.flush(Flush(ACCOUNT, positions=(position(1),)))
    assert rows(conn, "SELECT con_id FROM contracts") == [(101,)]


def test_a_database_has_one_source(store: Store, conn: psycopg.Connection[Any]) -> None:
    store.claim_source(Source.PAPER, "DU2")
    with pytest.raises(WrongSourceError, match=r"holds paper data \(account DU1\).*U3 is live: nothing was written"):
        store.claim_source(Source.LIVE, "U3")
    assert rows(conn, "SELECT account, source FROM accounts ORDER BY 1") == [("DU1", "paper"), ("DU2", "paper")]


STATUS = PollerStatus(ACCOUNT, T0, T0, GatewayState.CONNECTED, None, T0, "127.0.0.1:4002", 30, server_version=176)


def test_a_heartbeat_alone_is_no_news(store: Store, conn: psycopg.Connection[Any]) -> None:
    def revision() -> int:
        return rows(conn, "SELECT coalesce(max(revision), 0) FROM revisions WHERE topic = 'status'")[0][0]

    store.write_status(STATUS)
    assert revision() == 1
    store.write_status(replace(STATUS, heartbeat_at=at(1), feed_proven_at=at(1), last_datum_at=at(1), queue_depth=2))
    assert revision() == 1
    assert rows(conn, "SELECT heartbeat_at, last_datum_at FROM poller_status") == [(at(1), at(1))]
    store.write_status(replace(STATUS, heartbeat_at=at(2), gateway_state=GatewayState.SILENT, gateway_reason="why"))
    assert revision() == 2


def test_the_time_without_a_poller_is_an_outage(store: Store, conn: psycopg.Connection[Any]) -> None:
    store.note_poller_gap(ACCOUNT, at(0))
    assert rows(conn, "SELECT * FROM outages") == []  # the first one ever follows nobody
    store.write_status(STATUS)
    store.flush(Flush(ACCOUNT, outages=(Outage(ACCOUNT, "gateway", at(-5), None, "away"),)))
    store.note_poller_gap(ACCOUNT, at(60))
    assert rows(conn, "SELECT kind, started, ended FROM outages ORDER BY kind") == [
        ("gateway", at(-5), at(60)), ("poller", at(0), at(60)),
    ]  # fmt: skip


def test_a_given_past_ends_where_its_samples_do(store: Store, conn: psycopg.Connection[Any]) -> None:
    store.flush(Flush(ACCOUNT, portfolio_samples=(PortfolioSample(at(0), portfolio(0)),)))
    store.note_poller_gap(ACCOUNT, at(59))
    assert rows(conn, "SELECT * FROM outages") == []
    store.note_poller_gap(ACCOUNT, at(840))
    assert rows(conn, "SELECT kind, started, ended FROM outages") == [("poller", at(60), at(840))]


def test_the_poller_may_write_nothing_else(conn: psycopg.Connection[Any]) -> None:
    for statement in ("DELETE FROM executions", "DELETE FROM accounts", "UPDATE portfolio_snapshots SET cash = 0"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(statement)  # type: ignore[call-overload]
