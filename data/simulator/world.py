"""The simulated world: market, accounts and orders, moved on by steps.

Nothing here knows of sockets or files. What happens is collected in ``events``; the gateway saves the state before it
tells anybody, so that no announced fill can be lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from data.simulator import matching
from data.simulator.account import ZERO, Account, cents, commission
from data.simulator.calendar import Hours, Phase, local, next_session, previous_session
from data.simulator.instruments import Instrument, by_con_id, dividends, stock
from data.simulator.market import Market
from data.simulator.orders import Execution, Order
from data.simulator.state import VERSION
from data.simulator.valuation import Line, Valuation, line, value_account, values

LONGEST_STEP = 60.0
"""Seconds of chances to trade that one step counts at most: after a pause orders do not all fill at once."""
THIN = 0.15
"""Share of the symbols that trade in a step before and after the session."""
DIVIDEND_LAG = timedelta(days=14)
"""From ex-date to payment: about what US stocks and ETFs take."""


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """An order was accepted, moved on, was filled or ended; ``order`` is a copy."""

    order: Order


@dataclass(frozen=True, slots=True)
class Executed:
    """A fill, or the correction of one."""

    execution: Execution


@dataclass(frozen=True, slots=True)
class PositionChanged:
    """A position's quantity or cost changed."""

    account: str
    con_id: int


@dataclass(frozen=True, slots=True)
class OrderError:
    """Something to tell an order's client."""

    client_id: int
    order_id: int
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class DividendPaid:
    """A dividend came as cash (or, negative, was owed)."""

    account: str
    symbol: str
    amount: Decimal


Event = OrderChanged | Executed | PositionChanged | OrderError | DividendPaid


