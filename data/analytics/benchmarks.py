"""What the same money, put in and taken out on the same days, had become in a stock or an index fund. Pure.

The source is Long and Nickels, *A Private Investment Benchmark* (1996), the "index comparison method": each contribution buys
the benchmark at that day's close, each withdrawal sells. Closes are of trades, unadjusted; a cash dividend buys more at the
close of its ex-date, which is what an adjusted close assumes. Splits must be in the closes already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Money in the closes' currency. `values` is the worth on each day asked for, None from the first close on that is missing.

    `pnl` is the last day's value less the contributions so far. `missing`: days without a close that it needs.
    """

    values: list[float | None]
    pnl: float | None
    missing: list[date]


def same_flows(
    days: Sequence[date],
    contributions: Mapping[date, float],
    closes: Mapping[date, float],
    dividends: Mapping[date, float],
) -> Benchmark:
    """`days` rise, and hold each day of a contribution (negative: withdrawn); `dividends`: per share, by ex-date.

    Raises ValueError if a contribution's day, or the ex-date of a dividend between the first and the last day, is not in `days`.
    """
    _require(days, contributions, dividends)
    missing = [day for day in days if day not in closes]
    units, is_known = 0.0, True
    values: list[float | None] = []
    for day in days:
        is_known = is_known and day in closes
        if not is_known:
            values.append(None)
            continue
        close = closes[day]
        units += units * dividends.get(day, 0.0) / close  # whoever buys on the ex-date itself doesn't get it
        units += contributions.get(day, 0.0) / close
        values.append(units * close)
    last = values[-1] if values else None
    return Benchmark(values, None if last is None else last - sum(contributions.values()), missing)


def _require(days: Sequence[date], contributions: Iterable[date], dividends: Iterable[date]) -> None:
    known = set(days)
    inside = (day for day in dividends if days and days[0] <= day <= days[-1])
    if lost := sorted({*contributions, *inside} - known):
        raise ValueError(f"no day for {', '.join(day.isoformat() for day in lost)}")
