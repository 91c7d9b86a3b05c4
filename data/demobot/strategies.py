"""The four strategies of the demo bot. Each looks at the desk once a cycle, and sends one order at most.

put-write sells puts 30 to 45 days out, and buys back what has lost most of its premium. call-write does the same with calls
on shares that carry none. roll keeps a put on three symbols of its own and moves it on when its time is up, for a credit
only. hedge holds a put on SPY, far out of the money.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

from data.demobot.broker import Holding, Quote, contract_words
from data.demobot.desk import Desk, Idea
from data.ibkr import client

ROLLED = ("AAPL", "DIS", "TLT")
WRITTEN = ("F", "T", "INTC", "SOFI", "KO", "XLE", "PLTR", "IWM")
HEDGED = "SPY"
MOST_PUTS = 9
PUT_SIZE = 6000  # about how much stock the puts of one order may bring, USD; at least one contract
EARNED = 0.75  # share of the premium that is enough
ROOM = 0.15  # and where there is no room for another one
MIN_PREMIUM = 0.10  # per share
STRIKES_LOOKED_AT = 8


class DemoStrategy(ABC):
    """`name` as the dashboard has it; `allocation` a share of the account."""

    name: ClassVar[str]
    title: ClassVar[str]
    symbols: ClassVar[tuple[str, ...]] = ()
    allocation: ClassVar[float]
    can_pause_opening: ClassVar[bool] = True

    def __init__(self) -> None:
        self._turn = 0

    @abstractmethod
    async def run(self, desk: Desk) -> None:
        """Look once."""

    @abstractmethod
    def mine(self, desk: Desk) -> list[Holding]:
        """Its positions."""

    async def close(self, desk: Desk, held: Holding, quote: Quote, reason: str) -> bool:
        """Send an order that closes a position; whether it went out."""
        if quote.mid is None or not desk.may(self.name, held.symbol, opening=False):
            return False
        contract = await desk.broker.qualified(client.wire_contract(held.con_id))
        action, price = (
            ("BUY", _rounded(quote.mid, up=False)) if held.quantity < 0 else ("SELL", _rounded(quote.mid, up=True))
        )
        idea = Idea(contract, held.words, held.symbol, action, abs(held.quantity), price, reason, False, quote)
        return await desk.send(self.name, idea)

    async def take_profit(self, desk: Desk, enough: float) -> bool:
        """Buy back the short option that has earned the largest share of its premium, if that is `enough`."""
        found: list[tuple[float, Holding, Quote]] = []
        shorts = [h for h in self.mine(desk) if h.right and h.quantity < 0 and h.cost > 0]
        for held, quote in zip(shorts, await _quotes(desk, shorts), strict=True):
            if quote.mid is not None:
                found.append((1 - quote.mid / held.cost, held, quote))
        found = [one for one in found if one[0] >= enough and desk.may(self.name, one[1].symbol, opening=False)]
        if not found:
            return False
        earned, held, quote = max(found, key=lambda one: one[0])
        return await self.close(desk, held, quote, f"{earned:.0%} of its premium is earned")

    async def sell(self, desk: Desk, symbol: str, right: str, days: int, delta: float, size: int, why: str) -> bool:
        """Sell an option that is nearest to `days` and `delta`, at the middle of its quote; whether it went out."""
        found = await nearest(desk, symbol, right, days, delta)
        if found is None:
            desk.skip(self.name, symbol, "no quote", f"did not write {symbol} {right}: no quotes", symbol)
            return False
        contract, quote, words = found
        if quote.mid is None or quote.mid < MIN_PREMIUM:
            desk.skip(
                self.name, symbol, "premium", f"did not write {words}: premium below {MIN_PREMIUM:.2f}", symbol, words
            )
            return False
        price = _rounded(quote.mid, up=True)
        reason = f"{why}, delta {abs(quote.delta or 0):.2f}"
        qualified = await desk.broker.qualified(contract)
        return await desk.send(
            self.name, Idea(qualified, words, symbol, "SELL", size, price, reason, True, quote, (qualified.conId,))
        )


class PutWrite(DemoStrategy):
    name, title, symbols, allocation = "put-write", "Put writing", WRITTEN, 0.45

    def mine(self, desk: Desk) -> list[Holding]:
        return [h for h in desk.own(desk.shorts("P")) if h.symbol not in ROLLED]

    async def run(self, desk: Desk) -> None:
        if await self.take_profit(desk, EARNED):
            return
        puts = self.mine(desk)
        is_full = len(puts) >= MOST_PUTS or not desk.can_open()
        if is_full and await self.take_profit(desk, ROOM):
            return
        if len(puts) >= MOST_PUTS:
            desk.skip(self.name, "", "full", f"wrote no put: {len(puts)} are open, which is the most")
        elif is_full:
            desk.skip(self.name, "", "margin", "wrote no put: less than a quarter of the account would stay available")
        else:
            await self._write(desk, {h.symbol for h in puts})

    async def _write(self, desk: Desk, held: set[str]) -> None:
        free = [symbol for symbol in WRITTEN if symbol not in held]
        if not free:
            desk.skip(self.name, "", "each", "wrote no put: each symbol has one")
        free = [symbol for symbol in free if desk.may(self.name, symbol, opening=True)]
        if free:
            self._turn += 1
            symbol = free[self._turn % len(free)]
            price = await desk.broker.price(symbol)
            if price:
                size = max(1, min(3, int(PUT_SIZE / (price * 100))))
                await self.sell(desk, symbol, "P", 30 + self._turn * 5 % 15, 0.25, size, "no put on it is open")


class CallWrite(DemoStrategy):
    name, title, allocation = "call-write", "Call writing", 0.20

    def mine(self, desk: Desk) -> list[Holding]:
        return desk.own(desk.shorts("C"))

    async def run(self, desk: Desk) -> None:
        if await self.take_profit(desk, EARNED):
            return
        free = {symbol: n for symbol, n in self._uncovered(desk).items() if n > 0}
        if not free:
            desk.skip(self.name, "", "covered", "wrote no call: no hundred shares are without one")
        for symbol, contracts in free.items():
            if desk.may(self.name, symbol, opening=True):
                why = f"{contracts * 100} shares are not covered"
                if await self.sell(desk, symbol, "C", 30, 0.30, contracts, why):
                    return

    def _uncovered(self, desk: Desk) -> dict[str, int]:
        """Symbol → contracts that could be written on what is held; the treasury bills have no options."""
        shares = {h.symbol: h.quantity // 100 for h in desk.holdings if not h.right and h.symbol != "SGOV"}
        sold = desk.shorts("C")
        return {s: n - sum(-h.quantity for h in sold if h.symbol == s) for s, n in shares.items()}


class Roll(DemoStrategy):
    name, title, symbols, allocation = "roll", "Put rolling", ROLLED, 0.30
    RUN_OUT_DAYS, ENOUGH, MIN_CREDIT = 7, 0.60, 0.10

    def mine(self, desk: Desk) -> list[Holding]:
        return [h for h in desk.own(desk.shorts("P")) if h.symbol in ROLLED]

    async def run(self, desk: Desk) -> None:
        puts = self.mine(desk)
        for held, quote in zip(puts, await _quotes(desk, puts), strict=True):
            may = quote.mid is not None and desk.may(self.name, held.symbol, opening=False)
            if may and await self._look(desk, held, quote, quote.mid or 0.0):
                return
        without = [symbol for symbol in ROLLED if symbol not in {h.symbol for h in puts}]
        for symbol in without:
            if not desk.can_open():
                desk.skip(
                    self.name, symbol, "margin", f"began no put on {symbol}: too little would stay available", symbol
                )
            elif desk.may(self.name, symbol, opening=True) and await self.sell(
                desk, symbol, "P", 14, 0.30, 1, "nothing to roll on it yet"
            ):
                return

    async def _look(self, desk: Desk, held: Holding, quote: Quote, mid: float) -> bool:
        """Roll a put if it is due and pays; whether an order went out."""
        days, earned = held.days(desk.today), 1 - mid / held.cost if held.cost else 0.0
        if days > self.RUN_OUT_DAYS and earned < self.ENOUGH:
            desk.skip(
                self.name, held.symbol, "not due", f"did not roll {held.words}: {days} days and {1 - earned:.0%} of its premium left",
                held.symbol, held.words,
            )  # fmt: skip
            return False
        later = await self._later(desk, held)
        credit = later[1].mid - mid if later and later[1].mid is not None else None
        if later is None or credit is None or credit < self.MIN_CREDIT:
            said = "no later one has a quote"
            if credit is not None:
                said = f"no credit above minimum ({credit:.2f})".replace("-", "−")
            desk.skip(self.name, held.symbol, "credit", f"did not roll {held.words}: {said}", held.symbol, held.words)
            return False
        return await self._send(desk, held, quote, later, credit)

    async def _later(self, desk: Desk, held: Holding) -> tuple[Any, Quote, str] | None:
        """The put of the same symbol two weeks or more after this one, at a quarter of delta or this strike, what is lower."""
        found = await nearest(desk, held.symbol, "P", max(held.days(desk.today), 0) + 21, 0.28)
        if found is None or found[0].lastTradeDateOrContractMonth <= held.expiry:
            return None
        return found

    async def _send(
        self, desk: Desk, held: Holding, quote: Quote, later: tuple[Any, Quote, str], credit: float
    ) -> bool:
        contract = await desk.broker.qualified(later[0])
        bag = client.combination(held.symbol, [(held.con_id, "BUY"), (contract.conId, "SELL")])
        words = f"{held.words} to {later[2].removeprefix(held.symbol + ' ')}"
        reason = f"rolled for a credit of {credit:.2f}"
        price = -_rounded(credit, up=False)
        both = Quote(_minus(quote.bid, later[1].ask), _minus(quote.ask, later[1].bid), None)
        return await desk.send(
            self.name,
            Idea(bag, words, held.symbol, "BUY", -held.quantity, price, reason, False, both, (contract.conId,)),
        )


class Hedge(DemoStrategy):
    name, title, symbols, allocation = "hedge", "Hedge", (HEDGED,), 0.05
    RUN_OUT_DAYS, TIMES, DEAREST = 21, 3.0, 0.015

    def mine(self, desk: Desk) -> list[Holding]:
        return [h for h in desk.own(desk.holdings) if h.symbol == HEDGED and h.right == "P" and h.quantity > 0]

    async def run(self, desk: Desk) -> None:
        held = self.mine(desk)
        for one, quote in zip(held, await _quotes(desk, held), strict=True):
            if quote.mid is None:
                continue
            days, times = one.days(desk.today), quote.mid / one.cost if one.cost else 0.0
            if days < self.RUN_OUT_DAYS or times > self.TIMES:
                why = f"{days} days are left" if days < self.RUN_OUT_DAYS else f"it is worth {times:.1f} times its cost"
                await self.close(desk, one, quote, why)
                return
            desk.skip(self.name, HEDGED, "in place", f"hedge in place: {one.words}, {days} days", HEDGED, one.words)
        if not held and desk.may(self.name, HEDGED, opening=True):
            await self._buy(desk)

    async def _buy(self, desk: Desk) -> None:
        found = await nearest(desk, HEDGED, "P", 50, 0.10)
        if found is None or found[1].mid is None:
            desk.skip(self.name, HEDGED, "no quote", "bought no hedge: no quotes", HEDGED)
            return
        contract, quote, words = found
        worth, price = desk.broker.value("NetLiquidation") or 0.0, _rounded(quote.mid or 0.0, up=False)
        if price * 100 > worth * self.DEAREST:
            desk.skip(
                self.name,
                HEDGED,
                "dear",
                f"bought no hedge: {words} costs more than 1.5 % of the account",
                HEDGED,
                words,
            )
            return
        qualified = await desk.broker.qualified(contract)
        reason = f"no hedge is held; it costs {price * 100 / worth:.2%} of the account"
        await desk.send(
            self.name, Idea(qualified, words, HEDGED, "BUY", 1, price, reason, True, quote, (qualified.conId,))
        )


ALL: tuple[type[DemoStrategy], ...] = (PutWrite, CallWrite, Roll, Hedge)


async def nearest(desk: Desk, symbol: str, right: str, days: int, delta: float) -> tuple[Any, Quote, str] | None:
    """The listed option nearest to `days` and to an absolute `delta` out of the money: contract, quote, words."""
    expiries, strikes = await desk.broker.chain(symbol)
    spot = await desk.broker.price(symbol)
    later = [e for e in expiries if _day(e) > desk.today]
    if not spot or not later:
        return None
    target = desk.today + timedelta(days=days)
    expiry = min(later, key=lambda e: abs((_day(e) - target).days))
    looked_at = _spread([k for k in strikes if (spot * 0.8 <= k <= spot if right == "P" else spot <= k <= spot * 1.2)])
    contracts = [client.option(symbol, expiry, strike, right) for strike in looked_at]
    quotes = await desk.broker.quotes(contracts) if contracts else []
    known = [(c, q) for c, q in zip(contracts, quotes, strict=True) if q.delta is not None and q.mid is not None]
    if not known:
        return None
    contract, quote = min(known, key=lambda one: abs(abs(one[1].delta or 0) - delta))
    return contract, quote, contract_words(symbol, expiry, contract.strike, right)


def _spread(strikes: Sequence[float]) -> list[float]:
    """Some of them, evenly: each costs a request."""
    step = max(1, -(-len(strikes) // STRIKES_LOOKED_AT))
    return list(strikes[::step])


async def _quotes(desk: Desk, held: Sequence[Holding]) -> list[Quote]:
    return await desk.broker.quotes([client.wire_contract(h.con_id) for h in held]) if held else []


def _day(expiry: str) -> date:
    return date(int(expiry[:4]), int(expiry[4:6]), int(expiry[6:8]))


def _rounded(price: float, *, up: bool) -> float:
    """To whole cents, one at least; a patient order takes the side that is better for itself."""
    cents = round(price * 100, 4)
    return max((int(cents) + (up and cents != int(cents))) / 100, 0.01)


def _minus(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else left - right
