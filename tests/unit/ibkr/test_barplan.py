"""Which bars are asked for: the first time, to keep up, after the close, after an outage, after a refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.ibkr.barplan import (
    PASSING_FOR,
    REFUSED_FOR,
    SERIES,
    Key,
    Series,
    Situation,
    due_at,
    duration,
    key_of,
    next_due,
)
from data.model import BarCoverage

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # a Tuesday, in session
CLOSE = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
OPEN = Situation(NOON, True, CLOSE + timedelta(minutes=10), NOON - timedelta(hours=3), {})
NIGHT = Situation(NOON + timedelta(hours=12), False, datetime(2026, 11, 24, 21, 10, tzinfo=UTC), OPEN.connected, {})
DAYS, MINUTES, HOURS, VOLATILITY = SERIES


def covered(series: Series, age: timedelta, last: timedelta | None = None, at: Situation = OPEN) -> BarCoverage:
    """Asked `age` ago, when the last bar had begun `last` ago."""
    ends = at.now - (last if last is not None else age)
    return BarCoverage(7, series.what, series.resolution, ends - timedelta(days=9), ends, at.now - age)


def coverage(*known: BarCoverage) -> dict[Key, BarCoverage]:
    return {(c.con_id, c.what, c.resolution): c for c in known}


def test_the_first_fetches_are_two_years_two_days_thirty_days_and_a_year() -> None:
    assert [duration(s, None, OPEN) for s in (DAYS, MINUTES, HOURS, VOLATILITY)] == ["2 Y", "2 D", "30 D", "365 D"]


def test_two_sessions_of_minutes_over_a_long_weekend() -> None:
    holiday = replace(
        OPEN, now=datetime(2026, 11, 29, 20, tzinfo=UTC), settled=datetime(2026, 11, 27, 18, 10, tzinfo=UTC)
    )
    assert duration(MINUTES, None, holiday) == "4 D"


def test_what_was_never_asked_for_comes_first_and_every_contract_s_days_before_its_minutes() -> None:
    known: dict[Key, BarCoverage] = coverage(covered(HOURS, timedelta(days=5)))
    order = []
    while (due := next_due([7, 8], known, OPEN)) and len(order) < 8:
        con_id, series = due
        order.append((con_id, series.what, series.resolution))
        known[key_of(con_id, series)] = replace(covered(series, timedelta()), con_id=con_id)
    assert order[:4] == [(7, "trades", "1d"), (8, "trades", "1d"), (7, "trades", "1m"), (8, "trades", "1m")]
    assert sorted(order) == sorted((c, s.what, s.resolution) for c in (7, 8) for s in SERIES)
    assert order[-1] == (7, "trades", "1h"), "known already, though old"


def test_in_session_minutes_are_asked_every_five_minutes_hours_hourly_and_days_not_at_all() -> None:
    now = OPEN.now
    assert due_at(MINUTES, covered(MINUTES, timedelta(minutes=4)), OPEN) == now + timedelta(minutes=1)
    assert due_at(HOURS, covered(HOURS, timedelta(minutes=50)), OPEN) == now + timedelta(minutes=10)
    assert due_at(DAYS, covered(DAYS, timedelta(hours=2)), OPEN) is None
    assert due_at(VOLATILITY, covered(VOLATILITY, timedelta(hours=2)), OPEN) is None


@pytest.mark.parametrize("series", SERIES)
def test_after_the_close_each_is_asked_once_more(series: Series) -> None:
    in_session = covered(series, timedelta(hours=9), at=NIGHT)
    assert due_at(series, in_session, NIGHT) == NIGHT.settled
    assert due_at(series, replace(in_session, asked_at=NIGHT.settled), NIGHT) is None


def test_a_reconnect_asks_for_minutes_at_once() -> None:
    back = replace(OPEN, connected=NOON - timedelta(seconds=1))
    asked = covered(MINUTES, timedelta(minutes=2))
    assert due_at(MINUTES, asked, OPEN) == NOON + timedelta(minutes=3)
    assert due_at(MINUTES, asked, back) == back.connected
    assert due_at(HOURS, covered(HOURS, timedelta(minutes=2)), back) == NOON + timedelta(minutes=58)


@pytest.mark.parametrize(
    ("series", "missing", "span"),
    [
        (MINUTES, timedelta(minutes=5, seconds=20), "480 S"),
        (MINUTES, timedelta(minutes=59), "3660 S"),
        (MINUTES, timedelta(hours=19), "2 D"),  # over night
        (MINUTES, timedelta(days=3, hours=1), "5 D"),
        (MINUTES, timedelta(days=90), "10 D"),
        (HOURS, timedelta(hours=1), "2 D"),
        (HOURS, timedelta(days=40), "42 D"),
        (DAYS, timedelta(days=1, hours=17), "3 D"),
        (DAYS, timedelta(days=400), "2 Y"),
        (DAYS, timedelta(days=-3), "2 D"),  # a clock that was set back
    ],
)
def test_only_what_is_missing_is_asked_for(series: Series, missing: timedelta, span: str) -> None:
    assert duration(series, covered(series, timedelta(minutes=5), missing), OPEN) == span


@given(st.sampled_from(SERIES), st.floats(0, 9.9), st.booleans())
def test_the_span_reaches_back_to_the_last_bar_known(series: Series, days: float, is_open: bool) -> None:
    at = replace(OPEN, is_open=is_open)
    number, unit = duration(series, covered(series, timedelta(), timedelta(days=days)), at).split()
    assert timedelta(**{{"S": "seconds", "D": "days"}[unit]: int(number)}) > timedelta(days=days)


def test_a_refusal_is_left_alone_for_long() -> None:
    refused = replace(covered(VOLATILITY, timedelta(hours=1)), problem="No market data permissions (162)")
    assert due_at(VOLATILITY, refused, OPEN) == refused.asked_at + REFUSED_FOR
    assert due_at(VOLATILITY, replace(refused, asked_at=OPEN.settled - timedelta(1)), OPEN) < NOON


@pytest.mark.parametrize(
    "problem",
    [
        "No data during competing live session (10197)",
        "Historical Market Data Service error message:HMDS server disconnect occurred.  Attempting reconnection... (162)",
        "Historical Market Data Service error message:HMDS connectivity is lost. (162)",
        "Historical Market Data Service error message:API historical data query cancelled: 12 (162)",
        "No historical data query found for ticker id:12 (366)",
        "Not connected (504)",
    ],
)
def test_what_passes_is_asked_for_again_soon(problem: str) -> None:
    known = replace(covered(VOLATILITY, timedelta(hours=1)), problem=problem)
    assert due_at(VOLATILITY, known, OPEN) == known.asked_at + PASSING_FOR


def test_a_rescaled_series_is_asked_for_at_once_and_as_far_back_as_it_is_stored() -> None:
    old = covered(DAYS, timedelta(minutes=1))
    rescaled = replace(old, first_ts=NOON - timedelta(days=3 * 365), last_ts=None)
    assert next_due([7], coverage(rescaled), replace(OPEN, later={})) is not None
    assert due_at(DAYS, rescaled, OPEN) == rescaled.asked_at
    assert duration(DAYS, rescaled, OPEN) == "4 Y"
    assert duration(MINUTES, replace(rescaled, resolution="1m"), OPEN) == "10 D"
    assert duration(HOURS, replace(rescaled, first_ts=NOON - timedelta(days=9)), OPEN) == "30 D"


def test_what_was_not_answered_waits_and_the_others_don_t() -> None:
    later = {key_of(7, DAYS): NOON + timedelta(minutes=1)}
    assert next_due([7], {}, replace(OPEN, later=later)) == (7, MINUTES)
    assert next_due([7], {}, replace(OPEN, later={key_of(7, DAYS): NOON})) == (7, DAYS)


def test_a_clock_that_was_set_back_stops_nothing() -> None:
    future = replace(covered(MINUTES, timedelta()), asked_at=NOON + timedelta(days=2))
    assert due_at(MINUTES, future, OPEN) == NOON


@given(st.integers(1, 40), st.integers(1, 20))
def test_no_series_starves(contracts: int, per_turn: int) -> None:
    """However few requests the pace allows, each series has its turn."""
    at, known, asked = OPEN, {}, set()
    for _ in range(4 * contracts):
        for _ in range(per_turn):
            if due := next_due(range(contracts), known, at):
                con_id, series = due
                asked.add(key_of(con_id, series))
                known[key_of(con_id, series)] = replace(covered(series, timedelta(), at=at), con_id=con_id)
        at = replace(at, now=at.now + timedelta(minutes=5))
    assert len(asked) == 4 * contracts
