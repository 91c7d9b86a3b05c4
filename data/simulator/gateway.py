"""The gateway: accepts clients, moves the world on, and tells everybody what concerns them."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.simulator import state
from data.simulator.admin import Admin
from data.simulator.bars import History
from data.simulator.calendar import Clock, Hours
from data.simulator.client import Client
from data.simulator.genesis import open_books
from data.simulator.handlers import HANDLERS, account, market, orders
from data.simulator.paths import Paths
from data.simulator.trader import Trader
from data.simulator.valuation import Line, Valuation
from data.simulator.world import Executed, OrderChanged, OrderError, PositionChanged, World

log = logging.getLogger("mtz.gateway")
MOST_CLIENTS = 32
HALF_FILLED_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """Settings of the simulated gateway. Times in seconds.

    ``hours`` is ``always`` (open whenever somebody looks) or ``real`` (the exchange's). ``port`` 0 takes any free one.
    ``master_client_id`` is told of every client's orders and fills. The admin socket listens only with a token.
    """

    host: str = "127.0.0.1"
    port: int = 4002
    accounts: tuple[str, ...] = ("DU9000001",)
    seed: int = 1
    speed: float = 1.0
    hours: str = "always"
    tick_interval: float = 0.25
    state_path: Path | None = None
    master_client_id: int | None = None
    line_limit: int = 100
    message_limit: int = 50
    account_interval: float = 3.0
    pnl_interval: float = 1.0
    save_interval: float = 1.0
    admin_port: int | None = None
    admin_token: str = ""
    trader: bool = True

    def __post_init__(self) -> None:
        if self.hours not in ("always", "real"):
            raise ValueError(f"hours must be 'always' or 'real', not {self.hours!r}")
        if not self.accounts:
            raise ValueError("at least one account is needed")
        if self.tick_interval <= 0 or self.speed <= 0:
            raise ValueError("tick_interval and speed must be above zero")


class Gateway:
    """One running gateway."""

    def __init__(self, options: GatewayOptions) -> None:
        self.options = options
        self.connections: set[Client] = set()
        self.clients: dict[int, Client] = {}
        self.silent = False
        self.omitted: set[int] = set()
        self.half_filled = False
        self.forced_data_type = 0
        self.port = 0
        self.clock = Clock(options.speed)
        self.world = self._open_world()
        self.history = History(self.world.market, self.world.hours, self._kept_paths())
        self.traders = [Trader(name) for name in self.world.accounts] if options.trader else []
        self._server: asyncio.Server | None = None
        self._late: list[Callable[[], None]] = []
        self._values: dict[str, Valuation] = {}
        self._lines: dict[tuple[str, int], Line] = {}
        self._due = {"account": 0.0, "pnl": 0.0, "save": 0.0}
        self._tasks: set[asyncio.Task[None]] = set()

    def _open_world(self) -> World:
        world = self._saved_world() or self._new_world()
        open_books(world)
        self._catch_up(world)
        world.events.clear()
        return world

    def _new_world(self) -> World:
        options = self.options
        return World(options.seed, self.clock.now(), list(options.accounts), Hours(always=options.hours == "always"))

    def _saved_world(self) -> World | None:
        """The world of the state file, with its prices of the last second; None where there is none to go on from."""
        path = self.options.state_path
        saved = state.load(path) if path else None
        if path is None or saved is None:
            return None
        world = self._new_world()
        try:
            world.load(saved)
            prices = state.load(self._prices_path())
            if prices and prices["session"] == world.session.isoformat():
                world.load_prices(prices)
        except (KeyError, TypeError, ValueError, ArithmeticError):
            state.put_aside(path)
            return None
        if self.options.speed != 1.0:
            self.clock.set(world.moment)
        log.info("going on from the state of %s", path)
        return world

    def _catch_up(self, world: World) -> None:
        """What happened while nobody was here happens now, session by session: expiries, dividends, house trades."""
        now = max(self.clock.now(), world.moment)
        while (end := world.hours.session_end(world.session)) <= now:
            world.step(end)
            if self.options.trader:
                for name in world.accounts:
                    Trader(name).catch_up(world)
        world.step(now)

    def _kept_paths(self) -> Paths:
        """What the sessions of a seeded past did inside."""
        path = self.options.state_path
        return Paths.load(state.load(state.beside(path, state.PATHS)) if path else None, self.world)

    def _prices_path(self) -> Path:
        assert self.options.state_path is not None
        return state.beside(self.options.state_path, state.PRICES)

    # -- life

    async def start(self) -> None:
        """Listen. Raises OSError where the port is taken."""
        await self._listen(self.options.port)
        self.save()

    async def _listen(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Client(self, HANDLERS), self.options.host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            started = time.monotonic()
            self.tick()
            await asyncio.sleep(max(self.options.tick_interval - (time.monotonic() - started), 0.005))

    async def stop(self) -> None:
        """Save, close every connection and the port."""
        for task in self._tasks:
            task.cancel()
        await self._hang_up()
        self.save()

    async def _hang_up(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        for client in list(self.connections):
            client.close()
        await asyncio.sleep(0)

    def restart(self, seconds: float, half_filled: bool) -> None:
        """Drop everybody and come back on the same port, as the nightly restart does."""
        self.spawn(self._restart(seconds, half_filled))

    async def _restart(self, seconds: float, half_filled: bool) -> None:
        await self._hang_up()
        await asyncio.sleep(seconds)
        self.half_filled = half_filled
        await self._listen(self.port)
        if half_filled:
            await asyncio.sleep(HALF_FILLED_SECONDS)
            self.half_filled = False
            self.refresh(account_now=True)
            late, self._late = self._late, []
            for send in late:
                send()

    def spawn(self, coroutine: object) -> None:
        """Run a coroutine in the background until the gateway stops."""
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(coroutine)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- what clients need

    @staticmethod
    def loop_time() -> float:
        """Monotonic seconds, for limits that do not follow the world's speed."""
        return time.monotonic()

    @staticmethod
    def call_soon(function: Callable[[], None]) -> None:
        """Run at the end of this turn of the loop."""
        asyncio.get_running_loop().call_soon(function)

    def refusal(self, client_id: int) -> tuple[int, str] | None:
        """Why a client may not start, as TWS's code and text."""
        if client_id in self.clients:
            return 326, "Unable to connect as the client id is already in use. Retry with a unique client id."
        if len(self.clients) >= MOST_CLIENTS:
            return 507, "Bad Message Length: too many clients are connected"
        return None

    def welcome(self, client: Client) -> None:
        """A client has started: tell it what the gateway tells first."""
        assert client.client_id is not None
        self.clients[client.client_id] = client
        client.send(15, 1, ",".join(self.world.accounts))
        client.send(9, 1, self.world.next_order_id)
        for code, text in (
            (2104, "Market data farm connection is OK:usfarm"),
            (2106, "HMDS data farm connection is OK:ushmds"),
            (2158, "Sec-def data farm connection is OK:secdefil"),
        ):
            client.error(-1, code, text)
        log.info("client %s connected, protocol version %s", client.client_id, client.version)

    def leave(self, client: Client) -> None:
        """A connection is gone."""
        self.connections.discard(client)
        if client.client_id is not None and self.clients.get(client.client_id) is client:
            del self.clients[client.client_id]
            log.info("client %s disconnected", client.client_id)

    def after_half_filled(self, send: Callable[[], None]) -> None:
        """Send now, or when the figures after a restart are whole."""
        if self.half_filled:
            self._late.append(send)
        else:
            send()

    def valuation(self, account_id: str) -> Valuation:
        """The account valued, once per turn."""
        if account_id not in self._values:
            self._values[account_id] = self.world.valuation(account_id)
        return self._values[account_id]

    def line(self, account_id: str, con_id: int) -> Line:
        """One contract valued, once per turn."""
        key = (account_id, con_id)
        if key not in self._lines:
            self._lines[key] = self.world.line(account_id, con_id)
        return self._lines[key]

    # -- movement

    def tick(self) -> None:
        """Move the world to now and tell what changed."""
        session = self.world.session
        changed = self.world.step(self.clock.now())
        if self.world.session != session:
            self.save()
        for trader in self.traders:
            trader.act(self.world)
        self.publish()
        if self.world.halted:
            return
        self.push_market(changed)
        self.refresh()

    def refresh(self, account_now: bool = False, pnl_now: bool = False) -> None:
        """Send what is due on a timer: P&L, account values, kept bars; and save."""
        self._values.clear()
        self._lines.clear()
        if self._is_due("pnl", self.options.pnl_interval) or pnl_now:
            for client in self.clients.values():
                account.push_pnl(client)
                for latest in client.subscriptions.bars.values():
                    client.send_all(latest())
        if self._is_due("account", self.options.account_interval) or account_now:
            for client in self.clients.values():
                self._push_values(client)
        if self._is_due("save", self.options.save_interval):
            self._save_prices()

    def _push_values(self, client: Client) -> None:
        account.push_account(client)
        for req_id in client.subscriptions.multi:
            account.push_multi(client, req_id)
        for req_id in client.subscriptions.summaries:
            account.push_summary(client, req_id)

    def _is_due(self, name: str, interval: float) -> bool:
        now = time.monotonic()
        if now < self._due[name]:
            return False
        self._due[name] = now + interval
        return True

    def push_market(self, symbols: set[str]) -> None:
        """Send the ticks of everybody's lines on these underlyings."""
        for client in self.clients.values():
            for subscription in client.subscriptions.market.values():
                if subscription.instrument.symbol in symbols:
                    market.push(client, subscription)

    def publish(self) -> None:
        """Save what was booked, then announce it: in this order, so that nothing announced can be lost."""
        events, self.world.events = self.world.events, []
        if not events:
            return
        self.save()
        self._values.clear()
        self._lines.clear()
        for client in self.clients.values():
            for event in events:
                self._tell(client, event)
            if any(isinstance(event, PositionChanged) for event in events):
                self._push_values(client)

    @staticmethod
    def _tell(client: Client, event: object) -> None:
        match event:
            case OrderChanged(order):
                orders.push_order(client, order)
            case Executed(execution):
                orders.push_execution(client, execution)
            case PositionChanged(account_id, con_id):
                account.push_position(client, account_id, con_id)
            case OrderError(client_id, order_id, code, text) if client.client_id == client_id:
                client.error(order_id, code, text)

    def save(self) -> None:
        """Write the books, if there is a place for them; a failure is logged and the demo goes on."""
        if self.options.state_path:
            self._write(self.options.state_path, self.world.dump())

    def _save_prices(self) -> None:
        if self.options.state_path:
            self._write(self._prices_path(), self.world.dump_prices())

    @staticmethod
    def _write(path: Path, data: dict[str, Any]) -> None:
        try:
            state.save(path, data)
        except OSError as error:
            log.error("cannot save the state: %s", error)


async def serve(options: GatewayOptions, on_ready: Callable[[int], None] | None = None) -> None:
    """Run a gateway until SIGTERM or SIGINT. Raises OSError where a port is taken."""
    gateway = Gateway(options)
    await gateway.start()
    admin = Admin(gateway) if options.admin_port is not None and options.admin_token else None
    if admin:
        await admin.start()
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)
    log.info("listening on %s:%s", options.host, gateway.port)
    if on_ready:
        on_ready(gateway.port)
    ticking = loop.create_task(gateway.run())
    waiting = loop.create_task(done.wait())
    finished, _ = await asyncio.wait((ticking, waiting), return_when=asyncio.FIRST_COMPLETED)
    ticking.cancel()
    if admin:
        await admin.stop()
    await gateway.stop()
    if ticking in finished:
        ticking.result()  # the world broke: say so instead of ending as if asked to


def run_gateway(options: GatewayOptions, on_ready: Callable[[int], None] | None = None) -> None:
    """Run a gateway, blocking, until SIGTERM or SIGINT. ``on_ready`` gets the port once it accepts connections."""
    asyncio.run(serve(options, on_ready))
