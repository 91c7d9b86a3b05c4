"""What the agent's tests share: the agent as a process that can be killed at any step, a bot's orders, the database as it is seen."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import psycopg
from ib_insync import IB, LimitOrder, Order, Stock
from psycopg.rows import dict_row
from sqlalchemy import Engine

from data.audit import Caller
from data.commands import Commands, Request, Submitted
from data.db import make_engine
from data.model import Role
from data.strategies.desired import Action, Scope
from data.strategies.folder import ControlFolder
from tests.gateway.raw import RawClient
from tests.poller.process import eventually
from tests.support.gateway import PROJECT, GatewayHandle

ACCOUNT = "DU9000001"
ANN = Caller("ann", "user", "10.0.0.5")

# The agent with its real adapters; killed by itself at the n-th of the steps that are named so.
MAIN = """
import json, logging, os, signal, sys
from pathlib import Path
from data.strategies.agent.options import AgentOptions
from data.strategies.agent.service import run_agent
from data.strategies.folder import ControlFolder
from dashboard.agent import adapters

given = json.loads(sys.argv[1])
at = given.pop("kill_at", None)
given["control_dir"] = Path(given["control_dir"])

def step(name):
    print("step", name, flush=True)
    if name == at:
        os.kill(os.getpid(), signal.SIGKILL)

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
options = AgentOptions(step=step, **given)
raise SystemExit(run_agent(options, adapters(ControlFolder(options.control_dir))))
"""


class AgentProcess:
    """`mtz agent` without the command line."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self._log = folder / f"agent-{time.monotonic_ns()}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "error", "-c", MAIN, json.dumps(options, default=str)],
                cwd=PROJECT, env=os.environ | {"PYTHONPATH": str(PROJECT)}, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait(self) -> int:
        return self.process.wait(30)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        assert "Traceback" not in self.log, self.log


class World:
    """A database with bots and strategies, commands given to them, and what became of these."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.data_dir = url, folder
        self.folder = ControlFolder(folder / "control")
        self._engine: Engine = make_engine(url, Role.WEB, "test", pool_size=1)
        self.commands = Commands(self._engine, url)
        self._agents: list[AgentProcess] = []

    def close(self) -> None:
        self._engine.dispose()
        self._end_agents()

    def reset(self) -> None:
        """As new: no agent, bot or command, and an empty control folder. Orders and the audit log stay."""
        self._end_agents()
        shutil.rmtree(self.folder.path, ignore_errors=True)
        self.execute("UPDATE orders SET strategy = NULL")
        for table in (
            "strategy_states",
            "command_progress",
            "commands",
            "attributions",
            "bot_reports",
            "strategies",
            "bots",
        ):
            self.execute(f"DELETE FROM {table}")

    def _end_agents(self) -> None:
        agents, self._agents = self._agents, []
        for agent in agents:
            agent.__exit__()

    # -- the agent

    def agent(self, **options: Any) -> AgentProcess:
        """Start one; it is ended with the world."""
        given = {"database_url": self.url, "control_dir": self.folder.path, "again_s": 0.3, **options}
        made = AgentProcess(self.data_dir, **given)
        self._agents.append(made)
        return made

    # -- what is in the database

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> None:
        with psycopg.connect(self.url, autocommit=True) as conn:
            conn.execute(sql, parameters)  # type: ignore[call-overload]

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        with psycopg.connect(self.url, autocommit=True, row_factory=dict_row) as conn:
            found: list[dict[str, Any]] = conn.execute(sql, parameters).fetchall()  # type: ignore[call-overload]
            return found

    def bot(self, name: str, *strategies: str, symbols: Sequence[str] = (), gateway: GatewayHandle | None = None,
            client_id: int | None = None, adapter: str = "wrapper", family: str | None = "thetagang2") -> None:  # fmt: skip
        """A bot with its strategies, all of which trade `symbols`."""
        host, port = (gateway.host, gateway.port) if gateway else (None, None)
        self.execute(
            "INSERT INTO bots (bot, adapter, family, account, client_id, gateway_host, gateway_port) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [name, adapter, family, ACCOUNT if gateway else None, client_id, host, port],
        )
        for strategy in strategies:
            self.execute(
                "INSERT INTO strategies (name, bot, symbols) VALUES (%s, %s, %s)",
                [f"{name}/{strategy}", name, list(symbols)],
            )

    def run_of(self, bot: str, command_seen: int) -> str:
        """A row of a run in flight; its id."""
        row = self.rows(
            "INSERT INTO bot_runs (bot, command_seen, pid) VALUES (%s, %s, 4711) RETURNING run_id::text",
            [bot, command_seen],
        )
        return str(row[0]["run_id"])

    def give(self, action: Action, strategy: str, scope: Scope = Scope.ALL, symbol: str | None = None,
             caller: Caller = ANN) -> Submitted:  # fmt: skip
        return self.commands.submit(caller, Request(strategy, action, scope, symbol, "a reason"))

    def wait(self, submitted: Submitted, *states: str, patience: float = 30.0) -> dict[str, Any]:
        """The command once it is in one of `states`."""
        command_id = submitted.command["id"]

        def look() -> dict[str, Any] | None:
            found = dict(self.commands.get(command_id))
            return found if found["state"] in states else None

        try:
            return eventually(look, f"{states} of {submitted.command}", patience)  # type: ignore[return-value]
        except AssertionError as error:
            logs = "\n".join(agent.log for agent in self._agents)
            raise AssertionError(f"{error}\n{self.commands.get(command_id)}\n{logs}") from None

    def in_force(self) -> dict[str, str]:
        rows = self.rows("SELECT strategy, symbol, desired FROM strategy_states")
        return {row["strategy"] + (f"#{row['symbol']}" if row["symbol"] else ""): row["desired"] for row in rows}

    def events(self, submitted: Submitted) -> list[str]:
        """The kinds of the command's audit events, in order."""
        rows = self.rows(
            "SELECT kind FROM audit_events WHERE (detail->>'command')::bigint = %s ORDER BY id",
            [submitted.command["number"]],
        )
        return [row["kind"] for row in rows]


