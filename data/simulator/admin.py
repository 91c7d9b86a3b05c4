"""The admin socket: what only a broker can do, for tests. One JSON object a line in, one out; off without a token."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import time
from collections.abc import Callable
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from data.simulator import matching
from data.simulator.chains import expirations
from data.simulator.client import Subscriptions
from data.simulator.genesis import HOUSE_CLIENT
from data.simulator.instruments import UNDERLYINGS, Instrument, by_con_id, option, stock
from data.simulator.market import Market
from data.simulator.orders import Order
from data.simulator.valuation import Line

if TYPE_CHECKING:
    from data.simulator.gateway import Gateway

log = logging.getLogger("mtz.gateway")
Answer = dict[str, Any]


class RefusedError(Exception):
    """A command that cannot be carried out; the text goes back to the caller."""


class Admin:
    """Serves the admin socket of one gateway, on loopback only."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen. Raises OSError where the port is taken."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._gateway.options.admin_port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self._answer(line)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            log.info("admin connection lost")
        finally:
            writer.close()

    def _answer(self, line: bytes) -> Answer:
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise RefusedError("an object is expected")
            if not hmac.compare_digest(str(request.pop("token", "")), self._gateway.options.admin_token):
                raise RefusedError("wrong token")
            command = COMMANDS.get(request.pop("cmd", ""))
            if command is None:
                raise RefusedError("unknown command; known are " + ", ".join(sorted(COMMANDS)))
            answer = command(self._gateway, **request)
            self._gateway.publish()
            return {"ok": True, **answer}
        except (RefusedError, KeyError, ValueError, TypeError, ArithmeticError) as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}


def _account(gateway: Gateway, name: str) -> str:
    name = name or next(iter(gateway.world.accounts))
    if name not in gateway.world.accounts:
        raise RefusedError(f"no account {name}")
    return name


def _instrument(con_id: int, symbol: str, expiry: str, strike: float, right: str) -> Instrument:
    if con_id:
        return by_con_id(con_id)
    return option(symbol, expiry, strike, right) if expiry else stock(symbol)


def error(gateway: Gateway, code: int, text: str = "", req_id: int = -1, client_id: int | None = None) -> Answer:
    """Send an error to everybody, or to one client. 1101 drops all subscriptions first, as a real loss of data does."""
    for client in list(gateway.clients.values()):
        if client_id in (None, client.client_id):
            if code == 1101:
                client.subscriptions = Subscriptions()
            client.error(req_id, code, text or TEXTS.get(code, "Simulated error"))
    return {}


TEXTS = {
    1100: "Connectivity between IBKR and Trader Workstation has been lost.",
    1101: "Connectivity between IBKR and Trader Workstation has been restored - data lost. All data farms are connected.",
    1102: "Connectivity between IBKR and Trader Workstation has been restored - data maintained.",
    1300: "The port number in the TWS/IBG settings has been changed during an active API connection.",
    10197: "No market data during competing live session",
    2103: "Market data farm connection is broken:usfarm",
}


def correct_execution(gateway: Gateway, exec_id: str, price: float | str) -> Answer:
    """Correct a fill's price; the new execution has the next revision."""
    corrected = gateway.world.correct(exec_id, Decimal(str(price)))
    return {"exec_id": corrected.exec_id}


