"""What is answered of what can happen to what is held; see data/risk_views.py."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict

from dashboard.api.schemas import Answer

NEED: dict[str, Any] = {
    "cash": 12_000.0, "shares": [{"symbol": "KO", "needed": 200.0, "held": 150.0, "contracts": 2.0, "covered": 1.0}],
}  # fmt: skip
EXPIRIES: dict[str, Any] = {
    "account": "DU1", "as_of": "2026-03-09T20:00:00.000Z", "currency": "USD", "cash": 15_000.0, "free_cash": 3_000.0, "near_cash": 30_150.0,
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


class Expiries(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [EXPIRIES]})

    account: str
    as_of: str | None
    currency: str | None
    cash: float | None
    free_cash: float | None
    near_cash: float | None
    items: list[Expiry]


class TodayLine(Answer):
    kind: Literal["free_cash", "expiring", "early_assignment", "bot", "breaks", "target", "dte"]
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
