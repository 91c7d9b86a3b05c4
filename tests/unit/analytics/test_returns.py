"""Profit and time-weighted return: money that comes or goes is none, and what isn't known stays unknown."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.analytics.returns import Bucket, Flow, performance

worths = st.floats(min_value=100, max_value=1e6)
growths = st.lists(st.floats(min_value=-0.2, max_value=0.2), min_size=1, max_size=30)


def ends(number: int) -> list[int]:
    return [60 * (index + 1) for index in range(number)]


@given(worths, st.lists(st.one_of(st.none(), st.floats(min_value=0, max_value=1e5)), max_size=10))
def test_a_deposit_alone_is_no_return(start: float, deposits: list[float | None]) -> None:
    closes, flows = [start], []
    for index, amount in enumerate(deposits, start=1):
        closes.append(closes[-1] + (amount or 0))
        if amount:
            flows.append(Flow(60 * index, amount))
    for bucket in performance(closes, ends(len(closes)), flows)[1:]:
        assert bucket.pnl == pytest.approx(0, abs=1e-6)
        assert bucket.return_pct == pytest.approx(0, abs=1e-6)


@given(worths, growths, st.floats(min_value=0.1, max_value=2))
def test_the_return_is_the_same_whatever_was_deposited(start: float, rates: list[float], share: float) -> None:
    """Each bucket begins with a deposit, then everything grows: the rates alone are linked."""
    closes, flows = [start], []
    expected = 1.0
    for index, rate in enumerate(rates, start=1):
        amount = closes[-1] * share
        flows.append(Flow(60 * index + 5, amount))
        closes.append((closes[-1] + amount) * (1 + rate))
        expected *= 1 + rate
    found = performance(closes, ends(len(closes)), flows)
    assert found[-1].return_pct == pytest.approx(100 * (expected - 1), abs=1e-6)


@given(worths, growths)
def test_a_withdrawal_counts_at_the_end_of_its_bucket(start: float, rates: list[float]) -> None:
    closes, flows = [start], []
    expected = 1.0
    for index, rate in enumerate(rates, start=1):
        grown = closes[-1] * (1 + rate)
        flows.append(Flow(60 * index + 30, -grown / 10))
        closes.append(grown * 0.9)
        expected *= 1 + rate
    assert performance(closes, ends(len(closes)), flows)[-1].return_pct == pytest.approx(100 * (expected - 1), abs=1e-6)


@given(st.lists(worths, min_size=2, max_size=30))
def test_without_flows_profits_add_up_and_the_return_is_the_whole(closes: list[float]) -> None:
    found = performance(closes, ends(len(closes)), [])
    assert sum(bucket.pnl or 0 for bucket in found) == pytest.approx(closes[-1] - closes[0], abs=1e-4)
    assert found[-1].return_pct == pytest.approx(100 * (closes[-1] / closes[0] - 1), rel=1e-9, abs=1e-9)
    for (before, after), bucket in zip(pairwise(closes), found[1:], strict=True):
        assert bucket.pnl == pytest.approx(after - before)


def test_the_base_makes_the_first_bucket_count() -> None:
    (only,) = performance([110.0], [60], [], base=100.0)
    assert (only.pnl, only.return_pct) == (10.0, pytest.approx(10.0))
    assert performance([110.0], [60], []) == [Bucket(None, 0.0)]


def test_a_hole_is_bridged_with_its_flows() -> None:
    found = performance([100.0, None, 160.0], ends(3), [Flow(70, 50.0)])
    assert found[1] == Bucket(None, None)
    assert found[2].pnl == pytest.approx(10)
    assert found[2].return_pct == pytest.approx(100 * (160 / 150 - 1))


def test_a_flow_of_unknown_amount_makes_what_follows_unknown() -> None:
    found = performance([100.0, 150.0, 160.0], ends(3), [Flow(70, None)])
    assert found == [Bucket(None, 0.0), Bucket(None, None), Bucket(10.0, None)]


def test_nothing_invested_has_no_return() -> None:
    found = performance([100.0, 0.0, 50.0, 60.0], ends(4), [Flow(130, 50.0)])
    assert [bucket.pnl for bucket in found] == [None, -100.0, 0.0, 10.0]
    assert found[1].return_pct == pytest.approx(-100)
    assert performance([-5.0, 10.0], ends(2), []) == [Bucket(None, None), Bucket(15.0, None)]


def test_a_flow_belongs_to_the_bucket_that_ends_after_it() -> None:
    at_the_end = performance([100.0, 100.0, 150.0], ends(3), [Flow(120, 50.0)])
    assert [bucket.pnl for bucket in at_the_end] == [None, 0.0, 0.0]
