"""Levels and their grid; spans of time on it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEVELS = ("1m", "1h", "1d")
SOURCE = {"1m": "raw", "1h": "1m", "1d": "1h"}
STEP = {"1m": timedelta(minutes=1), "1h": timedelta(hours=1), "1d": timedelta(days=1)}
# One transaction's worth: a year of minutes is not rolled up in one.
PIECE = {"1m": timedelta(days=14), "1h": timedelta(days=180), "1d": timedelta(days=3650)}


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` (inclusive) to `until` (exclusive)."""

    since: datetime
    until: datetime


def floor(instant: datetime, level: str) -> datetime:
    step = STEP[level]
    return EPOCH + (instant - EPOCH) // step * step


def ceil(instant: datetime, level: str) -> datetime:
    down = floor(instant, level)
    return down if down == instant else down + STEP[level]


def covering(first: datetime, last: datetime, level: str) -> Span:
    """The buckets that hold `first` and `last` and all between."""
    return Span(floor(first, level), floor(last, level) + STEP[level])


def clamp(span: Span, kept_from: datetime | None, upto: datetime | None, level: str) -> Span | None:
    """What of `span` may be computed again: nothing whose source is dropped, nothing that was never rolled up.

    A bucket of which a part is dropped counts as dropped. None: nothing is left.
    """
    since = max(span.since, ceil(kept_from, level)) if kept_from else span.since
    until = min(span.until, upto) if upto else span.since
    return Span(since, until) if since < until else None


def merged(spans: Iterable[Span], apart: timedelta) -> list[Span]:
    """Spans in order, those less than `apart` from each other as one."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda s: s.since):
        if found and span.since <= found[-1].until + apart:
            found[-1] = Span(found[-1].since, max(found[-1].until, span.until))
        else:
            found.append(span)
    return found


def pieces(span: Span, level: str) -> Iterator[Span]:
    """`span` cut into parts that one transaction can bear."""
    since = span.since
    while since < span.until:
        until = min(since + PIECE[level], span.until)
        yield Span(since, until)
        since = until
