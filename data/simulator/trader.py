"""The house trader: a small wheel policy that keeps a demo account in business.

It sells puts 30 to 45 days out, covered calls on shares, and buys back what has lost most of its premium: one order every
few minutes, and none of it anything but an ordinary order that the market fills.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from data.simulator import wheel
from data.simulator.account import CENT, Account
from data.simulator.calendar import Phase
from data.simulator.genesis import HOUSE_CLIENT
from data.simulator.market import mix
from data.simulator.matching import fill_at
from data.simulator.orders import Order
from data.simulator.wheel import Idea
from data.simulator.world import World

PAUSE = 150.0
"""Seconds between two orders, on average; a real bot trades less, but in a demo somebody is watching."""
MOST_POSITIONS = 34
KEEP_FREE = Decimal("0.30")
"""Share of net liquidation that must stay available."""
LEFT = Decimal("0.2")
"""Share of the premium that is not waited for."""
SESSION_TRADES = 6
PATIENCE = 240.0
"""Seconds after which an unfilled order is cancelled."""


@dataclass(slots=True)
class Trader:
    """Acts on one account."""

    account_id: str
    next_act: float = 0.0

    def act(self, world: World) -> None:
        """Called with every step; trades when its pause is over."""
        if world.moment < self.next_act or world.hours.phase(world.moment) is not Phase.OPEN or world.halted:
            return
        turn = world.perm_ids
        first = self.next_act == 0.0
        self.next_act = world.moment + PAUSE * (0.4 + 1.2 * mix(world.seed, self.account_id, turn))
        if first:
            self.next_act = world.moment + 15
            return
        self._cancel_stale(world)
        idea = self._idea(world, turn)
        if idea:
            self._send(world, idea)

    def catch_up(self, world: World) -> None:
        """A session's worth of trades at once, at their marks: what it would have done while the gateway was down."""
        for turn in range(world.perm_ids, world.perm_ids + SESSION_TRADES):
            idea = self._idea(world, turn)
            if idea and (order := self._send(world, idea)):
                fill_at(world, order, order.quantity, max(world.market.mark(idea.contract), CENT).quantize(CENT))

    def _idea(self, world: World, turn: int) -> Idea | None:
        account = world.accounts[self.account_id]
        return wheel.earned(world, account, LEFT) or wheel.cover(world, account) or self._put(world, account, turn)

    def _put(self, world: World, account: Account, turn: int) -> Idea | None:
        """Sell a put, if the account can carry it; else take off what has earned most."""
        value = world.valuation(self.account_id)
        if len(account.holdings) >= MOST_POSITIONS or value.available_funds < value.net_liquidation * KEEP_FREE:
            return wheel.take_off(world, account)
        return wheel.sell_put(world, account, turn)

    def _mine(self, world: World) -> list[Order]:
        return [
            o
            for o in world.orders.values()
            if o.is_working and o.client_id == HOUSE_CLIENT and o.account == self.account_id
        ]

    def _cancel_stale(self, world: World) -> None:
        for order in self._mine(world):
            if world.moment - order.placed_at > PATIENCE:
                world.cancel(order)

    def _send(self, world: World, idea: Idea) -> Order | None:
        if any(order.con_id == idea.contract.con_id for order in self._mine(world)):
            return None
        quote = world.market.quote(idea.contract)
        # It joins the queue at its own side: the half spread that earns pays for the commissions, so that a demo that
        # trades all day does not bleed.
        price = quote.bid if idea.action == "BUY" else quote.ask
        return world.place(wheel.order_of(world, self.account_id, idea, price))
