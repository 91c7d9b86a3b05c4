"""Numbers as text: what they promise for every double there is."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layouts import format as text

MONEY = st.floats(min_value=-1e14, max_value=1e14, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0.00"), (-0.0, "0.00"), (-0.001, "0.00"), (1234.5, "1,234.50"), (-1234567.891, "−1,234,567.89"),
        (0.125, "0.13"), (-0.125, "−0.13"), (1.005, "1.00"),  # 1.005 is a little less than it says
        (None, "—"), (math.nan, "—"), (math.inf, "—"), (-math.inf, "—"), (1.797e308, "—"),
    ],
)  # fmt: skip
def test_two_decimals_grouped_and_unknown_as_a_dash(value: float | None, shown: str) -> None:
    assert text.number(value) == shown


@given(MONEY)
def test_what_is_shown_is_the_nearest_cent(value: float) -> None:
    shown = Decimal(text.number(value).replace(",", "").replace(text.MINUS, "-"))
    assert abs(shown - Decimal(value)) <= Decimal("0.005")


@given(MONEY)
def test_a_sign_stands_before_everything_but_zero_and_decides_the_colour(value: float) -> None:
    shown = text.signed(value)
    assert shown[0] in ("+", text.MINUS) if shown != "0.00" else True
    assert text.direction(value) == {"+": "up", text.MINUS: "down"}.get(shown[0], "flat")


@given(MONEY)
def test_the_opposite_number_reads_the_same_but_for_its_sign(value: float) -> None:
    assert text.number(value).lstrip(text.MINUS) == text.number(-value).lstrip(text.MINUS)


@pytest.mark.parametrize(
    ("value", "shown"), [(190.0, "190.00"), (1.23456, "1.2346"), (1.25, "1.25"), (0.005, "0.005"), (None, "—")]
)
def test_prices_have_two_to_four_decimals(value: float | None, shown: str) -> None:
    assert text.price(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(-2.0, "−2"), (100.0, "100"), (1000.5, "1,000.5"), (0.0, "0")])
def test_quantities_have_no_needless_zeros(value: float, shown: str) -> None:
    assert text.quantity(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (86400, "1 d"),
        (None, "—"),
    ],
)
def test_an_age_has_one_unit(seconds: float | None, shown: str) -> None:
    assert text.age(seconds).replace("\u00a0", " ") == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(40, "40 s"), (840, "14 min"), (8040, "2 h 14 min"), (7200, "2 h"), (266400, "3 d 2 h")]
)
def test_a_span_has_two_units(seconds: float, shown: str) -> None:
    assert text.span(seconds).replace("\u00a0", " ") == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [(0.425, "fraction", "42.5 %"), (61.25, "percent", "61.3 %"), (3.0, "count", "3"), (12.5, "money", "12.50"), (None, "money", "—")],
)  # fmt: skip
def test_a_card_shows_its_unit(value: float | None, unit: str, shown: str) -> None:
    assert text.card_value(value, unit).replace("\u00a0", " ") == shown


def test_a_change_that_is_not_there_takes_no_room() -> None:
    assert text.card_change(None, "percent") == ""
    assert text.card_change(1.25, "percent").replace("\u00a0", " ") == "+1.25 %"
