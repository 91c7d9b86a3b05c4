"""Whatever a session tells, in any order and at any pace: every flush is taken, and the database holds what was told last."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.db import connect
from data.model import (
    Contract,
    DividendOutlook,
    Execution,
    GatewayState,
    Order,
    Outage,
    Portfolio,
    Position,
    Role,
    Source,
)
from data.poller.collector import Collector
from data.poller.options import PollerOptions
from data.store import Store, encode

T0 = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
HELD = (
    Contract(100, "KO", "KO", "STK", "USD"),
    Contract(101, "KO", "KO 60P", "OPT", "USD", "KO", "SMART", date(2026, 12, 18), 60.0, "P", 100.0),
    Contract(102, "SAP", "SAP", "STK", "EUR"),
)

contracts = st.sampled_from(HELD)
small = st.integers(0, 3)
events = st.one_of(
    st.tuples(st.just("state"), st.sampled_from(list(GatewayState)), st.sampled_from([None, "why", "another"])),
    st.tuples(st.just("position"), contracts, st.integers(-2, 2), small),
    st.tuples(st.just("held"), st.sets(st.sampled_from([100, 101, 102]))),
    st.tuples(st.just("portfolio"), small),
    st.tuples(st.just("execution"), contracts, small, st.integers(1, 2), st.sampled_from([None, Decimal("1.05")])),
    st.tuples(st.just("order"), contracts, small, st.sampled_from(["Submitted", "Filled", "Cancelled"])),
    st.tuples(st.just("dividends"), contracts, small),
    st.tuples(st.just("restored"), small),
    st.tuples(st.just("refresh")),
    st.tuples(st.just("pass"), st.sampled_from([0.0, 0.0004, 0.05, 1.0, 70.0])),
    st.tuples(st.just("flush")),
)


class Session:
    """Tells a collector what it is given, and remembers what must be found at the end."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.now = T0
        self.positions: dict[int, tuple[float, float | None]] = {}
        self.orders: dict[int, str] = {}
        options = PollerOptions("postgresql://unused", "127.0.0.1", 1, Path("unused"))
        self.collector = Collector(options, lambda: self.now, lambda: None)
        self.collector.on_account(account)

    def tell(self, event: tuple[Any, ...]) -> None:
        name, *given = event
        getattr(self, f"_{name}")(*given)

    def _state(self, state: GatewayState, reason: str | None) -> None:
        self.collector.on_state(state, reason)

    def _position(self, contract: Contract, quantity: int, value: int) -> None:
        self.collector.on_position(
            Position(self.account, contract, self.now, float(quantity), market_value=float(value))
        )
        self.positions[contract.con_id] = (float(quantity), float(value))
        if quantity == 0:
            del self.positions[contract.con_id]

    def _held(self, con_ids: set[int]) -> None:
        self.collector.on_held(frozenset(con_ids))
        self.positions = {con_id: told for con_id, told in self.positions.items() if con_id in con_ids}

    def _portfolio(self, net: int) -> None:
        self.collector.on_portfolio(
            Portfolio(
                self.account, self.now, "USD", net_liquidation=float(net), cash_by_currency={"USD": (str(net), "1")}
            )
        )

    def _execution(self, contract: Contract, number: int, revision: int, commission: Decimal | None) -> None:
        base = f"{self.account}.{number}"
        self.collector.on_execution(
            Execution(
                self.account, f"{base}.0{revision}", base, revision, contract, T0, "BOT", Decimal(1), Decimal(2),
                perm_id=number + 1, commission=commission,
            )
        )  # fmt: skip

    def _order(self, contract: Contract, number: int, status: str) -> None:
        self.collector.on_order(
            Order(self.account, number + 1, self.now, contract, "BUY", "LMT", Decimal(1), status, limit_price=2.0)
        )
        self.orders[number + 1] = status

    def _dividends(self, contract: Contract, amount: int) -> None:
        self.collector.on_dividends(
            DividendOutlook(contract.symbol, contract.currency, self.now, past_12_months=float(amount))
        )

    def _restored(self, minutes: int) -> None:
        self.collector.note(Outage(self.account, "database", T0 - timedelta(minutes=minutes), self.now, "away"))

    def _refresh(self) -> None:
        self.collector.refresh()

    def _pass(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def _flush(self) -> None:
        """Taken by whoever writes."""


@pytest.fixture
def conn(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(database_url, Role.POLLER, "test", autocommit=True) as opened:
        yield opened


@pytest.fixture
def new_account() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"DU{next(numbers)}"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(told=st.lists(events, min_size=5, max_size=40))
def test_the_database_holds_what_was_told_last(
    conn: psycopg.Connection[Any], new_account: Callable[[], str], told: list[tuple[Any, ...]]
) -> None:
    session, store = Session(new_account()), Store(conn)
    store.claim_source(Source.PAPER, session.account)
    written = []
    for event in (*told, ("state", GatewayState.CONNECTED, None), ("flush",)):
        session.tell(event)
        if event[0] == "flush" and (flush := session.collector.take(session.now)) is not None:
            written.append(encode(flush, store.sessions))
            store.write(written[-1])

    def found(sql: str) -> list[tuple[Any, ...]]:
        return conn.execute(sql, [session.account]).fetchall()

    def check() -> None:
        held = found("SELECT con_id, quantity, market_value FROM positions_latest WHERE account = %s")
        assert {row[0]: row[1:] for row in held} == session.positions
        assert dict(found("SELECT perm_id, status FROM orders WHERE account = %s")) == session.orders
        assert found("SELECT 1 FROM outages WHERE account = %s AND ended IS NULL") == []
        fills = found(
            "SELECT base_exec_id, count(*) FILTER (WHERE effective) FROM executions WHERE account = %s GROUP BY 1"
        )
        assert all(count == 1 for _, count in fills)

    check()
    for rows in written:  # what was kept on disk and had been taken after all
        store.write(rows | {"portfolio": None, "positions": [], "removed": [], "dividends": []})
    check()
