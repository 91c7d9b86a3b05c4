"""What is known of dividends per share: those that are to come, and whether those of the past are all there were. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from data.analytics.positions import OUTLOOK_FOR
from data.risk_views import NextDividend

YEAR = timedelta(days=365)
SAME = 0.005  # of the year's sum: what the ticker rounds away


@dataclass(frozen=True, slots=True)
class Expected:
    """Ex-dates and amounts until a day; `reason`: why there may be others."""

    items: tuple[tuple[date, float], ...]
    reason: str | None = None


def expected(symbol: str, told: NextDividend | None, now: datetime, today: date, last: date) -> Expected:
    """After `today` and up to `last`, by what the broker's ticker told."""
    if told is None:
        return Expected((), f"The next dividend of {symbol} is not known.")
    as_of = datetime.fromisoformat(told["as_of"])
    if now - as_of > OUTLOOK_FOR:
        return Expected(
            (), f"What the broker says of the dividends of {symbol} is of {as_of:%Y-%m-%d}, too old to count."
        )
    if told["ex_date"] is None:
        none = told["next_12_months"] == 0
        return Expected((), None if none else f"The broker names no next dividend of {symbol}.")
    ex_date = date.fromisoformat(told["ex_date"])
    if ex_date <= today:
        return Expected((), f"The dividend of {symbol} after that of {ex_date} is not known yet.")
    if ex_date > last:
        return Expected(())
    if told["amount"] is None:
        return Expected((), f"The amount of the dividend of {symbol} of {ex_date} is not known.")
    later = None if ex_date == last else f"Dividends of {symbol} after that of {ex_date} are not known."
    return Expected(((ex_date, told["amount"]),), later)


def are_all(paid: Mapping[date, float], told: NextDividend | None, since: date, until: date) -> bool:
    """Whether what is known by ex-date adds up to the ticker's sum of twelve months, and those hold `since` to `until`."""
    if told is None or told["past_12_months"] is None:
        return False
    day = datetime.fromisoformat(told["as_of"]).date()
    if not day - YEAR <= since <= until <= day:
        return False
    found = sum(amount for ex_date, amount in paid.items() if day - YEAR < ex_date <= day)
    return abs(found - told["past_12_months"]) <= SAME * told["past_12_months"]
