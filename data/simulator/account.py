"""An account's books: cash, holdings, day P&L, dividends. All money is Decimal, and cash is always whole cents.

The broker's rules as booked here: the average cost includes commissions; a closing fill takes its share of the cost; a
fill through zero closes and opens; an assigned or exercised option gives its premium to the stock, with no P&L of its own.
(TWS shows that change of basis a day or two later; here it is there at once.)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from data.simulator.instruments import Instrument

CENT = Decimal("0.01")
ZERO = Decimal(0)


def cents(value: Decimal) -> Decimal:
    """Rounded to whole cents, halves away from zero."""
    return value.quantize(CENT, ROUND_HALF_UP)


def commission(instrument: Instrument, quantity: int) -> Decimal:
    """IBKR's fixed US schedule, without exchange fees: $0.65 a contract or $0.005 a share, at least $1.00."""
    rate = Decimal("0.65") if instrument.is_option else Decimal("0.005")
    return max(cents(rate * abs(quantity)), Decimal("1.00"))


@dataclass(slots=True)
class Holding:
    """A position: signed quantity, and what it cost in all (negative for shorts: what was received)."""

    quantity: int
    cost: Decimal

    def average_cost(self) -> Decimal:
        """Per share or contract, multiplier and commissions included; never negative for an ordinary position."""
        return self.cost / self.quantity if self.quantity else ZERO


@dataclass(slots=True)
class DayRecord:
    """What a contract did in this session: its value at the start, cash paid into it since, P&L realized since."""

    start_value: Decimal = ZERO
    paid: Decimal = ZERO
    realized: Decimal = ZERO


@dataclass(slots=True)
class DividendDue:
    """A dividend that is earned (ex-date passed) and not yet paid."""

    symbol: str
    pay_date: date
    amount: Decimal


