"""The shapes of what can happen to what is held; docs/positions.md defines every figure. Money is in `currency`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from data.views import FreshnessName


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


class ExpiriesView(TypedDict):
    """`GET /api/calendar/expiries`, the soonest first. `free_cash` is the base currency's cash less all short puts' strikes;
    `near_cash`, which is not in it, the value of cash funds in that currency; null where one has no price."""

    account: str
    as_of: str | None
    currency: str | None
    cash: float | None
    free_cash: float | None
    near_cash: float | None
    items: list[ExpiryView]


TodayKind = Literal["free_cash", "expiring", "early_assignment", "bot", "breaks", "target", "dte"]
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
