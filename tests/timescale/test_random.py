"""Random samples, written in any order and rolled up in between, are the same on both flavours and right."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.model import Source
from tests.timescale import expected
from tests.timescale.conftest import Make
from tests.timescale.sample import Row, utc
from tests.timescale.sides import Side
from tests.timescale.test_parity import LEVELS

pytestmark = pytest.mark.xdist_group("timescale")

STARTS = [utc("2025-11-02 05:00"), utc("2025-11-28 17:00"), utc("2026-03-09 19:30"), utc("2025-12-01 23:30")]
VALUES = st.none() | st.floats(-1e9, 1e9).map(lambda value: value + 0.0)  # no negative zero, which equals the other
MOMENTS = st.integers(0, 60).map(lambda minute: minute * 60_000) | st.integers(
    0, 7_200_000
)  # milliseconds; often on a border
SAMPLES = st.lists(st.tuples(MOMENTS, VALUES, VALUES, VALUES), min_size=1, max_size=30, unique_by=lambda s: s[0])
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def pair(make: Make) -> list[Side]:
    return [make("plain18"), make("wasm")]


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(start=st.sampled_from(STARTS), samples=SAMPLES, cut=st.integers(0, 30))
def test_both_flavours_are_right(
    pair: list[Side], start: object, samples: list[tuple[int, float | None, float | None, float | None]], cut: int
) -> None:
    account = f"A{next(numbers)}"  # one that has no history yet
    rows = [
        Row(account, start + timedelta(milliseconds=ms), worth, daily, cash, worth)  # type: ignore[operator]
        for ms, worth, daily, cash in samples
    ]
    for side in pair:
        side.store.claim_source(Source.PAPER, account)
        for part in (rows[:cut], rows[cut:]):  # the second part comes late
            side.write(part, (account,))
            side.roll_up()
    for level in LEVELS:
        wanted = expected.buckets(rows, level, pair[0].store.sessions)
        found = [{k: b for k, b in expected.portfolio(side, level).items() if k[0] == account} for side in pair]
        assert found == [wanted, wanted], level
        earned = [{k: b for k, b in expected.strategy(side, level).items() if k[0] == account} for side in pair]
        assert earned == [wanted, wanted], level
        query = f"SELECT * FROM position_{level} WHERE account = %(account)s ORDER BY con_id, bucket, session_date"
        plain, timescale = (side.ask(query, {"account": account}) for side in pair)
        assert plain == timescale