def fill(
    gateway: Gateway,
    con_id: int = 0,
    action: str = "SELL",
    quantity: int = 1,
    price: float | str | None = None,
    symbol: str = "",
    expiry: str = "",
    strike: float = 0.0,
    right: str = "",
    account: str = "",
    client_id: int = HOUSE_CLIENT,
    order_ref: str = "",
    perm_id: int = 0,
) -> Answer:
    """Fill a working order (``perm_id``), or a new one on any contract, at ``price`` or the mark."""
    world = gateway.world
    order = world.orders.get(perm_id) if perm_id else None
    if perm_id and (order is None or not order.is_working):
        raise RefusedError(f"no working order {perm_id}")
    if order is None:
        instrument = _instrument(con_id, symbol, expiry, strike, right)
        order = Order(
            _account(gateway, account), client_id, world.next_order_id, 0, instrument.con_id, instrument.symbol,
            action.upper(), quantity, "MKT", ref=order_ref,
        )  # fmt: skip
        world.place(order)
    bid, ask = matching.net_quote(world, order)
    at = Decimal(str(price)) if price is not None else Decimal(str(round((bid + ask) / 2, 2)))
    matching.fill_at(world, order, min(quantity, order.remaining) if perm_id else order.remaining, at)
    execution = world.executions[-1]
    return {"exec_id": execution.exec_id, "perm_id": order.perm_id, "con_id": order.con_id}


def assign(gateway: Gateway, con_id: int, contracts: int = 0, executions: bool = False, account: str = "") -> Answer:
    """Assign (or exercise) an option position; without ``executions`` only the positions move."""
    name = _account(gateway, account)
    held = abs(gateway.world.accounts[name].quantity(con_id))
    if not held:
        raise RefusedError(f"no position in {con_id}")
    gateway.world.assign(name, by_con_id(con_id), min(contracts or held, held), executions)
    return {}


def expire(gateway: Gateway, con_id: int, account: str = "") -> Answer:
    """Settle an option position now, as at its expiry."""
    name = _account(gateway, account)
    if not gateway.world.accounts[name].quantity(con_id):
        raise RefusedError(f"no position in {con_id}")
    gateway.world.settle(name, by_con_id(con_id))
    return {}


def halt(gateway: Gateway) -> Answer:
    """Stop the market: no ticks and no pushes, while requests are still answered."""
    gateway.world.halted = True
    return {}


def resume_clock(gateway: Gateway) -> Answer:
    """Let the market move on."""
    gateway.world.halted = False
    return {}


def set_fills(gateway: Gateway, on: bool = True) -> Answer:
    """Off: the market moves and orders work, but none of them trades."""
    gateway.world.fills = on
    return {}


def silence(gateway: Gateway, on: bool = True) -> Answer:
    """Accept connections and bytes, answer nothing."""
    gateway.silent = on
    return {}


def restart(gateway: Gateway, seconds: float = 1.0, half_filled: bool = False) -> Answer:
    """Drop everybody; come back after ``seconds``, with account values that are not whole yet if so wished."""
    gateway.restart(seconds, half_filled)
    return {}


def set_price(gateway: Gateway, symbol: str, price: float) -> Answer:
    """Move an underlying to a price, around which it stays."""
    if price <= 0:
        raise RefusedError("a price is above zero")
    gateway.world.market.set_price(stock(symbol).symbol, float(price))
    gateway.push_market({symbol})
    gateway.refresh(account_now=True, pnl_now=True)
    return {}


def set_market_data_type(gateway: Gateway, type: int = 0) -> Answer:
    """Serve everybody live (1), frozen (2), delayed (3) or delayed frozen (4) data; 0 lets the hours decide."""
    gateway.forced_data_type = type
    for client in gateway.clients.values():
        for subscription in client.subscriptions.market.values():
            subscription.sent.clear()
            client.send(58, 1, subscription.req_id, type or 1)
    gateway.push_market(set(gateway.world.market.stocks))
    return {}


def deposit(gateway: Gateway, amount: float | str, account: str = "") -> Answer:
    """Move cash in or, negative, out."""
    gateway.world.accounts[_account(gateway, account)].deposit(Decimal(str(amount)))
    gateway.save()
    gateway.refresh(account_now=True, pnl_now=True)
    return {}


def omit(gateway: Gateway, ids: list[int] | None = None) -> Answer:
    """Leave messages of these ids out (55 is the end of executions, say); none restores all."""
    gateway.omitted = set(ids or [])
    return {}


