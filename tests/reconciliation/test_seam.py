"""Statements' net asset values before the first sample: on the chart, in returns, as the baseline of total P&L."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import psycopg
import pytest

from data.db import connect, make_engine
from data.model import Role
from data.reads import Reads
from data.resolution import Window
from tests.web import samples
from tests.web.samples import ACCOUNT

LIVE = """
INSERT INTO portfolio_snapshots (account, ts, as_of, session_date, currency, net_liquidation)
SELECT %s, t, t, session_date_of(t), 'USD', 1300
  FROM market_sessions m, generate_series(m.opens, m.closes - interval '1 second', interval '10 minutes') t
 WHERE m.session_date BETWEEN '2026-03-04' AND '2026-03-06'
"""
NAV = {
    "2026-02-27": 1000,
    "2026-03-01": 5,
    "2026-03-02": 1100,
    "2026-03-03": 1210,
    "2026-03-04": 9999,
}  # the 1st is a Sunday


@pytest.fixture
def reads(database_url: str) -> Iterator[Reads]:
    with samples.writer(database_url) as write:
        write.account()
    with psycopg.connect(database_url) as conn:
        conn.execute("TRUNCATE portfolio_snapshots, position_snapshots")
        conn.execute(LIVE, [ACCOUNT])
        conn.execute("UPDATE portfolio_latest SET as_of = '2026-03-06 20:59Z', net_liquidation = 1300")
        conn.execute(
            "UPDATE accounts SET baseline_net_liquidation = 1300, baseline_at = '2026-03-04 14:30Z' WHERE account = %s",
            [ACCOUNT],
        )
    with connect(database_url, Role.IMPORTER, "test") as conn:
        (number,) = conn.execute(
            "INSERT INTO statements (account, first_day, last_day, generated_at, content_hash, file_name, sections, result)"
            " VALUES (%s, '2026-02-27', '2026-03-04', now(), 'x', 'x.xml', '{}', '{}') RETURNING id", [ACCOUNT],
        ).fetchone() or (None,)  # fmt: skip
        for day, total in NAV.items():
            conn.execute(
                "INSERT INTO statement_nav (account, day, statement, currency, total, other) VALUES (%s, %s, %s, 'USD', %s, 0)",
                [ACCOUNT, day, number, total],
            )
        conn.execute(
            "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, base_amount, source)"
            " VALUES (%s, 'f', '2026-03-04 10:00Z', '2026-03-04', 'deposit', 90, 'USD', 90, 'statement')",
            [ACCOUNT],
        )
    engine = make_engine(database_url, Role.WEB, "test")
    yield Reads(engine, database_url)
    engine.dispose()


def test_the_curve_begins_with_the_statement_and_says_where_samples_begin(reads: Reads) -> None:
    found = reads.history.equity(ACCOUNT, Window(frame="All"))
    assert (found["resolution"], found["first"], found["seam"]) == (
        "1d", "2026-02-26T21:00:00.000Z", "2026-03-03T21:00:00.000Z",
    )  # fmt: skip
    closes = [(item["close"], item["pnl"]) for item in found["items"]]
    # A sample outranks the statement's value of its day, a Sunday is no trading day, the deposit across the seam is no profit.
    assert closes == [(1000, None), (1100, 100), (1210, 110), (1300, 0), (1300, 0), (1300, 0)]
    assert found["items"][-1]["return_pct"] == pytest.approx(21.0)


def test_finer_levels_begin_with_the_samples(reads: Reads) -> None:
    found = reads.history.equity(ACCOUNT, Window(since=date(2026, 3, 4), until=date(2026, 3, 4)))
    assert found["resolution"] != "1d"
    assert {item["close"] for item in found["items"]} == {1300}
    after = reads.history.equity(ACCOUNT, Window(since=date(2026, 3, 4), until=date(2026, 3, 6), resolution="1d"))
    assert after["items"][0]["pnl"] == 0  # from the statement's last value, without the deposit


def test_total_pnl_counts_from_the_earliest_net_asset_value(reads: Reads, database_url: str) -> None:
    with connect(database_url, Role.IMPORTER, "test") as conn:  # booked after the close: that day's value has it
        conn.execute(
            "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, base_amount, source)"
            " VALUES (%s, 'g', '2026-02-28 01:20Z', '2026-02-27', 'deposit', 500, 'USD', 500, 'statement')",
            [ACCOUNT],
        )
    view = reads.portfolio(ACCOUNT)
    assert (view["total_pnl"], view["total_pnl_since"]) == (1300 - 1000 - 90, "2026-02-27T21:00:00.000Z")
