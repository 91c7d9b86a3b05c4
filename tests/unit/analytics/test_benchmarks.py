"""The same money in the benchmark, worked out by hand."""

from __future__ import annotations

from datetime import date

import pytest

from data.analytics.benchmarks import same_flows

DAYS = [date(2026, 1, day) for day in (5, 6, 7, 8)]
CLOSES = dict(zip(DAYS, (100.0, 110.0, 100.0, 120.0), strict=True))


def test_contributions_buy_and_withdrawals_sell_at_the_days_close():
    found = same_flows(DAYS, {DAYS[0]: 1000.0, DAYS[1]: -550.0}, CLOSES, {})
    assert found.values == pytest.approx([1000.0, 550.0, 500.0, 600.0])
    assert found.pnl == pytest.approx(150.0)


def test_a_dividend_buys_more_for_those_who_held_before_its_ex_date():
    found = same_flows(DAYS, {DAYS[0]: 1000.0, DAYS[2]: 1000.0}, CLOSES, {DAYS[2]: 5.0, DAYS[0]: 9.0})
    assert found.values[2] == pytest.approx(10 * 105 + 1000)
    assert found.pnl == pytest.approx((10.5 + 10) * 120 - 2000)


def test_a_missing_close_is_named_and_nothing_after_it_is_known():
    found = same_flows(DAYS, {DAYS[0]: 1000.0}, {d: c for d, c in CLOSES.items() if d != DAYS[2]}, {})
    assert (found.values, found.pnl, found.missing) == ([1000.0, pytest.approx(1100.0), None, None], None, [DAYS[2]])


def test_money_on_a_day_that_is_not_asked_for_is_an_error():
    with pytest.raises(ValueError, match="2026-01-10"):
        same_flows(DAYS, {date(2026, 1, 10): 1.0}, CLOSES, {})
