"""When runs are expected, and when one is late or takes too long."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from data.strategies.schedule import (
    ZONE,
    Schedule,
    ScheduleError,
    is_late,
    is_overrunning,
    last_expected,
    next_run,
)

THANKSGIVING = date(2026, 11, 26)
DAILY = Schedule.parse("30 10,14 * * MON-FRI")


def is_open(day: date) -> bool:
    return day.weekday() < 5 and day != THANKSGIVING


def ny(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (ny(2026, 11, 25, 10, 29), ny(2026, 11, 25, 10, 30)),
        (ny(2026, 11, 25, 10, 30), ny(2026, 11, 25, 14, 30)),  # strictly after
        (ny(2026, 11, 25, 15), ny(2026, 11, 27, 10, 30)),  # no run on a holiday
        (ny(2026, 11, 28, 9), ny(2026, 11, 30, 10, 30)),  # nor at the weekend
        (
            datetime(2026, 11, 27, 15, 29, tzinfo=UTC),
            ny(2026, 11, 27, 10, 30),
        ),  # the exchange's time, whatever now's zone
        (ny(2026, 10, 30, 15), ny(2026, 11, 2, 10, 30)),  # over the change of the clocks
    ],
)
def test_next_run(now: datetime, expected: datetime):
    found = next_run(DAILY, now, is_open)
    assert found == expected
    assert found.utcoffset() == timedelta(0)


def test_the_summer_and_winter_time_of_new_york():
    assert next_run(DAILY, ny(2026, 7, 1, 9), is_open) == datetime(2026, 7, 1, 14, 30, tzinfo=UTC)
    assert next_run(DAILY, ny(2026, 12, 1, 9), is_open) == datetime(2026, 12, 1, 15, 30, tzinfo=UTC)


def test_fields():
    every = Schedule.parse("*/15 9-16 * * *")
    assert every.minutes == {0, 15, 30, 45}
    assert every.hours == set(range(9, 17))
    assert Schedule.parse("0 10 * JAN,jul 7").weekdays == {0}
    assert Schedule.parse("5/20 0 * * *").minutes == {5, 25, 45}


def test_either_day_field_counts_when_both_are_given():
    either = Schedule.parse("0 10 13 * FRI")
    assert either.fits(date(2026, 11, 13))
    assert either.fits(date(2026, 11, 20))
    assert either.fits(date(2026, 10, 13))  # a Tuesday
    assert not either.fits(date(2026, 10, 14))
    assert not Schedule.parse("0 10 * * FRI").fits(date(2026, 10, 13))


@pytest.mark.parametrize(
    "text", ["", "* * * *", "60 * * * *", "* * 0 * *", "a * * * *", "*/0 * * * *", "9-8 * * * *", "@daily"]
)
def test_what_is_no_schedule_is_refused_in_a_sentence(text: str):
    with pytest.raises(ScheduleError, match=r"\.$"):
        Schedule.parse(text)


def test_a_date_that_never_comes_has_no_run():
    assert next_run(Schedule.parse("0 10 31 2 *"), ny(2026, 11, 25, 9), is_open) is None
    assert last_expected(Schedule.parse("0 10 31 2 *"), ny(2026, 11, 25, 9), is_open) is None


def test_late():
    since = ny(2026, 11, 1, 0)
    now = ny(2026, 11, 25, 10, 36)
    assert is_late(DAILY, ny(2026, 11, 24, 14, 30), since, now, is_open)
    assert is_late(DAILY, None, since, now, is_open)
    assert not is_late(DAILY, ny(2026, 11, 25, 10, 31), since, now, is_open)
    assert not is_late(DAILY, ny(2026, 11, 25, 10, 29) + timedelta(seconds=30), since, now, is_open)  # clocks differ
    assert not is_late(DAILY, ny(2026, 11, 24, 14, 30), since, ny(2026, 11, 25, 10, 34), is_open)  # within the grace
    assert not is_late(DAILY, ny(2026, 11, 25, 14, 31), since, ny(2026, 11, 27, 10, 0), is_open)  # the holiday


def test_nothing_was_expected_before_the_bot_was_known():
    now = ny(2026, 11, 25, 12)
    assert not is_late(DAILY, None, ny(2026, 11, 25, 11), now, is_open)
    assert is_late(DAILY, None, ny(2026, 11, 25, 10), now, is_open)


def test_overrunning():
    started = ny(2026, 11, 25, 10)
    assert is_overrunning(started, 600, started + timedelta(seconds=601))
    assert not is_overrunning(started, 600, started + timedelta(seconds=600))
    assert not is_overrunning(started, None, started + timedelta(days=3))
