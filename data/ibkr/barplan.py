"""Which bars to ask the broker for next. Pure.

Each instrument has four series. What a series lacks is known by its stored coverage alone, so that a first fetch, a top-up
and the back-fill after an outage of the gateway, of the database or of this program are one and the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from data.model import BarCoverage, BarResolution, BarWhat

SETTLED = timedelta(minutes=10)
"""A session's bars are asked for this long after its close, when they don't change any more."""
REFUSED_FOR = timedelta(hours=3)
"""How long what the broker refuses (no permission, no such data) is left alone."""
PASSING_FOR = timedelta(minutes=15)
"""The same for what may be over soon: another log-in that takes the data, a data farm that is down."""
PASSING = re.compile(
    r"disconnect|connectivity|not connected|connection is (broken|lost)|timed? ?out|cancell?ed|\((366|504|10197)\)$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of bar. `first`: the span of the first fetch in days; `longest`: what one request may span."""

    what: BarWhat
    resolution: BarResolution
    first: int
    longest: int
    every: timedelta | None  # how often it is topped up while the market is open; None: after the close only


# In the order in which they are fetched the first time.
SERIES = (
    Series("trades", "1d", 730, 3650, None),
    Series("trades", "1m", 2, 10, timedelta(minutes=5)),
    Series("trades", "1h", 30, 365, timedelta(hours=1)),
    Series("implied_vol", "1d", 365, 3650, None),
)
SHOWN = {"trades": "TRADES", "implied_vol": "OPTION_IMPLIED_VOLATILITY"}
SIZES = {"1m": "1 min", "1h": "1 hour", "1d": "1 day"}
Key = tuple[int, str, str]  # contract, what, resolution
Coverage = Mapping[Key, BarCoverage]


@dataclass(frozen=True, slots=True)
class Situation:
    """What the plan depends on beside the coverage.

    `settled`: when the last session's bars had settled; `connected`: when the gateway became reachable; `later`: series
    that are to be left alone until an instant, because they weren't answered.
    """

    now: datetime
    is_open: bool
    settled: datetime
    connected: datetime
    later: Mapping[Key, datetime]


def key_of(con_id: int, series: Series) -> Key:
    return con_id, series.what, series.resolution


def next_due(con_ids: Iterable[int], coverage: Coverage, at: Situation) -> tuple[int, Series] | None:
    """The series to ask for now: what was never asked for first, then what has been due for the longest; None: nothing."""
    found: list[tuple[datetime, int, int, Series]] = []
    for con_id in con_ids:
        for rank, series in enumerate(SERIES):
            key = key_of(con_id, series)
            if at.later.get(key, at.now) > at.now:
                continue
            due = due_at(series, coverage.get(key), at)
            if due is not None and due <= at.now:
                found.append((due, rank, con_id, series))
    # The order of the contracts is the caller's: the first one is the most wanted.
    best = min(found, key=lambda item: item[:2], default=None)
    return (best[2], best[3]) if best else None


def due_at(series: Series, known: BarCoverage | None, at: Situation) -> datetime | None:
    """When a series is due; None: not before the market's state changes."""
    if known is None:
        return datetime.min.replace(tzinfo=at.now.tzinfo)
    if known.asked_at > at.now:  # the clock was set back
        return at.now
    if known.problem is not None:
        return known.asked_at + (PASSING_FOR if PASSING.search(known.problem) else REFUSED_FOR)
    if known.last_ts is None:  # what was stored is of another scale
        return known.asked_at
    due = [at.settled] if known.asked_at < at.settled else []
    if series.every is not None and at.is_open:
        due.append(known.asked_at + series.every)
        if known.asked_at < at.connected and series.resolution == "1m":
            due.append(at.connected)  # what was missed while there was no connection
    return min(due, default=None)


def duration(series: Series, known: BarCoverage | None, at: Situation) -> str:
    """How far back from now to ask, in the broker's words: from the last bar known, which may have changed since."""
    if known is None or known.last_ts is None:
        # Sessions are meant: where a gateway counts days by the clock, those without one come on top.
        first = series.first + (max((at.now - at.settled).days, 0) if series.resolution == "1m" else 0)
        stored = (at.now - known.first_ts).days + 1 if known is not None and known.first_ts else 0
        return _days(max(first, min(stored, series.longest)))
    missing = max(at.now - known.last_ts, timedelta())
    if series.resolution == "1m" and at.is_open and missing < timedelta(hours=1):
        return f"{math.ceil(missing / timedelta(minutes=1)) * 60 + 120} S"
    # One day more: the broker counts sessions, and the last bar known is asked for again.
    return _days(min(missing.days + 2, series.longest))


def _days(count: int) -> str:
    """Spans above a year must be said in years."""
    return f"{count} D" if count <= 365 else f"{math.ceil(count / 365)} Y"
