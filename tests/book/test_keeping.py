"""The book in the database: what the poller wrote, in whatever order it came, is what the tables say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from data.book.book import Book
from data.book.keeping import Keeper
from data.book.sources import Fill, Terms
from data.db import connect
from data.model import Contract, Execution, ExecutionKind, Role
from tests.book.lives import EXECUTED, Life, actions, lived
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer

Conn = psycopg.Connection[Any]
PLAIN_LIVES = st.lists(actions(EXECUTED), min_size=4, max_size=30).map(lived)
ACCOUNTS = (f"DU8{number:06d}" for number in count())


@pytest.fixture
def write(url18: str) -> Iterator[Writer]:
    with samples.writer(url18) as found:
        found.account()
        yield found


@pytest.fixture
def agent(url18: str, write: Writer) -> Iterator[Conn]:
    del write  # the account first
    with connect(url18, Role.AGENT, "test", autocommit=True) as conn:
        for name in ("a/one", "a/two", "tg/wheel"):
            conn.execute("INSERT INTO strategies (name) VALUES (%s)", [name])
        yield conn


def contract(terms: Terms) -> Contract:
    return Contract(
        terms.con_id, terms.symbol, terms.local_symbol, terms.sec_type, terms.currency, None, None, terms.expiry,
        None if terms.strike is None else float(terms.strike), terms.right, float(terms.multiplier),
    )  # fmt: skip


def execution(account: str, fill: Fill, revision: int = 1) -> Execution:
    return Execution(
        account, f"{fill.key}.{revision:02d}", fill.key, revision, contract(fill.terms), fill.ts,
        "BOT" if fill.quantity >= 0 else "SLD", abs(fill.quantity), fill.price or Decimal(0), ExecutionKind(fill.kind),
        perm_id=int(fill.order[1:]) + 1 if fill.order else None, commission=fill.fee,
        commission_currency=fill.fee_currency or (fill.terms.currency if fill.fee is not None else None),
    )  # fmt: skip


def trips(conn: Conn, account: str) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT * FROM round_trips WHERE account = %s ORDER BY opened, trip", [account]
        ).fetchall()


def cycles(conn: Conn, account: str) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT * FROM wheel_cycles WHERE account = %s ORDER BY opened, cycle", [account]
        ).fetchall()


def is_told(conn: Conn, account: str, life: Life) -> None:
    """The tables say what a book says that is folded from nothing."""
    days = dict(
        conn.execute(
            "SELECT base_exec_id, session_date FROM executions WHERE account = %s AND effective", [account]
        ).fetchall()
    )
    book = Book([replace(fill, day=days[fill.key], strategy=None) for fill in life.fills])
    chain = {trip.id: chain.id for chain in book.chains for trip in chain.trips}
    cycle = {trip.id: cycle.id for cycle in book.cycles for trip in cycle.trips}
    assert [
        (
            r["trip"],
            r["con_id"],
            r["closed"],
            r["quantity"],
            r["gross"],
            r["fees"],
            r["carried"],
            r["chain"],
            r["cycle"],
        )
        for r in trips(conn, account)
    ] == [
        (t.id, t.terms.con_id, t.closed, t.quantity, t.gross, t.fees, t.carried, chain.get(t.id), cycle.get(t.id))
        for t in book.trips
    ]
    assert [(row["cycle"], row["fees"], row["closed"]) for row in cycles(conn, account)] == [
        (group.id, group.fees, group.closed) for group in book.cycles
    ]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=PLAIN_LIVES, seed=st.integers(0, 2**32))
def test_executions_in_any_order_with_corrections_and_repeats(
    write: Writer, agent: Conn, life: Life, seed: int
) -> None:
    account, mixed = next(ACCOUNTS), random.Random(seed)
    write.account(account)
    corrected = {fill.key for fill in life.wrong}
    arriving = [execution(account, fill, 2 if fill.key in corrected else 1) for fill in life.fills]
    arriving += [execution(account, fill) for fill in life.wrong]
    arriving += mixed.sample(arriving, len(arriving) // 2)
    mixed.shuffle(arriving)
    keeper = Keeper(agent)
    while arriving:
        size = mixed.randint(1, 8)
        write.flush(account, executions=tuple(arriving[:size]))
        del arriving[:size]
        keeper.look()
    keeper.look()
    is_told(agent, account, life)
    before = trips(agent, account)
    assert not keeper.look()
    Keeper(agent).look()
    assert trips(agent, account) == before  # their ids too: notes hang on them


START = datetime(2026, 1, 5, 15, tzinfo=UTC)
KO = Contract(1, "KO", "KO", "STK", "USD")
P60 = Contract(
    20,
    "KO",
    "KO 260220P60",
    "OPT",
    "USD",
    expiry=START.date() + timedelta(days=46),
    strike=60.0,
    right="P",
    multiplier=100.0,
)


def sold(number: int, day: int = 0, **values: Any) -> Execution:
    base = samples.execution(
        number,
        P60,
        time=START + timedelta(days=day),
        price=Decimal("1.50"),
        commission=Decimal("0.65"),
        commission_currency="USD",
    )
    return replace(base, perm_id=number, **values)


def assigned(day: int = 25) -> tuple[Execution, Execution]:
    booked = {
        "kind": ExecutionKind.ASSIGNMENT,
        "perm_id": None,
        "order_id": None,
        "time": START + timedelta(days=day),
        "commission": None,
    }
    option = replace(sold(90), side="BOT", price=Decimal(0), **booked)
    return option, replace(samples.execution(91, KO, side="BOT", quantity=Decimal(100), price=Decimal(60)), **booked)


def test_a_put_that_was_assigned(write: Writer, agent: Conn) -> None:
    keeper = Keeper(agent)
    write.flush(executions=(sold(1),))
    assert keeper.look()
    (put,) = trips(agent, ACCOUNT)
    assert (put["net"], put["quantity"], put["base"], put["base_kind"], put["dte"]) == (
        Decimal("149.35"),
        -1,
        5850,
        "cash_secured",
        46,
    )
    (cycle,) = cycles(agent, ACCOUNT)
    assert (cycle["stage"], cycle["break_even"]) == ("put", Decimal("58.5065"))
    assert _strategies_revision(agent) == 1  # who shows a win rate reads it again
    write.flush(executions=assigned())
    keeper.look()
    assert _strategies_revision(agent) == 2
    put, shares = trips(agent, ACCOUNT)
    assert (put["ended_by"], put["carried"], shares["carried"]) == ("assignment", Decimal("-149.35"), 0)
    (cycle,) = cycles(agent, ACCOUNT)
    assert (cycle["stage"], cycle["shares"], cycle["trips"], put["cycle"]) == ("shares", 100, 2, shares["cycle"])
    assert (cycle["paid"], cycle["broker_basis"], cycle["break_even"]) == (60, Decimal("58.5065"), Decimal("58.5065"))
    assert cycle["margin_seconds"] is None  # no bar of KO is stored


def _strategies_revision(conn: Conn) -> int:
    (found,) = conn.execute("SELECT revision FROM revisions WHERE topic = 'strategies'").fetchone() or (0,)
    return int(found)


def test_a_bust_takes_its_trip_away(write: Writer, agent: Conn) -> None:
    keeper = Keeper(agent)
    write.flush(executions=(sold(1), sold(2, 3)))
    keeper.look()
    first = sold(1)
    write.flush(executions=(replace(first, exec_id=first.base_exec_id + ".02", revision=2, quantity=Decimal(0)),))
    keeper.look()
    (left,) = trips(agent, ACCOUNT)
    assert left["executions"] == [sold(2).base_exec_id]
    assert [cycle["cycle"] for cycle in cycles(agent, ACCOUNT)] == [left["trip"]]


def test_what_an_earlier_process_wrote_and_is_no_more_goes(write: Writer, agent: Conn) -> None:
    write.flush(executions=(sold(1),))
    Keeper(agent).look()
    first = sold(1)
    write.flush(executions=(replace(first, exec_id=first.base_exec_id + ".02", revision=2, quantity=Decimal(0)),))
    Keeper(agent).look()
    assert trips(agent, ACCOUNT) == cycles(agent, ACCOUNT) == []


def test_a_strategy_that_is_named_later_shows(write: Writer, agent: Conn) -> None:
    keeper = Keeper(agent)
    write.flush(executions=(sold(1),))
    keeper.look()
    agent.execute("UPDATE executions SET strategy = 'tg/wheel', changed_revision = changed_revision + 1")
    agent.execute("UPDATE revisions SET revision = revision + 1 WHERE topic = 'trades'")
    keeper.look()
    assert [trip["strategy"] for trip in trips(agent, ACCOUNT)] == ["tg/wheel"]
    assert [cycle["strategy"] for cycle in cycles(agent, ACCOUNT)] == ["tg/wheel"]


def test_dividends_and_closes_of_the_underlying(url18: str, write: Writer, agent: Conn) -> None:
    write.flush(executions=(sold(1), *assigned()))
    with connect(url18, None, "test", autocommit=True) as owner:
        owner.execute(
            "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, description, source)"
            " VALUES (%s, 'd', %s, '2026-02-10', 'dividend', 48.5, 'USD', 'KO(US1912161007) CASH DIVIDEND 0.485', 'statement')",
            [ACCOUNT, START + timedelta(days=36)],
        )
        owner.execute(
            "INSERT INTO price_bars (con_id, what, resolution, ts, session_date, open, high, low, close)"
            " VALUES (1, 'trades', '1d', '2026-01-02', '2026-01-02', 61, 61, 61, 61)"
        )
    Keeper(agent).look()
    (cycle,) = cycles(agent, ACCOUNT)
    assert (cycle["dividends"], cycle["cash"]) == (Decimal("48.5"), Decimal("149.35") - 6000 + Decimal("48.5"))
    # 20 % of 61 less the dollar that it is out of the money, and the premium: for 25 days
    assert cycle["margin_seconds"] == (1120 + 150) * 25 * 86400
    assert cycle["margin_now"] == 3000
