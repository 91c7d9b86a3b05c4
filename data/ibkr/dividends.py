"""The next dividends of the underlyings of what is held, asked for by turns over one market data line within the budget.

:class:`DividendFeed` outlives the connections: what was answered isn't asked again for some hours.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from data.analytics.positions import CASH_SETTLED
from data.ibkr import client, translate
from data.ibkr.lines import Borrowed, Lines
from data.model import Contract, DividendOutlook

GENERIC = "456"  # answered by tick 59
AGAIN_S = 6 * 3600.0
UNANSWERED_S = 900.0
ANSWER_S = 10.0
LOOK_S = 1.0
Key = tuple[str, str]  # symbol and currency


@dataclass(frozen=True, slots=True)
class Source:
    """What the feed needs of a connection. `held`: contracts and quantities; `is_ready`: the account is whole and the broker
    reachable; `arrange`: the options' lines are due to be planned anew; `tell` takes what was answered."""

    lines: Lines
    held: Callable[[], Sequence[tuple[Contract, float]]]
    is_ready: Callable[[], bool]
    arrange: Callable[[], None]
    tell: Callable[[DividendOutlook], None]


class DividendFeed:
    """Keeps the outlooks fresh while a connection lasts: :meth:`keep` is one connection's job."""

    def __init__(self) -> None:
        self._due: dict[Key, float] = {}
        self._contracts: dict[Key, Any] = {}

    async def keep(self, source: Source) -> None:
        """Ask for what is due, until cancelled."""
        while True:
            key = self._next(source.held()) if source.is_ready() else None
            if key is None:
                await asyncio.sleep(LOOK_S)
                continue
            wire = self._contracts.setdefault(key, client.stock(*key))
            borrowed = source.lines.borrow(wire, GENERIC)
            if borrowed is None:
                await asyncio.sleep(LOOK_S)
                continue
            found = await self._answer(source, borrowed)
            self._due[key] = time.monotonic() + (UNANSWERED_S if found is None else AGAIN_S)
            if found is not None:
                source.tell(translate.dividends(*key, found, datetime.now(UTC)))

    async def _answer(self, source: Source, borrowed: Borrowed) -> Any | None:
        """The ticker's dividends; None where they don't come."""
        borrowed.ticker.dividends = None  # of an earlier question
        try:
            async with asyncio.timeout(ANSWER_S):
                while borrowed.ticker.dividends is None and not borrowed.is_refused:
                    await borrowed.moved.wait()
                    borrowed.moved.clear()
        except TimeoutError:
            return None
        finally:
            source.lines.give_back(borrowed)
            source.arrange()
        return borrowed.ticker.dividends

    def _next(self, held: Sequence[tuple[Contract, float]]) -> Key | None:
        """The underlying to ask about: of short calls first, near expiry first."""
        now = time.monotonic()
        wanted = [
            (not (quantity < 0 and c.right == "C"), c.expiry or date.max, (c.symbol, c.currency))
            for c, quantity in held
            if c.sec_type == "OPT" and c.trading_class not in CASH_SETTLED and c.symbol not in CASH_SETTLED
        ]
        due = [each for each in wanted if self._due.get(each[2], now) <= now]
        return min(due)[2] if due else None
