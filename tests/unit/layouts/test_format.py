"""Numbers as text: rounding, signs, unknown, the edges of every unit. That the browser agrees is tested in tests/e2e."""

from __future__ import annotations

import pytest

from layouts import format as text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"), (float("nan"), "—"), (float("inf"), "—"), (1.797e308, "—"), (1e15, "—"), (0.0, "0.00"), (-0.0, "0.00"),
        (-0.004, "0.00"), (-0.006, "−0.01"), (0.125, "0.13"), (-0.125, "−0.13"), (1.005, "1.00"), (1234567.891, "1,234,567.89"),
        (-999.999, "−1,000.00"),
    ],
)  # fmt: skip
def test_number(value: float | None, shown: str) -> None:
    assert text.number(value) == shown


def test_a_plus_only_where_something_is_gained() -> None:
    assert [text.signed(v) for v in (1.0, -1.0, 0.0, 0.001, None)] == ["+1.00", "−1.00", "0.00", "0.00", "—"]


def test_percent_and_fraction() -> None:
    assert text.percent(1.25) == "1.25\u00a0%"
    assert text.percent(-1.25, plus=True) == "−1.25\u00a0%"
    assert text.fraction(0.42) == "42.0\u00a0%"
    assert text.fraction(None) == "—"


def test_prices_and_quantities_carry_no_needless_zeros() -> None:
    assert [text.price(v) for v in (1.5, 1.035, 0.0125, 100.0)] == ["1.50", "1.035", "0.0125", "100.00"]
    assert [text.quantity(v) for v in (100.0, -1.0, 0.5, 0.0)] == ["100", "−1", "0.5", "0"]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "—"), (-3.0, "0 s"), (0.9, "0 s"), (59.9, "59 s"), (60.0, "1 min"), (3599.0, "59 min"), (3600.0, "1 h"), (86400.0, "1 d")],
)  # fmt: skip
def test_age(seconds: float | None, shown: str) -> None:
    assert text.age(seconds).replace("\u00a0", " ") == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(40.0, "40 s"), (840.0, "14 min"), (3600.0, "1 h"), (8040.0, "2 h 14 min"), (86400.0, "1 d"), (266400.0, "3 d 2 h"), (None, "—")],
)  # fmt: skip
def test_span(seconds: float | None, shown: str) -> None:
    assert text.span(seconds).replace("\u00a0", " ") == shown


def test_a_change_is_empty_where_there_is_none() -> None:
    assert text.card_change(None, "percent") == ""
    assert text.card_change(0.5, "percent") == "+0.50\u00a0%"
    assert text.card_change(-3.0, None) == "−3.00"


def test_colour_follows_what_is_written() -> None:
    assert [text.direction(v) for v in (1.0, -1.0, 0.001, -0.001, None)] == ["up", "down", "flat", "flat", "flat"]
