"""The shapes of what can happen to what is held; docs/positions.md defines every figure. Money is in `currency`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from data.views import FreshnessName, PositionView


@dataclass(frozen=True, slots=True)
class RiskOptions:
    """What the settings say: from which percent of its premium kept, or days to expiry, Today lists a short option; the symbols of
    cash funds; against what deltas are weighted."""

    target_pct: float = 50.0
    dte_limit: int = 21
    cash_funds: frozenset[str] = frozenset({"SGOV"})
    benchmark: str = "SPY"


RISK_DEFAULTS = RiskOptions()


class SharesNeed(TypedDict):
    """Shares that short calls of one symbol would take; only whole contracts are covered."""

    symbol: str
    needed: float
    held: float
    contracts: float
    covered: float


class Need(TypedDict):
    """What assignment would take: cash for shares put to us or for cash settlement, and shares that are called."""

    cash: float
    shares: list[SharesNeed]


class ExpiryView(TypedDict):
    expiry: str
    week: str  # its Monday
    dte: int
    currency: str
    contracts: float  # short and long
    notional: float  # strike x multiplier of the shorts
    premium_at_risk: float | None  # what closing the shorts would cost; null where a mark is missing
    all_assigned: Need
    in_the_money: Need
    uncertain: float  # short contracts left out of one or both: no price of the underlying, or an adjusted deliverable


class BrokersMargin(TypedDict):
    """The broker's own figures in the base currency, as of `as_of`; null: it doesn't say. Ours are estimates by strikes."""

    as_of: str | None
    post_expiration_margin: float | None
    post_expiration_excess: float | None
    look_ahead_initial_margin: float | None
    look_ahead_maintenance_margin: float | None
    look_ahead_available_funds: float | None
    look_ahead_excess_liquidity: float | None
    look_ahead_next_change: str | None


class ExpiriesView(TypedDict):
    """`GET /api/calendar/expiries`, the soonest first. `free_cash` is the base currency's cash less all short puts' strikes;
    `near_cash`, which is not in it, the value of cash funds in that currency; null where one has no price."""

    account: str
    as_of: str | None
    currency: str | None
    cash: float | None
    free_cash: float | None
    near_cash: float | None
    broker: BrokersMargin
    items: list[ExpiryView]


TodayKind = Literal[
    "free_cash", "expiring", "assigned", "early_assignment", "bot", "breaks", "transfer", "target", "dte"
]
Urgency = Literal["now", "soon", "watch"]


class TodayLine(TypedDict):
    kind: TodayKind
    urgency: Urgency
    text: str
    con_id: int | None  # the position that it opens, else its page
    page: Literal["positions", "strategies", "reports", "overview"]


class TodayView(TypedDict):
    """`GET /api/today`, the most urgent first. Nothing is to do when `items` and `unknown` are both empty."""

    account: str
    as_of: str | None
    freshness: FreshnessName
    free_cash: float | None
    near_cash: float | None
    items: list[TodayLine]
    unknown: list[str]  # why more can't be known, a sentence each


class AssignmentView(TypedDict):
    """One option's assignment or exercise. `unconfirmed`: only the broker's list of positions shows it, and it is in no book."""

    session_date: str
    seen_at: str
    is_current: bool  # of this trading day
    kind: Literal["assignment", "exercise"]
    state: Literal["unconfirmed", "confirmed"]
    source: Literal["positions", "api", "statement"]  # who says so
    con_id: int
    symbol: str
    local_symbol: str
    currency: str
    contracts: float
    strike: float
    shares: float  # that came (positive) or went; 0 where cash settles
    shares_con_id: int | None


class AssignmentsView(TypedDict):
    """`GET /api/assignments/`, of the last two weeks, newest first."""

    account: str
    items: list[AssignmentView]


class LegGreeks(TypedDict):
    """One position in money of its currency; data/analytics/greeks.py says what each is of."""

    delta_shares: float | None
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None


class NextDividend(TypedDict):
    """What the broker's ticker says of an underlying's dividends, per share; null: not known, which is not none."""

    ex_date: str | None
    amount: float | None
    past_12_months: float | None
    next_12_months: float | None
    as_of: str


class PositionDetailView(TypedDict):
    """`GET /api/positions/{con_id}`: the row of `GET /api/portfolio/positions`, and what its Greeks come to in money."""

    account: str
    revision: int
    position: PositionView
    money: LegGreeks
    next_dividend: NextDividend | None  # null: the broker was not asked or did not answer


class WithoutGreeks(TypedDict):
    con_id: int
    local_symbol: str
    lacks: list[str]
    reason: str


class UnderlyingGreeks(TypedDict):
    """Sums of what is known; `legs_without` lack some and are not in them. Beta-weighted delta is in shares of the benchmark."""

    symbol: str
    currency: str
    delta_shares: float | None
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None
    legs: int
    legs_without: int
    beta: float | None
    beta_returns: int | None  # daily returns that it was made of; null for the benchmark itself
    beta_reason: str | None  # why there is no beta
    beta_weighted_delta: float | None
    beta_weighted_money: float | None


class GreekSums(TypedDict):
    """All of one currency. `without_beta`: symbols that the beta-weighted sums lack."""

    currency: str
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None
    legs: int
    legs_without: int
    beta_weighted_delta: float | None
    beta_weighted_money: float | None
    without_beta: list[str]


class BenchmarkView(TypedDict):
    symbol: str
    price: float | None
    as_of: str | None
    window: str  # what betas are made of, in words


class GreeksView(TypedDict):
    """`GET /api/portfolio/greeks`."""

    account: str
    as_of: str | None
    benchmark: BenchmarkView
    totals: list[GreekSums]
    items: list[UnderlyingGreeks]
    without: list[WithoutGreeks]  # each leg that a sum lacks
