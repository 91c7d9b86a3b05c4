"""Whose a working order is, and what is written of one that ended: without a broker."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from data.audit import Caller
from data.db import connect
from data.model import Role
from data.strategies.agent.options import AgentOptions
from data.strategies.agent.orders import How, Owners, Working
from data.strategies.agent.stopping import Stopper
from data.strategies.base import Bot
from data.strategies.thetagang.attribution import BotFacts, OrderFacts, whose
from data.strategies.wrapped import Wrapped
from tests.agent.world import ACCOUNT, World

WHEEL = "tg/wheel"


def order(client_id: int, **told: Any) -> Working:
    given: dict[str, Any] = {
        "account": ACCOUNT, "perm_id": 1, "client_id": client_id, "order_id": 1, "order_ref": None, "symbol": "AAPL",
        "sec_type": "OPT", "action": "SELL", "quantity": Decimal(1), "order_type": "LMT", "limit_price": 2.0, "expiry": None,
        "strike": None, "right": None, "strategy": None, "is_decided": False,
    } | told  # fmt: skip
    return Working(**given)


@pytest.mark.parametrize(
    ("client_id", "told", "stopped", "how"),
    [
        (7, {}, set(), How.CANCEL),
        (0, {}, set(), How.NAME_UNCLEAR),  # an order made by hand in TWS has client 0 too
        (0, {}, {"wheel"}, How.NAME_UNCLEAR),
        (0, {"strategy": WHEEL, "is_decided": True}, set(), How.CANCEL),  # said by hand, or by the bot's own records
        (0, {"order_ref": "tg:wheel:AAPL"}, set(), How.CANCEL),  # its reference names it
    ],
)
def test_client_0_is_also_everybody_s_who_trades_by_hand(
    client_id: int, told: dict[str, Any], stopped: set[str], how: How
) -> None:
    facts = BotFacts("tg", "thetagang2", client_id, {"wheel": frozenset({"AAPL"})})
    assert Owners(facts, frozenset(), frozenset(stopped)).judge(order(client_id, **told), WHEEL) is how


@pytest.mark.parametrize(("client_id", "found"), [(7, (WHEEL, "shape")), (0, None)])
def test_the_shape_of_an_order_of_client_0_tells_nothing(client_id: int, found: object) -> None:
    facts = BotFacts("tg", "thetagang2", client_id, {"wheel": frozenset({"AAPL"})})
    assert whose(OrderFacts("OPT", "AAPL", "SELL", client_id), facts) == found


def test_an_order_that_filled_meanwhile_was_not_cancelled(world: World) -> None:
    bot = Bot("tg", "wrapper", None, ACCOUNT, 7, None, None, None, (WHEEL,))
    stopper = Stopper(AgentOptions(world.url, world.folder.path), Caller("agent", "agent"), Wrapped(world.folder), bot)
    found = {1: [(order(7, perm_id=number), How.CANCEL) for number in (1, 2, 3)]}
    with connect(world.url, Role.AGENT, "test", autocommit=True) as conn:
        stopper._note(conn, found, {1: "Cancelled", 2: "Filled", 3: "ApiCancelled"})
    events = world.rows("SELECT kind, detail FROM audit_events ORDER BY id")
    assert [event["kind"] for event in events] == ["order.cancelled", "order.ended", "order.cancelled"]
    assert events[1]["detail"]["status"] == "Filled"
