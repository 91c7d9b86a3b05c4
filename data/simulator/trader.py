"""The house trader: a small wheel policy that keeps a demo account in business.

It sells puts 30 to 45 days out, covered calls on shares, and buys back what has lost most of its premium: one order every
few minutes, and none of it anything but an ordinary order that the market fills.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from data.simulator.account import CENT, Account
from data.simulator.calendar import Phase
from data.simulator.genesis import HOUSE_CLIENT, pick
from data.simulator.instruments import UNDERLYINGS, Instrument, by_con_id
from data.simulator.market import mix
from data.simulator.matching import fill_at
from data.simulator.orders import Order
from data.simulator.world import World

PAUSE = 150.0
"""Seconds between two orders, on average; a real bot trades less, but in a demo somebody is watching."""
MOST_POSITIONS = 34
KEEP_FREE = Decimal("0.30")
"""Share of net liquidation that must stay available."""
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
        account = world.accounts[self.account_id]
        idea = self._close(world, account) or self._cover(world, account) or self._open_put(world, account, turn)
        if idea:
            self._send(world, *idea)

    def catch_up(self, world: World) -> None:
        """A session's worth of trades at once, at their marks: what it would have done while the gateway was down."""
        account = world.accounts[self.account_id]
        for turn in range(world.perm_ids, world.perm_ids + SESSION_TRADES):
            idea = self._close(world, account) or self._cover(world, account) or self._open_put(world, account, turn)
            if idea:
                order = self._send(world, *idea)
                if order:
                    fill_at(world, order, order.quantity, max(world.market.mark(idea[0]), CENT).quantize(CENT))

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

    def _close(self, world: World, account: Account) -> tuple[Instrument, str, int] | None:
        """Buy back a short option that has earned 80 % of its premium."""
        for con_id, holding in account.holdings.items():
            contract = by_con_id(con_id)
            if not contract.is_option or holding.quantity >= 0:
                continue
            worth = world.market.mark(contract) * 100 * -holding.quantity
            if worth < -holding.cost * Decimal("0.2") and contract.expiry_moment - world.moment > 86400:
                return contract, "BUY", -holding.quantity
        return None

    def _cover(self, world: World, account: Account) -> tuple[Instrument, str, int] | None:
        """Sell calls on shares that carry none."""
        for con_id, holding in account.holdings.items():
            shares = by_con_id(con_id)
            if shares.is_option or holding.quantity < 100 or shares.symbol == "SGOV":
                continue
            sold = sum(
                -h.quantity
                for c, h in account.holdings.items()
                if (o := by_con_id(c)).symbol == shares.symbol and o.right == "C" and h.quantity < 0
            )
            free = holding.quantity // 100 - sold
            if free > 0:
                return pick(world.market, world.session, shares.symbol, "C", 30, 0.3), "SELL", free
        return None

    def _open_put(self, world: World, account: Account, turn: int) -> tuple[Instrument, str, int] | None:
        """Sell a put, if the account can carry it; else take off the one that has earned most."""
        value = world.valuation(self.account_id)
        if len(account.holdings) >= MOST_POSITIONS or value.available_funds < value.net_liquidation * KEEP_FREE:
            return self._take_off(world, account)
        wanted = [u for u in UNDERLYINGS if u.has_options and u.price < 300]
        spec = wanted[int(mix(world.seed, turn, "symbol") * len(wanted))]
        days = 30 + int(mix(world.seed, turn, "days") * 15)
        contract = pick(world.market, world.session, spec.symbol, "P", days, 0.2 + 0.1 * mix(world.seed, turn, "delta"))
        if account.quantity(contract.con_id) > 0 or world.market.quote(contract).bid < 0.05:
            return None
        return contract, "SELL", max(1, min(5, int(6000 / (contract.strike * 100))))

    @staticmethod
    def _take_off(world: World, account: Account) -> tuple[Instrument, str, int] | None:
        def earned(con_id: int) -> Decimal:
            """Share of the premium that is earned."""
            holding = account.holdings[con_id]
            return 1 - world.market.mark(by_con_id(con_id)) * 100 * holding.quantity / holding.cost

        shorts = [c for c, h in account.holdings.items() if h.quantity < 0 and h.cost and by_con_id(c).is_option]
        if not shorts:
            return None
        con_id = max(shorts, key=earned)
        return by_con_id(con_id), "BUY", -account.quantity(con_id)

    def _send(self, world: World, contract: Instrument, action: str, quantity: int) -> Order | None:
        if any(order.con_id == contract.con_id for order in self._mine(world)):
            return None
        quote = world.market.quote(contract)
        # It joins the queue at its own side: the half spread that earns pays for the commissions, so that a demo that
        # trades all day does not bleed.
        price = quote.bid if action == "BUY" else quote.ask
        order = Order(
            account=self.account_id,
            client_id=HOUSE_CLIENT,
            order_id=world.next_order_id,
            perm_id=0,
            con_id=contract.con_id,
            symbol=contract.symbol,
            action=action,
            quantity=quantity,
            order_type="LMT",
            limit=max(price, 0.01),
            ref=f"wheel:{contract.symbol}",
        )
        return world.place(order)
