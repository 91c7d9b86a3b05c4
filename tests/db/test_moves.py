"""What moves a position is noted in the transaction that writes it, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from data.db import connect
from data.model import Role
from tests.web import samples
from tests.web.samples import ACCOUNT


def noted(url: str) -> list[tuple[Any, ...]]:
    with connect(url, Role.WEB, "test", autocommit=True) as conn:
        return conn.execute(
            "SELECT con_id, quantity_before, quantity, avg_cost_before FROM position_moves WHERE account = %s ORDER BY ts, con_id",
            [ACCOUNT],
        ).fetchall()


def test_moves_are_noted_once(database_url: str) -> None:
    at = datetime.now(UTC) - timedelta(hours=1)
    put = samples.put(5, "KO", 60.0)
    with samples.writer(database_url) as write:
        write.account()
        assert noted(database_url) == []  # the first list moves nothing
        write.flush(positions=(samples.position(put, as_of=at, quantity=-1.0),))
        write.flush(
            positions=(samples.position(put, as_of=at + timedelta(seconds=1), quantity=-1.0, market_price=2.0),)
        )
        assert len(noted(database_url)) == 1  # a price is no move
        write.flush(positions=(samples.position(put, as_of=at + timedelta(seconds=2), quantity=-3.0),))
        write.flush(positions=(samples.position(put, as_of=at + timedelta(seconds=2), quantity=-3.0),))  # again
        write.flush(positions=(samples.position(put, as_of=at, quantity=-1.0),))  # an older flush, replayed
        write.flush(removed=(5,))
        write.flush(removed=(5,))
    moves = [row for row in noted(database_url) if row[0] == 5]
    assert moves == [(5, 0, -1, None), (5, -1, -3, 210.5), (5, -3, 0, 210.5)]
