"""What is answered of what can happen to what is held; see data/risk_views.py."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict

from dashboard.api.schemas import Answer, Position

NEED: dict[str, Any] = {
    "cash": 12_000.0, "shares": [{"symbol": "KO", "needed": 200.0, "held": 150.0, "contracts": 2.0, "covered": 1.0}],
}  # fmt: skip
EXPIRIES: dict[str, Any] = {
    "account": "DU1", "as_of": "2026-03-09T20:00:00.000Z", "currency": "USD", "cash": 15_000.0, "free_cash": 3_000.0, "near_cash": 30_150.0,
    "broker": {
        "as_of": "2026-03-09T20:00:00.000Z", "post_expiration_margin": 9_800.0, "post_expiration_excess": 41_200.0,
        "look_ahead_initial_margin": 12_000.0, "look_ahead_maintenance_margin": 10_900.0, "look_ahead_available_funds": 39_000.0,
        "look_ahead_excess_liquidity": 40_100.0, "look_ahead_next_change": None,
    },
    "items": [{
        "expiry": "2026-03-20", "week": "2026-03-16", "dte": 11, "currency": "USD", "contracts": 4.0, "notional": 24_800.0,
        "premium_at_risk": 310.0, "all_assigned": NEED, "in_the_money": {"cash": 0.0, "shares": []}, "uncertain": 0.0,
    }],
}  # fmt: skip
TODAY: dict[str, Any] = {
    "account": "DU1", "as_of": "2026-03-09T20:00:00.000Z", "freshness": "live", "free_cash": 3_000.0, "near_cash": 30_150.0, "unknown": [],
    "items": [{"kind": "target", "urgency": "watch", "text": "KO 260320P00060000 has kept 60 % of its premium.",
               "con_id": 2, "page": "positions"}],
}  # fmt: skip
ASSIGNMENTS: dict[str, Any] = {"account": "DU1", "items": [{
    "session_date": "2026-03-23", "seen_at": "2026-03-21T09:15:00.000Z", "is_current": True, "kind": "assignment",
    "state": "unconfirmed", "source": "positions", "con_id": 2, "symbol": "KO", "local_symbol": "KO 260320P00060000",
    "currency": "USD", "contracts": 2.0, "strike": 60.0, "shares": 200.0, "shares_con_id": 1,
}]}  # fmt: skip
LEG: dict[str, Any] = {"delta_shares": 60.0, "delta": 3_720.0, "gamma": -615.0, "theta": 8.0, "vega": -11.0}
POSITION: dict[str, Any] = {
    "account": "DU1", "revision": 7, "money": LEG, "next_dividend": {
        "ex_date": "2026-06-12", "amount": 0.51, "past_12_months": 1.94, "next_12_months": 2.04, "as_of": "2026-03-09T14:31:00.000Z",
    }, "position": {
        "con_id": 2, "symbol": "KO", "local_symbol": "KO 260320P00060000", "sec_type": "OPT", "trading_class": "KO",
        "expiry": "2026-03-20", "strike": 60.0, "right": "P", "multiplier": 100.0, "currency": "USD", "quantity": -2.0,
        "avg_cost": 150.0, "market_price": 0.6, "market_value": -120.0, "unrealized_pnl": 180.0, "realized_pnl": 0.0,
        "daily_pnl": 5.5, "delta": -0.3, "gamma": 0.08, "theta": -0.04, "vega": 0.055, "implied_vol": 0.2,
        "underlying_price": 62.0, "strategy": "bot/wheel", "cycle": "1", "stage": "put", "non_standard": False, "dte": 11,
        "pnl_of_cost": 60.0, "pnl_of_max_profit": 60.0, "break_even": 58.5, "moneyness": "otm", "distance_pct": 3.225806,
        "distance_sigma": 0.944, "intrinsic": 0.0, "extrinsic": 0.6, "early_assignment": "none",
        "early_assignment_reason": "Out of the money.", "as_of": "2026-03-09T20:00:00.000Z",
    },
}  # fmt: skip
GREEKS: dict[str, Any] = {
    "account": "DU1", "as_of": "2026-03-09T20:00:00.000Z",
    "benchmark": {"symbol": "SPY", "price": 650.0, "as_of": "2026-03-09T19:59:00.000Z",
                  "window": "up to 252 daily returns to the last stored close, at least 60"},
    "totals": [{"currency": "USD", "delta": 3_720.0, "gamma": -615.0, "theta": 8.0, "vega": -11.0, "legs": 2, "legs_without": 1,
                "beta_weighted_delta": 3.434, "beta_weighted_money": 2_232.0, "without_beta": []}],
    "items": [{"symbol": "KO", "currency": "USD", **LEG, "legs": 2, "legs_without": 1, "beta": 0.6, "beta_returns": 252,
               "beta_reason": None, "beta_weighted_delta": 3.434, "beta_weighted_money": 2_232.0}],
    "without": [{"con_id": 3, "local_symbol": "KO1 260320C00065000", "lacks": ["delta", "gamma", "theta", "vega"],
                 "reason": "What this adjusted option delivers is not known."}],
}  # fmt: skip


class SharesNeed(Answer):
    symbol: str
    needed: float
    held: float
    contracts: float
    covered: float


class Need(Answer):
    cash: float
    shares: list[SharesNeed]


class Expiry(Answer):
    expiry: str
    week: str
    dte: int
    currency: str
    contracts: float
    notional: float
    premium_at_risk: float | None
    all_assigned: Need
    in_the_money: Need
    uncertain: float


class BrokersMargin(Answer):
    """The broker's own figures in the base currency: after the next expiration, and at the next change of its margin."""

    as_of: str | None
    post_expiration_margin: float | None
    post_expiration_excess: float | None
    look_ahead_initial_margin: float | None
    look_ahead_maintenance_margin: float | None
    look_ahead_available_funds: float | None
    look_ahead_excess_liquidity: float | None
    look_ahead_next_change: str | None


