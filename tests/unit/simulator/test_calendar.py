"""Sessions and holidays against exchange_calendars, and the two kinds of hours."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise

import exchange_calendars
import pytest

from data.simulator.calendar import (
    ZONE,
    Clock,
    Hours,
    Phase,
    close_time,
    is_early_close,
    next_session,
    sessions,
    zoned,
)
from data.simulator.chains import expirations


def at(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE).timestamp()


def test_sessions_and_early_closes_agree_with_exchange_calendars():
    # 2025-01-09, a day of national mourning, is why this starts after it.
    first, last = date(2025, 2, 1), date(2027, 6, 30)
    nyse = exchange_calendars.get_calendar("XNYS", start=str(first), end=str(last))
    assert list(sessions(first, last)) == [day.date() for day in nyse.sessions]
    early = [day.date() for day in nyse.early_closes]
    assert [day for day in sessions(first, last) if is_early_close(day)] == early
    assert close_time(early[0]) == time(13)


@pytest.mark.parametrize(
    ("moment", "phase", "session"),
    [
        ("2026-11-25 03:59", Phase.CLOSED, date(2026, 11, 25)),
        ("2026-11-25 04:00", Phase.PRE, date(2026, 11, 25)),
        ("2026-11-25 09:30", Phase.OPEN, date(2026, 11, 25)),
        ("2026-11-25 16:00", Phase.POST, date(2026, 11, 25)),
        ("2026-11-25 20:00", Phase.CLOSED, date(2026, 11, 27)),
        ("2026-11-26 12:00", Phase.CLOSED, date(2026, 11, 27)),  # Thanksgiving
        ("2026-11-27 12:59", Phase.OPEN, date(2026, 11, 27)),
        ("2026-11-27 13:00", Phase.POST, date(2026, 11, 27)),
        ("2026-11-27 17:00", Phase.CLOSED, date(2026, 11, 30)),
        ("2026-11-28 12:00", Phase.CLOSED, date(2026, 11, 30)),
    ],
)
def test_real_hours(moment: str, phase: Phase, session: date):
    hours = Hours(always=False)
    assert hours.phase(at(moment)) is phase
    assert hours.session_date(at(moment)) == session


@pytest.mark.parametrize(
    ("moment", "session"),
    [
        ("2026-11-25 15:59", date(2026, 11, 25)),
        ("2026-11-25 16:00", date(2026, 11, 27)),
        ("2026-11-26 12:00", date(2026, 11, 27)),
        ("2026-11-27 13:00", date(2026, 11, 30)),
        ("2026-11-29 23:00", date(2026, 11, 30)),
    ],
)
def test_the_demo_is_always_open_and_belongs_to_the_next_session(moment: str, session: date):
    hours = Hours(always=True)
    assert hours.phase(at(moment)) is Phase.OPEN
    assert hours.session_date(at(moment)) == session


def test_hours_texts_cover_now():
    now = at("2026-11-25 22:00")
    always, _ = Hours(always=True).texts(now)
    assert always.startswith("20261125:0000-20261126:0000;20261126:0000-20261127:0000;")
    trading, liquid = Hours(always=False).texts(now)
    assert trading.split(";")[:3] == ["20261125:0400-20261125:2000", "20261126:CLOSED", "20261127:0400-20261127:1700"]
    assert liquid.split(";")[2] == "20261127:0930-20261127:1300"


def test_a_clock_runs_at_its_speed():
    wall = [1000.0]
    clock = Clock(speed=60.0, wall=lambda: wall[0])
    wall[0] += 2
    assert clock.now() == 1120.0
    clock.set(5000.0)
    wall[0] += 1
    assert clock.now() == 5060.0


def test_executions_carry_the_exchange_zone():
    assert zoned(at("2026-07-01 09:30")) == "20260701 09:30:00 US/Eastern"


@pytest.mark.parametrize("today", [date(2026, 11, 24), date(2027, 3, 22), date(2026, 6, 15)])
def test_expirations_are_sessions_and_weekly(today: date):
    days = [date.fromisoformat(text) for text in expirations(today)]
    assert days == sorted(set(days))
    assert all(day >= today and next_session(day) == day for day in days)
    assert all(b - a <= timedelta(days=8) for a, b in pairwise(days[:9]))
    assert days[-1] > today + timedelta(days=300)


def test_an_expiration_on_a_holiday_moves_to_the_session_before():
    # Christmas Day 2026 and Good Friday 2027 are Fridays.
    assert "20261224" in expirations(date(2026, 11, 24))
    assert "20270325" in expirations(date(2027, 2, 10))
    assert "20270326" not in expirations(date(2027, 2, 10))