class RejectedError(Exception):
    """An order that cannot be taken; carries TWS's code and text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class World:
    """Market and accounts at ``moment``; everything follows from ``seed`` and the moments it is stepped through."""

    def __init__(
        self, seed: int, moment: float, account_ids: list[str], hours: Hours, prices: Mapping[str, float] | None = None
    ) -> None:
        self.seed, self.hours, self.moment = seed, hours, moment
        self.market = Market(seed, hours, moment, prices)
        self.accounts = {account_id: Account(account_id) for account_id in account_ids}
        self.orders: dict[int, Order] = {}
        self.executions: list[Execution] = []
        self.session = hours.session_date(moment)
        # A world is born in the middle of a session: the trades of its first hours belong to it, also after midnight.
        self.session_start = min(moment, hours.session_end(previous_session(self.session - timedelta(days=1))))
        self.next_order_id = 1
        self.perm_ids = 1_400_000_000
        self.fills = 0
        self.elapsed = 0.0
        self.halted = False
        self.fills = True  # False: orders are taken and work on, and nothing trades
        self.events: list[Event] = []

    # -- time

    def step(self, moment: float) -> set[str]:
        """Move the world to ``moment`` through every session end on the way; returns the symbols that ticked."""
        if self.halted:
            return set()
        changed: set[str] = set()
        while (end := self.hours.session_end(self.session)) <= moment:
            changed |= self.market.step(end)
            self.moment = end
            self._end_session()
        self.elapsed = min(max(moment - self.moment, 0.0), LONGEST_STEP)
        self.moment = moment
        phase = self.hours.phase(moment)
        if phase is Phase.CLOSED:
            self.market.moment = moment
            return changed
        changed |= self.market.step(moment, 1.0 if phase is Phase.OPEN else THIN)
        matching.match_all(self)
        return changed

    def _end_session(self) -> None:
        """Expire, cancel day orders, mark, and open the next session with its ex-dividends and payments."""
        for account in self.accounts.values():
            for con_id in sorted(account.holdings):
                instrument = by_con_id(con_id)
                if instrument.is_option and instrument.expiry_date <= self.session:
                    self.settle(account.account_id, instrument)
        for order in list(self.orders.values()):
            if order.is_working and order.tif != "GTC":
                self.end_order(order, "Cancelled", "Order expired at the end of the session")
        for account in self.accounts.values():
            account.roll(values(account, self.market))
        self.market.roll(self.moment, self.session)
        previous, self.session = self.session, next_session(self.session + timedelta(days=1))
        self.session_start = self.moment
        for symbol in self.market.stocks:
            for day, amount in dividends(symbol, previous, self.session):
                self._go_ex(symbol, amount, day + DIVIDEND_LAG)
        for account in self.accounts.values():
            for due in account.pay_dividends(self.session):
                self.events.append(DividendPaid(account.account_id, due.symbol, due.amount))
        self._forget(self.midnight())

    def _go_ex(self, symbol: str, amount: Decimal, pay_date: date) -> None:
        shares = stock(symbol)
        for account in self.accounts.values():
            account.go_ex(shares, amount, pay_date)
        self.market.drop(symbol, float(amount))

    def _forget(self, before: float) -> None:
        self.executions = [x for x in self.executions if x.moment >= before]
        self.orders = {k: o for k, o in self.orders.items() if o.is_working or o.completed_at >= before}

    # -- orders

    def new_perm_id(self) -> int:
        self.perm_ids += 1
        return self.perm_ids

    def place(self, order: Order) -> Order:
        """Take an order; raises RejectedError. The caller has filled in everything but ids and times."""
        matching.check(self, order)
        order.perm_id = self.new_perm_id()
        order.placed_at = self.moment
        order.status = "PreSubmitted"
        self.next_order_id = max(self.next_order_id, order.order_id + 1)
        self.orders[order.perm_id] = order
        self.announce(order)
        return order

    def find_order(self, client_id: int, order_id: int) -> Order | None:
        """A client's order by its own id."""
        for order in self.orders.values():
            if order.client_id == client_id and order.order_id == order_id:
                return order
        return None

    def cancel(self, order: Order) -> None:
        """Cancel a working order, with the message that clients get for it."""
        self.end_order(order, "Cancelled", "Cancelled by Trader")
        self.events.append(OrderError(order.client_id, order.order_id, 202, "Order Canceled - reason:"))

    def end_order(self, order: Order, status: str, text: str) -> None:
        """Bring an order to a final state."""
        order.status, order.completed_at, order.completed_text = status, self.moment, text
        self.announce(order)

    def announce(self, order: Order) -> None:
        """Tell the order's state as it is now."""
        self.events.append(OrderChanged(replace(order)))

    # -- bookings

    def _exec_id(self) -> str:
        self.fills += 1
        return f"{0xE0D5 + self.seed % 4096:08x}.{self.fills:08x}.01.01"

    def fill(self, order: Order, quantity: int, price: Decimal, leg_prices: list[Decimal] | None = None) -> None:
        """Fill ``quantity`` of an order at ``price`` a share (a combination's net price, with its legs' prices)."""
        done = order.average_price * order.filled + float(price) * quantity
        order.filled += quantity
        order.average_price = round(done / order.filled, 6)
        order.last_price = float(price)
        if order.legs:
            self._execution(order, 0, order.sign * quantity, price)
            for leg, leg_price in zip(order.legs, leg_prices or [], strict=True):
                self._book(order, by_con_id(leg.con_id), order.sign * leg.sign * quantity, leg_price)
        else:
            self._book(order, by_con_id(order.con_id), order.sign * quantity, price)
        if order.remaining <= 0:
            self.end_order(order, "Filled", f"Filled Size: {order.filled}")
        else:
            self.announce(order)

    def _execution(self, order: Order, con_id: int, quantity: int, price: Decimal) -> Execution:
        execution = Execution(
            exec_id=self._exec_id(),
            account=order.account,
            client_id=order.client_id,
            order_id=order.order_id,
            perm_id=order.perm_id,
            con_id=con_id,
            symbol=order.symbol,
            side="BOT" if quantity > 0 else "SLD",
            quantity=abs(quantity),
            price=str(price),
            moment=self.moment,
            cumulative=order.filled if not order.legs or con_id == 0 else abs(quantity),
            average_price=order.average_price if not order.legs or con_id == 0 else float(price),
            ref=order.ref,
        )
        self.executions.append(execution)
        self.events.append(Executed(execution))
        return execution

    def _book(self, order: Order, instrument: Instrument, quantity: int, price: Decimal) -> None:
        execution = self._execution(order, instrument.con_id, quantity, price)
        if instrument.sec_type == "STK":
            execution.exchange = "ISLAND"
        fee = commission(instrument, quantity)
        realized = self.accounts[order.account].trade(instrument, quantity, price, fee)
        execution.commission = str(fee)
        execution.realized = None if realized is None else str(realized)
        self.events.append(PositionChanged(order.account, instrument.con_id))

    def correct(self, exec_id: str, price: Decimal) -> Execution:
        """The broker corrects a fill's price: a new execution under the next revision. Raises KeyError."""
        stem = exec_id.rpartition(".")[0]
        versions = [x for x in self.executions if x.exec_id.rpartition(".")[0] == stem and x.con_id]
        if not versions:
            raise KeyError(exec_id)
        latest = versions[-1]
        instrument = by_con_id(latest.con_id)
        signed = latest.quantity if latest.side == "BOT" else -latest.quantity
        change = cents((price - Decimal(latest.price)) * signed * instrument.multiplier)
        self.accounts[latest.account].correct(latest.con_id, change)
        revision = int(latest.exec_id.rpartition(".")[2]) + 1
        corrected = replace(
            latest,
            exec_id=f"{stem}.{revision:02d}",
            price=str(price),
            average_price=float(price),
            realized=None if latest.realized is None else str(Decimal(latest.realized) - change),
        )
        self.executions.append(corrected)
        self.events += [Executed(corrected), PositionChanged(latest.account, latest.con_id)]
        return corrected

    def settle(self, account_id: str, option: Instrument) -> None:
        """Expire a position: assigned or exercised if a cent in the money (OCC rule 805), else worthless."""
        spot = self.market.mark(stock(option.symbol))
        strike = Decimal(str(option.strike))
        value = spot - strike if option.right == "C" else strike - spot
        if value >= Decimal("0.01"):
            self.assign(account_id, option, abs(self.accounts[account_id].quantity(option.con_id)), executions=True)
            return
        account = self.accounts[account_id]
        quantity = -account.quantity(option.con_id)
        realized = account.expire(option)
        self._zero_price(account_id, option, quantity, ZERO, realized)
        self.events.append(PositionChanged(account_id, option.con_id))

    def assign(self, account_id: str, option: Instrument, contracts: int, executions: bool) -> None:
        """Assign (or, for a long position, exercise) ``contracts``.

        Without ``executions`` only the positions move, as after an overnight assignment that is not confirmed yet.
        """
        account, shares = self.accounts[account_id], stock(option.symbol)
        side = 1 if account.quantity(option.con_id) > 0 else -1
        before = account.quantity(shares.con_id)
        realized = account.exercise(option, contracts, shares)
        moved = account.quantity(shares.con_id) - before
        if executions:
            self._zero_price(account_id, option, -side * contracts, ZERO, ZERO)
            self._zero_price(account_id, shares, moved, Decimal(str(option.strike)), realized)
        self.events += [PositionChanged(account_id, option.con_id), PositionChanged(account_id, shares.con_id)]

    def _zero_price(
        self, account_id: str, instrument: Instrument, quantity: int, price: Decimal, realized: Decimal | None
    ) -> None:
        """An execution that no order made: the broker's own booking of an expiry or an assignment."""
        execution = Execution(
            exec_id=self._exec_id(),
            account=account_id,
            client_id=0,
            order_id=0,
            perm_id=self.new_perm_id(),
            con_id=instrument.con_id,
            symbol=instrument.symbol,
            side="BOT" if quantity > 0 else "SLD",
            quantity=abs(quantity),
            price=str(price),
            moment=self.moment,
            cumulative=abs(quantity),
            average_price=float(price),
            exchange="",
            realized=None if realized is None else str(realized),
        )
        self.executions.append(execution)
        self.events.append(Executed(execution))

    # -- questions

    def valuation(self, account_id: str) -> Valuation:
        """The account valued now; KeyError for an unknown one."""
        return value_account(self.accounts[account_id], self.market)

    def line(self, account_id: str, con_id: int) -> Line:
        """One contract valued in an account."""
        return line(self.accounts[account_id], self.market, con_id)

    def midnight(self) -> float:
        """When today began in New York."""
        return local(self.moment).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()

    def todays_executions(self) -> list[Execution]:
        """Executions of this session or since midnight in New York, whichever reaches further back."""
        since = min(self.session_start, self.midnight()) if self.hours.always else self.midnight()
        return [x for x in self.executions if x.moment >= since]

    # -- state

    def dump(self) -> dict[str, Any]:
        """The whole world as JSON-ready values."""
        return {
            "version": VERSION,
            "seed": self.seed,
            "moment": self.moment,
            "session": self.session.isoformat(),
            "session_start": self.session_start,
            "next_order_id": self.next_order_id,
            "perm_ids": self.perm_ids,
            "fills": self.fills,
            "market": self.market.dump(),
            "days": self.market.days,
            "accounts": [account.dump() for account in self.accounts.values()],
            "orders": [asdict(order) for order in self.orders.values()],
            "executions": [asdict(execution) for execution in self.executions],
        }

    def dump_prices(self) -> dict[str, Any]:
        """The part that moves with every tick; small, so that it can be written often."""
        return {
            "version": VERSION,
            "moment": self.moment,
            "session": self.session.isoformat(),
            "market": self.market.dump(),
        }

    def load_prices(self, data: dict[str, Any]) -> None:
        """Take up what :meth:`dump_prices` gave, if it is newer than what is here."""
        if data["moment"] > self.moment:
            self.moment = data["moment"]
            self.market.load(data["market"])

    def load(self, data: dict[str, Any]) -> None:
        """Take up what :meth:`dump` gave, for the accounts that this world has; others of them stay as they are."""
        self.seed, self.moment = data["seed"], data["moment"]
        self.session = date.fromisoformat(data["session"])
        self.session_start = data["session_start"]
        self.next_order_id, self.perm_ids, self.fills = data["next_order_id"], data["perm_ids"], data["fills"]
        self.market.seed = self.seed
        self.market.load(data["market"])
        self.market.days = data["days"]
        for item in data["accounts"]:
            if item["id"] in self.accounts:
                self.accounts[item["id"]] = Account.load(item)
        self.orders = {item["perm_id"]: Order.load(item) for item in data["orders"]}
        self.executions = [Execution(**item) for item in data["executions"]]
