"""A stop while poller or gateway are away: what can be done is done, and nothing is said that nobody knows."""

from __future__ import annotations

import pytest

from data.strategies.desired import Action
from tests.agent.world import Trader, World, at_broker, resting
from tests.poller.process import PollerProcess, eventually
from tests.support.gateway import GatewayHandle

BOT_CLIENT = 7


@pytest.fixture(autouse=True)
def _bot(world: World, gateway: GatewayHandle) -> None:
    world.bot("tg", "wheel", symbols=["AAPL"], gateway=gateway, client_id=BOT_CLIENT)


def test_the_poller_away_leaves_nothing_unsaid(world: World, gateway: GatewayHandle, poller: PollerProcess) -> None:
    """What was known to work is cancelled all the same; but only a fresh list of the broker's enforces a stop."""
    (own,) = Trader(gateway, BOT_CLIENT).place(resting())
    eventually(lambda: world.rows("SELECT 1 FROM orders"))
    poller.kill()
    world.agent(answer_s=0.5, patience_s=1.0)
    stop = world.give(Action.STOP, "tg/wheel")
    left = world.wait(stop, "not_enforced")
    assert "The poller doesn't answer" in left["detail"]
    assert own not in at_broker(gateway)
    with PollerProcess(world.data_dir, database_url=world.url, host=gateway.host, port=gateway.port):
        world.wait(stop, "enforced")


def test_a_gateway_that_is_away(world: World, gateway: GatewayHandle, poller: PollerProcess) -> None:
    Trader(gateway, BOT_CLIENT).place(resting())
    eventually(lambda: world.rows("SELECT 1 FROM orders"))
    gateway.terminate()
    world.agent(patience_s=1.0)
    stop = world.give(Action.STOP, "tg/wheel")
    left = world.wait(stop, "not_enforced")
    assert left["remaining"], left
    assert "The agent can't cancel" in left["remaining"][0]["advice"]
    gateway.restart()
    world.wait(stop, "enforced", patience=60.0)
    assert not at_broker(gateway)
