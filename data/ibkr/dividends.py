"""The next dividends of the underlyings of what is held, asked for by turns over one market data line within the budget.

:class:`DividendFeed` outlives the connections: what was answered isn't asked again for some hours.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
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
    """What the feed needs of a connection.

    `held`: contracts and quantities; `details` gives a contract's details, or None; `is_ready`: the account is whole and the broker
    reachable; `arrange`: the options' lines are due to be planned anew; `tell` takes what was answered.
    """

    lines: Lines
    held: Callable[[], Sequence[tuple[Contract, float]]]
    details: Callable[[Any], Awaitable[Any]]
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
            key, option = self._next(source.held()) if source.is_ready() else (None, 0)
            if key is None:
                await asyncio.sleep(LOOK_S)
                continue
            wire = await self._contract(source, key, option)
            borrowed = source.lines.borrow(wire, GENERIC) if wire is not None else None
            if borrowed is None:
                self._due[key] = time.monotonic() + (UNANSWERED_S if wire is None else LOOK_S)
                continue
            found = await self._answer(source, borrowed)
            self._due[key] = time.monotonic() + (UNANSWERED_S if found is None else AGAIN_S)
            if found is not None:
                source.tell(translate.dividends(*key, found, datetime.now(UTC)))

    async def _contract(self, source: Source, key: Key, option: int) -> Any | None:
        """The underlying of an option, asked for once; None where that isn't answered."""
        if key not in self._contracts:
            details = await source.details(client.wire_contract(option))
            if not details or not details[0].underConId:
                return None
            self._contracts[key] = client.wire_contract(details[0].underConId)
        return self._contracts[key]

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

    def _next(self, held: Sequence[tuple[Contract, float]]) -> tuple[Key | None, int]:
        """The underlying to ask about, and an option on it: of short calls first, near expiry first."""
        now = time.monotonic()
        wanted = [
            (not (quantity < 0 and c.right == "C"), c.expiry or date.max, c.con_id, (c.symbol, c.currency))
            for c, quantity in held
            if c.sec_type == "OPT" and c.trading_class not in CASH_SETTLED and c.symbol not in CASH_SETTLED
        ]
        due = [each for each in wanted if self._due.get(each[3], now) <= now]
        if not due:
            return None, 0
        *_, option, key = min(due)
        return key, option
