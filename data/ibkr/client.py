"""The one place that imports the broker's client library: ib_insync, or its maintained drop-in ib_async."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

NAMES = ("ib_insync", "ib_async")


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
        if self.tell:
            self.tell(record.getMessage()[:200])


unreadable = _Unreadable()
for _name in (f"{LIBRARY}.Decoder", f"{LIBRARY}.decoder"):
    _logger = logging.getLogger(_name)
    _logger.setLevel(logging.ERROR)
    _logger.propagate = False
    _logger.addHandler(unreadable)


def new_ib() -> Any:
    """A fresh `IB`: none is used for a second connection, because its state outlives the first.

    Times of executions without a zone are read as UTC until the gateway's own zone is known.
    """
    ib = _library.IB()
    ib.TimezoneTWS = "UTC"
    # Its own handler subscribes to the account summary after every 1102, of which a gateway allows two.
    ib.errorEvent.clear()
    return ib


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


def abandon(ib: Any, request: str) -> None:
    """Give up a request whose end never came."""
    ib.wrapper._endReq(request)
