from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.ibkr.zones import gateway_zone, moment, zone_of

HALF_PAST_TWO = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["20261123 09:30:00 US/Eastern", "20261123 09:30:00 EST", "20261123 15:30:00 MET", "20261123-14:30:00",
     "20261123 14:30:00 UTC", "1795444200", "20261123  09:30:00 America/New_York"],
)  # fmt: skip
def test_the_forms_of_a_time(text: str):
    assert moment(text) == HALF_PAST_TWO


def test_without_a_zone_it_is_the_gateways():
    new_york = zone_of("EST")
    assert new_york is not None
    assert moment("20261123  09:30:00", new_york) == HALF_PAST_TWO
    assert moment("20261123 09:30:00 Nowhere/Land", new_york) == HALF_PAST_TWO
    assert moment("20261123 14:30:00") == HALF_PAST_TWO


def test_the_gateways_zone_by_name_and_by_clock():
    assert moment("20260701 09:30:00", gateway_zone("20261123 09:30:00 EST", HALF_PAST_TWO)) == datetime(
        2026, 7, 1, 13, 30, tzinfo=UTC
    )
    for greeting in ("20261123 20:01:00 Unheard Of Time", "20261123 20:01:00"):
        zone = gateway_zone(greeting, HALF_PAST_TWO)
        assert datetime(2026, 11, 23, tzinfo=zone).utcoffset() == timedelta(hours=5, minutes=30)
    assert gateway_zone("nonsense", HALF_PAST_TWO) is UTC
    assert gateway_zone("20200101 00:00:00", HALF_PAST_TWO) is UTC


@given(st.text(max_size=40))
def test_any_text_is_survived(text: str):
    moment(text)
    zone_of(text)
    gateway_zone(text, HALF_PAST_TWO)
