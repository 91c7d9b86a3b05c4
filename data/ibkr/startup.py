"""What is waited for at a connection's start, so that no half of an account is passed on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from data.ibkr.book import Book
from data.ibkr.translate import known

REQUEST_S = 4.0
FIRST_PNL_S = 1.5


async def await_download(download: Awaitable[Any], book: Book, say_incomplete: Callable[[], None]) -> None:
    """Wait for the end of the account's download; where that is not told, until the values are whole."""
    answer = asyncio.ensure_future(download)
    await asyncio.wait({answer}, timeout=REQUEST_S)
    while not (book.is_complete if not answer.done() else book.is_ready):
        say_incomplete()
        await asyncio.wait({answer}, timeout=0.25) if not answer.done() else await asyncio.sleep(0.25)
    if answer.done():
        answer.result()


async def await_first_pnl(book: Book) -> None:
    """The first figures are sentinels; a moment later they are known. Not waited for longer than that moment."""
    deadline = time.monotonic() + FIRST_PNL_S
    while time.monotonic() < deadline:
        pnl = book.pnl
        singles = [h.pnl for h in book.holdings.values() if h.quantity]
        if pnl and known(pnl.dailyPnL) is not None and all(p and p.position for p in singles):
            return
        await asyncio.sleep(0.05)
