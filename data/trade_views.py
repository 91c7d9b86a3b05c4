"""The shapes in which trades are summed up: REST sends them, the page Trades shows them. Money is in `currency`."""

from __future__ import annotations

from typing import Literal, TypedDict

UnitName = Literal["contract", "chain", "cycle"]
PremiumViewName = Literal["open", "close", "accrued"]
StepName = Literal["month", "day"]


class LegView(TypedDict):
    """What an order did in one contract: `quantity` is signed, `price` its average, `cash` before fees."""

    con_id: int
    symbol: str
    local_symbol: str
    sec_type: str
    expiry: str | None
    strike: float | None
    right: str | None
    currency: str
    quantity: float
    price: float | None  # None where it bought as much as it sold
    cash: float


class OrderView(TypedDict):
    id: str
    first: str
    time: str  # of its last execution
    strategy: str | None
    order_ref: str | None
    executions: int
    legs: list[LegView]
    cash: dict[str, float]  # by currency, before fees
    fees: dict[str, float]


class OrdersView(TypedDict):
    account: str
    revision: int
    total: int
    items: list[OrderView]


class FiguresView(TypedDict):
    """Of what is closed. Ratios are None where they have no base: no loss, no win, nothing closed."""

    name: str
    currency: str
    count: int
    wins: int
    losses: int
    unknown: int  # closed without a result that is known; not in `count`
    net: float  # after fees
    win_rate: float | None  # a fraction of 1
    profit_factor: float | None
    expectancy: float | None
    average_win: float | None
    average_loss: float | None  # negative


class StatisticsView(TypedDict):
    account: str
    as_of: str | None  # when the book was folded last
    unit: UnitName
    left_out: int  # closed ones of the filter that notes leave out: in no figure
    total: list[FiguresView]  # one a currency
    by_symbol: list[FiguresView]
    by_strategy: list[FiguresView]
    by_dte: list[FiguresView]
    by_weekday: list[FiguresView]


class IncomeView(TypedDict):
    """`net` is premium + buy_backs; fees come on top."""

    day: str  # the bucket's first
    currency: str
    premium: float
    buy_backs: float  # negative
    net: float
    fees: float


class PremiumView(TypedDict):
    account: str
    as_of: str | None
    view: PremiumViewName
    step: StepName
    items: list[IncomeView]