@dataclass(slots=True)
class Account:
    """The books of one account."""

    account_id: str
    cash: Decimal = ZERO
    holdings: dict[int, Holding] = field(default_factory=dict)
    day: dict[int, DayRecord] = field(default_factory=dict)
    dues: list[DividendDue] = field(default_factory=list)
    realized_total: Decimal = ZERO
    deposited_total: Decimal = ZERO

    def _record(self, con_id: int) -> DayRecord:
        return self.day.setdefault(con_id, DayRecord())

    def quantity(self, con_id: int) -> int:
        """Signed position, 0 if none."""
        holding = self.holdings.get(con_id)
        return holding.quantity if holding else 0

    def deposit(self, amount: Decimal) -> None:
        """Move money in (or, negative, out)."""
        self.cash += cents(amount)
        self.deposited_total += cents(amount)

    def credit(self, amount: Decimal) -> None:
        """Book interest or a fee: cash that is neither moved in nor traded for."""
        self.cash += cents(amount)

    def trade(self, instrument: Instrument, quantity: int, price: Decimal, fee: Decimal) -> Decimal | None:
        """Book a fill of ``quantity`` (signed) at ``price`` per share.

        Returns the realized P&L, net of commissions, or None where nothing was closed.
        """
        paid = cents(price * quantity * instrument.multiplier) + fee
        self.cash -= paid
        return self._take(instrument.con_id, quantity, paid, fee)

    def _take(self, con_id: int, quantity: int, paid: Decimal, fee: Decimal = ZERO) -> Decimal | None:
        """Add ``quantity`` that cost ``paid`` (fee included) to a holding; the cash is the caller's."""
        holding = self.holdings.setdefault(con_id, Holding(0, ZERO))
        record = self._record(con_id)
        record.paid += paid
        closing = min(abs(quantity), abs(holding.quantity)) if holding.quantity * quantity < 0 else 0
        realized: Decimal | None = None
        if closing:
            # Each split rounds once and leaves the remainder on the other side: no fraction of a cent is lost.
            paid_closing = (
                paid
                if closing == abs(quantity)
                else cents((paid - fee) * closing / abs(quantity)) + cents(fee * closing / abs(quantity))
            )
            whole = closing == abs(holding.quantity)
            cost = holding.cost if whole else cents(holding.cost * closing / abs(holding.quantity))
            realized = -paid_closing - cost
            holding.quantity += closing if quantity > 0 else -closing
            holding.cost -= cost
            quantity -= closing if quantity > 0 else -closing
            paid -= paid_closing
            record.realized += realized
            self.realized_total += realized
        if quantity:
            holding.quantity += quantity
            holding.cost += paid
        if not holding.quantity:
            del self.holdings[con_id]
        return realized

    def _remove(self, con_id: int, quantity: int) -> Decimal:
        """Take ``quantity`` (unsigned) out of a holding; returns the cost it carried."""
        holding = self.holdings[con_id]
        whole = quantity == abs(holding.quantity)
        cost = holding.cost if whole else cents(holding.cost * quantity / abs(holding.quantity))
        holding.quantity -= quantity if holding.quantity > 0 else -quantity
        holding.cost -= cost
        if not holding.quantity:
            del self.holdings[con_id]
        return cost

    def exercise(self, option: Instrument, contracts: int, shares: Instrument) -> Decimal | None:
        """Assign (short) or exercise (long) ``contracts`` of an option: shares move at the strike.

        The option's premium goes into the shares' basis, or into their proceeds where they close a position. Returns
        the realized P&L on the shares, or None.
        """
        side = 1 if self.holdings[option.con_id].quantity > 0 else -1
        premium = self._remove(option.con_id, contracts)
        moved = contracts * option.multiplier * side * (1 if option.right == "C" else -1)
        payment = cents(Decimal(str(option.strike)) * moved)
        self.cash -= payment
        # The day's P&L of each contract still adds up: the premium changes books, not hands.
        self._record(option.con_id).paid -= premium
        return self._take(shares.con_id, moved, payment + premium)

    def expire(self, option: Instrument) -> Decimal:
        """Remove a worthless option; returns the realized P&L."""
        realized = -self._remove(option.con_id, abs(self.quantity(option.con_id)))
        self._record(option.con_id).realized += realized
        self.realized_total += realized
        return realized

    def correct(self, con_id: int, paid: Decimal) -> None:
        """Book ``paid`` more for an earlier fill, in the cost if the position is still there, else as realized P&L."""
        self.cash -= paid
        record = self._record(con_id)
        record.paid += paid
        if con_id in self.holdings:
            self.holdings[con_id].cost += paid
        else:
            record.realized -= paid
            self.realized_total -= paid

    def go_ex(self, shares: Instrument, per_share: Decimal, pay_date: date) -> Decimal:
        """A dividend becomes due on today's shares (short ones owe it); returns the amount."""
        amount = cents(per_share * self.quantity(shares.con_id))
        if amount:
            self.dues.append(DividendDue(shares.symbol, pay_date, amount))
            self._record(shares.con_id).paid -= amount
        return amount

    def pay_dividends(self, today: date) -> list[DividendDue]:
        """Book what is due by ``today`` as cash; returns what was paid."""
        paid = [due for due in self.dues if due.pay_date <= today]
        self.dues = [due for due in self.dues if due.pay_date > today]
        self.cash += sum((due.amount for due in paid), ZERO)
        return paid

    @property
    def accrued_dividends(self) -> Decimal:
        """Dividends earned and not yet paid."""
        return sum((due.amount for due in self.dues), ZERO)

    @property
    def realized_today(self) -> Decimal:
        """Realized P&L of this session."""
        return sum((record.realized for record in self.day.values()), ZERO)

    def roll(self, values: dict[int, Decimal]) -> None:
        """Begin a new session with the holdings' market values at its start."""
        self.day = {con_id: DayRecord(start_value=values[con_id]) for con_id in self.holdings}

    # -- state

    def dump(self) -> dict[str, Any]:
        """As JSON-ready values; Decimals as text."""
        return {
            "id": self.account_id,
            "cash": str(self.cash),
            "realized_total": str(self.realized_total),
            "deposited_total": str(self.deposited_total),
            "holdings": {str(k): [h.quantity, str(h.cost)] for k, h in self.holdings.items()},
            "day": {str(k): [str(d.start_value), str(d.paid), str(d.realized)] for k, d in self.day.items()},
            "dues": [[d.symbol, d.pay_date.isoformat(), str(d.amount)] for d in self.dues],
        }

    @classmethod
    def load(cls, data: dict[str, Any]) -> Account:
        """The account that :meth:`dump` described."""
        return cls(
            account_id=data["id"],
            cash=Decimal(data["cash"]),
            holdings={int(k): Holding(q, Decimal(c)) for k, (q, c) in data["holdings"].items()},
            day={int(k): DayRecord(*map(Decimal, v)) for k, v in data["day"].items()},
            dues=[DividendDue(s, date.fromisoformat(d), Decimal(a)) for s, d, a in data["dues"]],
            realized_total=Decimal(data["realized_total"]),
            deposited_total=Decimal(data["deposited_total"]),
        )
