"""What an account is worth, and a margin estimate in the manner of Regulation T.

The margin is an estimate by the published strategy-based rules (FINRA rule 4210 and IBKR's US Reg T schedule), without
spread offsets, concentration charges or portfolio margin. A real account's figures come from the broker.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from data.simulator.account import ZERO, Account, cents
from data.simulator.instruments import BY_SYMBOL, Instrument, by_con_id, stock
from data.simulator.market import Market

LONG_INITIAL, LONG_MAINTENANCE = Decimal("0.50"), Decimal("0.25")
SHORT_INITIAL, SHORT_MAINTENANCE = Decimal("0.50"), Decimal("0.30")
CASH_FUND = Decimal("0.10")
NAKED, NAKED_FLOOR = Decimal("0.20"), Decimal("0.10")


@dataclass(frozen=True, slots=True)
class Line:
    """One position valued: prices per share, the rest in USD."""

    instrument: Instrument
    quantity: int
    price: Decimal
    value: Decimal
    average_cost: Decimal
    unrealized: Decimal
    realized: Decimal
    daily: Decimal


@dataclass(frozen=True, slots=True)
class Valuation:
    """An account valued at the market's marks, in USD."""

    lines: list[Line]
    cash: Decimal
    stock_value: Decimal
    option_value: Decimal
    accrued_dividends: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    unrealized: Decimal
    realized: Decimal
    daily: Decimal

    @property
    def net_liquidation(self) -> Decimal:
        return self.cash + self.stock_value + self.option_value + self.accrued_dividends

    @property
    def equity_with_loan(self) -> Decimal:
        """Without options: Reg T lends nothing on them, and short ones are in the margin at their mark."""
        return self.cash + self.stock_value

    @property
    def available_funds(self) -> Decimal:
        return self.equity_with_loan - self.initial_margin

    @property
    def excess_liquidity(self) -> Decimal:
        return self.equity_with_loan - self.maintenance_margin

    @property
    def gross_position_value(self) -> Decimal:
        """Long and short stock at absolute value and long options, as IBKR defines it (short options are not in it)."""
        return sum((abs(line.value) for line in self.lines if not line.instrument.is_option or line.quantity > 0), ZERO)


def market_value(instrument: Instrument, quantity: int, price: Decimal) -> Decimal:
    """Quantity times price times multiplier, in whole cents; negative for shorts."""
    return cents(price * quantity * instrument.multiplier)


def values(account: Account, market: Market) -> dict[int, Decimal]:
    """The market value of each holding."""
    found = {}
    for con_id, holding in account.holdings.items():
        instrument = by_con_id(con_id)
        found[con_id] = market_value(instrument, holding.quantity, market.mark(instrument))
    return found


def line(account: Account, market: Market, con_id: int) -> Line:
    """One contract valued, also one that was closed in this session."""
    instrument = by_con_id(con_id)
    holding = account.holdings.get(con_id)
    record = account.day.get(con_id)
    quantity = holding.quantity if holding else 0
    price = market.mark(instrument)
    value = market_value(instrument, quantity, price)
    return Line(
        instrument=instrument,
        quantity=quantity,
        price=price,
        value=value,
        average_cost=holding.average_cost() if holding else ZERO,
        unrealized=value - holding.cost if holding else ZERO,
        realized=record.realized if record else ZERO,
        daily=value - record.start_value - record.paid if record else ZERO,
    )


def value_account(account: Account, market: Market) -> Valuation:
    """Value all of an account. The day's P&L counts the contracts that were closed today too."""
    lines = [line(account, market, con_id) for con_id in account.holdings]
    closed = [line(account, market, con_id) for con_id in account.day if con_id not in account.holdings]
    initial, maintenance = _margin(lines, market)
    return Valuation(
        lines=lines,
        cash=account.cash,
        stock_value=sum((x.value for x in lines if not x.instrument.is_option), ZERO),
        option_value=sum((x.value for x in lines if x.instrument.is_option), ZERO),
        accrued_dividends=account.accrued_dividends,
        initial_margin=initial,
        maintenance_margin=maintenance,
        unrealized=sum((x.unrealized for x in lines), ZERO),
        realized=account.realized_today,
        daily=sum((x.daily for x in lines), ZERO) + sum((x.daily for x in closed), ZERO),
    )


def _margin(lines: list[Line], market: Market) -> tuple[Decimal, Decimal]:
    by_symbol: dict[str, list[Line]] = defaultdict(list)
    for item in lines:
        by_symbol[item.instrument.symbol].append(item)
    initial = maintenance = ZERO
    for symbol, items in by_symbol.items():
        shares = sum(x.quantity for x in items if not x.instrument.is_option)
        for item in items:
            if not item.instrument.is_option:
                first, then = _stock_rates(symbol, item.quantity)
                initial += abs(item.value) * first
                maintenance += abs(item.value) * then
        naked = _short_options(market.mark(stock(symbol)), shares, items)
        initial += naked
        maintenance += naked
    return cents(initial), cents(maintenance)


def _stock_rates(symbol: str, quantity: int) -> tuple[Decimal, Decimal]:
    if BY_SYMBOL[symbol].sector == "cash":
        return CASH_FUND, CASH_FUND
    return (LONG_INITIAL, LONG_MAINTENANCE) if quantity > 0 else (SHORT_INITIAL, SHORT_MAINTENANCE)


def _short_options(spot: Decimal, shares: int, items: list[Line]) -> Decimal:
    """Uncovered short options: the mark plus 20 % of the underlying less what it is out of the money, at least 10 %."""
    covered = max(shares, 0) // 100
    total = ZERO
    for item in items:
        option, short = item.instrument, -item.quantity
        if not option.is_option or short <= 0:
            continue
        if option.right == "C":
            free = min(covered, short)
            covered -= free
            short -= free
        if not short:
            continue
        strike = Decimal(str(option.strike))
        out_of_money = max(strike - spot, ZERO) if option.right == "C" else max(spot - strike, ZERO)
        floor = NAKED_FLOOR * (spot if option.right == "C" else strike)
        total += (max(NAKED * spot - out_of_money, floor) + item.price) * option.multiplier * short
    return total
