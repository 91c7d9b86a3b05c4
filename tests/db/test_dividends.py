"""What the broker's ticker announced stays known once it is past, and is said by name where it isn't all."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from data.cycle_benchmarks import _not_all
from data.db import make_engine
from data.model import DividendOutlook, Role
from data.reads import Reads
from tests.web import samples
from tests.web.samples import ACCOUNT

SINCE, UNTIL = date(2026, 1, 2), date(2026, 12, 31)


def test_what_was_announced_is_known_once_it_is_past(database_url: str) -> None:
    def told(day: date, ex_date: date | None, amount: float | None) -> DividendOutlook:
        at = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
        return DividendOutlook("KO", "USD", at, past_12_months=2.0, next_date=ex_date, next_amount=amount)

    engine = make_engine(database_url, Role.WEB, "test")
    with samples.writer(database_url) as write:
        write.account()
        for day, ex_date, amount in (
            (date(2026, 2, 1), date(2026, 3, 12), 0.50),
            (date(2026, 2, 20), date(2026, 3, 13), 0.51),  # another day, and another amount
            (date(2026, 3, 13), date(2026, 6, 12), 0.51),
            (date(2026, 3, 14), None, None),
            (date(2026, 4, 1), date(2026, 6, 12), None),  # how much isn't known any more: what was said stays
        ):
            write.flush(dividends=(told(day, ex_date, amount),))
        reads = Reads(engine, database_url)
        assert reads.dividends(ACCOUNT, "KO", "USD", SINCE, UNTIL) == (
            {date(2026, 3, 13): 0.51, date(2026, 6, 12): 0.51}, False,
        )  # fmt: skip
        assert reads.dividends(ACCOUNT, "KO", "EUR", SINCE, UNTIL) == ({}, False)
    engine.dispose()


@pytest.mark.parametrize(
    ("paid", "words"),
    [
        ({}, "No dividend of KO from 2026-01-02 to 2026-12-31 is known, nor that there was none."),
        (
            {date(2026, 3, 13): 0.51},
            "Of the dividends of KO from 2026-01-02 to 2026-12-31 only 0.51 of 2026-03-13 is counted, a share; there may be others.",
        ),
        (
            {date(2026, 6, 12): 0.515, date(2026, 3, 13): 0.51, SINCE: 0.5},
            "Of the dividends of KO from 2026-01-02 to 2026-12-31 only 0.51 of 2026-03-13, 0.515 of 2026-06-12 are counted, a share; "
            "there may be others.",
        ),
    ],
)
def test_which_are_counted_is_said(paid: dict[date, float], words: str) -> None:
    assert _not_all("KO", SINCE, UNTIL, paid) == words
