"""The demo's bot with all that is real: gateway, poller, agent, web process. What is paused sends nothing; what is stopped is gone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data.demobot.desk import Budget
from data.demobot.strategies import ALL, _rounded
from data.simulator import pastbot
from data.strategies.bot_client import Control, Strategy
from data.strategies.desired import EVERY, Action, Scope
from data.strategies.in_process import AWAY_AFTER_S
from tests.agent.conftest import gateway, world
from tests.agent.world import World, at_broker
from tests.poller.process import PollerProcess, eventually
from tests.support.gateway import PROJECT, GatewayHandle, start_gateway
from tests.web.server import running

__all__ = ["gateway", "world"]

MAIN = """
import json, logging, sys
from pathlib import Path
from data.demobot.options import DemoBotOptions
from data.demobot.service import run_demo_bot

given = json.loads(sys.argv[1])
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
raise SystemExit(run_demo_bot(DemoBotOptions(state_file=Path(given.pop("state_file")), **given)))
"""


@pytest.fixture
def poller(world: World, gateway: GatewayHandle, tmp_path: Path) -> Iterator[PollerProcess]:
    """The poller, connected to what is the demo's gateway: nobody has to log in."""
    options = {"database_url": world.url, "host": gateway.host, "port": gateway.port, "source": "demo"}
    with PollerProcess(tmp_path, **options) as process:
        eventually(lambda: world.rows("SELECT 1 FROM poller_status WHERE gateway_state = 'connected'"), process.log)
        yield process


@contextmanager
def demo_bot(world: World, gateway: GatewayHandle, dashboard: str) -> Iterator[subprocess.Popen[bytes]]:
    """The bot, in a hurry."""
    options = {
        "host": gateway.host, "port": gateway.port, "dashboard": dashboard, "cycle_s": 0.5, "burst": 100,
        "state_file": str(world.data_dir / "demo.json"),
    }  # fmt: skip
    log = world.data_dir / "demobot.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", MAIN, json.dumps(options)], cwd=PROJECT, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        code = process.wait(20)
    assert code in (0, -9), log.read_text()
    assert "Traceback" not in log.read_text(), log.read_text()


def working(world: World, gateway: GatewayHandle, strategy: str) -> set[int]:
    """The permIds of its orders that work: the broker's list, and the references that the poller has seen."""
    rows = world.rows("SELECT perm_id FROM orders WHERE order_ref LIKE %s", [f"demo:{strategy}:%"])
    return at_broker(gateway) & {row["perm_id"] for row in rows}


def cycles(world: World, strategy: str) -> int:
    rows = world.rows("SELECT cycles_since FROM bot_reports WHERE strategy = %s", [f"demo/{strategy}"])
    return rows[0]["cycles_since"] if rows else 0


def newest(world: World) -> datetime:
    """When the last cycle that ended well began."""
    (row,) = world.rows("SELECT max(started_at) AS at FROM bot_runs WHERE outcome = 'ok'")
    return row["at"] or datetime.min.replace(tzinfo=UTC)  # none: a new one has taken a quiet one's row and runs


@pytest.mark.timeout(240)
def test_what_is_paused_sends_nothing_and_what_is_stopped_is_gone(
    world: World, gateway: GatewayHandle, poller: PollerProcess, tmp_path: Path
) -> None:
    gateway.admin("halt")  # nothing fills: what is sent stays to be seen
    world.agent()
    with running(world.url, tmp_path) as web:
        control = Control(web.origin, "demo", [Strategy(one.name, can_pause_opening=True) for one in ALL])
        assert control.start(wait_s=20)  # so that there is something to pause before the bot's first cycle
        control.close()
        paused = world.give(Action.PAUSE, "demo/put-write")
        with demo_bot(world, gateway, web.origin) as bot:
            eventually(lambda: working(world, gateway, "hedge") and working(world, gateway, "roll"), "the others trade")
            done = world.wait(paused, "enforced")
            assert "positions" in done["detail"]
            before = cycles(world, "put-write")
            eventually(lambda: cycles(world, "put-write") > before + 2, "three more cycles")
            assert working(world, gateway, "put-write") == set()

            world.wait(world.give(Action.RESUME, "demo/put-write"), "enforced")
            eventually(lambda: len(working(world, gateway, "put-write")) > 1, "it trades again")
            assert world.rows("SELECT FROM decisions WHERE strategy = 'demo/put-write' AND kind = 'intent' AND bid > 0")

            world.wait(world.give(Action.STOP, "demo/put-write"), "enforced")
            assert working(world, gateway, "put-write") == set()
            assert working(world, gateway, "hedge")
            bot.kill()
            bot.wait()
        world.execute("UPDATE bots SET heartbeat_at = now() - make_interval(secs => %s)", [AWAY_AFTER_S + 1])
        world.wait(world.give(Action.STOP, "demo/roll"), "enforced")  # the agent cancels with the dead bot's client id
        assert working(world, gateway, "roll") == set()
        assert working(world, gateway, "hedge")
        with demo_bot(world, gateway, web.origin):  # and its next start knows
            began = newest(world)
            eventually(lambda: newest(world) > began, "its first cycle has ended")
            eventually(lambda: cycles(world, "roll") > 1, "two cycles")
            assert working(world, gateway, "roll") == set()
            kill = world.give(Action.STOP, EVERY)
            world.wait(kill, "enforced")
            assert not {order for one in ALL for order in working(world, gateway, one.name)}


