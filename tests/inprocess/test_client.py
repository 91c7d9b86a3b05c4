"""The one file beside a real bot: ib_async in an environment of its own, none of our code, a pause() that is a mere flag."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from data import db
from data.model import Role
from data.strategies import bot_client
from data.strategies.in_process import AWAY_AFTER_S, InProcess
from tests.conftest import Server
from tests.gateway.conftest import connect as connect_ib
from tests.gateway.conftest import environment, loop
from tests.inprocess.test_reports import command, rows
from tests.support.gateway import GatewayHandle, start_gateway
from tests.web.server import free_port, running, wait_until

BOT = Path(__file__).parent / "bots" / "flagbot.py"
REFS = {"put": {"flagbot:put:KO", "flagbot:put:F"}, "call": {"flagbot:call:T"}}

__all__ = ["connect_ib", "loop"]
pytestmark = pytest.mark.timeout(300)  # the first run installs the environment


class FlagBot:
    """The bot as a process; `next()` is what its next cycle did."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process, self._log = process, log

    def next(self) -> dict[str, Any]:
        line = self.process.stdout.readline()  # type: ignore[union-attr]
        assert line, self._log.read_text()
        found: dict[str, Any] = json.loads(line)
        return found

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        for _ in range(200):
            if condition(found := self.next()):
                return found
        raise AssertionError(self._log.read_text())

    @property
    def log(self) -> str:
        return self._log.read_text()


@pytest.fixture
def database(server18: Server) -> str:
    return server18.database()


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayHandle]:
    with start_gateway(tmp_path, trader=False) as handle:
        yield handle


@pytest.fixture
def start(tmp_path: Path, gateway: GatewayHandle) -> Callable[..., Any]:
    """Runs the bot in a folder with nothing but itself and the one file."""
    folder = tmp_path / "bot"
    folder.mkdir()
    shutil.copy(BOT, folder)
    shutil.copy(bot_client.__file__, folder)
    python = environment("ib_async")

    @contextmanager
    def run(url: str, *more: str) -> Iterator[FlagBot]:
        with (folder / "log").open("a") as log:
            process = subprocess.Popen(
                [str(python), "-I", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); import runpy; "
                 f"runpy.run_path({str(folder / BOT.name)!r}, run_name='__main__')", str(gateway.port), url,
                 str(folder / "states.json"), *more],
                cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
            try:
                yield FlagBot(process, folder / "log")
            finally:
                process.kill()
                process.communicate()

    return run


def act(url: str, strategy: str, desired: str, number: int) -> None:
    """What the agent does when it acknowledges."""
    with psycopg.connect(url) as conn:
        conn.execute(
            "INSERT INTO strategy_states (strategy, desired, command) VALUES (%s, %s, %s) "
            "ON CONFLICT (strategy, symbol) DO UPDATE SET desired = excluded.desired, command = excluded.command",
            [strategy, desired, number],
        )
        conn.execute(
            "INSERT INTO command_progress (command, state, claimed_by, settled_at) VALUES (%s, 'enforced', 'test', now())",
            [number],
        )


def seen(url: str, strategy: str) -> tuple[int, str | None]:
    """What the agent's adapter says of one strategy: the command that is proven, and why not."""
    with db.connect(url, Role.AGENT, "test", autocommit=True) as conn:
        adapter = InProcess()
        found = [run for bot in adapter.list(conn) for run in adapter.runs(conn, bot) if run.strategy == strategy]
    assert len(found) == 1
    return found[0].command_seen, found[0].failure


def orders_of(ib: Any, ref: str) -> set[int]:
    """The working orders with such a reference, by a fresh list of the gateway's."""
    return {trade.order.permId for trade in ib.reqAllOpenOrders() if trade.order.orderRef.startswith(ref)}


def test_a_pause_holds_although_the_bots_own_is_a_mere_flag(
    database: str, gateway: GatewayHandle, start: Callable[..., Any], connect_ib: Callable[..., Any], tmp_path: Path
) -> None:
    with running(database, tmp_path) as web, start(web.origin) as bot:
        bot.until(lambda cycle: set(cycle["queued"]) == REFS["put"] | REFS["call"])
        number = command(web, "flagbot/put", "pause")
        bot.until(lambda cycle: set(cycle["queued"]) == REFS["call"])
        ib = connect_ib(gateway)
        before = orders_of(ib, "flagbot:put")
        others = orders_of(ib, "flagbot:call")
        wait_until(lambda: seen(database, "flagbot/put")[0] >= number, "the pause is proven")
        for _ in range(3):
            assert set(bot.next()["queued"]) == REFS["call"]
        assert orders_of(ib, "flagbot:put") == before
        assert orders_of(ib, "flagbot:call") > others
        (told,) = rows(database, "SELECT bot_status FROM strategies WHERE name = 'flagbot/put'")
        assert told["bot_status"] == "paused"

        act(database, "flagbot/put", "paused", number)
        resumed = command(web, "flagbot/put", "resume")
        act(database, "flagbot/put", "active", resumed)
        bot.until(lambda cycle: set(cycle["queued"]) == REFS["put"] | REFS["call"])
        wait_until(lambda: seen(database, "flagbot/put")[0] >= resumed, "the resume is proven")
        assert "Traceback" not in bot.log


