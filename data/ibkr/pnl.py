"""The P&L subscriptions of one connection: the account's and one for each position. They need no market data line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

LOT, LOT_S = 15, 0.5
"""The library sends 45 messages a second at most: the heartbeat must not queue up behind hundreds of positions."""


class PnlSubscriptions:
    """`held` gives the contracts held now. What is asked for here arrives by the library's events."""

    def __init__(self, ib: Any, account: str, held: Callable[[], frozenset[int]]) -> None:
        self._ib, self._account, self._held = ib, account, held
        self._singles: set[int] = set()
        self._due = asyncio.Event()

    def ask(self) -> None:
        """Subscribe to what is not yet subscribed to: the account at once, positions lot by lot."""
        if not self._ib.pnl(self._account):
            self._ib.reqPnL(self._account)
        self._due.set()

    async def keep(self) -> None:
        """Subscribe to new positions, until cancelled."""
        while True:
            await self._due.wait()
            missing = sorted(self._held() - self._singles)
            if not missing:
                self._due.clear()
                continue
            for con_id in missing[:LOT]:
                self._singles.add(con_id)
                self._ib.reqPnLSingle(self._account, "", con_id)
            await asyncio.sleep(LOT_S)

    def let_go(self, con_id: int) -> None:
        """A position is closed and done with."""
        if con_id in self._singles:
            self._singles.discard(con_id)
            self._ib.cancelPnLSingle(self._account, "", con_id)

    def forget_all(self) -> None:
        """The gateway has forgotten every subscription: so does the library, which asks for none twice."""
        for con_id in list(self._singles):
            self.let_go(con_id)
        if self._ib.pnl(self._account):
            self._ib.cancelPnL(self._account)
