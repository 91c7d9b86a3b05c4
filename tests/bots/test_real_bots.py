"""The real ThetaGang, 2.1.1 and 1.16.3, and MoneyTrailz where a checkout is named, run by `mtz bot` at the simulated gateway.

The agent, the poller, the database and the gateway are real processes; nothing fills, so that every order sent is still there.
"""

from __future__ import annotations

import pytest

from data.strategies.desired import Action, Scope
from data.strategies.thetagang.attribution import BotFacts, OrderFacts, whose
from tests.agent.world import Trader, resting
from tests.bots.conftest import CLIENT_ID, BotWorld
from tests.poller.process import PollerProcess, eventually

Order = tuple[str, str, str, int]
TAIL_CLOSE = "tg:tail-hedge:close"
BY_ANOTHER = 88


def options(found: dict[int, Order], action: str = "SELL") -> set[int]:
    return {perm_id for perm_id, order in found.items() if order[0] == "OPT" and order[2] == action}


def of_cash(found: dict[int, Order]) -> set[int]:
    return {perm_id for perm_id, order in found.items() if order[1] == "SGOV"}


@pytest.mark.timeout(400)
def test_stopped_resumed_and_paused(world: BotWorld, poller: PollerProcess):
    world.agent()
    wheel, cash = world.name("wheel"), world.name("cash_management")

    first = world.run()
    sent = world.working()
    assert options(sent), first.output
    assert of_cash(sent), first.output
    assert all(order[3] == CLIENT_ID for order in sent.values())
    check_records(world, sent)

    check_stop(world)
    ran = world.run()
    assert (ran.code, world.last_run()["outcome"]) == (0, "ok")
    assert "Every strategy is paused or stopped: the bot was not started." in ran.said
    assert {order[3] for order in world.working().values()} == {BY_ANOTHER}

    world.wait(world.give(Action.RESUME, wheel), "enforced")
    world.wait(world.give(Action.RESUME, cash), "enforced")
    ran = world.run()
    resumed = world.working()
    assert options(resumed), ran.output
    assert of_cash(resumed), ran.output

    world.wait(world.give(Action.PAUSE, wheel), "enforced")
    ran = world.run()
    paused = world.working()
    assert not options(paused), ran.output  # the bot itself took the old ones away, and sent none
    assert of_cash(paused), ran.output  # the cash fund goes on
    assert "wheel: paused." in ran.said


def check_records(world: BotWorld, sent: dict[int, Order]) -> None:
    """The dashboard's rows, the ledger and attribution tell of the same orders."""
    run = world.last_run()
    assert run["ended_at"] is not None
    assert run["command_seen"] == 0
    assert "hunter2hunter2" not in run["output"]
    assert "charlie77" not in run["output"]
    bot = world.rows("SELECT * FROM bots")[0]
    assert (bot["bot"], bot["family"], bot["client_id"]) == (world.kind.name, world.kind.family, CLIENT_ID)
    symbols = {
        row["name"].partition("/")[2]: frozenset(row["symbols"])
        for row in world.rows("SELECT name, symbols FROM strategies WHERE is_listed")
    }
    facts = BotFacts(world.kind.name, world.kind.family, CLIENT_ID, symbols)

    def stored() -> list[dict[str, object]]:
        rows = world.rows("SELECT * FROM orders WHERE perm_id = ANY (%s)", [list(sent)])
        return rows if len(rows) == len(sent) else []

    for row in eventually(stored, "the poller's orders"):  # type: ignore[attr-defined]
        expected = "cash_management" if row["symbol"] == "SGOV" else "wheel"
        placed = OrderFacts(row["sec_type"], row["symbol"], row["action"], row["client_id"], row["order_ref"])
        assert whose(placed, facts) == (world.name(expected), "shape")
    intents = world.rows("SELECT perm_id, strategy, run_id FROM decisions WHERE kind = 'intent'")
    if world.kind.family == "thetagang2":
        assert {row["perm_id"] for row in intents} == set(sent)
        assert {row["strategy"] for row in intents} == {world.name("wheel"), world.name("cash_management")}
        assert {row["run_id"] for row in intents} == {run["run_id"]}
    else:
        assert intents == []  # not recorded by this bot


def check_stop(world: BotWorld) -> None:
    """What the bot placed is gone, a tail close and the cash fund's among it; what it didn't place is named."""
    (foreign,) = Trader(world.gateway, BY_ANOTHER).place(resting(price=1.0), symbol="F")
    stops = [world.name("cash_management")]
    if world.kind.family == "thetagang2":
        Trader(world.gateway, CLIENT_ID).place(resting("SELL", 900.0, TAIL_CLOSE), symbol="KO")
        stops.append(world.name("tail_hedge"))
    assert of_cash(world.working())
    for stop in [world.give(Action.STOP, name) for name in stops]:
        world.wait(stop, "enforced")
    left = world.wait(world.give(Action.STOP, world.name("wheel")), "not_enforced")
    assert [order["perm_id"] for order in left["remaining"]] == [foreign]
    assert "TWS" in left["remaining"][0]["advice"]
    assert set(world.working()) == {foreign}


@pytest.mark.timeout(400)
def test_openings_and_single_symbols(world: BotWorld):
    """Openings paused: what may be rolled is rolled, nothing is written or bought. One symbol paused: the others trade."""
    world.write(roll=0.2)  # half of what is sold by now may be rolled
    world.agent()
    world.make_known()
    wheel = world.name("wheel")

    opening = world.give(Action.PAUSE, wheel, Scope.OPENING)
    cash = world.give(Action.PAUSE, world.name("cash_management"), Scope.OPENING)
    world.wait(opening, "enforced")
    world.wait(cash, "enforced")
    ran = world.run()
    found = world.working()
    assert {order[:1] + order[2:] for order in found.values()} == {("BAG", "BUY", CLIENT_ID)}, ran.output

    world.write()
    world.wait(world.give(Action.RESUME, wheel), "enforced")
    world.wait(world.give(Action.PAUSE, wheel, symbol="F"), "enforced")
    ran = world.run()
    found = world.working()
    assert {found[perm_id][1] for perm_id in options(found)} == {"SOFI"}, ran.output
