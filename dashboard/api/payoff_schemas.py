"""What is asked and answered of an underlying's payoff; see data/payoff_views.py."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator

from dashboard.api.command_schemas import PRINTABLE
from dashboard.api.schemas import AccountQuery, Answer, Freshness
from data.payoffs import MOST_DATES

PAYOFF: dict[str, Any] = {
    "account": "DU1234567", "symbol": "KO", "currency": "USD", "freshness": "live", "as_of": "2026-01-05T15:00:00.000Z",
    "day": "2026-01-05", "expiry": "2026-02-20", "underlying": {"price": 70.0, "as_of": "2026-01-05T15:00:02.000Z", "source": "shares"},
    "risk_free_pct": 4.0, "dividends": {"items": [], "as_of": None, "reason": "The next dividend of KO is not known."},
    "legs": [
        {"con_id": 7000, "local_symbol": "KO", "sec_type": "STK", "quantity": 100.0, "multiplier": 1.0, "right": None, "strike": None, "expiry": None,
         "average_price": 68.5, "mark": 70.0, "as_of": "2026-01-05T15:00:02.000Z", "volatility": None, "reason": None},
        {"con_id": 7001, "local_symbol": "KO    260220C00072000", "sec_type": "OPT", "quantity": -1.0, "multiplier": 100.0, "right": "C", "strike": 72.0,
         "expiry": "2026-02-20", "average_price": 1.2, "mark": 1.05, "as_of": "2026-01-05T15:00:00.000Z", "volatility": 0.1832, "reason": None},
    ],
    "left_out": [], "pnl": 165.0, "max_profit": {"value": 470.0, "is_unlimited": False}, "max_loss": {"value": -6730.0, "is_unlimited": False},
    "break_evens": [67.3], "extremes_are": "exact", "shown": [59.0, 81.0], "spots": [59.0, 67.3, 70.0, 72.0, 81.0],
    "curves": [
        {"day": "2026-01-05", "kind": "today", "at_spot": 165.0, "profits": [-830.1, -70.4, 165.0, 252.7, 391.0]},
        {"day": "2026-02-20", "kind": "expiry", "at_spot": 270.0, "profits": [-830.0, 0.0, 270.0, 470.0, 470.0]},
    ],
    "notes": ["Dividends that the shares receive on the way are not in the figures."],
}  # fmt: skip
REFUSED: dict[str | int, Any] = {"409": {"description": "It can't be computed now: no price of the underlying, say."}}


class PayoffQuery(AccountQuery):
    dates: str | None = Field(
        None, max_length=11 * MOST_DATES, pattern=r"^\d{4}-\d\d-\d\d(,\d{4}-\d\d-\d\d)*$",
        description=f"Up to {MOST_DATES} days between today in New York and the nearest expiry, with commas between them.",
        json_schema_extra={"example": "2026-01-20,2026-02-06"},
    )  # fmt: skip
    currency: str | None = Field(
        None, max_length=8, pattern=PRINTABLE, description="Where the symbol is held in several currencies: which."
    )

    @field_validator("dates")
    @classmethod
    def _are_days(cls, value: str | None) -> str | None:
        _days(value)  # raises ValueError
        return value

    @property
    def days(self) -> list[date]:
        return _days(self.dates)


def _days(value: str | None) -> list[date]:
    return [date.fromisoformat(day) for day in value.split(",")] if value else []


class Underlying(Answer):
    price: float
    as_of: str
    source: Literal["shares", "greeks"]


class Dividend(Answer):
    ex_date: str
    amount: float


class Dividends(Answer):
    """Those until the last expiry that the model takes out of the price; `reason`: why they are not all known."""

    items: list[Dividend]
    as_of: str | None
    reason: str | None


class PayoffLeg(Answer):
    """`volatility`, a fraction a year, is the model's own and gives the mark back; null with its `reason`. Shares have none."""

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


class LeftOut(Answer):
    con_id: int
    local_symbol: str
    reason: str


class Bound(Answer):
    value: float | None
    is_unlimited: bool


class PayoffCurve(Answer):
    """Profit or loss at each of `spots`; null where a position that lives on has no volatility."""

    day: str
    kind: Literal["today", "before", "expiry"]
    at_spot: float | None
    profits: list[float | None]


class Payoff(Answer):
    """Profit and loss of everything held in one underlying against what was paid; money in `currency`, prices per share.

    `expiry` is the nearest; null: shares alone. `max_profit`, `max_loss` (a loss is negative) and `break_evens` are at that
    expiry: exact, or the model's where positions live on after it; `extremes_are` null: not known. `underlying.source` is the
    mark of the shares, or the price that the options' Greeks were computed on. `as_of` is the oldest figure's. `shown` are the
    prices between which a chart is worth looking at. `notes` say what isn't in the figures, and what follows.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [PAYOFF]})

    account: str
    symbol: str
    currency: str
    freshness: Freshness
    as_of: str
    day: str
    expiry: str | None
    underlying: Underlying
    risk_free_pct: float
    dividends: Dividends
    legs: list[PayoffLeg]
    left_out: list[LeftOut]
    pnl: float | None
    max_profit: Bound
    max_loss: Bound
    break_evens: list[float]
    extremes_are: Literal["exact", "model"] | None
    shown: list[float]
    spots: list[float]
    curves: list[PayoffCurve]
    notes: list[str]