class Expiries(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [EXPIRIES]})

    account: str
    as_of: str | None
    currency: str | None
    cash: float | None
    free_cash: float | None
    near_cash: float | None
    broker: BrokersMargin
    items: list[Expiry]


class TodayLine(Answer):
    kind: Literal["free_cash", "expiring", "assigned", "early_assignment", "bot", "breaks", "transfer", "target", "dte"]
    urgency: Literal["now", "soon", "watch"]
    text: str
    con_id: int | None
    page: Literal["positions", "strategies", "reports", "overview"]


class Today(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [TODAY]})

    account: str
    as_of: str | None
    freshness: str
    free_cash: float | None
    near_cash: float | None
    items: list[TodayLine]
    unknown: list[str]


class Assignment(Answer):
    """`unconfirmed`: only the broker's list of positions shows it (`source` positions), and it is in no book."""

    session_date: str
    seen_at: str
    is_current: bool
    kind: Literal["assignment", "exercise"]
    state: Literal["unconfirmed", "confirmed"]
    source: Literal["positions", "api", "statement"]
    con_id: int
    symbol: str
    local_symbol: str
    currency: str
    contracts: float
    strike: float
    shares: float
    shares_con_id: int | None


class Assignments(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [ASSIGNMENTS]})

    account: str
    items: list[Assignment]


class LegGreeks(Answer):
    """Money of the contract's currency: delta × price, its change with one percent, a calendar day, a point of volatility."""

    delta_shares: float | None
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None


class NextDividend(Answer):
    """Per share, as the broker says; null: not known, which is not none."""

    ex_date: str | None
    amount: float | None
    past_12_months: float | None
    next_12_months: float | None
    as_of: str


class PositionDetail(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [POSITION]})

    account: str
    revision: int
    position: Position
    money: LegGreeks
    next_dividend: NextDividend | None


class WithoutGreeks(Answer):
    con_id: int
    local_symbol: str
    lacks: list[str]
    reason: str


class UnderlyingGreeks(Answer):
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
    beta_returns: int | None
    beta_reason: str | None
    beta_weighted_delta: float | None
    beta_weighted_money: float | None


class GreekSums(Answer):
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


class Benchmark(Answer):
    symbol: str
    price: float | None
    as_of: str | None
    window: str


class Greeks(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [GREEKS]})

    account: str
    as_of: str | None
    benchmark: Benchmark
    totals: list[GreekSums]
    items: list[UnderlyingGreeks]
    without: list[WithoutGreeks]
