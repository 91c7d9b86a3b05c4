"""Spans on a level's grid: what is computed again covers what was late, and never what was dropped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.housekeeping.grid import LEVELS, PIECE, STEP, Span, ceil, clamp, covering, floor, merged, pieces

EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
instants = st.timedeltas(timedelta(0), timedelta(days=9000)).map(lambda passed: EPOCH + passed)
levels = st.sampled_from(LEVELS)
spans = st.tuples(instants, st.timedeltas(timedelta(microseconds=1), timedelta(days=900))).map(
    lambda pair: Span(pair[0], pair[0] + pair[1])
)


@given(instants, levels)
def test_floor_and_ceil_are_the_neighbours_on_the_grid(instant: datetime, level: str) -> None:
    down, up = floor(instant, level), ceil(instant, level)
    assert down <= instant <= up
    assert up - down in (timedelta(0), STEP[level])
    assert floor(down, level) == ceil(down, level) == down


@given(instants, st.timedeltas(timedelta(0), timedelta(days=3)), levels)
def test_covering_holds_both_ends(first: datetime, length: timedelta, level: str) -> None:
    span = covering(first, first + length, level)
    assert span.since <= first
    assert first + length < span.until
    assert span == Span(floor(span.since, level), floor(span.until, level))


@given(spans, instants, instants, levels)
def test_clamp_never_reaches_what_is_dropped_or_not_rolled_up(
    span: Span, kept_from: datetime, upto: datetime, level: str
) -> None:
    left = clamp(span, kept_from, upto, level)
    if left is not None:
        assert max(span.since, kept_from) <= left.since < left.until <= min(span.until, upto)


def test_clamp_of_a_level_that_was_never_rolled_up_is_nothing() -> None:
    day = Span(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC))
    assert clamp(day, None, None, "1m") is None
    assert clamp(day, None, day.until, "1m") == day


def test_a_bucket_of_which_a_part_is_dropped_counts_as_dropped() -> None:
    day = Span(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC))
    left = clamp(day, datetime(2026, 1, 5, 10, 30, tzinfo=UTC), day.until, "1h")
    assert left == Span(datetime(2026, 1, 5, 11, tzinfo=UTC), day.until)


@given(st.lists(spans, max_size=12), st.timedeltas(timedelta(0), timedelta(hours=1)))
def test_merged_covers_the_same_and_leaves_gaps(found: list[Span], apart: timedelta) -> None:
    joined = merged(found, apart)
    assert all(any(j.since <= s.since and s.until <= j.until for j in joined) for s in found)
    assert all(b.since > a.until + apart for a, b in pairwise(joined))
    assert sum((j.until - j.since for j in joined), timedelta(0)) <= sum(
        (s.until - s.since + apart for s in found), timedelta(0)
    )


@given(spans, levels)
def test_pieces_make_up_the_span(span: Span, level: str) -> None:
    parts = list(pieces(span, level))
    assert parts[0].since == span.since
    assert parts[-1].until == span.until
    assert all(a.until == b.since for a, b in pairwise(parts))
    assert all(timedelta(0) < p.until - p.since <= PIECE[level] for p in parts)


@pytest.mark.parametrize("level", LEVELS)
def test_pieces_lie_on_the_grid(level: str) -> None:
    start = datetime(2020, 2, 28, tzinfo=UTC)
    assert all(floor(p.until, level) == p.until for p in pieces(Span(start, start + timedelta(days=9000)), level))
