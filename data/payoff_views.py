"""The shapes of an underlying's payoff; docs/pricing.md defines every figure. Money is in `currency`, prices are per share."""

from __future__ import annotations

from typing import Literal, TypedDict

from data.views import FreshnessName


class UnderlyingView(TypedDict):
    price: float
    as_of: str
    source: Literal[
        "shares", "greeks"
    ]  # the mark of the shares that are held, or what the options' Greeks were computed on


class DividendView(TypedDict):
    ex_date: str
    amount: float


class DividendsView(TypedDict):
    """Those until the last expiry that the model takes out; `reason`: why it is not all known."""

    items: list[DividendView]
    as_of: str | None
    reason: str | None


class PayoffLegView(TypedDict):
    """`volatility` is the model's own, which gives the mark back; null with its `reason`. Shares have none."""

    con_id: int
    local_symbol: str
    sec_type: str
    quantity: float
    multiplier: float
    right: Literal["C", "P"] | None
    strike: float | None
    expiry: str | None
    average_price: float
    mark: float | None
    as_of: str
    volatility: float | None
    reason: str | None


class LeftOutView(TypedDict):
    con_id: int
    local_symbol: str
    reason: str


class BoundView(TypedDict):
    """`value` is null where it is unlimited, or where it isn't known."""

    value: float | None
    is_unlimited: bool


class PayoffCurveView(TypedDict):
    """Profit or loss at each of `spots`, null where a leg that lives on has no volatility."""

    day: str
    kind: Literal["today", "before", "expiry"]
    at_spot: float | None
    profits: list[float | None]


class PayoffView(TypedDict):
    """`extremes_are`: exact, or by the model's curve where positions live on after the nearest expiry; null: not known."""

    account: str
    symbol: str
    currency: str
    freshness: FreshnessName
    as_of: str  # of the oldest figure in it
    day: str  # today in New York
    expiry: str | None  # the nearest; null: shares alone
    underlying: UnderlyingView
    risk_free_pct: float
    dividends: DividendsView
    legs: list[PayoffLegView]
    left_out: list[LeftOutView]
    pnl: float | None  # at the marks; null where one is missing
    max_profit: BoundView
    max_loss: BoundView  # a loss is negative
    break_evens: list[float]
    extremes_are: Literal["exact", "model"] | None
    shown: list[float]  # the prices between which a chart is worth looking at
    spots: list[float]
    curves: list[PayoffCurveView]
    notes: list[str]  # what is not in the figures, and what follows from what isn't known; a sentence each
