"""Exchange time: sessions and holidays of the New York exchanges by rule, and a clock with a speed.

The rules are written out instead of imported so that the demo starts small and fast; a test holds them against
``exchange_calendars`` for the years around now. Unscheduled closings (state funerals) are not known here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as daytime
from enum import Enum
from functools import lru_cache
from zoneinfo import ZoneInfo

ZONE_NAME = "US/Eastern"
"""As TWS writes it; ``America/New_York`` by another name."""
ZONE = ZoneInfo("America/New_York")
DAY = timedelta(days=1)


class Phase(Enum):
    """What the exchange is doing."""

    PRE = "pre"
    OPEN = "open"
    POST = "post"
    CLOSED = "closed"


def _nth_weekday(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def easter(year: int) -> date:
    """Easter Sunday by the anonymous Gregorian algorithm (Meeus, *Astronomical Algorithms*, ch. 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    p = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * p + 114, 31)
    return date(year, month, day + 1)


def _observed(day: date) -> date:
    if day.weekday() == 5:
        return day - DAY
    return day + DAY if day.weekday() == 6 else day


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """Full closings of the New York exchanges in ``year`` (NYSE rule 7.2)."""
    days = {
        _nth_weekday(year, 1, 0, 3),
        _nth_weekday(year, 2, 0, 3),
        easter(year) - 2 * DAY,
        _nth_weekday(year, 6, 0, 1) - 7 * DAY,  # last Monday of May
        _nth_weekday(year, 9, 0, 1),
        _nth_weekday(year, 11, 3, 4),
        _observed(date(year, 6, 19)),
        _observed(date(year, 7, 4)),
        _observed(date(year, 12, 25)),
    }
    new_year = date(year, 1, 1)
    if new_year.weekday() != 5:  # on a Saturday it is not made up for: the year's last Friday trades
        days.add(_observed(new_year))
    return frozenset(days)


def is_session(day: date) -> bool:
    """Whether the exchange trades on ``day``."""
    return day.weekday() < 5 and day not in holidays(day.year)


def is_early_close(day: date) -> bool:
    """Whether the session of ``day`` ends at 13:00: the eve of Independence Day, Black Friday, Christmas Eve."""
    if not is_session(day):
        return False
    return day in {
        date(day.year, 7, 3),
        _nth_weekday(day.year, 11, 3, 4) + DAY,
        date(day.year, 12, 24),
    }


def next_session(day: date) -> date:
    """The first session on or after ``day``."""
    while not is_session(day):
        day += DAY
    return day


def previous_session(day: date) -> date:
    """The last session on or before ``day``."""
    while not is_session(day):
        day -= DAY
    return day


def sessions(first: date, last: date) -> Iterator[date]:
    """The sessions from ``first`` to ``last``, both included."""
    day = first
    while day <= last:
        if is_session(day):
            yield day
        day += DAY


def timestamp(day: date, at: daytime) -> float:
    """Seconds since the epoch of a wall-clock time in New York."""
    return datetime.combine(day, at, ZONE).timestamp()


def close_time(day: date) -> daytime:
    """When the regular session of ``day`` ends."""
    return daytime(13) if is_early_close(day) else daytime(16)


def local(moment: float) -> datetime:
    """A moment in New York time."""
    return datetime.fromtimestamp(moment, ZONE)


def zoned(moment: float) -> str:
    """A moment as TWS prints it in executions: ``20261123 09:30:00 US/Eastern``."""
    return f"{local(moment):%Y%m%d %H:%M:%S} {ZONE_NAME}"


@dataclass(frozen=True, slots=True)
class Hours:
    """When trading happens.

    With ``always`` the market is open whenever somebody looks, and time after a session's close belongs to the next
    session. Otherwise the exchange's own pre, open, post and closed hours hold, and a session ends with its post market.
    """

    always: bool = True

    def session_end(self, day: date) -> float:
        """The moment at which ``day``'s session gives way to the next one."""
        if self.always:
            return timestamp(day, close_time(day))
        return timestamp(day, daytime(17) if is_early_close(day) else daytime(20))

    def session_date(self, moment: float) -> date:
        """The session that ``moment`` belongs to."""
        day = next_session(local(moment).date())
        return day if moment < self.session_end(day) else next_session(day + DAY)

    def phase(self, moment: float) -> Phase:
        """What the exchange does at ``moment``."""
        if self.always:
            return Phase.OPEN
        now = local(moment)
        day, at = now.date(), now.time()
        if not is_session(day) or at < daytime(4) or moment >= self.session_end(day):
            return Phase.CLOSED
        if at < daytime(9, 30):
            return Phase.PRE
        return Phase.OPEN if at < close_time(day) else Phase.POST

    def texts(self, moment: float) -> tuple[str, str]:
        """Trading hours and liquid hours as contract details give them, for six days from ``moment``."""
        first = local(moment).date()
        days = [first + n * DAY for n in range(6)]
        if self.always:
            around_the_clock = ";".join(f"{d:%Y%m%d}:0000-{d + DAY:%Y%m%d}:0000" for d in days)
            return around_the_clock, around_the_clock
        trading, liquid = [], []
        for day in days:
            if not is_session(day):
                trading.append(f"{day:%Y%m%d}:CLOSED")
                liquid.append(f"{day:%Y%m%d}:CLOSED")
                continue
            end, post = close_time(day), daytime(17) if is_early_close(day) else daytime(20)
            trading.append(f"{day:%Y%m%d}:0400-{day:%Y%m%d}:{post:%H%M}")
            liquid.append(f"{day:%Y%m%d}:0930-{day:%Y%m%d}:{end:%H%M}")
        return ";".join(trading), ";".join(liquid)


@dataclass(slots=True)
class Clock:
    """World time in seconds since the epoch: wall time, or wall time multiplied by ``speed`` from a starting point."""

    speed: float = 1.0
    wall: Callable[[], float] = time.time
    origin: float = field(default=0.0)
    wall_origin: float = field(default=0.0)

    def __post_init__(self) -> None:
        self.set(self.origin or self.wall())

    def set(self, moment: float) -> None:
        """Make it ``moment`` now."""
        self.origin, self.wall_origin = moment, self.wall()

    def now(self) -> float:
        """World time now."""
        return self.origin + (self.wall() - self.wall_origin) * self.speed
