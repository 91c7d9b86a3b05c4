"""What a cycle bound, day by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from data.book.bound import contributions, held
from data.book.sources import Fill, Terms

START = datetime(2026, 1, 5, 15, tzinfo=UTC)
SHARES = Terms(1, "KO", "KO", "STK", "USD")
PUT = Terms(2, "KO", "KO P60", "OPT", "USD", Decimal(100), Decimal(60), "P")
CALL = Terms(3, "KO", "KO C62", "OPT", "USD", Decimal(100), Decimal(62), "C")


def fill(number: int, days: int, terms: Terms, quantity: int, price: str, kind: str = "trade") -> Fill:
    at = START + timedelta(days=days)
    return Fill(f"{number:04}", terms, at, at.date(), Decimal(quantity), Decimal(price), kind)


def days(found):
    return {(day - START.date()).days: amount for day, amount in found.items()}


def test_partial_fills_assignment_and_the_call_away():
    fills = [
        fill(1, 0, PUT, -1, "1.50"),
        fill(2, 1, PUT, -1, "1.60"),
        fill(3, 5, PUT, 2, "0", "assignment"),
        fill(4, 5, SHARES, 200, "60", "assignment"),
        fill(5, 6, CALL, -2, "0.80"),
        fill(6, 9, CALL, 2, "0", "assignment"),
        fill(7, 9, SHARES, -200, "62", "assignment"),
    ]
    found = contributions(fills)
    assert found is not None
    assert days(found) == {0: 5850, 1: 5840, 5: 12_000 - 11_690, 9: -12_000}
    assert contributions(reversed(fills)) == found
    assert set(held(fills).values()) == {0}


def test_short_shares_bind_nothing_that_is_known():
    assert contributions([fill(1, 0, SHARES, -100, "60")]) is None


def test_what_comes_and_goes_within_a_day_is_not_moved():
    assert contributions([fill(1, 0, PUT, -1, "1.50"), fill(2, 0, PUT, 1, "1.00")]) == {}
