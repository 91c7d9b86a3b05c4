"""A book before its expiry: today is at the marks, the last day is the closed form's."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.pricing import expiry
from data.pricing.curve import Held, curves
from data.pricing.options import Market, Option, value

DAY = date(2026, 1, 5)
NEAR, FAR = DAY + timedelta(days=30), DAY + timedelta(days=90)
MARKET = Market(DAY, 100.0, 0.04, ((DAY + timedelta(days=12), 0.8),))


def _short(right, strike, mark, expires=NEAR, is_american=True, forward=None):
    leg = expiry.Leg(Decimal(-2), Decimal(100), Decimal(-500), right, Decimal(strike))
    return Held(leg, Option(right, float(strike), expires, is_american), mark, forward)


SHARES = Held(expiry.Leg(Decimal(200), Decimal(1), Decimal(19_000)))
BOOK = [SHARES, _short("C", 105, 1.35), _short("P", 95, 1.62), _short("C", 100, 3.1, NEAR, False, 100.4)]


def test_today_is_at_the_marks_and_the_last_day_is_the_closed_form():
    found = curves(BOOK, MARKET, [DAY, NEAR], [80.0, 100.0, 130.0])
    at_marks = 200 * 100 - 19_000 + sum(500 - 200 * held.mark for held in BOOK[1:])
    assert found.profits[0][1] == pytest.approx(at_marks, abs=0.005)
    legs = [held.leg for held in BOOK]
    assert found.profits[1] == pytest.approx([float(expiry.profit(legs, Decimal(spot))) for spot in (80, 100, 130)])


LEG = st.tuples(
    st.sampled_from("CP"), st.integers(85, 115), st.integers(2, 200), st.floats(0.15, 0.8), st.integers(-9, 9).filter(bool),
    st.booleans(),
)  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(st.lists(LEG, min_size=1, max_size=4), st.floats(50, 150), st.booleans())
def test_today_meets_the_marks_whatever_is_held(legs, cost, has_shares):
    book = [SHARES] if has_shares else []
    for right, strike, days, volatility, quantity, is_american in legs:
        option = Option(right, float(strike), DAY + timedelta(days=days), is_american)
        mark = round(value(option, MARKET, volatility), 2)
        paid = Decimal(str(round(cost * quantity, 2)))
        book.append(Held(expiry.Leg(Decimal(quantity), Decimal(100), paid, right, Decimal(strike)), option, mark))
    found = curves(book, MARKET, [DAY], [70.0, 100.0, 140.0])
    lost = [i.reason for i in found.implied if i is not None and i.volatility is None]
    if lost:
        assert found.profits[0][1] is None
        assert all(lost)
        return
    marks = [100.0 if held.option is None else float(held.mark) for held in book]
    worth = [float(h.leg.quantity * h.leg.multiplier) * m - float(h.leg.cost) for h, m in zip(book, marks, strict=True)]
    assert found.profits[0][1] == pytest.approx(sum(worth), abs=0.005)


def test_a_leg_without_volatility_says_why_and_counts_at_its_expiry_only():
    found = curves([_short("P", 120, 19.0)], MARKET, [DAY, NEAR], [100.0])
    assert found.implied[0] is not None
    assert "intrinsic" in str(found.implied[0].reason)
    assert found.profits == [[None], [500.0 - 200 * 20]]


def test_at_the_nearest_expiry_a_later_leg_keeps_time_value():
    found = curves([_short("C", 100, 2.0), _short("C", 100, 4.0, FAR)], MARKET, [NEAR], [100.0])
    assert found.profits[0][0] is not None
    assert 0 < found.profits[0][0] < 1000 - 200
    with pytest.raises(ValueError, match="nearest"):
        curves([_short("C", 100, 2.0)], MARKET, [FAR], [100.0])