@pytest.mark.timeout(240)
def test_a_pause_of_opening_lets_closes_go_on(
    world: World, gateway: GatewayHandle, poller: PollerProcess, tmp_path: Path
) -> None:
    gateway.admin("halt")
    world.agent()
    with running(world.url, tmp_path) as web:
        control = Control(web.origin, "demo", [Strategy(one.name, can_pause_opening=True) for one in ALL])
        assert control.start(wait_s=20)
        control.close()
        given = [world.give(Action.PAUSE, f"demo/{one.name}", Scope.OPENING) for one in ALL]
        with demo_bot(world, gateway, web.origin):
            eventually(lambda: working(world, gateway, "put-write"), "puts are bought back")
            for one in given:
                world.wait(one, "enforced")
            rows = world.rows(
                "SELECT DISTINCT action FROM orders WHERE order_ref LIKE 'demo:%%:%%' AND sec_type = 'OPT'"
            )
            assert [row["action"] for row in rows] == ["BUY"]
            assert not working(world, gateway, "hedge")


@pytest.mark.timeout(240)
def test_it_comes_back_to_its_gateway(world: World, gateway: GatewayHandle, tmp_path: Path) -> None:
    with running(world.url, tmp_path) as web, demo_bot(world, gateway, web.origin):
        eventually(lambda: world.rows("SELECT FROM bot_runs WHERE outcome = 'ok'"), "it trades")
        gateway.kill()
        mine = f"%:{gateway.port}:%"
        away = eventually(
            lambda: world.rows("SELECT problem FROM bots WHERE problem LIKE %s", [mine]), "it says why not"
        )
        before = datetime.now(UTC)
        eventually(lambda: world.rows("SELECT FROM bots WHERE heartbeat_at > %s", [before]), "its heartbeats go on")
        gateway.start()
        eventually(lambda: newest(world) > before, "it trades again")
        assert world.rows("SELECT FROM bots WHERE problem IS NULL")
        assert (world.data_dir / "demobot.log").read_text().count(away[0]["problem"]) == 1


def test_it_never_trades_on_a_live_account(tmp_path: Path) -> None:
    with start_gateway(tmp_path, trader=False, accounts=("U7000001",)) as gateway:
        options = {
            "host": gateway.host,
            "port": gateway.port,
            "dashboard": "http://127.0.0.1:1",
            "state_file": str(tmp_path / "s"),
        }
        done = subprocess.run(
            [sys.executable, "-c", MAIN, json.dumps(options)], cwd=PROJECT, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 4
        assert "U7000001 is no demo's" in done.stderr


def test_orders_have_a_measure() -> None:
    now = [0.0]
    budget = Budget(2, 60.0, lambda: now[0])
    taken = []
    for moment in (0, 1, 2, 50, 61, 62, 300, 301, 302):
        now[0] = moment
        if budget.has_one():
            budget.take()
            taken.append(moment)
    assert taken == [0, 1, 61, 300, 301]


@pytest.mark.parametrize(
    ("price", "up", "cents"), [(1.234, True, 1.24), (1.234, False, 1.23), (0.29, True, 0.29), (0.001, False, 0.01)]
)
def test_prices_are_whole_cents(price: float, up: bool, cents: float) -> None:
    assert _rounded(price, up=up) == cents


def test_the_past_and_the_bot_speak_of_the_same_strategies() -> None:
    assert {one.name: (one.title, one.allocation) for one in ALL} == {
        name: (title, share) for name, (title, _, share) in pastbot.STRATEGIES.items()
    }
