"""Trading phases by the hours that contract details tell. Pure.

Two formats exist: `20261124:0930-1600` and, since TWS 970, `20261124:0930-20261124:1600`; `20261126:CLOSED` for days off;
entries are split by semicolons, several spans of a day by commas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from data.ibkr.zones import zone_of
from data.model import MarketPhase

Span = tuple[datetime, datetime]
SPAN = re.compile(r"(?:(\d{8}):)?(\d{4})-(?:(\d{8}):)?(\d{4})")


@dataclass(frozen=True, slots=True)
class MarketHours:
    """A contract's sessions, in UTC, merged and in order; `days` are those that the broker said something about."""

    trading: tuple[Span, ...]
    liquid: tuple[Span, ...]
    known_from: datetime
    known_to: datetime

    def phase(self, at: datetime) -> tuple[MarketPhase | None, datetime | None]:
        """The phase at an instant and when the next one begins; None where the broker's list doesn't reach."""
        if not self.known_from <= at < self.known_to:
            return None, None
        changes = sorted({t for span in (*self.trading, *self.liquid) for t in span if t > at})
        now = self._phase(at)
        following = next((t for t in changes if t < self.known_to and self._phase(t) is not now), None)
        return now, following

    def _phase(self, at: datetime) -> MarketPhase:
        if _within(self.liquid, at):
            return MarketPhase.OPEN
        span = _within(self.trading, at)
        if span is None:
            return MarketPhase.CLOSED
        # Before the liquid hours of the same trading span it is pre-market; after all of them, post-market.
        return MarketPhase.PRE if any(at < start < span[1] for start, _ in self.liquid) else MarketPhase.POST


def _within(spans: tuple[Span, ...], at: datetime) -> Span | None:
    return next(((start, end) for start, end in spans if start <= at < end), None)


def parse_hours(trading: str, liquid: str, zone_name: str) -> MarketHours | None:
    """The hours of a contract; None where they can't be read, or their zone is not known."""
    zone = zone_of(zone_name)
    if zone is None:
        return None
    days = [*_days(trading), *_days(liquid)]
    if not days:
        return None
    spans, core = _merged(_spans(trading, zone)), _merged(_spans(liquid, zone))
    first, last = _at(min(days), "0000", zone), _at(max(days) + timedelta(days=1), "0000", zone)
    # An evening session belongs to the next day and begins the evening before it.
    first = min([first, *(start for start, _ in spans)])
    last = max([last, *(end for _, end in spans)])
    return MarketHours(spans, core, first, last)


def _days(text: str) -> Iterator[date]:
    for entry in text.split(";"):
        if found := _day(entry.strip()[:8]):
            yield found


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date() if len(text) == 8 else None  # noqa: DTZ007
    except ValueError:
        return None


def _spans(text: str, zone: ZoneInfo) -> Iterator[Span]:
    for entry in text.split(";"):
        day = _day(entry.strip()[:8])
        if day is None or "CLOSED" in entry:
            continue
        for match in SPAN.finditer(entry):
            first = _day(match[1] or "") or day
            last = _day(match[3] or "")
            try:
                start = _at(first, match[2], zone)
                # Without a date of its own an end that is not after its start is on the next day.
                end = _at(last or first, match[4], zone)
                if last is None and end <= start:
                    end = _at(first + timedelta(days=1), match[4], zone)
            except ValueError:
                continue
            if start < end:
                yield start, end


def _at(day: date, hhmm: str, zone: ZoneInfo) -> datetime:
    hour, minute = int(hhmm[:2]), int(hhmm[2:])
    if hour == 24 and minute == 0:
        day, hour = day + timedelta(days=1), 0
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)


def _merged(spans: Iterator[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)
