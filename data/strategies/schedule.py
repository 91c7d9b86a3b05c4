"""When a bot's runs are expected: five cron fields in the exchange's time, on trading days only. Pure.

minute hour day-of-month month day-of-week, each `*`, a number, a name (MON, JAN), a range, a list or a step; as in cron, a day
counts where day-of-month *or* day-of-week fits when both are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
GRACE = timedelta(minutes=5)  # cron, a slow machine, a gateway that has just restarted
EARLY = timedelta(minutes=1)  # clocks differ
HORIZON_DAYS = 366

MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MONTHS = {name: number for number, name in enumerate(MONTH_NAMES, 1)}
WEEKDAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"))}
IsTradingDay = Callable[[date], bool]


class ScheduleError(ValueError):
    """The text is no schedule; one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Schedule:
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    is_any_day: bool  # day-of-month is *
    is_any_weekday: bool

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Raises ScheduleError."""
        fields = text.split()
        if len(fields) != 5:
            raise ScheduleError(f"{text!r} is no schedule: write five cron fields, like '30 10 * * MON-FRI'.")
        minute, hour, day, month, weekday = fields
        return cls(
            _field(minute, 0, 59, {}),
            _field(hour, 0, 23, {}),
            _field(day, 1, 31, {}),
            _field(month, 1, 12, MONTHS),
            frozenset(number % 7 for number in _field(weekday, 0, 7, WEEKDAYS)),
            day.startswith("*"),
            weekday.startswith("*"),
        )

    def fits(self, day: date) -> bool:
        """Whether runs are expected on this day, were it a trading day."""
        if day.month not in self.months:
            return False
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return in_month and in_week if self.is_any_day or self.is_any_weekday else in_month or in_week

    def times(self, day: date) -> Iterator[datetime]:
        """The moments of one day in order, UTC. A time that the clock skips in spring is an hour later."""
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                yield datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC)


def next_run(schedule: Schedule, now: datetime, is_trading_day: IsTradingDay) -> datetime | None:
    """The first moment after `now` (aware), UTC; None: none within a year."""
    first = now.astimezone(ZONE).date()
    for day in (first + timedelta(days=number) for number in range(HORIZON_DAYS)):
        if schedule.fits(day) and is_trading_day(day):
            for moment in schedule.times(day):
                if moment > now:
                    return moment
    return None


def last_expected(schedule: Schedule, now: datetime, is_trading_day: IsTradingDay) -> datetime | None:
    """The newest moment up to `now` at which a run was expected."""
    first = now.astimezone(ZONE).date()
    for day in (first - timedelta(days=number) for number in range(HORIZON_DAYS)):
        if schedule.fits(day) and is_trading_day(day):
            for moment in reversed(list(schedule.times(day))):
                if moment <= now:
                    return moment
    return None


def is_late(
    schedule: Schedule, last_run: datetime | None, since: datetime, now: datetime, is_trading_day: IsTradingDay
) -> bool:
    """Whether a run that was expected more than five minutes ago hasn't started.

    `last_run`: when the newest one started. `since`: when the bot (or its schedule) was first seen: nothing was expected before.
    """
    expected = last_expected(schedule, now - GRACE, is_trading_day)
    if expected is None or expected < since:
        return False
    return last_run is None or last_run < expected - EARLY


def is_overrunning(started_at: datetime, longest_s: int | None, now: datetime) -> bool:
    """Whether a run that hasn't ended takes longer than it may; never where nothing says how long that is."""
    return longest_s is not None and now - started_at > timedelta(seconds=longest_s)


def _field(text: str, low: int, high: int, names: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        try:
            stride = int(step) if step else 1
            if span == "*":
                first, last = low, high
            else:
                start, dash, end = span.partition("-")
                first = _number(start, names)
                last = _number(end, names) if dash else high if step else first
        except ValueError:
            raise ScheduleError(f"{part!r} is no cron field.") from None
        if not (low <= first <= last <= high and stride > 0):
            raise ScheduleError(f"{part!r} is outside {low}-{high}.")
        found.update(range(first, last + 1, stride))
    return frozenset(found)


def _number(text: str, names: dict[str, int]) -> int:
    return names[text.upper()] if text.upper() in names else int(text)