def test_a_stop_cancels_and_a_symbol_can_be_paused(database: str, start: Callable[..., Any], tmp_path: Path) -> None:
    with running(database, tmp_path) as web, start(web.origin) as bot:
        bot.until(lambda cycle: REFS["put"] <= set(cycle["open"]))
        number = command(web, "flagbot/put", "pause", symbol="KO")
        bot.until(lambda cycle: set(cycle["queued"]) == {"flagbot:put:F", "flagbot:call:T"})
        wait_until(lambda: seen(database, "flagbot/put")[0] >= number, "the symbol's pause is proven")
        number = command(web, "flagbot/put", "stop")
        bot.until(lambda cycle: set(cycle["open"]) == REFS["call"])
        wait_until(lambda: seen(database, "flagbot/put")[0] >= number, "the stop is proven")


def test_a_bot_that_does_not_obey_is_told_of(database: str, start: Callable[..., Any], tmp_path: Path) -> None:
    with running(database, tmp_path) as web, start(web.origin, "deaf") as bot:
        bot.until(lambda cycle: cycle["connected"])
        number = command(web, "flagbot/put", "pause")
        _, why = wait_until(
            lambda: (found := seen(database, "flagbot/put"))[1] is not None and found, "the order against it is told"
        )
        assert "put is paused, but an order for" in why
        assert seen(database, "flagbot/put")[0] < number


def test_without_the_dashboard_the_last_known_states_hold(
    database: str, start: Callable[..., Any], tmp_path: Path
) -> None:
    port = free_port()
    with start(f"http://127.0.0.1:{port}") as bot:  # nobody is there, and nothing was ever known
        assert [bot.next()["queued"] for _ in range(3)] == [[], [], []]
        assert "no state is known" in bot.log
        with running(database, tmp_path, port) as web:
            bot.until(lambda cycle: set(cycle["queued"]) == REFS["put"] | REFS["call"])
            act(database, "flagbot/call", "paused", command(web, "flagbot/call", "pause"))
            bot.until(lambda cycle: set(cycle["queued"]) == REFS["put"])
        bot.until(lambda cycle: not cycle["connected"])
        assert set(bot.next()["queued"]) == REFS["put"]
        assert "the last known states hold" in bot.log
    with start(f"http://127.0.0.1:{port}") as again:  # a restart knows, too
        assert [set(again.next()["queued"]) for _ in range(3)] == [REFS["put"]] * 3
        notes = len(rows(database, "SELECT FROM decisions WHERE kind = 'note'"))
        with running(database, tmp_path, port):
            again.until(lambda cycle: cycle["connected"])
            wait_until(
                lambda: len(rows(database, "SELECT FROM decisions WHERE kind = 'note'")) > notes + 3, "lines kept"
            )


def test_a_bot_that_died(database: str, start: Callable[..., Any], tmp_path: Path) -> None:
    adapter = InProcess()
    with running(database, tmp_path) as web:
        with start(web.origin) as bot:
            bot.until(lambda cycle: cycle["connected"])
            number = command(web, "flagbot/put", "pause")
            wait_until(lambda: seen(database, "flagbot/put")[0] >= number, "the pause is proven")
            bot.process.kill()
            bot.process.wait()
        with psycopg.connect(database) as conn:  # time passes
            conn.execute("UPDATE bots SET heartbeat_at = now() - make_interval(secs => %s)", [AWAY_AFTER_S + 1])
        with db.connect(database, Role.AGENT, "test", autocommit=True) as conn:
            (known,) = adapter.list(conn)
            assert not adapter.status(conn, known).is_running
            assert adapter.runs(conn, known) == []  # its client id is free at the gateway: it trades no more
            assert rows(database, "SELECT FROM bot_runs WHERE ended_at IS NULL") == []
        with start("http://127.0.0.1:1") as cut_off:  # it trades on, and nobody hears of it
            cut_off.next()
            with db.connect(database, Role.AGENT, "test", autocommit=True) as conn:
                found = {run.strategy: run for run in adapter.runs(conn, known)}
            assert found["flagbot/put"].command_seen == 0
            assert "client id 41 is connected" in (found["flagbot/put"].waits or "")