class Trader:
    """A program with a client id of its own that leaves orders at the gateway: a bot's, or somebody else's."""

    def __init__(self, gateway: GatewayHandle, client_id: int) -> None:
        self._gateway, self._client_id = gateway, client_id

    def place(self, *orders: Order, symbol: str = "AAPL") -> list[int]:
        """Place orders that don't fill, and disconnect; their permIds."""
        return _in_thread(lambda: asyncio.run(self._place(orders, symbol)))

    async def _place(self, orders: Sequence[Order], symbol: str) -> list[int]:
        ib = IB()
        try:
            await ib.connectAsync(self._gateway.host, self._gateway.port, self._client_id, timeout=10)
            contract = Stock(symbol, "SMART", "USD")
            await ib.qualifyContractsAsync(contract)
            trades = [ib.placeOrder(contract, order) for order in orders]
            async with asyncio.timeout(10):
                while not all(t.order.permId and t.orderStatus.status == "Submitted" for t in trades):
                    await asyncio.sleep(0.02)
            return [trade.order.permId for trade in trades]
        finally:
            ib.disconnect()


def _in_thread(work: Callable[[], list[int]]) -> list[int]:
    """The library wants an event loop of its own, which it would leave behind."""
    found: list[list[int]] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    assert found, "the orders could not be placed"
    return found[0]


def resting(action: str = "BUY", price: float = 1.0, ref: str = "") -> Order:
    """A limit order far from the market."""
    return LimitOrder(action, 1, price, tif="GTC", orderRef=ref)


def at_broker(gateway: GatewayHandle) -> set[int]:
    """The permIds that work, as the gateway itself lists them."""
    found: set[int] = set()
    with RawClient(gateway.host, gateway.port) as client:
        client.hello()
        client.start(999)
        client.read_until(9)
        client.send(16, 1)  # reqAllOpenOrders
        while (message := client.read())[0] != "53":
            if message[0] == "3":  # orderStatus
                found.add(int(message[6]))
    return found
