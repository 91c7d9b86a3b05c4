"""What the agent's tests share: the agent as a process that can be killed at any step, a bot's orders, the database as it is seen."""

from __future__ import annotations

import asyncio
import json
import shutil
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
from tests.agent.forked import FORKS, serve
from tests.gateway.raw import RawClient
from tests.poller.process import eventually
from tests.support.gateway import GatewayHandle

ACCOUNT = "DU9000001"
ANN = Caller("ann", "user", "10.0.0.5")


class AgentProcess:
    """`mtz agent` without the command line."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self._log = folder / f"agent-{time.monotonic_ns()}.log"
        self._log.touch()
        told = json.dumps(options, default=str)
        self.process = FORKS.Process(target=serve, args=(str(self._log), told), daemon=True)
        self.process.start()

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def wait(self) -> int:
        """Its exit code; negative: the signal that ended it."""
        self.process.join(30)
        assert self.process.exitcode is not None, self.log
        return self.process.exitcode

    def kill(self) -> None:
        self.process.kill()
        self.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            self.stop()
        except AssertionError:
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
        given = {"database_url": self.url, "control_dir": self.folder.path, "look_s": 0.2, "again_s": 0.3, **options}
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
