"""Whose order it was, in the database: reference, record, shape, hand; fills and the broker's bookings follow."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from data.assigning import AmbiguousOrderError, Assignments, UnknownOrderError
from data.audit import Caller, verify
from data.commands import UnknownStrategyError
from data.db import make_engine
from data.model import ExecutionKind, Order, Role
from data.strategies.attributing import Attributor, attribute
from tests.figures.conftest import Conn
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer

ME = Caller("somebody", "user", "127.0.0.1")


def order(perm_id: int, **values: Any) -> Order:
    facts: dict[str, Any] = {"client_id": 1, "order_id": perm_id, "limit_price": 2.3} | values
    return Order(ACCOUNT, perm_id, samples.now(), samples.put(), "SELL", "LMT", Decimal(1), "Filled", **facts)


def owners(conn: Conn) -> dict[int, str | None]:
    return dict(conn.execute("SELECT perm_id, strategy FROM orders ORDER BY perm_id").fetchall())


def fills(conn: Conn) -> dict[int, str | None]:
    return dict(conn.execute("SELECT id, strategy FROM executions WHERE effective ORDER BY id").fetchall())


def hows(conn: Conn) -> list[tuple[int, str | None, str]]:
    return conn.execute("SELECT perm_id, strategy, how FROM attributions ORDER BY id").fetchall()


def test_reference_record_and_shape(agent: Conn, write: Writer) -> None:
    agent.execute(
        "INSERT INTO decisions (bot, source_key, account, strategy, ts, kind, perm_id)"
        " VALUES ('demo', 'x', %s, 'demo/hedge', now(), 'intent', 3)",
        [ACCOUNT],
    )
    write.flush(
        orders=(
            order(1, order_ref="tg:tail-hedge:entry"),
            order(2, order_ref="demo:put-write:SPY", client_id=12),
            order(3, client_id=12),
            order(4),
            order(5, client_id=77),
            order(6, order_ref="demo:unheard-of:SPY", client_id=12),
        )
    )
    assert attribute(agent) == 4
    assert owners(agent) == {
        1: "tg/tail_hedge", 2: "demo/put-write", 3: "demo/hedge", 4: "tg/wheel", 5: None, 6: None,
    }  # fmt: skip
    assert [how for _, _, how in hows(agent)] == ["order_ref", "order_ref", "join", "shape"]
    assert attribute(agent) == 0


def test_a_fill_that_comes_later_follows_its_order_and_moves_the_revision(agent: Conn, write: Writer) -> None:
    attributor = Attributor(agent)
    write.flush(orders=(order(4711),))
    assert attributor.look() == 1
    write.flush(executions=(samples.execution(1, client_id=1),))
    before = agent.execute("SELECT revision FROM revisions WHERE topic = 'trades'").fetchone()
    assert attributor.look() == 1
    assert list(fills(agent).values()) == ["tg/wheel"]
    now = agent.execute("SELECT revision FROM revisions WHERE topic = 'trades'").fetchone()
    changed = agent.execute("SELECT changed_revision FROM executions").fetchone()
    assert before is not None
    assert now == changed == (before[0] + 1,)
    assert len(hows(agent)) == 1
    assert attributor.look() == 0


def test_a_record_that_comes_later_is_better_than_the_shape(agent: Conn, write: Writer) -> None:
    attributor = Attributor(agent)
    write.flush(orders=(order(8, client_id=1),), executions=(samples.execution(1, perm_id=8, client_id=1),))
    attributor.look()
    assert owners(agent) == {8: "tg/wheel"}
    agent.execute(
        "INSERT INTO decisions (bot, source_key, account, strategy, ts, kind, perm_id)"
        " VALUES ('tg', 'x', %s, 'tg/tail_hedge', now(), 'intent', 8)",
        [ACCOUNT],
    )
    assert attributor.look() == 1
    assert owners(agent) == {8: "tg/tail_hedge"}
    assert list(fills(agent).values()) == ["tg/tail_hedge"]
    assert agent.execute("SELECT kind, subject FROM audit_events").fetchall() == [("order.reassigned", "order 8")]


def test_by_hand_wins_for_ever(agent: Conn, write: Writer, url18: str) -> None:
    engine = make_engine(url18, Role.WEB, "test")
    web, attributor = Assignments(engine, url18), Attributor(agent)
    write.flush(
        orders=(order(1, order_ref="tg:tail-hedge:entry"),), executions=(samples.execution(1, perm_id=1, client_id=1),)
    )
    attributor.look()
    said = web.assign(ME, 1, "demo/hedge")
    assert (said["before"], said["is_new"]) == ("tg/tail_hedge", True)
    assert owners(agent) == {1: "tg/tail_hedge"}  # the agent's to write
    assert attributor.look() == 1
    assert owners(agent) == {1: "demo/hedge"}
    assert not web.assign(ME, 1, "demo/hedge")["is_new"]
    write.flush(executions=(samples.execution(2, perm_id=1, client_id=1),))
    attributor.look()
    assert Attributor(agent).look() == 0  # one that looks at everything anew
    assert set(fills(agent).values()) == {"demo/hedge"}
    web.assign(ME, 1, None)
    attributor.look()
    assert owners(agent) == {1: None}
    assert set(fills(agent).values()) == {None}
    assert Attributor(agent).look() == 0
    assert hows(agent) == [(1, "tg/tail_hedge", "order_ref"), (1, "demo/hedge", "hand"), (1, None, "hand")]
    kinds = agent.execute("SELECT kind, actor, detail ->> 'to' FROM audit_events ORDER BY id").fetchall()
    assert kinds == [("order.reassigned", "somebody", "demo/hedge"), ("order.reassigned", "somebody", None)]
    assert verify(agent, None).problems == []
    engine.dispose()


def test_what_cannot_be_said_by_hand(agent: Conn, write: Writer, url18: str) -> None:
    engine = make_engine(url18, Role.WEB, "test")
    web = Assignments(engine, url18)
    write.flush(orders=(order(1),))
    with pytest.raises(UnknownOrderError):
        web.assign(ME, 2, "tg/wheel")
    with pytest.raises(UnknownStrategyError, match="demo/hedge"):
        web.assign(ME, 1, "tg/unheard-of")
    other = samples.execution(9, account="DU9000002", perm_id=1)
    write.account("DU9000002")
    write.flush("DU9000002", executions=(other,))
    with pytest.raises(AmbiguousOrderError):
        web.assign(ME, 1, "tg/wheel")
    assert web.assign(ME, 1, "tg/wheel", "DU9000002")["account"] == "DU9000002"
    assert hows(agent) == [(1, "tg/wheel", "hand")]
    engine.dispose()


def test_an_assignment_is_whose_option_it_was_and_called_shares_leave_who_held_them(agent: Conn, write: Writer) -> None:
    put, share = samples.put(), samples.stock()
    call = samples.put(5)
    at = samples.now() - timedelta(hours=2)
    booked: dict[str, Any] = {"order_id": None, "perm_id": None, "client_id": 0, "commission": Decimal(0)}
    end = ExecutionKind.ASSIGNMENT
    write.flush(
        executions=(
            samples.execution(1, put, time=at, perm_id=1, order_ref="tg:tail-hedge:entry", client_id=1),
            samples.execution(2, call, time=at, perm_id=2, order_ref="demo:put-write:SPY", client_id=12),
            # Assigned: 100 shares come to the put's strategy …
            samples.execution(3, put, time=at + timedelta(minutes=1), side="BOT", price=Decimal(0), kind=end, **booked),
            samples.execution(
                4, share, time=at + timedelta(minutes=1), side="BOT", quantity=Decimal(100), price=Decimal(500), kind=end, **booked
            ),
            # … and leave it when another's call is assigned.
            samples.execution(5, call, time=at + timedelta(minutes=2), side="BOT", price=Decimal(0), kind=end, **booked),
            samples.execution(
                6, share, time=at + timedelta(minutes=2), side="SLD", quantity=Decimal(100), price=Decimal(510), kind=end, **booked
            ),
        )
    )  # fmt: skip
    assert attribute(agent) == 6
    assert [fills(agent)[number] for number in sorted(fills(agent))] == [
        "tg/tail_hedge", "demo/put-write", "tg/tail_hedge", "tg/tail_hedge", "demo/put-write", "tg/tail_hedge",
    ]  # fmt: skip


def test_a_correction_stays_with_its_strategy(agent: Conn, write: Writer) -> None:
    attributor = Attributor(agent)
    first = samples.execution(1, client_id=1)
    write.flush(orders=(order(4711),), executions=(first,))
    attributor.look()
    write.flush(
        executions=(
            samples.execution(1, client_id=1, revision=2, exec_id=first.base_exec_id + ".02", price=Decimal("2.30")),
        )
    )
    attributor.look()
    assert list(fills(agent).values()) == ["tg/wheel"]
