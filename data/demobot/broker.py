"""The demo bot's own connection: what the account holds, quotes, chains, and its orders."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from data.ibkr import client, translate
from data.ibkr.link import Link
from data.ibkr.market_hours import MarketHours, parse_hours
from data.model import MarketPhase, Source

CONNECT_S, ANSWER_S, TAKEN_S = 8.0, 10.0, 3.0
NOT_YET = ("", "PendingSubmit", "ApiPending")
REFUSED = ("Inactive", "Cancelled", "ApiCancelled")
QUIET = frozenset({0, 202, 399})


@dataclass(frozen=True, slots=True)
class Quote:
    """Per share, USD; None is not known."""

    bid: float | None
    ask: float | None
    delta: float | None

    @property
    def mid(self) -> float | None:
        return None if self.bid is None or self.ask is None else (self.bid + self.ask) / 2


@dataclass(frozen=True, slots=True)
class Holding:
    """A position. `quantity` is signed; `cost` is what was paid or got, per share."""

    con_id: int
    symbol: str
    quantity: int
    cost: float
    right: str = ""  # of an option: P or C
    strike: float = 0.0
    expiry: str = ""

    @property
    def words(self) -> str:
        return contract_words(self.symbol, self.expiry, self.strike, self.right) if self.right else self.symbol

    def days(self, today: date) -> int:
        return (date(int(self.expiry[:4]), int(self.expiry[4:6]), int(self.expiry[6:8])) - today).days


def contract_words(symbol: str, expiry: str, strike: float, right: str) -> str:
    """As people read it: AAPL 2026-12-18 190 P."""
    return f"{symbol} {expiry[:4]}-{expiry[4:6]}-{expiry[6:8]} {strike:g} {right}"


class RealMoneyError(Exception):
    """The account is no demo's."""


class Broker:
    """An open connection. :meth:`open` it once; it is of no use any more when `lost` is set."""

    def __init__(self, host: str, port: int, client_id: int) -> None:
        self._link = Link(host, port, client_id)
        self._ib = self._link.ib
        self.account = ""
        self._hours: MarketHours | None = None
        self._chains: dict[str, tuple[list[str], list[float]]] = {}
        self._seen: dict[int, float] = {}  # order → when it was seen first

    async def open(self) -> None:
        """Connect, and read what the account has.

        Raises:
            RealMoneyError: somebody named a live account's gateway; nothing was sent.
            LinkError, ConnectionError, TimeoutError: try again.
        """
        await self._link.open(CONNECT_S)
        self.account = self._ib.client.getAccounts()[0]
        if translate.source_of(self.account) is not Source.PAPER:
            raise RealMoneyError(f"Account {self.account} is no demo's: the demo bot never trades on it.")
        async with asyncio.timeout(ANSWER_S):
            await self._ib.reqAccountUpdatesAsync(self.account)
            await self._ib.reqPositionsAsync()
            await self._ib.reqOpenOrdersAsync()

    def close(self) -> None:
        self._link.close()

    @property
    def lost(self) -> asyncio.Event:
        return self._link.closed

    # -- the account

    def holdings(self) -> list[Holding]:
        found = []
        for position in self._ib.positions():
            wire, quantity = position.contract, int(position.position)
            if not quantity or wire.secType not in ("STK", "OPT"):
                continue
            is_option = wire.secType == "OPT"
            cost = abs(position.avgCost) / (float(wire.multiplier or 100) if is_option else 1.0)
            terms = (wire.right, wire.strike, wire.lastTradeDateOrContractMonth) if is_option else ("", 0.0, "")
            found.append(Holding(wire.conId, wire.symbol, quantity, cost, *terms))
        return found

    def value(self, tag: str) -> float | None:
        """An account value in USD by its tag, such as AvailableFunds."""
        for value in self._ib.accountValues(self.account):
            if value.tag == tag and value.currency in ("USD", "BASE"):
                return float(value.value)
        return None

    async def is_open(self) -> bool:
        """Whether the market is; what can't be told counts as closed."""
        now = datetime.now(UTC)
        if self._hours is None or self._hours.phase(now)[0] is None:
            (details,) = await self._ib.reqContractDetailsAsync(client.stock("SPY"))
            self._hours = parse_hours(details.tradingHours or "", details.liquidHours or "", details.timeZoneId or "")
        return self._hours is not None and self._hours.phase(now)[0] is MarketPhase.OPEN

    # -- contracts and prices

    async def chain(self, symbol: str) -> tuple[list[str], list[float]]:
        """Expirations (YYYYMMDD) and strikes, both ascending."""
        if symbol not in self._chains:
            (stock,) = await self._ib.qualifyContractsAsync(client.stock(symbol))
            chains = await self._ib.reqSecDefOptParamsAsync(symbol, "", "STK", stock.conId)
            found = next(chain for chain in chains if chain.exchange == "SMART")
            self._chains[symbol] = (sorted(found.expirations), sorted(found.strikes))
        return self._chains[symbol]

    def forget_chains(self) -> None:
        """A new day lists new ones."""
        self._chains.clear()

    async def price(self, symbol: str) -> float | None:
        return (await self.quotes([client.stock(symbol)]))[0].mid

    async def quotes(self, contracts: Sequence[Any]) -> list[Quote]:
        """A snapshot of each."""
        async with asyncio.timeout(ANSWER_S):
            tickers = await self._ib.reqTickersAsync(*contracts)
        return [
            Quote(_price(t.bid), _price(t.ask), translate.known(t.modelGreeks.delta) if t.modelGreeks else None)
            for t in tickers
        ]

    async def quote(self, con_id: int) -> Quote:
        return (await self.quotes([client.wire_contract(con_id)]))[0]

    async def qualified(self, contract: Any) -> Any:
        (found,) = await self._ib.qualifyContractsAsync(contract)
        return found

    # -- orders

    def working(self, prefix: str = "") -> list[Any]:
        """The bot's own working orders whose reference begins so."""
        return [trade for trade in self._ib.openTrades() if trade.order.orderRef.startswith(prefix)]

    def age(self, trade: Any) -> float:
        """Seconds since it was first seen here."""
        now = time.monotonic()
        return now - self._seen.setdefault(trade.order.orderId, now)

    def cancel(self, trade: Any) -> None:
        self._ib.cancelOrder(trade.order)

    async def place(self, contract: Any, action: str, quantity: int, price: float, ref: str) -> tuple[Any, str | None]:
        """Send a limit order; the trade, and why it was refused."""
        trade = self._ib.placeOrder(contract, client.limit_order(action, quantity, round(price, 2), ref))
        self.age(trade)
        deadline = time.monotonic() + TAKEN_S
        while trade.orderStatus.status in NOT_YET and time.monotonic() < deadline and not self.lost.is_set():
            await asyncio.sleep(0.02)
        if trade.orderStatus.status not in REFUSED:
            return trade, None
        said = [entry.message for entry in trade.log if entry.errorCode not in QUIET]
        return trade, said[-1] if said else f"the broker made it {trade.orderStatus.status}"


def _price(value: float) -> float | None:
    found = translate.price(value)
    return found if found is None or found >= 0 else None