def _nearest_strikes(market: Market, symbol: str) -> list[float]:
    last = market.stocks[symbol].last
    return sorted(market.listing.strikes(symbol), key=lambda strike: abs(strike - last))


def add_positions(gateway: Gateway, n: int = 60, account: str = "") -> Answer:
    """Open ``n`` more short puts near the money, spread over the underlyings."""
    world, name = gateway.world, _account(gateway, account)
    expiry = expirations(world.session)[4]
    by_symbol = [
        [
            contract.con_id
            for strike in _nearest_strikes(world.market, u.symbol)
            if not world.accounts[name].quantity((contract := option(u.symbol, expiry, strike, "P")).con_id)
        ]
        for u in UNDERLYINGS
        if u.has_options
    ]
    made = [con_id for rank in zip_longest(*by_symbol) for con_id in rank if con_id][:n]
    for con_id in made:
        fill(gateway, con_id, "SELL", 1, account=name)
    return {"con_ids": made}


def tick(gateway: Gateway, con_id: int) -> Answer:
    """Force a price change of a contract and send it; answers when the bytes were written (monotonic seconds)."""
    instrument = by_con_id(con_id)
    market = gateway.world.market
    state = market.stocks[instrument.symbol]
    # To and fro by half a percent: enough for every option near the money to change by a cent.
    up = state.spot <= state.anchor
    state.spot = state.anchor * (1.005 if up else 0.995)
    state.revision += 1
    gateway.push_market({instrument.symbol})
    gateway.refresh(account_now=True, pnl_now=True)
    for client in gateway.clients.values():
        client.flush()
    return {"written": time.monotonic(), "price": float(market.mark(instrument)), "last": state.last}


def clients(gateway: Gateway) -> Answer:
    """Who is connected, with the number of market data lines each has."""
    found = [{"client_id": c, "lines": len(x.subscriptions.market)} for c, x in gateway.clients.items()]
    return {"clients": found, "version": {c: x.version for c, x in gateway.clients.items()}}


def _position(line: Line) -> Answer:
    item = line.instrument
    return {
        "con_id": item.con_id, "symbol": item.symbol, "sec_type": item.sec_type, "expiry": item.expiry,
        "strike": item.strike, "right": item.right, "quantity": line.quantity, "price": str(line.price),
        "market_value": str(line.value), "average_cost": str(line.average_cost), "unrealized": str(line.unrealized),
        "realized": str(line.realized), "daily": str(line.daily),
    }  # fmt: skip


def state(gateway: Gateway, account: str = "") -> Answer:
    """The world's own truth about an account; money is text."""
    world, name = gateway.world, _account(gateway, account)
    value = world.valuation(name)
    return {
        "account": name,
        "moment": world.moment,
        "session": world.session.isoformat(),
        "cash": str(value.cash),
        "net_liquidation": str(value.net_liquidation),
        "initial_margin": str(value.initial_margin),
        "maintenance_margin": str(value.maintenance_margin),
        "daily": str(value.daily),
        "unrealized": str(value.unrealized),
        "realized": str(value.realized),
        "positions": [_position(line) for line in value.lines],
        "executions": [
            {"exec_id": x.exec_id, "con_id": x.con_id, "side": x.side, "quantity": x.quantity, "price": x.price,
             "commission": x.commission, "client_id": x.client_id, "order_ref": x.ref, "perm_id": x.perm_id}
            for x in world.todays_executions() if x.account == name
        ],
        "open_orders": [o.perm_id for o in world.orders.values() if o.is_working and o.account == name],
    }  # fmt: skip


COMMANDS: dict[str, Callable[..., Answer]] = {
    function.__name__: function
    for function in (
        error, correct_execution, fill, assign, expire, halt, resume_clock, set_fills, silence, restart, set_price,
        set_market_data_type, deposit, omit, add_positions, tick, clients, state,
    )
}  # fmt: skip
