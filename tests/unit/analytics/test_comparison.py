"""The comparison's measures, against numbers worked out by hand."""

from __future__ import annotations

import math
from datetime import date, timedelta
from itertools import pairwise
from statistics import stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.analytics.comparison import Day, common_days, compare, correlation, drawdown

FIRST = date(2026, 1, 5)


def series(*totals: float | None, at_risk: float | None = 1_000.0) -> dict[date, Day]:
    return {FIRST + timedelta(days=n): Day(total, at_risk) for n, total in enumerate(totals)}


def test_a_curve_on_capital_at_risk() -> None:
    one = series(100.0, 110.0, 90.0, 130.0)
    found = compare(one, sorted(one))
    assert (found.base, found.pnl) == (1_000.0, 30.0)
    assert found.curve == pytest.approx([0.0, 1.0, -1.0, 3.0])
    assert found.return_pct == pytest.approx(3.0)
    assert found.max_drawdown_pct == pytest.approx(-2.0)
    spread = stdev([0.01, -0.02, 0.04])
    assert found.volatility_pct == pytest.approx(100 * spread * math.sqrt(252))
    assert found.sharpe == pytest.approx(0.01 / spread * math.sqrt(252))
    assert found.reason is None


def test_the_risk_free_rate_is_taken_off() -> None:
    one = series(0.0, 10.0, 0.0, 20.0)
    days = sorted(one)
    mean, spread = 20 / 3 / 1_000, stdev([0.01, -0.01, 0.02])
    found = compare(one, days, risk_free=0.05)
    assert found.sharpe == pytest.approx((mean - 0.05 / 252) / spread * math.sqrt(252))


def test_what_cannot_be_known_is_none_and_says_why() -> None:
    assert compare(series(1.0), [FIRST]).reason is not None
    idle = compare(series(1.0, 2.0, at_risk=0.0), sorted(series(1.0, 2.0)))
    assert (idle.base, idle.pnl, idle.return_pct) == (None, 1.0, None)
    assert idle.reason == "Nothing was at risk in this span, so that there is no base for a return."
    still = compare(series(5.0, 5.0, 5.0), sorted(series(5.0, 5.0, 5.0)))
    assert (still.return_pct, still.volatility_pct, still.sharpe) == (0.0, 0.0, None)
    assert still.reason is not None
    unknown = compare(series(1.0, 2.0, 4.0, at_risk=None), sorted(series(1.0, 2.0, 4.0)))
    assert unknown.return_pct is None
    assert compare(series(1.0, 2.0, 4.0, at_risk=None), sorted(series(1.0, 2.0, 4.0)), base=100.0).return_pct == 3.0


def test_days_are_those_that_all_have() -> None:
    one, other = series(1.0, None, 3.0, 4.0), series(9.0, 8.0, 7.0)
    assert common_days([one, other]) == [FIRST, FIRST + timedelta(days=2)]
    assert common_days([]) == []


def test_correlation() -> None:
    one = [0.01, -0.02, 0.03]
    assert correlation(one, [0.02, -0.04, 0.06]) == pytest.approx(1.0)
    assert correlation(one, [-0.01, 0.02, -0.03]) == pytest.approx(-1.0)
    assert correlation(one, [0.5, 0.5, 0.5]) is None
    assert correlation([0.1], [0.2]) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_a_drawdown_is_never_positive_and_0_only_where_nothing_falls(values: list[float]) -> None:
    found = drawdown(values)
    assert found <= 0
    assert (found == 0) == all(after >= max(values[: n + 1]) for n, (_, after) in enumerate(pairwise(values)))


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=2, max_size=30))
def test_a_correlation_lies_within_one_and_is_symmetric(pairs: list[tuple[float, float]]) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    found = correlation(one, other)
    assert found is None or -1 <= found <= 1
    assert found == correlation(other, one)
