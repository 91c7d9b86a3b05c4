"""Rows of the history queries as the views show them. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, cast

from data import rows
from data.resolution import TradingDays
from data.views import BarView, FlowView, HistoryPoint, ResolutionName

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


def stored_bars(levels: list[Any], days: TradingDays) -> dict[str, Any]:
    known = [row for row in levels if row["first_ts"] is not None]
    first = min((row["first_ts"] for row in known), default=None)
    # Before a hole that an outage left, a level has bars but isn't whole.
    begins = {row["resolution"]: max(row["first_ts"], row["whole_from"] or row["first_ts"]) for row in known}
    # The level that goes back farthest is whole; the others from the trading day of their own first bar.
    whole = {level: ALWAYS if begin == first else days.begin(days.date_of(begin)) for level, begin in begins.items()}
    last = max((row["last_ts"] for row in known), default=None)
    return {**levels[0], "first": first, "last": last, "whole": whole}


def problem(levels: list[Any], level: ResolutionName) -> str | None:
    row = next(row for row in levels if row["resolution"] == level)
    if row["problem"] is not None:
        return cast("str", row["problem"])
    if row["asked_at"] is None and row["first_ts"] is None:
        return (
            f"The broker has not been asked for bars of {row['symbol']} yet; the poller does so while it is connected."
        )
    return None


def point(row: Any, pnl: float | None, return_pct: float | None, digits: int) -> HistoryPoint:
    """Rounded to what was reported: more digits would only be the noise of binary fractions."""
    return {
        "time": row["time"],
        "open": _rounded(row["open"], digits),
        "high": _rounded(row["high"], digits),
        "low": _rounded(row["low"], digits),
        "close": _rounded(row["close"], digits),
        "pnl": _rounded(pnl, 2),
        "return_pct": _rounded(return_pct, 4),
    }


def bar(row: Any) -> BarView:
    return {
        "time": row["time"],
        "open": row["open"],
        "high": row["high"],
        "low": row["low"],
        "close": row["close"],
        "volume": rows.number(row["volume"]),
    }


def flow(row: Any) -> FlowView:
    return {
        "time": row["time"],
        "kind": row["kind"],
        "amount": float(row["amount"]),
        "currency": row["currency"],
        "description": row["description"],
        "suspected": row["suspected"],
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return round(value, digits) if value is not None and math.isfinite(value) else None
