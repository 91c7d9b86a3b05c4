"""The database, the agent or both away: the kill switch works all the same, and nothing that was acknowledged is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from data.strategies.desired import EVERY, Action, Desired
from tests.agent.world import World
from tests.conftest import Server
from tests.poller.process import eventually


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[World, Server]]:
    """A server that may be stopped."""
    server = Server(None)
    try:
        server.start()
        world = World(server.database(), tmp_path)
        world.bot("tg", "wheel", "hedge")
        yield world, server
        world.close()
    finally:
        server.stop()


def test_a_switch_thrown_with_agent_and_database_down_becomes_a_command(own: tuple[World, Server]) -> None:
    world, server = own
    server.postgres.stop()
    world.folder.kill("root (command line)", "smoke")
    agent = world.agent()
    eventually(lambda: "Commands wait until it is back" in agent.log)
    server.postgres.start()
    row = eventually(lambda: world.rows("SELECT * FROM commands WHERE strategy = '*'"))[0]
    assert (row["actor"], row["actor_kind"], row["action"]) == ("root (command line)", "local", "stop")
    assert row["reason"].startswith("smoke Thrown on the machine at ")
    look = "SELECT state FROM command_progress WHERE command = %s"
    eventually(lambda: world.rows(look, [row["id"]]) == [{"state": "enforced"}])
    assert world.in_force() == {EVERY: "stopped", "tg/wheel": "stopped", "tg/hedge": "stopped"}
    said = world.folder.killed()
    assert said is not None
    assert (said["actor"], said["command"]) == ("root (command line)", row["id"])
    assert said["killed_at"] in row["reason"]


def test_a_restart_of_the_database_is_waited_out(own: tuple[World, Server]) -> None:
    world, server = own
    agent = world.agent()
    world.wait(world.give(Action.STOP, "tg/wheel"), "enforced")
    server.postgres.stop()
    states = world.folder.read_states("tg")
    assert states is not None
    assert states.of("wheel").desired is Desired.STOPPED  # what a start of the bot reads meanwhile
    eventually(lambda: "Commands wait until it is back" in agent.log)
    server.postgres.start()
    eventually(lambda: psycopg.connect(world.url).close() or True)
    world.wait(world.give(Action.PAUSE, "tg/hedge"), "enforced")
    assert agent.process.is_alive()
    assert world.in_force() == {"tg/wheel": "stopped", "tg/hedge": "paused"}


def test_a_lost_kill_file_is_written_again(world: World) -> None:
    world.bot("tg", "wheel")
    world.agent()
    world.wait(world.give(Action.STOP, EVERY), "enforced")
    (world.folder.path / "kill.json").unlink()
    eventually(lambda: world.folder.killed())
    said = world.folder.killed()
    assert said is not None
    assert said["actor"] == "ann"
    assert len(world.rows("SELECT 1 FROM commands")) == 2


def test_a_folder_without_states_gets_them_at_the_agent_s_start(world: World) -> None:
    """The control folder was lost, or the agent moved: what is in force is written for bots that start with the database away."""
    world.bot("tg", "wheel")
    with world.agent():
        world.wait(world.give(Action.STOP, "tg/wheel"), "enforced")
    (world.folder.path / "states" / "tg.json").unlink()
    world.agent()
    states = eventually(lambda: world.folder.read_states("tg"))
    assert states is not None
    assert states.of("wheel").desired is Desired.STOPPED


def test_a_schema_that_does_not_fit_ends_it(world: World) -> None:
    world.execute("DELETE FROM schema_migrations WHERE number = 4")
    agent = world.agent()
    assert agent.wait() == 3
    assert "run `mtz migrate`" in agent.log
