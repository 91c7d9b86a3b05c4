"""Spans and steps: what a time frame means, and that an answer always fits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.resolution import (
    DAY,
    FRAMES,
    LEVEL_S,
    BadWindow,
    Span,
    Step,
    TradingDays,
    Window,
    choose,
    coarser,
    frame_span,
    parse_bound,
    span_of,
    warm_up_days,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WHOLE: dict[Any, datetime] = {"1m": EPOCH, "1h": EPOCH, "1d": EPOCH}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def calendar() -> TradingDays:
    """Weekdays of four years, 14:30 to 21:00, without Christmas."""
    days = [date(2023, 1, 1) + timedelta(days=n) for n in range(4 * 365 + 1)]
    return TradingDays(
        [
            (d, datetime(d.year, d.month, d.day, 14, 30, tzinfo=UTC), datetime(d.year, d.month, d.day, 21, tzinfo=UTC))
            for d in days
            if d.weekday() < 5 and (d.month, d.day) != (12, 25)
        ]
    )


DAYS = calendar()
instants = st.integers(0, 1000 * DAY).map(lambda seconds: datetime(2024, 2, 1, tzinfo=UTC) + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("frame", "since"),
    [
        ("1D", "2025-03-11 21:00"),
        ("1W", "2025-03-05 21:00"),
        ("1M", "2025-02-11 21:00"),
        ("3M", "2024-12-11 21:00"),
        ("YTD", "2024-12-31 21:00"),
        ("1Y", "2024-03-11 21:00"),
        ("All", "2024-02-09 21:00"),  # the oldest is of a Saturday: Monday's trading day
    ],
)
def test_what_a_time_frame_means(frame: Any, since: str) -> None:
    span = frame_span(frame, utc("2025-03-12 15:00"), utc("2024-02-10 12:00"), DAYS)
    assert span == Span(utc(since), utc("2025-03-12 21:00"))


def test_before_the_session_opens_a_day_shows_the_day_before_too() -> None:
    assert frame_span("1D", utc("2025-03-15 12:00"), EPOCH, DAYS) == Span(
        utc("2025-03-13 21:00"), utc("2025-03-17 21:00")
    )


@given(instants, st.sampled_from(FRAMES))
def test_a_frame_is_whole_trading_days_and_holds_the_newest(newest: datetime, frame: Any) -> None:
    span = frame_span(frame, newest, utc("2023-01-10 15:00"), DAYS)
    assert span.since <= newest < span.until
    assert DAYS.begin(DAYS.date_of(span.since)) == span.since
    assert DAYS.end(DAYS.date_of(newest)) == span.until


@given(instants)
def test_a_day_begins_where_the_one_before_ends(at: datetime) -> None:
    day = DAYS.date_of(at)
    assert DAYS.begin(day) <= at < DAYS.end(day)
    assert DAYS.end(DAYS.back(day, 1)) == DAYS.begin(day)
    assert DAYS.ordinal(day) == DAYS.ordinal(DAYS.back(day, 1)) + 1


def test_beyond_the_calendar_days_are_the_exchanges() -> None:
    nothing = TradingDays([])
    assert nothing.date_of(utc("2025-03-12 02:00")) == date(2025, 3, 11)
    span = frame_span("1W", utc("2025-03-12 15:00"), EPOCH, nothing)
    assert span == Span(utc("2025-03-08 00:00"), utc("2025-03-13 00:00"))
    assert nothing.open_spans(span.since, span.until).total() == 0


@given(instants, st.timedeltas(timedelta(minutes=1), timedelta(days=1300)), st.integers(10, 5000))
def test_an_automatic_step_fits_and_the_next_finer_does_not(since: datetime, length: timedelta, points: int) -> None:
    span = Span(since, since + length)
    step = choose("auto", span, points, DAYS, WHOLE)
    sessions = DAYS.open_spans(span.since, span.until)
    if step.seconds < DAY:
        assert sum(n * -(-s // step.seconds) for s, n in sessions.items()) <= points
    else:
        assert -(-sessions.total() // step.days) <= points
    assert LEVEL_S[step.level] <= step.seconds
    assert step.seconds % LEVEL_S[step.level] == 0


@given(
    instants,
    st.timedeltas(timedelta(minutes=1), timedelta(days=1300)),
    st.integers(10, 5000),
    st.sampled_from(["1m", "1h", "1d"]),
)
def test_an_explicit_level_is_kept(since: datetime, length: timedelta, points: int, level: Any) -> None:
    step = choose(level, Span(since, since + length), points, DAYS, WHOLE)
    assert step.level == level
    assert step.seconds >= LEVEL_S[step.level]


@given(
    st.sampled_from([Step("1m", 60), Step("1m", 1800), Step("1h", 7200), Step("1d", DAY), Step("1d", 252 * DAY)]),
    st.integers(11, 10_000_000),
    st.integers(10, 5000),
    st.booleans(),
)
def test_a_coarser_step_ends_the_asking(step: Step, count: int, points: int, auto: bool) -> None:
    """Always wider, and wide enough for buckets that lie side by side."""
    if count <= points:
        return
    wider = coarser(step, count, points, "auto" if auto else step.level)
    assert wider.seconds > step.seconds
    assert wider.seconds * points >= step.seconds * count
    assert auto or wider.level == step.level


def test_steps_of_the_frames() -> None:
    newest, oldest = utc("2026-06-10 15:00"), utc("2023-02-01 15:00")
    found = {f: choose("auto", frame_span(f, newest, oldest, DAYS), 750, DAYS, WHOLE) for f in FRAMES}
    assert found["1D"] == Step("1m", 60)
    assert found["1W"] == Step("1m", 300)
    assert [found[f].level for f in ("3M", "1Y", "All")] == ["1h", "1h", "1d"]


def test_a_level_that_was_dropped_is_not_read() -> None:
    span = Span(utc("2025-03-05 21:00"), utc("2025-03-12 21:00"))
    assert choose("auto", span, 750, DAYS, WHOLE | {"1m": utc("2025-03-10 00:00")}).level == "1h"
    assert choose("auto", span, 750, DAYS, {"1d": EPOCH}).level == "1d"
    # An explicit one answers with what there is, as finely as that allows.
    assert choose("1m", span, 500, DAYS, WHOLE | {"1m": utc("2025-03-12 00:00")}) == Step("1m", 60)
    # So does one of which nothing is stored yet.
    assert choose("1m", span, 5000, DAYS, {"1d": EPOCH}) == choose("1m", span, 5000, DAYS, WHOLE) == Step("1m", 60)


@pytest.mark.parametrize("text", ["", "x", "2025-13-01", "2025-02-30", "20250101", "2025-01-01T10:00:00", "2025-01-01T25:00Z", "99999-01-01", "0001-01-01T00:00:00+23:59"])  # fmt: skip
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(BadWindow, match="trading days like"):
        parse_bound(text)


def test_bounds_are_days_or_instants() -> None:
    assert parse_bound("2025-01-06") == date(2025, 1, 6)
    assert parse_bound("2025-01-06T15:30:00+01:00") == utc("2025-01-06 14:30")
    assert parse_bound("2025-01-06T15:30:00Z") == utc("2025-01-06 15:30")


@pytest.mark.parametrize("window", [{"points": 9}, {"points": 5001}, {"resolution": "5m"}, {"frame": "2D"}])
def test_a_window_refuses_what_it_cannot_mean(window: dict[str, Any]) -> None:
    with pytest.raises(BadWindow):
        Window(**window)


def test_spans_of_windows() -> None:
    newest, oldest = utc("2025-03-12 15:00"), utc("2025-01-06 15:00")

    def span(**sides: Any) -> Span:
        return span_of(Window(**sides), newest, oldest, DAYS, "1D")

    assert span() == span(since=date(2025, 3, 12)) == Span(utc("2025-03-11 21:00"), utc("2025-03-12 21:00"))
    assert span(since=date(2025, 3, 8), until=date(2025, 3, 10)) == Span(
        utc("2025-03-07 21:00"), utc("2025-03-10 21:00")
    )
    assert span(until=date(2025, 3, 7)) == Span(utc("2025-01-03 21:00"), utc("2025-03-07 21:00"))
    assert span(since=utc("2025-03-10 15:00"), until=utc("2025-03-10 16:00")).until == utc("2025-03-10 16:00")
    weekend = span(since=date(2025, 3, 8), until=date(2025, 3, 9))
    assert weekend.since == weekend.until
    future = span(since=date(2026, 3, 9))
    assert future.since == future.until
    for since, until in ((date(2025, 3, 9), date(2025, 3, 8)), (newest, newest), (newest, oldest)):
        with pytest.raises(BadWindow, match="to must be after from"):
            span(since=since, until=until)


@pytest.mark.parametrize("step", [Step("1m", 60), Step("1m", 1800), Step("1h", 7200)])
def test_the_warm_up_reaches_far_enough(step: Step) -> None:
    day = date(2026, 6, 10)
    before = Span(DAYS.begin(DAYS.back(day, warm_up_days(step, 600))), DAYS.begin(day))
    buckets = sum(n * (length // step.seconds) for length, n in DAYS.open_spans(before.since, before.until).items())
    assert buckets >= 600
    assert warm_up_days(Step("1d", 5 * DAY), 600) == 3000
