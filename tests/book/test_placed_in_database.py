"""Cycles by hand, from REST's own code to the tables that the agent folds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from data import audit
from data.audit import Caller
from data.book.keeping import Keeper
from data.db import connect, make_engine
from data.model import Contract, Execution, ExecutionKind, Role
from data.notes import UnknownSubjectError
from data.placing import Placements
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer

Conn = psycopg.Connection[Any]
START = datetime(2026, 1, 5, 15, tzinfo=UTC)
KO = Contract(1, "KO", "KO", "STK", "USD")
PEP = Contract(9, "PEP", "PEP 60C", "OPT", "USD", "PEP", "SMART", date(2026, 3, 20), 60.0, "C", 100.0)
SOMEBODY = Caller("anna", "user", "127.0.0.1")


def option(con_id: int, strike: float, right: Any) -> Contract:
    return Contract(
        con_id, "KO", f"KO {right}{strike:g}", "OPT", "USD", "KO", "SMART", date(2026, 3, 20), strike, right, 100.0
    )


def fill(day: int, contract: Contract, quantity: int, price: str, kind: str = "trade") -> Execution:
    name = f"{day:03d}.{contract.con_id}"
    return Execution(
        ACCOUNT, f"{name}.01", name, 1, contract, START + timedelta(days=day), "BOT" if quantity > 0 else "SLD",
        Decimal(abs(quantity)), Decimal(price), ExecutionKind(kind), perm_id=day * 100 + contract.con_id,
    )  # fmt: skip


BOUGHT = (fill(-9, KO, 50, "58"), fill(-8, KO, -50, "59"))  # shares that no option brought, gone again
WHEEL = (
    fill(0, option(2, 60, "P"), -1, "1.50"),
    fill(25, option(2, 60, "P"), 1, "0", "assignment"),
    fill(25, KO, 100, "60", "assignment"),
    fill(28, option(4, 62, "C"), -1, "1.20"),
    fill(40, option(4, 62, "C"), 1, "0.20"),
)
LATER = (fill(90, option(5, 55, "P"), -1, "0.90"), fill(91, PEP, -1, "1"))


@pytest.fixture
def write(url18: str) -> Iterator[Writer]:
    with samples.writer(url18) as found:
        found.account()
        yield found


@pytest.fixture
def agent(url18: str, write: Writer) -> Iterator[Conn]:
    del write
    with connect(url18, Role.AGENT, "test", autocommit=True) as conn:
        yield conn


@pytest.fixture
def placements(url18: str) -> Iterator[Placements]:
    engine = make_engine(url18, Role.WEB, "test")
    yield Placements(engine, url18)
    engine.dispose()


def cycles(conn: Conn) -> dict[str, str | None]:
    """The cycle of each round trip."""
    return dict(conn.execute("SELECT trip, cycle FROM round_trips WHERE account = %s", [ACCOUNT]).fetchall())


def number(conn: Conn, trip: str) -> int:
    row = conn.execute("SELECT id FROM round_trips WHERE account = %s AND trip = %s", [ACCOUNT, trip]).fetchone()
    assert row is not None
    return int(row[0])


def test_said_by_hand_and_taken_back(write: Writer, agent: Conn, placements: Placements, url18: str) -> None:
    keeper = Keeper(agent)
    write.flush(executions=(*BOUGHT, *WHEEL))
    keeper.look()
    write.flush(executions=LATER)  # the shares' trips of before stay what they are
    keeper.look()
    by_the_rules = {
        "-09.1": None, "000.2": "000.2", "025.1": "000.2", "028.4": "000.2", "090.5": "090.5", "091.9": "091.9",
    }  # fmt: skip
    assert cycles(agent) == by_the_rules

    call, put = number(agent, "028.4"), number(agent, "090.5")
    found = placements.place(SOMEBODY, call, None)
    assert found == {"account": ACCOUNT, "id": call, "cycle": None, "is_by_hand": True, "is_new": True}
    assert not placements.place(SOMEBODY, call, None)["is_new"]
    placements.place(SOMEBODY, put, "000.2")
    assert keeper.look()
    said = by_the_rules | {"028.4": "028.4", "090.5": "000.2"}
    assert cycles(agent) == said
    assert sorted(agent.execute("SELECT cycle, trips FROM wheel_cycles").fetchall()) == [
        ("000.2", 3), ("028.4", 1), ("091.9", 1),
    ]  # fmt: skip
    write.flush(executions=(fill(95, KO, -100, "61"),))
    keeper.look()
    assert cycles(agent) == said
    fresh = Keeper(agent)  # an agent that starts anew says the same
    fresh.look()
    assert cycles(agent) == said

    assert placements.take_back(SOMEBODY, number(agent, "028.4"))["is_new"]
    assert placements.take_back(SOMEBODY, number(agent, "090.5"))["is_new"]
    assert not placements.take_back(SOMEBODY, number(agent, "090.5"))["is_new"]
    keeper.look()
    assert cycles(agent) == by_the_rules
    with psycopg.connect(url18, autocommit=True) as conn:
        events = conn.execute(
            "SELECT actor, subject, detail FROM audit_events WHERE kind = 'cycle.placed' ORDER BY id"
        ).fetchall()
        assert [(actor, subject) for actor, subject, _ in events] == [
            ("anna", "round trip 028.4"), ("anna", "round trip 090.5"), ("anna", "round trip 028.4"), ("anna", "round trip 090.5"),
        ]  # fmt: skip
        assert events[1][2] == {"account": ACCOUNT, "from": "090.5", "to": "000.2"}
        assert audit.verify(conn, None).problems == []


def test_only_a_cycle_of_the_same_underlying(write: Writer, agent: Conn, placements: Placements) -> None:
    write.flush(executions=(*WHEEL, *LATER))
    Keeper(agent).look()
    put = number(agent, "090.5")
    for cycle in ("091.9", "nothing", "-09.1"):
        with pytest.raises(UnknownSubjectError, match="no such cycle of KO"):
            placements.place(SOMEBODY, put, cycle)
    with pytest.raises(UnknownSubjectError):
        placements.place(SOMEBODY, 999_999_999, None)
    assert agent.execute("SELECT count(*) FROM cycle_placements").fetchone() == (0,)
