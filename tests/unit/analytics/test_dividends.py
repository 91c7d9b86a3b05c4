"""Which dividends are known to come, and when those of the past are known to be all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from data.analytics.dividends import are_all, expected

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
TODAY = NOW.date()


def told(**values):
    return {"ex_date": None, "amount": None, "past_12_months": None, "next_12_months": None, "as_of": "2026-03-02T14:00:00.000Z"} | values  # fmt: skip


@pytest.mark.parametrize(
    ("outlook", "items", "reason"),
    [
        (None, 0, "not known"),
        (told(ex_date="2026-03-13", amount=0.5), 1, "after that of 2026-03-13"),
        (told(ex_date="2026-04-17", amount=0.5), 1, None),
        (told(ex_date="2026-05-13", amount=0.5), 0, None),
        (told(ex_date="2026-03-13"), 0, "amount"),
        (told(ex_date="2026-03-02", amount=0.5), 0, "not known yet"),
        (told(), 0, "names no next"),
        (told(next_12_months=0.0), 0, None),
        (told(ex_date="2026-03-13", amount=0.5, as_of="2026-02-02T14:00:00.000Z"), 0, "too old"),
    ],
)
def test_what_is_expected_until_an_expiry(outlook, items, reason):
    found = expected("KO", outlook, NOW, TODAY, date(2026, 4, 17))
    assert len(found.items) == items
    assert (found.reason is None) == (reason is None)
    assert reason is None or reason in found.reason


def test_those_of_the_past_are_all_where_they_add_up_to_the_years_sum():
    paid = {date(2025, 3, 1): 0.5, date(2025, 6, 13): 0.51, date(2025, 12, 1): 0.51}
    since, until = date(2025, 5, 1), date(2026, 2, 27)
    assert are_all(paid, told(past_12_months=1.02), since, until)
    assert not are_all(paid, told(past_12_months=1.53), since, until)
    assert not are_all(paid, told(past_12_months=1.02), TODAY - timedelta(days=366), until)
    assert not are_all(paid, told(), since, until)
    assert are_all({}, told(past_12_months=0.0), since, until)
    assert not are_all({}, None, since, until)
