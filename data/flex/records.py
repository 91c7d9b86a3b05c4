"""A statement in our own words: frozen records, as far from the broker's XML as the rest of this program is from its wire.

No I/O here. Money and quantities are :class:`~decimal.Decimal`; times are timezone-aware UTC (read in the account's zone where
the file names none); `None` means the file doesn't say. Signs are those of the account: what came is positive, what went
negative, bought positive, sold negative.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from data.model import Contract, ExecutionKind


@dataclass(frozen=True, slots=True)
class Trade:
    """An execution, or an entry of the broker's own (assignment, exercise, expiry), which has no execution id.

    `key` names it for ever: of the trade id, else of the transaction or execution id, else of what it says. A cancellation
    names in `cancels` the trade id that it takes back; a correction is a trade of its own beside it. `is_conversion`: the
    broker changed one currency for another because a trade needed it; it is no trade of anybody's.
    `proceeds` is −quantity × price × multiplier as the broker says it; `commission` and `taxes` are negative when paid (as in
    the file; the database's executions have the opposite sign); `net_cash` is what the account's cash changed by.
    """

    key: str
    contract: Contract
    time: datetime
    trade_date: date
    kind: ExecutionKind
    quantity: Decimal
    price: Decimal
    currency: str
    trade_id: str | None = None
    exec_id: str | None = None
    transaction_id: str | None = None
    order_id: str | None = None  # ibOrderID
    order_ref: str | None = None
    exchange: str | None = None
    multiplier: Decimal = Decimal(1)
    is_booked: bool = False  # the broker's own entry
    is_conversion: bool = False
    cancels: str | None = None
    report_date: date | None = None
    proceeds: Decimal | None = None
    commission: Decimal | None = None
    commission_currency: str | None = None
    taxes: Decimal | None = None
    net_cash: Decimal | None = None
    cost: Decimal | None = None
    realized_pnl: Decimal | None = None
    rate_to_base: Decimal | None = None
    codes: tuple[str, ...] = ()  # the broker's; unknown ones are "other"


@dataclass(frozen=True, slots=True)
class ClosedLot:
    """A part of a position that a trade closed, as the broker matched it. `quantity` is positive, `cost` and P&L signed."""

    key: str
    trade: str  # the key of the trade that closed it
    con_id: int
    opened: datetime
    closed: datetime
    quantity: Decimal
    cost: Decimal | None
    realized_pnl: Decimal | None
    currency: str
    multiplier: Decimal = Decimal(1)
    is_wash_sale: bool = False


@dataclass(frozen=True, slots=True)
class OptionEvent:
    """A line of “Option Exercises, Assignments and Expirations”."""

    key: str
    contract: Contract
    day: date
    kind: str  # assignment, exercise, expiry, cash_settlement, trade (the shares that moved) or other
    quantity: Decimal
    price: Decimal | None
    proceeds: Decimal | None
    realized_pnl: Decimal | None
    currency: str
    trade_id: str | None = None


@dataclass(frozen=True, slots=True)
class CashTransaction:
    """Money that came or went without a trade. `kind` as in the table cash_flows; `type` in the broker's words."""

    key: str
    time: datetime
    report_date: date | None
    kind: str  # deposit, withdrawal, dividend, interest, fee, tax or other
    type: str
    amount: Decimal
    currency: str
    rate_to_base: Decimal | None = None
    description: str | None = None
    symbol: str | None = None
    con_id: int | None = None
    transaction_id: str | None = None


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """What a split, merger, spin-off … did to one contract. `quantity` is what the position changed by."""

    key: str
    action_id: str | None
    contract: Contract
    time: datetime
    report_date: date | None
    type: str  # the broker's code (FS, RS, TC …), else "other"
    description: str | None
    quantity: Decimal
    proceeds: Decimal
    value: Decimal | None
    realized_pnl: Decimal | None
    currency: str
    rate_to_base: Decimal | None = None
    multiplier: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Positions or cash that came from or went to another account or broker; `quantity` signed."""

    key: str
    contract: Contract | None  # None: cash alone
    time: datetime
    quantity: Decimal
    price: Decimal | None
    cash: Decimal
    value: Decimal | None  # of the position
    currency: str
    rate_to_base: Decimal | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class DividendAccrual:
    """A dividend that is owed (`is_open`), or a change of what is owed: a posting positive, its reversal negative."""

    key: str
    con_id: int
    symbol: str
    day: date | None  # of the change; None: of those that are open at the end
    ex_date: date | None
    pay_date: date | None
    quantity: Decimal | None
    gross: Decimal | None
    tax: Decimal | None
    net: Decimal
    currency: str
    is_open: bool
    rate_to_base: Decimal | None = None


@dataclass(frozen=True, slots=True)
class NavDay:
    """Net asset value at the end of a report date, in the account's base currency, with its parts; `other` is the rest."""

    day: date
    currency: str
    total: Decimal
    cash: Decimal | None = None
    stock: Decimal | None = None
    options: Decimal | None = None
    bonds: Decimal | None = None
    funds: Decimal | None = None
    commodities: Decimal | None = None
    crypto: Decimal | None = None
    dividend_accruals: Decimal | None = None
    interest_accruals: Decimal | None = None
    other: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ConversionRate:
    """What one unit of `currency` is in `to_currency`, at the end of a day."""

    day: date
    currency: str
    to_currency: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class OpenLot:
    """A part of an open position: when it was opened, and its cost."""

    con_id: int
    opened: datetime
    quantity: Decimal
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class OpenPosition:
    """What was held at the end of the statement. `mark` is the broker's price, `cost` the whole position's cost basis."""

    contract: Contract
    day: date
    quantity: Decimal
    mark: Decimal | None
    value: Decimal | None
    cost: Decimal | None
    unrealized_pnl: Decimal | None
    currency: str
    rate_to_base: Decimal | None = None
    multiplier: Decimal = Decimal(1)
    lots: tuple[OpenLot, ...] = ()


@dataclass(frozen=True, slots=True)
class CashBalance:
    """A currency's line of the Cash Report; `currency` "BASE" is the sum of all in the base currency.

    `parts`: what moved the balance, by the broker's names in snake case (commissions, deposits, withdrawals, dividends,
    net_trades_sales, net_trades_purchases, broker_interest, withholding_tax, other_fees …).
    """

    currency: str
    starting: Decimal | None
    ending: Decimal | None
    parts: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """One account, one period.

    `sections`: those that the file has, with the fields its rows name (empty where a section has no row). `nav_change`: the
    section “Change in NAV”, by the broker's names in snake case (starting_value, ending_value, deposits_withdrawals, realized,
    commissions, twr (percent) …). `dropped`: what was not understood and left out, a sentence each. `content_hash` is of all
    but the time at which it was generated.
    """

    account: str
    base_currency: str | None
    first_day: date
    last_day: date
    generated: datetime
    content_hash: str
    query: str | None = None
    trades: tuple[Trade, ...] = ()
    closed_lots: tuple[ClosedLot, ...] = ()
    option_events: tuple[OptionEvent, ...] = ()
    cash_transactions: tuple[CashTransaction, ...] = ()
    corporate_actions: tuple[CorporateAction, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    accruals: tuple[DividendAccrual, ...] = ()
    nav: tuple[NavDay, ...] = ()
    rates: tuple[ConversionRate, ...] = ()
    positions: tuple[OpenPosition, ...] = ()
    cash: tuple[CashBalance, ...] = ()
    contracts: tuple[Contract, ...] = ()  # securities info, and of every row
    nav_change: Mapping[str, Decimal] = field(default_factory=dict)
    sections: Mapping[str, frozenset[str]] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
