"""The one place that imports the broker's client library: ib_insync, or its maintained drop-in ib_async."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

NAMES = ("ib_insync", "ib_async")
HUGE = 1e300


def _load() -> Any:
    """The installed library. It wants an event loop in its thread at import; this thread's own is soon forgotten."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        for name in NAMES:
            if importlib.util.find_spec(name):
                return importlib.import_module(name)
        raise ImportError("neither ib_insync nor ib_async is installed: run `make install`")
    finally:
        asyncio.set_event_loop(None)
        loop.close()


with ThreadPoolExecutor(1) as _pool:
    _library = _pool.submit(_load).result()

LIBRARY: str = _library.__name__
# Every refused connection and every information of the gateway would be an error in the log: the session reports them.
logging.getLogger(LIBRARY).setLevel(logging.CRITICAL)


class _Unreadable(logging.Handler):
    """Hears of messages that the library could not decode, which it drops: an execution may be among them."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.tell: Callable[[str], None] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if self.tell:
            self.tell(f"{record.getMessage()} {error or ''}".strip()[:300])


unreadable = _Unreadable()
for _name in (f"{LIBRARY}.Decoder", f"{LIBRARY}.decoder"):
    _logger = logging.getLogger(_name)
    _logger.setLevel(logging.ERROR)
    _logger.propagate = False
    _logger.addHandler(unreadable)


Fields = list[str]
EXECUTION, COMMISSION = 11, 59


def new_ib(read_time: Callable[[str], datetime | None]) -> Any:
    """A fresh `IB`: none is used for a second connection, because its state outlives the first.

    `read_time` reads the times of executions, which the library drops with their execution where it doesn't know the
    zone, and takes for this host's where there is none.
    """
    ib = _library.IB()
    # Its own handler subscribes to the account summary after every 1102, of which a gateway allows two.
    ib.errorEvent.clear()
    handlers = ib.client.decoder.handlers
    handlers[EXECUTION] = _in_utc(handlers[EXECUTION], read_time)
    handlers[COMMISSION] = _with_unknowns(handlers[COMMISSION])
    return ib


def _in_utc(decode: Callable[[Fields], None], read_time: Callable[[str], datetime | None]) -> Callable[[Fields], None]:
    at = 15  # after the message id, the request, the order, eleven fields of the contract and the execution's id

    def handle(fields: Fields) -> None:
        moment = read_time(fields[at])
        if moment is None:
            raise ValueError(f"execution {fields[at - 1]} is left out, because its time {fields[at]!r} can't be read")
        decode([*fields[:at], f"{moment.astimezone(UTC):%Y%m%d %H:%M:%S} UTC", *fields[at + 1 :]])

    return handle


def _with_unknowns(decode: Callable[[Fields], None]) -> Callable[[Fields], None]:
    """Keep an unknown commission or realized P&L unknown (NaN): the library makes zeros of them."""
    money = (3, 5)

    def handle(fields: Fields) -> None:
        decode([_or_nan(text) if at in money else text for at, text in enumerate(fields)])

    return handle


def _or_nan(text: str) -> str:
    return "nan" if not text or abs(float(text)) > HUGE else text


def close(ib: Any) -> None:
    """End the connection at once. The library's own disconnect raises on a socket that is already reset."""
    transport = ib.client.conn.transport
    ib.client.reset()
    if transport:
        with suppress(OSError):
            transport.abort()


def wire_contract(con_id: int, exchange: str = "SMART", **more: Any) -> Any:
    """A contract to ask for, by its id."""
    return _library.Contract(conId=con_id, exchange=exchange, **more)


def stock(symbol: str, currency: str = "USD") -> Any:
    """A stock to ask for, by its symbol."""
    return _library.Stock(symbol, "SMART", currency)


def start_line(ib: Any, contract: Any, generic: str = "") -> tuple[int, Any]:
    """Subscribe to market data; the request's id and the ticker."""
    ticker = ib.reqMktData(contract, generic, False, False)
    return ib.wrapper.ticker2ReqId["mktData"][ticker], ticker


def stop_line(ib: Any, contract: Any, request: int, ticker: Any) -> None:
    """Cancel market data, and let the library forget the request: it keeps each one for ever."""
    ib.cancelMktData(contract)
    forget_line(ib, request, ticker)


def forget_line(ib: Any, request: int, ticker: Any) -> None:
    """Forget a line that the gateway refused."""
    ib.wrapper.endTicker(ticker, "mktData")
    ib.wrapper.reqId2Ticker.pop(request, None)


def ask_bars(
    ib: Any, contract: Any, duration: str, size: str, what: str, end: str = ""
) -> tuple[int, Awaitable[list[Any]]]:
    """Ask for historical bars of the regular hours; the request's id, by which errors name it, and its answer.

    The library's own call hides the id, and its time-out may swallow a cancellation. `end`: now, where it is empty.
    """
    request = ib.client.getReqId()
    answer = ib.wrapper.startReq(request, contract)
    ib.client.reqHistoricalData(request, contract, end, duration, size, what, True, 2, False, [])
    return request, answer


def give_up_bars(ib: Any, request: int) -> None:
    """Cancel a request for bars that was not answered in time."""
    ib.client.cancelHistoricalData(request)
    abandon(ib, request)


def abandon(ib: Any, request: str | int) -> None:
    """Give up a request whose end never came."""
    ib.wrapper._endReq(request)


def option(symbol: str, expiry: str, strike: float, right: str) -> Any:
    """An option in USD to ask for; `expiry` as YYYYMMDD."""
    return _library.Option(symbol, expiry, strike, right, "SMART", currency="USD")


def combination(symbol: str, legs: list[tuple[int, str]]) -> Any:
    """Several contracts as one, in USD: each leg's contract id and its action."""
    found = [_library.ComboLeg(conId=con_id, ratio=1, action=action, exchange="SMART") for con_id, action in legs]
    return _library.Contract(secType="BAG", symbol=symbol, exchange="SMART", currency="USD", comboLegs=found)


def limit_order(action: str, quantity: float, price: float, ref: str) -> Any:
    """A limit order for the day."""
    return _library.LimitOrder(action, quantity, price, orderRef=ref, tif="DAY")
