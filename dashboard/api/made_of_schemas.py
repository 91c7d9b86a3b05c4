"""What is asked and answered of the rows that totals are made of; see data/made_of_views.py."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import ConfigDict, Field

from dashboard.api.schemas import Answer
from dashboard.api.trade_schemas import PremiumQuery, StatisticsQuery


def example(view: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [view]})


CURRENCY = Field(max_length=10, description="Totals are of one currency.")


class ResultRowsQuery(StatisticsQuery):
    currency: str = CURRENCY
    part: Literal["all", "symbol", "strategy", "dte", "weekday"] = Field("all", description="By what the line is of.")
    name: str = Field("", max_length=130, description="The name of the line, as the statistics write it.")


class PremiumRowsQuery(PremiumQuery):
    currency: str = CURRENCY
    day: date | None = Field(
        None, description="A day of the month, or the day, as `step` says; else the current trading day."
    )


class ResultRow(Answer):
    """Named by the round trip that began it; `net` null: not known, it is in no figure."""

    round_trip: int
    contract: str
    strategy: str | None
    opened_on: str
    closed_on: str
    round_trips: int
    net: float | None


class ResultTotal(Answer):
    net: float
    wins: int
    count: int


class ResultRows(Answer):
    """`rows` and `total` are of all, `items` the newest 1000."""

    model_config = example({
        "account": "DU1234567", "currency": "USD", "rows": 1, "total": {"net": 148.35, "wins": 1, "count": 1},
        "items": [{"round_trip": 812, "contract": "KO    260220P00060000", "strategy": "bot/wheel", "opened_on": "2026-01-05",
                   "closed_on": "2026-02-20", "round_trips": 2, "net": 148.35}],
    })  # fmt: skip

    account: str
    currency: str
    rows: int
    total: ResultTotal
    items: list[ResultRow]


class PremiumTotal(Answer):
    premium: float
    buy_backs: float
    net: float
    fees: float


class PremiumRow(PremiumTotal):
    """A sale of a short option, with what of it counts in these days."""

    round_trip: int
    contract: str
    opened_on: str
    closed_on: str | None


class PremiumRows(Answer):
    """`rows` and `total` are of all, `items` the newest 1000."""

    model_config = example({
        "account": "DU1234567", "currency": "USD", "rows": 1,
        "total": {"premium": 150.0, "buy_backs": -40.0, "net": 110.0, "fees": 2.1},
        "items": [{"premium": 150.0, "buy_backs": -40.0, "net": 110.0, "fees": 2.1, "round_trip": 812,
                   "contract": "KO    260220P00060000", "opened_on": "2026-01-05", "closed_on": "2026-01-20"}],
    })  # fmt: skip

    account: str
    currency: str
    rows: int
    total: PremiumTotal
    items: list[PremiumRow]


class CycleTotal(Answer):
    premium: float
    fees: float
    dividends: float


class CycleRow(CycleTotal):
    """A round trip, or (`round_trip` null) a dividend or the tax on it."""

    round_trip: int | None
    contract: str
    opened_on: str
    closed_on: str | None


class CycleRows(Answer):
    """`rows` and `total` are of all, `items` the newest 1000."""

    model_config = example({
        "account": "DU1234567", "cycle": "0000e0d5.65a1b2c3.01", "currency": "USD", "rows": 1,
        "total": {"premium": 150.0, "fees": 1.05, "dividends": 0.0},
        "items": [{"premium": 150.0, "fees": 1.05, "dividends": 0.0, "round_trip": 812, "contract": "KO    260220P00060000",
                   "opened_on": "2026-01-05", "closed_on": None}],
    })  # fmt: skip

    account: str
    cycle: str
    currency: str
    rows: int
    total: CycleTotal
    items: list[CycleRow]
