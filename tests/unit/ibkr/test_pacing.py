"""The pace of requests for bars: the broker's limits hold whatever is wanted when."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.ibkr.pacing import BACK_OFF_S, LONGEST_BACK_OFF_S, WINDOW_S, Pacer

# What IBKR documents, for all programs of one log-in together.
BROKER_WINDOW_S, BROKER_IDENTICAL_S, BROKER_SERIES_S, BROKER_SERIES = 600.0, 15.0, 2.0, 6

Wanted = tuple[float, int, int]  # seconds after the one before, which series, which request about it
WANTED = st.lists(
    st.tuples(st.sampled_from([0.0, 0.01, 0.5, 3.0, 40.0, 700.0]), st.integers(0, 3), st.integers(0, 2)), max_size=120
)


def served(pacer: Pacer, wanted: list[Wanted], now: float = 1000.0) -> list[tuple[float, int, tuple[int, int]]]:
    """When each request went out, one after the other, each at the first moment it may."""
    log = []
    for gap, series, number in wanted:
        now += gap
        request = (series, number)
        now += pacer.wait(now, series, request)
        assert pacer.wait(now, series, request) < 1e-6, "the moment that was promised"
        pacer.sent(now, series, request)
        log.append((now, series, request))
    return log


def assert_broker_s_limits(times: list[float], limit: int) -> None:
    for n, start in enumerate(times):
        within = [t for t in times[n:] if t < start + BROKER_WINDOW_S - 1e-6]
        assert len(within) <= limit


@given(st.integers(1, 25), WANTED)
def test_the_broker_s_limits_hold(limit: int, wanted: list[Wanted]) -> None:
    log = served(Pacer(limit), wanted)
    assert_broker_s_limits([at for at, _, _ in log], limit)
    for request in {request for _, _, request in log}:
        times = [at for at, _, x in log if x == request]
        assert all(later - earlier > BROKER_IDENTICAL_S for earlier, later in pairwise(times))
    for series in {series for _, series, _ in log}:
        times = [at for at, x, _ in log if x == series]
        for start in times:
            assert sum(start <= t < start + BROKER_SERIES_S - 1e-6 for t in times) < BROKER_SERIES / 2


@given(st.integers(1, 25), WANTED)
def test_no_wait_is_longer_than_the_window(limit: int, wanted: list[Wanted]) -> None:
    pacer, now = Pacer(limit), 0.0
    for gap, series, number in wanted:
        now += gap
        assert 0 <= pacer.wait(now, series, number) <= WINDOW_S
        now += pacer.wait(now, series, number)
        pacer.sent(now, series, number)


@given(st.integers(1, 25), st.lists(st.floats(0, 590), max_size=25), WANTED)
def test_an_earlier_run_s_requests_count(limit: int, ages: list[float], wanted: list[Wanted]) -> None:
    ages = ages[:limit]
    pacer = Pacer(limit)
    pacer.remember(1000.0 - age for age in ages)
    log = served(pacer, wanted)
    assert_broker_s_limits(sorted([*(1000.0 - age for age in ages), *(at for at, _, _ in log)]), limit)


def test_a_violation_makes_it_quiet_longer_each_time_until_bars_come() -> None:
    pacer, now, waits = Pacer(20), 0.0, []
    for _ in range(6):
        pacer.violated(now)
        waits.append(pacer.wait(now, 1, 1))
        assert pacer.wait(now, 2, 9) == waits[-1], "all are to wait, not the one alone"
        now += waits[-1]
    assert waits[:3] == [BACK_OFF_S, 2 * BACK_OFF_S, 4 * BACK_OFF_S]
    assert max(waits) == LONGEST_BACK_OFF_S
    pacer.answered()
    pacer.violated(now)
    assert pacer.wait(now, 1, 1) == BACK_OFF_S


def test_none_at_all() -> None:
    assert Pacer(0).wait(0.0, 1, 1) == math.inf


@pytest.mark.parametrize("limit", [1, 20])
def test_the_whole_budget_may_go_at_once(limit: int) -> None:
    pacer = Pacer(limit)
    for n in range(limit):
        assert pacer.wait(5.0, n, n) == 0
        pacer.sent(5.0, n, n)
    assert pacer.wait(5.0, "another", "another") == WINDOW_S
