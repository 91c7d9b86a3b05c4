"""The desk of one pass: whatever a strategy decides goes over it. It asks for leave, sends, and keeps the ledger."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from data.demobot.broker import Broker, Holding, Quote
from data.demobot.options import BOT
from data.strategies.bot_client import Control

SAY_AGAIN_S = 3600.0
Said = dict[tuple[str, str, str], float]
"""(strategy, what about, what kind of thing) → when it was said last."""
KEEP_FREE = 0.25
"""Share of net liquidation that stays available."""


@dataclass(frozen=True, slots=True)
class Idea:
    """An order as it is meant, and why."""

    contract: Any
    words: str  # the contract as people read it
    symbol: str
    action: str
    quantity: int
    price: float
    reason: str
    opening: bool
    quote: Quote | None = None
    opens: tuple[int, ...] = ()  # contract ids of what it brings


class Budget:
    """`burst` orders at once, then one each `refill_s`."""

    def __init__(self, burst: int, refill_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._refill_s, self._clock = burst, refill_s, clock
        self._left, self._at = float(burst), clock()

    def has_one(self) -> bool:
        now = self._clock()
        self._left = min(self._left + (now - self._at) / self._refill_s, float(self._burst))
        self._at = now
        return self._left >= 1

    def take(self) -> None:
        self._left -= 1


class Own:
    """Which contracts the bot has traded, kept in a file: others' positions are not its to close."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ids: set[int] | None = None
        with suppress(OSError, ValueError):
            self._ids = set(json.loads(path.read_text(encoding="utf-8")))

    def begin(self, found: Sequence[Holding]) -> None:
        """At the very first start: what is taken over."""
        if self._ids is None:
            self._ids = set()
            self.add(*(holding.con_id for holding in found if holding.right))

    def add(self, *con_ids: int) -> None:
        known = self._ids or set()
        if self._ids is None or not known.issuperset(con_ids):
            self._ids = known | set(con_ids)
            self._path.write_text(json.dumps(sorted(self._ids)), encoding="utf-8")

    def __contains__(self, con_id: int) -> bool:
        return con_id in (self._ids or ())


class Desk:
    """Holdings, money and quotes of one pass, and the way for orders out."""

    def __init__(self, broker: Broker, control: Control, budget: Budget, own: Own, said: Said, today: date) -> None:
        self.broker, self.control, self._budget, self._said = broker, control, budget, said
        self._own, self.today = own, today
        self.holdings = broker.holdings()

    def shorts(self, right: str) -> list[Holding]:
        """The account's short options, the bot's own and others'."""
        return [h for h in self.holdings if h.right == right and h.quantity < 0]

    def own(self, held: Sequence[Holding]) -> list[Holding]:
        """Those of them that the bot has traded."""
        return [h for h in held if h.con_id in self._own]

    def can_open(self) -> bool:
        """Whether the account carries more."""
        available, worth = self.broker.value("AvailableFunds"), self.broker.value("NetLiquidation")
        return available is not None and worth is not None and available > worth * KEEP_FREE

    def may(self, strategy: str, symbol: str, *, opening: bool) -> bool:
        """Whether the dashboard lets it, the day's measure isn't full, and no order of it works on the symbol already."""
        allowed = self.control.may_open if opening else self.control.may_trade
        ref = f"{BOT}:{strategy}:{symbol}"
        is_waiting = any(trade.order.orderRef == ref for trade in self.broker.working(ref))
        return allowed(strategy, symbol) and not is_waiting and self._budget.has_one()

    async def send(self, strategy: str, idea: Idea) -> bool:
        """Send an order, unless it may not be sent any more; what was meant and what became of it goes into the ledger."""
        ref = f"{BOT}:{strategy}:{idea.symbol}"
        if not self.control.order_queued(strategy, idea.symbol, opening=idea.opening, ref=ref):
            return False
        self._budget.take()
        self._own.add(*idea.opens)
        trade, refused = await self.broker.place(idea.contract, idea.action, idea.quantity, idea.price, ref)
        more: dict[str, Any] = {
            "symbol": idea.symbol, "contract": idea.words, "action": idea.action, "quantity": idea.quantity,
            "limit_price": round(idea.price, 2), "order_id": trade.order.orderId, "order_ref": ref,
            "perm_id": trade.order.permId or trade.orderStatus.permId or None, "con_id": idea.contract.conId or None,
        }  # fmt: skip
        if idea.quote is not None:
            more |= {"bid": idea.quote.bid, "ask": idea.quote.ask}
        self.control.decide(strategy, "intent", idea.reason, **more)
        if refused is not None:
            self.control.decide(strategy, "rejection", refused, **more)
        return refused is None

    def skip(
        self, strategy: str, about: str, kind: str, reason: str, symbol: str | None = None, contract: str | None = None
    ) -> None:
        """Say what was left alone, and why; not again and again. `about` and `kind`: what makes it another thing to say."""
        key, now = (strategy, about, kind), time.monotonic()
        if now - self._said.get(key, float("-inf")) > SAY_AGAIN_S:
            self._said[key] = now
            self.control.decide(strategy, "skip", reason, symbol=symbol, contract=contract)
