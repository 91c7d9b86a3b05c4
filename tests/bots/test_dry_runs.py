"""The real bots' dry runs and refusals: what they would send, with nothing sent and nothing cancelled; their own words."""

from __future__ import annotations

import re
import uuid

import pytest

from data.audit import Caller
from data.db import connect, make_engine
from data.model import Role
from data.previews import Previews
from data.strategies.desired import Action
from data.strategies.wrapper.keeper import Keeper
from tests.agent.world import Trader, resting
from tests.bots import files
from tests.bots.conftest import CLIENT_ID, BotWorld


@pytest.mark.timeout(400)
def test_a_dry_run_sends_and_cancels_nothing(world: BotWorld):
    """1.16's own dry run would cancel the bot's working order."""
    (resting_order,) = Trader(world.gateway, CLIENT_ID).place(resting(price=1.0), symbol="F")
    world.make_known()
    ran = world.run("--preview")
    assert ran.code == 0, ran.output
    assert "SELL 1 F 20" in ran.output
    assert "at assignment -" in ran.output
    assert re.search(r"BUY 90\d SGOV LMT 1\d\d\.\d+  cash -", ran.output)
    assert "Nothing was sent and nothing was cancelled." in ran.output
    assert set(world.working()) == {resting_order}
    assert not list(world.data_dir.glob("*preview*"))  # its configuration is gone
    assert not world.rows("SELECT 1 FROM decisions WHERE kind = 'intent'")


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", ["thetagang2"], indirect=True)
def test_the_agent_runs_a_dry_run_that_was_asked_for(world: BotWorld):
    """With the last command line and environment, and what is paused held back."""
    world.make_known()  # that was `true`, whose dry run lists nothing
    world.give(Action.PAUSE, world.name("wheel"))
    last = world.folder.kept(f"last/{world.kind.name}.json")
    assert last is not None
    last["arguments"][0] = str(world.kind.program)
    world.folder.keep(f"last/{world.kind.name}.json", last)
    asked = ask(world)
    look(world)
    found = world.rows("SELECT * FROM preview_results WHERE preview_id = %s", [asked])[0]
    assert found["problem"] is None
    assert [order["symbol"] for order in found["orders"]] == ["SGOV"]
    assert found["orders"][0]["cash"] == pytest.approx(-90_000, rel=0.05)
    assert found["ended_at"] >= found["started_at"]
    assert "hunter2hunter2" not in found["words"]

    (world.folder.path / "last" / f"{world.kind.name}.json").unlink()
    asked = ask(world)
    look(world)
    found = world.rows("SELECT * FROM preview_results WHERE preview_id = %s", [asked])[0]
    assert "run it once by `mtz bot`" in found["problem"]


def ask(world: BotWorld) -> uuid.UUID:
    engine = make_engine(world.url, Role.WEB, "test", pool_size=1)
    try:
        return uuid.UUID(Previews(engine).ask(Caller("ann", "user"), world.kind.name)["id"])
    finally:
        engine.dispose()


def look(world: BotWorld) -> None:
    """One look of the agent's keeper."""
    keeper = Keeper(world.url, world.folder)
    with connect(world.url, Role.AGENT, "test", autocommit=True) as conn:
        keeper.look(conn)
    keeper.close()


def test_the_bot_refuses_a_wrong_configuration_in_its_own_words(world: BotWorld):
    world.config.write_text(world.config.read_text().replace("weight = 0.", "weight = 0.1"))
    ran = world.run()
    assert ran.code == 1
    assert "weights must sum to 1" in ran.said.lower()
    assert world.last_run()["outcome"] == "refused"
    assert world.last_run()["version"] is not None


@pytest.mark.parametrize("kind", ["thetagang2"], indirect=True)
def test_a_file_of_the_first_family_is_refused_by_the_second_bot_in_its_words(world: BotWorld):
    text = files.FIRST
    for name, value in {
        "port": world.gateway.port,
        "client_id": 7,
        "log": "ib.log",
        "close": 1.0,
        "roll": 0.99,
    }.items():
        text = text.replace(f"@{name}@", str(value))
    world.config.write_text(text)
    ran = world.run()
    assert ran.code == 1
    assert "Legacy config migration requires confirmation" in ran.said
    assert f"thetagang --config {world.config} --migrate-config --yes" in ran.said
    assert world.config.read_text() == text
