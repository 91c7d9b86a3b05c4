"""The cursor of keyset paging: exact both ways, and nothing else is taken for one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import cursor

times = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(times, st.integers(0, cursor.MAX_ID))
def test_there_and_back(ts: datetime, row_id: int) -> None:
    assert cursor.decode(cursor.encode(ts, row_id)) == (ts, row_id)


@given(st.text(max_size=40))
def test_any_other_text_is_refused(text: str) -> None:
    try:
        ts, row_id = cursor.decode(text)
    except cursor.BadCursor:
        return
    assert cursor.encode(ts, row_id) == text


@pytest.mark.parametrize("text", ["", "x", "MTc", "MTcuLTU", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OS4x", "\N{SNOWMAN}"])
def test_nonsense(text: str) -> None:
    with pytest.raises(cursor.BadCursor):
        cursor.decode(text)
