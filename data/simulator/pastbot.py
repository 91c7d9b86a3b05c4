"""What the demo's bot did before it was started: the same four strategies, told by the world's own books and marks.

The bot itself (another package, which knows the gateway by its socket only) goes on with what this leaves behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from data.simulator import wheel
from data.simulator.account import Account
from data.simulator.genesis import pick
from data.simulator.instruments import Instrument, by_con_id, stock
from data.simulator.valuation import Valuation
from data.simulator.wheel import DAY, Idea
from data.simulator.world import World

BOT, CLIENT = "demo", 21
PUT_WRITE, CALL_WRITE, ROLL, HEDGE = "put-write", "call-write", "roll", "hedge"
ROLLED, HEDGED = ("AAPL", "DIS", "TLT"), "SPY"
"""Symbols on which puts are rolled, and the one of the hedge; everywhere else puts are only written."""
STRATEGIES: dict[str, tuple[str, tuple[str, ...], float]] = {
    PUT_WRITE: ("Put writing", tuple(u.symbol for u in wheel.SYMBOLS if u.symbol not in ROLLED), 0.45),
    CALL_WRITE: ("Call writing", (), 0.20),
    ROLL: ("Put rolling", ROLLED, 0.30),
    HEDGE: ("Hedge", (HEDGED,), 0.05),
}
"""Name → title, symbols, share of the account."""

HELD = (Idea(stock("SGOV"), "BUY", 300), Idea(stock("SPY"), "BUY", 30))
"""What was bought by hand at first, and kept: treasury bills, and a little of the market."""
MOST_PUTS, PUT_SIZE, KEEP_FREE = 9, 12_000, Decimal("0.35")
LEFT, RUN_OUT_DAYS, LOST, LOST_DAYS = Decimal("0.3"), 9.0, Decimal("3"), 5.0
"""Bought back: what has 30 % of its premium left and more than nine days to go (the rest may expire), and what costs
three times its premium with more than five days to go."""
ROLL_DAYS, ROLL_LEFT, MIN_CREDIT = 7.0, Decimal("0.4"), Decimal("0.10")
"""Rolled: what has a week left or 40 % of its premium, for a credit of ten cents at least."""
HEDGE_DAYS, HEDGE_LEFT_DAYS = 50, 21.0


class Deed(NamedTuple):
    """An order, and why; `strategy` None: made by hand, and nobody says why."""

    strategy: str | None
    idea: Idea
    reason: str = ""

    @property
    def ref(self) -> str:
        return f"{BOT}:{self.strategy}:{self.idea.contract.symbol}" if self.strategy else ""

    @property
    def client(self) -> int:
        return CLIENT if self.strategy else 0


class Skip(NamedTuple):
    """What was left alone, and why."""

    strategy: str
    contract: Instrument
    reason: str


class PastBot:
    """Decides what is traded next."""

    def __init__(self, world: World, account: Account) -> None:
        self._world, self._account = world, account
        self.skipped: list[Skip] = []
        self._not_rolled: set[int] = set()

    def deeds(self) -> list[Deed]:
        """The next orders, which belong together; none: nothing is to be done."""
        for idea in HELD:
            if not self._account.quantity(idea.contract.con_id):
                return [Deed(None, idea)]
        return self._closing() or self._rolling() or self._hedging() or self._opening()

    def _closing(self) -> list[Deed]:
        world, account = self._world, self._account
        for idea, reason in (
            (wheel.earned(world, account, LEFT, RUN_OUT_DAYS, but=ROLLED), "70% of its premium is earned"),
            (wheel.lost(world, account, LOST, LOST_DAYS, but=ROLLED), "it costs three times its premium"),
        ):
            if idea:
                return [Deed(CALL_WRITE if idea.contract.right == "C" else PUT_WRITE, idea, reason)]
        return []

    def _opening(self) -> list[Deed]:
        if call := wheel.cover(self._world, self._account):
            return [Deed(CALL_WRITE, call, f"{call.quantity * 100} shares are not covered")]
        put = self._put()
        return [Deed(PUT_WRITE, put, "nothing of it is held")] if put else []

    def _put(self) -> Idea | None:
        """A put on a symbol of which nothing is held, as long as the account can carry it."""
        world, held = self._world, self._symbols()
        if sum(contract.symbol not in ROLLED for contract in self._puts()) >= MOST_PUTS or not self._can_carry():
            return None
        symbols = [u for u in wheel.SYMBOLS if u.symbol not in held and u.symbol not in ROLLED]
        if not symbols:
            return None
        return wheel.sell_put(world, self._account, world.perm_ids + world.market.step_number, symbols, PUT_SIZE)

    def _rolling(self) -> list[Deed]:
        """A put on each rolled symbol; at its time it is bought back and a later one sold, if that pays."""
        world = self._world
        for contract, holding in wheel.short_options(self._account):
            if contract.right != "P" or contract.symbol not in ROLLED:
                continue
            left = wheel.worth(world, contract, holding) / -holding.cost
            is_due = contract.expiry_moment - world.moment < ROLL_DAYS * DAY or left < ROLL_LEFT
            if is_due and (rolled := self._roll(contract, -holding.quantity)):
                return rolled
        free = [symbol for symbol in ROLLED if symbol not in self._symbols()]
        if not free or not self._can_carry():
            return []
        put = pick(world.market, world.session, free[0], "P", 14, 0.3)
        return [Deed(ROLL, Idea(put, "SELL", 1), "nothing to roll on it yet")]

    def _roll(self, contract: Instrument, size: int) -> list[Deed]:
        """Both orders of a roll, if it pays."""
        world = self._world
        days = max(int((contract.expiry_moment - world.moment) / DAY), 0) + 21
        later = pick(world.market, world.session, contract.symbol, "P", days, 0.28)
        credit = world.market.mark(later) - world.market.mark(contract)
        if later.expiry > contract.expiry and credit >= MIN_CREDIT:
            reason = f"rolled for a credit of {credit:.2f}"
            return [Deed(ROLL, Idea(contract, "BUY", size), reason), Deed(ROLL, Idea(later, "SELL", size), reason)]
        if contract.con_id not in self._not_rolled:  # it would say so at every look
            self._not_rolled.add(contract.con_id)
            words = f"{contract.symbol} {contract.expiry_date} {contract.strike:g} {contract.right}"
            self.skipped.append(Skip(ROLL, contract, f"did not roll {words}: no credit above minimum ({credit:.2f})"))
        return []

    def _hedging(self) -> list[Deed]:
        world = self._world
        for con_id, holding in self._account.holdings.items():
            contract = by_con_id(con_id)
            if contract.is_option and contract.symbol == HEDGED and holding.quantity > 0:
                is_over = contract.expiry_moment - world.moment < HEDGE_LEFT_DAYS * DAY
                return [Deed(HEDGE, Idea(contract, "SELL", holding.quantity), "21 days are left")] if is_over else []
        put = pick(world.market, world.session, HEDGED, "P", HEDGE_DAYS, 0.1)
        return [Deed(HEDGE, Idea(put, "BUY", 1), "no hedge is held")]

    def _puts(self) -> Iterator[Instrument]:
        return (contract for contract, _ in wheel.short_options(self._account) if contract.right == "P")

    def _symbols(self) -> set[str]:
        return {by_con_id(con_id).symbol for con_id in self._account.holdings}

    def _can_carry(self) -> bool:
        value: Valuation = self._world.valuation(self._account.account_id)
        return value.available_funds >= value.net_liquidation * KEEP_FREE
