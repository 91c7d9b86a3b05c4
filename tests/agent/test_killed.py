"""The agent is killed (kill -9) at each of its steps: nothing is half applied, and the next one finishes what was begun."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from data import audit
from data.db import connect
from data.model import Role
from data.strategies.desired import EVERY, Action, Desired
from tests.agent.conftest import connected_poller, trading_gateway
from tests.agent.world import Trader, World, at_broker, resting
from tests.conftest import Server
from tests.poller.process import eventually
from tests.support.gateway import GatewayHandle

STOP_STEPS = [
    "before claim", "claimed", "states of {bot} written", "before acknowledge", "acknowledged", "listed", "lock held",
    "cancelled", "before settle", "settled",
]  # fmt: skip
KILL_STEPS = ["kill file written", "before acknowledge", "acknowledged"]
RELEASE_STEPS = ["kill file removed", "before acknowledge", "acknowledged"]


@pytest.fixture(scope="module")
def shared(server18: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, GatewayHandle]]:
    """One database, gateway and poller for all: each test has a bot and a client id of its own."""
    folder: Path = tmp_path_factory.mktemp("killed")
    world = World(server18.database(), folder)
    with trading_gateway(folder) as gateway, connected_poller(world, gateway):
        yield world, gateway
        world.close()


@pytest.mark.parametrize("number", range(len(STOP_STEPS)), ids=[step.replace(" ", "-") for step in STOP_STEPS])
def test_a_stop(shared: tuple[World, GatewayHandle], number: int) -> None:
    world, gateway = shared
    bot = f"bot{number}"
    step = STOP_STEPS[number].format(bot=bot)
    world.bot(bot, "wheel", symbols=["AAPL"], gateway=gateway, client_id=100 + number)
    (order,) = Trader(gateway, 100 + number).place(resting())
    pause, stop = world.give(Action.PAUSE, f"{bot}/wheel"), world.give(Action.STOP, f"{bot}/wheel")
    killed = world.agent(kill_at=step)
    assert killed.wait() == -signal.SIGKILL, killed.log

    state = world.commands.get(stop.command["id"])["state"]
    states = world.folder.read_states(bot)
    in_file = states.of("wheel").desired if states else Desired.ACTIVE
    in_force = world.in_force().get(f"{bot}/wheel")
    _require_whole(world)
    if state == "requested":
        assert in_force is None
    else:  # a start of the bot reads it, with the database and without
        assert in_force == "stopped"
        assert in_file is Desired.STOPPED
    if state == "enforced":
        assert order not in at_broker(gateway)
    assert world.folder.lock_holder(bot) is None

    with world.agent():
        world.wait(stop, "enforced")
        world.wait(pause, "overruled")
    assert order not in at_broker(gateway)
    assert world.in_force()[f"{bot}/wheel"] == "stopped"
    wanted = ["command.requested", "command.claimed", "command.acknowledged", "command.enforced"]
    assert world.events(stop) == wanted  # each once, whatever was done twice
    assert world.events(pause) == ["command.requested", "command.claimed", "command.overruled"]
    _require_whole(world)


@pytest.mark.parametrize("step", KILL_STEPS)
def test_the_kill_switch(world: World, step: str) -> None:
    world.bot("tg", "wheel", "hedge")
    kill = world.give(Action.STOP, EVERY)
    assert world.agent(kill_at=step).wait() == -signal.SIGKILL
    assert world.folder.killed() is not None  # no bot starts from the first step on
    with world.agent():
        world.wait(kill, "enforced")
    assert set(world.in_force().values()) == {"stopped"}
    assert len(world.rows("SELECT 1 FROM commands")) == 3  # the file that was there became no second command
    _require_whole(world)


@pytest.mark.parametrize("step", RELEASE_STEPS)
def test_its_release(world: World, step: str) -> None:
    world.bot("tg", "wheel")
    with world.agent():
        world.wait(world.give(Action.STOP, EVERY), "enforced")
    release = world.give(Action.RESUME, EVERY)
    assert world.agent(kill_at=step).wait() == -signal.SIGKILL
    with world.agent():
        world.wait(release, "enforced")
        eventually(lambda: world.rows("SELECT 1 FROM agent_status WHERE heartbeat_at > now() - interval '1 s'"))
    assert world.folder.killed() is None
    assert world.in_force() == {EVERY: "active", "tg/wheel": "stopped"}
    assert len(world.rows("SELECT 1 FROM commands")) == 3
    _require_whole(world)


def _require_whole(world: World) -> None:
    """What is in force was acknowledged, what was acknowledged is in force or was replaced; each state has its event."""
    assert not world.rows(
        "SELECT s.* FROM strategy_states s JOIN command_progress p ON p.command = s.command "
        " WHERE p.state IN ('claimed', 'overruled') OR p.acknowledged_at IS NULL"
    )
    assert not world.rows(
        "SELECT p.* FROM command_progress p WHERE NOT EXISTS "
        "(SELECT FROM audit_events e WHERE (e.detail->>'command')::bigint = p.command AND e.kind = 'command.' || p.state)"
    )
    with connect(world.url, Role.AGENT, "test", autocommit=True) as conn:
        assert audit.verify(conn, None).problems == []
