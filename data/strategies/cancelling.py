"""Cancels working orders with a bot's own client id: the one place outside bots that writes to the broker.

Only the strategy agent imports this (import-linter holds it). It cancels single orders by their permId, never all at once:
`reqGlobalCancel` would take other clients' orders and those made by hand too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from data.ibkr import client
from data.ibkr.link import Link
from data.ibkr.reasons import LinkError

__all__ = ["Cancelled", "LinkError", "cancel"]

CONNECT_S = 8.0
LIST_S = 4.0
ENDED = frozenset({"Filled", "Cancelled", "ApiCancelled", "Inactive"})
IS_CANCELLED = 202  # an "error" that says that it was done
WARNINGS = frozenset({399, IS_CANCELLED})


@dataclass(frozen=True, slots=True)
class Cancelled:
    """By permId. `ended`: the last status, cancelled or filled meanwhile. `refused`: the gateway's words. `unanswered`: too late.

    What was asked for and is in none of them isn't an open order of this client id.
    """

    ended: Mapping[int, str]
    refused: Mapping[int, str]
    unanswered: frozenset[int]


def cancel(host: str, port: int, client_id: int, perm_ids: Collection[int], patience_s: float) -> Cancelled:
    """Connect as `client_id`, cancel those of its open orders that `perm_ids` names, and wait for what the broker says.

    Raises:
        LinkError: no connection; its state says whether the client id is taken.
    """
    return asyncio.run(_cancel(Link(host, port, client_id), frozenset(perm_ids), patience_s))


async def _cancel(link: Link, perm_ids: frozenset[int], patience_s: float) -> Cancelled:
    asyncio.set_event_loop(asyncio.get_running_loop())  # the library asks for the thread's loop
    try:
        await link.open(CONNECT_S)
        found = await _own_orders(link)
        trades = {perm_id: trade for perm_id, trade in found.items() if perm_id in perm_ids}
        return await _Work(link, trades).run(patience_s)
    finally:
        link.close()
        await asyncio.sleep(0)  # the transport lets go of its socket in the loop's next turn


async def _own_orders(link: Link) -> dict[int, Any]:
    try:
        async with asyncio.timeout(LIST_S):
            trades = await link.ib.reqOpenOrdersAsync()
    except TimeoutError:
        client.abandon(link.ib, "openOrders")
        trades = link.ib.openTrades()  # those that came, without the end of the list
    return {trade.order.permId or trade.orderStatus.permId: trade for trade in trades}


class _Work:
    """The cancels of one connection, and what is heard of them."""

    def __init__(self, link: Link, trades: Mapping[int, Any]) -> None:
        self._link, self._trades = link, trades
        self._by_order = {trade.order.orderId: perm_id for perm_id, trade in trades.items()}
        self._refused: dict[int, str] = {}
        self._news = asyncio.Event()

    async def run(self, patience_s: float) -> Cancelled:
        ib = self._link.ib
        ib.orderStatusEvent += self._on_status
        ib.errorEvent += self._on_error
        for trade in self._trades.values():
            ib.cancelOrder(trade.order)
        try:
            async with asyncio.timeout(patience_s):
                while self._open() and not self._link.closed.is_set():
                    await self._news.wait()
                    self._news.clear()
        except TimeoutError:
            pass
        finally:
            ib.orderStatusEvent -= self._on_status
            ib.errorEvent -= self._on_error
        is_open = self._open()
        left = is_open | self._refused.keys()
        ended = {perm_id: t.orderStatus.status for perm_id, t in self._trades.items() if perm_id not in left}
        return Cancelled(ended, self._refused, is_open)

    def _open(self) -> frozenset[int]:
        return frozenset(
            perm_id
            for perm_id, trade in self._trades.items()
            if trade.orderStatus.status not in ENDED and perm_id not in self._refused
        )

    def _on_status(self, _trade: Any) -> None:
        self._news.set()

    def _on_error(self, request: int, code: int, text: str, _contract: Any) -> None:
        if (perm_id := self._by_order.get(request)) is not None and code not in WARNINGS:
            self._refused[perm_id] = f"{text} ({code})"
        self._news.set()
