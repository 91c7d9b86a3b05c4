from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.ibkr.market_hours import parse_hours
from data.model import MarketPhase

NEW_YORK = ZoneInfo("America/New_York")
TRADING = "20261124:0400-20261124:2000;20261125:0400-20261125:2000;20261126:CLOSED;20261127:0400-20261127:1700"
LIQUID = "20261124:0930-20261124:1600;20261125:0930-20261125:1600;20261126:CLOSED;20261127:0930-20261127:1300"
OLD_TRADING = "20261124:0400-2000;20261125:0400-2000;20261126:CLOSED;20261127:0400-1700"
OLD_LIQUID = "20261124:0930-1600;20261125:0930-1600;20261126:CLOSED;20261127:0930-1300"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize("texts", [(TRADING, LIQUID), (OLD_TRADING, OLD_LIQUID)])
@pytest.mark.parametrize("zone", ["EST", "US/Eastern", "EST5EDT", "America/New_York"])
def test_a_week_with_a_holiday(texts: tuple[str, str], zone: str):
    hours = parse_hours(*texts, zone)
    assert hours is not None
    assert hours.phase(at(24, 3)) == (MarketPhase.CLOSED, at(24, 4))
    assert hours.phase(at(24, 4)) == (MarketPhase.PRE, at(24, 9, 30))
    assert hours.phase(at(24, 9, 30)) == (MarketPhase.OPEN, at(24, 16))
    assert hours.phase(at(24, 16)) == (MarketPhase.POST, at(24, 20))
    assert hours.phase(at(24, 21)) == (MarketPhase.CLOSED, at(25, 4))
    assert hours.phase(at(26, 12)) == (MarketPhase.CLOSED, at(27, 4))  # Thanksgiving
    assert hours.phase(at(27, 13)) == (MarketPhase.POST, at(27, 17))  # an early close


def test_beyond_the_list_nothing_is_known():
    hours = parse_hours(TRADING, LIQUID, "EST")
    assert hours is not None
    assert hours.phase(at(28, 1)) == (None, None)
    assert hours.phase(at(23, 12)) == (None, None)
    assert hours.phase(at(27, 18)) == (MarketPhase.CLOSED, None)


def test_round_the_clock():
    text = ";".join(f"202611{d}:0000-202611{d + 1}:0000" for d in range(24, 28))
    hours = parse_hours(text, text, "EST")
    assert hours is not None
    assert hours.phase(at(25, 0)) == (MarketPhase.OPEN, None)


def test_an_evening_session_begins_the_day_before():
    hours = parse_hours(
        "20261123:1700-20261124:1600;20261124:1700-20261125:1600", "20261124:0830-20261124:1500", "US/Central"
    )
    chicago = ZoneInfo("America/Chicago")
    assert hours is not None
    evening = datetime(2026, 11, 23, 18, tzinfo=chicago)
    assert hours.phase(evening)[0] is MarketPhase.PRE
    assert hours.phase(evening + timedelta(days=1))[0] is MarketPhase.POST
    # In the old format the end has no date of its own.
    old = parse_hours("20261123:1700-1600", "20261123:1700-1600", "US/Central")
    assert old is not None
    assert old.phase(evening)[0] is MarketPhase.OPEN


def test_several_spans_a_day():
    hours = parse_hours("20261124:0900-1130,1230-1500", "20261124:0900-1130,1230-1500", "Japan")
    tokyo = ZoneInfo("Asia/Tokyo")
    assert hours is not None
    assert hours.phase(datetime(2026, 11, 24, 12, tzinfo=tokyo))[0] is MarketPhase.CLOSED
    assert hours.phase(datetime(2026, 11, 24, 13, tzinfo=tokyo))[0] is MarketPhase.OPEN


@pytest.mark.parametrize("text", ["", ";", "CLOSED", "20261124", "20261399:0930-1600", "20261124:9-16"])
def test_what_cannot_be_read(text: str):
    hours = parse_hours(text, text, "EST")
    assert hours is None or hours.phase(at(24, 12))[0] in (MarketPhase.CLOSED, None)
    assert parse_hours(TRADING, LIQUID, "Nowhere/Land") is None
    assert parse_hours(TRADING, LIQUID, "") is None


@given(st.text("0123456789:-;,CLOSED", max_size=60), st.text("0123456789:-;,", max_size=60))
def test_any_text_is_survived(trading: str, liquid: str):
    hours = parse_hours(trading, liquid, "UTC")
    if hours is not None:
        hours.phase(at(24, 12))


@given(st.integers(0, 5 * 24 * 60))
def test_the_next_change_is_one(minutes: int):
    hours = parse_hours(TRADING, LIQUID, "EST")
    assert hours is not None
    moment = at(24, 0) + timedelta(minutes=minutes)
    phase, following = hours.phase(moment)
    if following is not None:
        assert following > moment
        assert hours.phase(following - timedelta(seconds=1))[0] is phase
        assert hours.phase(following)[0] is not phase
