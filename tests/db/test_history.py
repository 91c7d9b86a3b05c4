"""History on real databases: right numbers, bounded answers, gaps explained."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, get_type_hints

import psycopg
import pytest

from dashboard.encode import dump
from data import views
from data.db import connect, make_engine
from data.history import UnknownInstrument
from data.model import Outage, Role
from data.reads import Reads, UnknownAccount
from data.resolution import FRAMES, INDICATOR_POINTS, Asked, Window
from tests.web import samples
from tests.web.samples import ACCOUNT

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
SEED = """
INSERT INTO portfolio_snapshots (account, ts, as_of, session_date, currency, net_liquidation)
SELECT %(account)s, t, t, session_date_of(t), 'USD', 1000 + extract(epoch FROM t - m.opens) / 60
  FROM market_sessions m, generate_series(m.opens, m.closes - interval '1 second', interval '30 seconds') t
 WHERE m.session_date BETWEEN %(first)s AND %(last)s
UNION ALL -- the nights: one sample a minute, in which nothing changes but once
SELECT %(account)s, t, t, session_date_of(t), 'USD', CASE WHEN t < m.closes + interval '3 hours' THEN 1389.5 ELSE 1400 END
  FROM market_sessions m, generate_series(m.closes, m.closes + interval '8 hours', interval '1 minute') t
 WHERE m.session_date BETWEEN %(first)s AND %(last)s
"""


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def reads(database_url: str) -> Iterator[Reads]:
    """An account with figures for a week of March; one contract with bars."""
    with samples.writer(database_url) as write:
        write.account()
    with psycopg.connect(database_url) as conn:
        conn.execute("TRUNCATE portfolio_snapshots, position_snapshots")
        conn.execute(SEED, {"account": ACCOUNT, "first": MONDAY, "last": date(2026, 3, 6)})
        conn.execute("UPDATE portfolio_latest SET as_of = '2026-03-06 20:59Z'")
    engine = make_engine(database_url, Role.WEB, "test")
    yield Reads(engine, database_url)
    engine.dispose()


def execute(url: str, statement: str, *values: Any) -> None:
    with psycopg.connect(url) as conn:
        conn.execute(statement, values or None)


def day(**more: Any) -> Window:
    return Window(since=TUESDAY, until=TUESDAY, **more)


def test_a_trading_day_by_the_minute(reads: Reads) -> None:
    view = reads.history.equity(ACCOUNT, day())
    assert list(view) == list(get_type_hints(views.HistoryView))
    assert (view["resolution"], view["step_s"], view["currency"]) == ("1m", 60, "USD")
    assert (view["since"], view["until"]) == ("2026-03-02T21:00:00.000Z", "2026-03-03T21:00:00.000Z")
    assert view["first"] == "2026-03-02T14:30:00.000Z"
    items = view["items"]
    assert [list(item) for item in items] == [list(get_type_hints(views.HistoryPoint))] * len(items)
    # The night keeps its first minute and the one in which something changed; the session keeps all.
    assert [item["close"] for item in items[:3]] == [1389.5, 1400.0, 1000.5]
    assert items[1]["time"] == int(utc("2026-03-03 00:00").timestamp())
    assert len(items) == 392
    second = items[3]
    assert (second["open"], second["high"], second["low"], second["close"]) == (1001.0, 1001.5, 1001.0, 1001.5)
    assert (items[0]["pnl"], items[1]["pnl"], items[3]["pnl"]) == (0.0, 10.5, 1.0)
    assert items[1]["return_pct"] == pytest.approx(100 * (1400 / 1389.5 - 1), abs=1e-4)


def test_a_span_begins_with_the_close_before_it(reads: Reads, database_url: str) -> None:
    """A day's profit counts from the evening before, at every level; and the money that came in between is no profit."""
    flow = (
        "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, base_amount, source) VALUES "
        f"('{ACCOUNT}', %s, %s, '2026-03-03', 'deposit', %s, 'USD', %s, 'demo')"
    )
    execute(
        database_url, "DELETE FROM portfolio_snapshots WHERE ts BETWEEN '2026-03-02 20:50Z' AND '2026-03-03 14:40Z'"
    )
    execute(database_url, flow, "between", "2026-03-03 01:00Z", 4, 4)
    execute(database_url, flow, "before", "2026-03-02 19:00Z", 100, 100)
    begins: tuple[tuple[Asked, datetime | date], ...] = (
        ("1m", utc("2026-03-03 08:00")),
        ("1h", TUESDAY),
        ("1d", TUESDAY),
    )
    first = {
        level: reads.history.equity(ACCOUNT, Window(since=since, until=TUESDAY, resolution=level))["items"][0]
        for level, since in begins
    }
    assert first["1m"]["pnl"] == 1010.5 - 1379.5 - 4
    assert first["1h"]["pnl"] == 1029.5 - 1379.5 - 4
    assert first["1d"]["pnl"] == 1389.5 - 1379.5 - 4
    assert first["1d"]["return_pct"] == pytest.approx(100 * (1389.5 / 1383.5 - 1), abs=1e-4)
    # What is longer ago than a trading day is not the beginning of this one; neither is there one before everything.
    execute(database_url, "DELETE FROM portfolio_snapshots WHERE session_date IN ('2026-03-03', '2026-03-04')")
    for since in (date(2026, 3, 5), MONDAY):
        assert reads.history.equity(ACCOUNT, Window(since=since, resolution="1h"))["items"][0]["pnl"] is None, since


def test_every_frame_and_level_keeps_its_promises(reads: Reads) -> None:
    windows = [Window(frame=frame, points=points) for frame in FRAMES for points in (10, 100, 750)]
    windows += [Window(resolution=level, frame="All", points=12) for level in ("1m", "1h", "1d")]
    for window in windows:
        view = reads.history.equity(ACCOUNT, window)
        assert 0 < len(view["items"]) <= (window.points or 0), window
        assert window.resolution in ("auto", view["resolution"])
        times = [item["time"] for item in view["items"]]
        assert all(a < b for a, b in pairwise(times)), window
        ends = [(item["high"], item["low"]) for item in view["items"]]
        assert max(high or 0 for high, _ in ends) == 1400, window
        assert min(low or 0 for _, low in ends) == 1000, window


def test_days_are_trading_days_and_blocks_of_them(reads: Reads) -> None:
    window = Window(since=MONDAY, until=date(2026, 3, 6), resolution="1d")
    days = reads.history.equity(ACCOUNT, window)["items"]
    assert [datetime.fromtimestamp(item["time"], UTC).date().day for item in days] == [2, 3, 4, 5, 6]
    assert all(datetime.fromtimestamp(item["time"], UTC).hour == 0 for item in days)
    assert [item["open"] for item in days] == [1000.0, 1389.5, 1389.5, 1389.5, 1389.5]


def test_blocks_don_t_move_with_the_span(reads: Reads) -> None:
    def blocks(first: date) -> dict[int, float | None]:
        found = reads._fetch("equity_history", account=ACCOUNT, live_from=None, **_two_days(reads, first))
        return {row["time"]: row["close"] for row in found}

    whole, later = blocks(date(2026, 3, 2)), blocks(date(2026, 3, 3))
    assert 2 <= len(later) <= len(whole) == 3
    assert list(whole.values())[-2:] == list(later.values())[-2:]


def _two_days(reads: Reads, first: date) -> dict[str, Any]:
    from data.history import _bounds
    from data.resolution import Span, Step

    days = reads.history.trading_days()
    return _bounds(Span(days.begin(first), days.end(date(2026, 3, 6))), Step("1d", 2 * 86_400), days)


def test_a_deposit_is_marked_and_is_no_return(reads: Reads, database_url: str) -> None:
    execute(
        database_url,
        "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, base_amount, source) VALUES "
        f"('{ACCOUNT}', 'a', '2026-03-03 00:00:10Z', '2026-03-03', 'deposit', 10.5, 'USD', 10.5, 'demo'),"
        f"('{ACCOUNT}', 'b', '2026-03-03 15:00Z', '2026-03-03', 'dividend', 3, 'USD', 3, 'demo')",
    )
    view = reads.history.equity(ACCOUNT, day())
    assert [(flow["kind"], flow["amount"]) for flow in view["flows"]] == [("deposit", 10.5)]
    assert (view["items"][1]["pnl"], view["items"][1]["return_pct"]) == (0.0, 0.0)
    days = reads.history.equity(ACCOUNT, Window(since=MONDAY, until=date(2026, 3, 4), resolution="1d"))["items"]
    assert days[1]["pnl"] == pytest.approx(1389.5 - 1389.5 - 10.5)
    execute(database_url, "UPDATE cash_flows SET base_amount = NULL")
    unknown = reads.history.equity(ACCOUNT, day())["items"]
    assert (unknown[1]["pnl"], unknown[-1]["return_pct"]) == (None, None)


def test_outages_that_leave_a_gap_are_told_with_their_reason(reads: Reads, database_url: str) -> None:
    with samples.writer(database_url) as write:
        at = utc("2026-03-03 15:00")
        write.flush(
            outages=(
                Outage(ACCOUNT, "gateway", at, at + timedelta(minutes=30), "restart"),
                Outage(ACCOUNT, "feed", at, at + timedelta(seconds=20), "a hiccup"),
                Outage(ACCOUNT, "poller", at + timedelta(days=9), None, "later"),
            )
        )
    assert [o["reason"] for o in reads.history.equity(ACCOUNT, day())["outages"]] == ["restart"]
    assert reads.history.equity(ACCOUNT, day(resolution="1h"))["outages"] == []
    assert [o["reason"] for o in reads.history.equity(ACCOUNT, Window(since=TUESDAY, until=utc("2026-03-20 00:00"), resolution="1d"))["outages"]] == ["later"]  # fmt: skip


def test_minutes_that_retention_dropped_are_answered_by_hours(reads: Reads, database_url: str) -> None:
    execute(database_url, "UPDATE rollup_levels SET kept_from = '2026-03-04Z' WHERE level IN ('raw', '1m')")
    assert reads.history.equity(ACCOUNT, day())["resolution"] == "1h"
    assert reads.history.equity(ACCOUNT, Window(since=date(2026, 3, 5), until=date(2026, 3, 5)))["resolution"] == "1m"


def test_a_month_is_as_fine_as_it_is_cheap(reads: Reads, database_url: str) -> None:
    """Of sessions alone a month's minutes are few; where the nights are stored too it is read from the hours."""
    execute(database_url, "DELETE FROM portfolio_snapshots")
    fill = (
        "INSERT INTO portfolio_snapshots (account, ts, as_of, session_date, currency, net_liquidation) "
        f"SELECT '{ACCOUNT}', t, t, session_date_of(t), 'USD', 1000 + extract(epoch FROM t) %% 977 FROM market_sessions m, "
        "generate_series({}, m.closes - interval '1 second', interval '5 minutes') t "
        "WHERE m.session_date BETWEEN '2026-02-06' AND '2026-03-06' ON CONFLICT DO NOTHING"
    )
    execute(database_url, fill.format("m.opens").replace("%%", "%"))
    month = reads.history.equity(ACCOUNT, Window(frame="1M"))
    assert (month["resolution"], month["step_s"], len(month["items"])) == ("1m", 900, 20 * 26)
    execute(database_url, fill.format("m.closes - interval '1 day'").replace("%%", "%"))
    month = reads.history.equity(ACCOUNT, Window(frame="1M"))
    assert (month["resolution"], month["step_s"]) == ("1h", 3600)


def test_a_row_from_the_future_moves_no_frame(reads: Reads, database_url: str) -> None:
    now = datetime.now(UTC)
    for ts in (now, now + timedelta(days=9)):
        execute(
            database_url,
            "INSERT INTO portfolio_snapshots (account, ts, as_of, session_date, currency, net_liquidation) "
            "VALUES (%s, %s, %s, session_date_of(%s), 'USD', 1)",
            ACCOUNT, ts, ts, ts,
        )  # fmt: skip
    since, until = reads.history.frame(ACCOUNT, "1D")
    assert since <= now <= until < now + timedelta(days=9)


def test_no_history_is_an_empty_answer(reads: Reads, database_url: str) -> None:
    execute(database_url, "TRUNCATE portfolio_snapshots")
    for frame in FRAMES:
        view = reads.history.equity(ACCOUNT, Window(frame=frame))
        assert (view["items"], view["first"], view["last"]) == ([], None, None)
    with pytest.raises(UnknownAccount):
        reads.history.equity("DU0")


def test_a_position_has_its_price_and_unrealised_pnl(reads: Reads, database_url: str) -> None:
    execute(
        database_url,
        "INSERT INTO position_snapshots (account, con_id, ts, as_of, session_date, currency, quantity, market_price, unrealized_pnl) "
        f"SELECT '{ACCOUNT}', 2, t, t, '2026-03-03', 'USD', -2, 2 + n, CASE WHEN n < 3 THEN 5 + n END "
        "FROM generate_series(0, 3) n, LATERAL (SELECT timestamptz '2026-03-03 15:00Z' + n * interval '1 minute' AS t) x",
    )
    view = reads.history.position(ACCOUNT, 2, day())
    assert list(view) == list(get_type_hints(views.PositionHistoryView))
    assert [(item["close"], item["pnl"]) for item in view["items"]] == [(2, 5), (3, 6), (4, 7), (5, None)]
    assert view["items"][-1]["return_pct"] == pytest.approx(150)
    assert reads.history.position(ACCOUNT, 1, day())["items"] == []
    with pytest.raises(UnknownInstrument, match="no contract 99"):
        reads.history.position(ACCOUNT, 99, day())


def bars(url: str, what: str, resolution: str, every: str, first: str, last: str) -> None:
    execute(
        url,
        "INSERT INTO price_bars (con_id, what, resolution, ts, session_date, open, high, low, close, volume) "
        "SELECT 1, %s, %s, t, m.session_date, 100 + n, 102 + n, 99 + n, 101 + n + n %% 3, 10 FROM market_sessions m, "
        "LATERAL (SELECT t, row_number() OVER (ORDER BY t) AS n FROM generate_series(CASE WHEN %s = '1d' "
        "THEN cast(m.session_date AS timestamp) AT TIME ZONE 'UTC' ELSE m.opens END, "
        "CASE WHEN %s = '1d' THEN cast(m.session_date AS timestamp) AT TIME ZONE 'UTC' ELSE m.closes - interval '1 second' END, cast(%s AS interval)) t) x "
        "WHERE m.session_date BETWEEN %s AND %s",
        what, resolution, resolution, resolution, every, first, last,
    )  # fmt: skip


def test_bars_come_from_a_level_that_has_the_span(reads: Reads, database_url: str) -> None:
    assert "has not been asked" in (reads.history.bars("SPY")["problem"] or "")
    bars(database_url, "trades", "1m", "1 minute", "2026-03-03", "2026-03-03")
    bars(database_url, "trades", "1d", "1 day", "2025-12-01", "2026-03-03")
    view = reads.history.bars(" spy ", day())
    assert list(view) == list(get_type_hints(views.BarsView))
    assert (view["resolution"], view["step_s"], len(view["items"]), view["problem"]) == ("1m", 60, 390, None)
    five = reads.history.bars("SPY", day(points=80))
    assert five["step_s"] == 300
    assert five["items"][0] == {
        "time": int(utc("2026-03-03 14:30").timestamp()), "open": 101, "high": 107, "low": 100, "close": 108, "volume": 50
    }  # fmt: skip
    assert (reads.history.bars("SPY")["resolution"], len(reads.history.bars("SPY")["items"])) == ("1d", 63)
    with pytest.raises(UnknownInstrument):
        reads.history.bars("NOPE")
    with pytest.raises(UnknownInstrument):
        reads.history.bars("a\x00b")


def test_minutes_with_a_hole_don_t_answer_for_the_time_before_it(reads: Reads, database_url: str) -> None:
    for first, last in (("2026-02-02", "2026-02-03"), ("2026-03-02", "2026-03-03")):
        bars(database_url, "trades", "1m", "1 minute", first, last)
    bars(database_url, "trades", "1d", "1 day", "2025-12-01", "2026-03-03")
    assert reads.history.bars("SPY", day())["resolution"] == "1m"
    month = Window(since=date(2026, 2, 27), until=TUESDAY, points=5000)
    assert reads.history.bars("SPY", month)["resolution"] == "1m", "as if the broker had none of the days between"
    execute(
        database_url,
        "INSERT INTO bar_coverage (con_id, what, resolution, first_ts, last_ts, asked_at) "
        "VALUES (1, 'trades', '1m', '2026-03-02 14:30Z', '2026-03-03 20:59Z', now())",
    )
    assert reads.history.bars("SPY", month)["resolution"] == "1d"
    assert reads.history.bars("SPY", day())["resolution"] == "1m"


def test_the_brokers_refusal_is_told(reads: Reads, database_url: str) -> None:
    execute(
        database_url,
        "INSERT INTO bar_coverage (con_id, what, resolution, asked_at, problem) "
        "SELECT 1, 'trades', r, now(), 'No market data permissions.' FROM unnest(ARRAY['1m', '1h', '1d']) r",
    )
    assert reads.history.bars("SPY")["problem"] == "No market data permissions."


def test_indicators_don_t_depend_on_where_the_span_begins(reads: Reads, database_url: str) -> None:
    bars(database_url, "trades", "1d", "1 day", "2022-06-01", "2026-03-03")
    bars(database_url, "implied_vol", "1d", "1 day", "2026-02-01", "2026-03-03")
    long = reads.history.indicators("SPY", Window(since=date(2025, 9, 1), resolution="1d"))
    short = reads.history.indicators("SPY", Window(since=date(2026, 2, 2), resolution="1d"))
    assert list(long) == list(get_type_hints(views.IndicatorsView))
    assert list(long["items"][0]) == list(get_type_hints(views.IndicatorPoint))
    assert len(short["items"]) == 21
    assert short["items"] == long["items"][-21:]
    assert all(value is not None for value in short["items"][0].values())


@pytest.mark.parametrize("level", ["1m", "1d"])
def test_a_bar_is_whole_wherever_the_span_begins(reads: Reads, database_url: str, level: Any) -> None:
    """The first bar of a span, and what indicators make of it, are those of the longer span."""
    bars(database_url, "trades", "1m", "1 minute", "2026-03-02", "2026-03-03")
    bars(database_url, "trades", "1d", "1 day", "2025-06-01", "2026-03-03")
    since, until = (utc("2026-03-03 15:02"), None) if level == "1m" else (date(2025, 11, 19), None)
    window = Window(since=since, until=until, resolution=level, points=80 if level == "1m" else 40)
    found = reads.history.bars("SPY", window)
    assert found["step_s"] == (300 if level == "1m" else 2 * 86_400)
    everything = reads.history._fetch(
        "price_bars", con_id=1, what="trades", resolution=level, since=utc("2025-06-01 00:00"),
        until=utc("2026-03-04 00:00"), first_day=date(2025, 6, 2), last_day=date(2026, 3, 3), step_s=found["step_s"],
        step_days=max(1, found["step_s"] // 86_400), skip_days=reads.history.trading_days().ordinal(date(2025, 6, 2)) % 2,
    )  # fmt: skip
    assert found["items"] == [dict(row) for row in everything][-len(found["items"]) :]
    shown = reads.history.indicators("SPY", window)["items"]
    assert [item["time"] for item in shown] == [item["time"] for item in found["items"]]


def test_bars_before_a_cut_step_are_its_own(reads: Reads, database_url: str) -> None:
    bars(database_url, "trades", "1m", "1 minute", "2026-03-02", "2026-03-03")
    short = reads.history.indicators("SPY", Window(since=utc("2026-03-03 15:02"), resolution="1m", points=80))
    long = reads.history.indicators("SPY", Window(since=utc("2026-03-03 14:35"), resolution="1m", points=80))
    assert short["step_s"] == long["step_s"] == 300
    assert short["items"] == long["items"][-len(short["items"]) :]


def test_an_hour_has_its_trading_days_implied_volatility(reads: Reads, database_url: str) -> None:
    bars(database_url, "trades", "1h", "1 hour", "2026-03-02", "2026-03-03")
    assert {item["implied_vol"] for item in reads.history.indicators("SPY", day())["items"]} == {None}
    bars(database_url, "implied_vol", "1d", "1 day", "2026-03-03", "2026-03-03")
    view = reads.history.indicators("SPY", Window(since=MONDAY, until=TUESDAY))
    assert [item["implied_vol"] for item in view["items"]] == [None] * 7 + [103.0] * 7


def test_an_answer_is_small(reads: Reads, database_url: str) -> None:
    execute(database_url, "UPDATE portfolio_snapshots SET net_liquidation = 1234567.8912345 + random() * 10000")
    view = reads.history.equity(ACCOUNT, Window(since=MONDAY, until=TUESDAY))
    size = len(dump(view["items"])) / len(view["items"])
    assert size * 750 < 100_000


@pytest.mark.parametrize("level", ["1m", "auto"])
def test_no_answer_is_too_large(reads: Reads, database_url: str, level: Any) -> None:
    """However many points are asked for, an answer has fewer rather than more than 100 kB."""
    execute(database_url, "UPDATE portfolio_snapshots SET net_liquidation = 123456789.8912345 + random() * 10000")
    bars(database_url, "trades", "1m", "1 minute", "2026-03-02", "2026-03-06")
    bars(database_url, "trades", "1d", "1 day", "2022-03-02", "2026-03-06")
    window = Window(frame="1W" if level == "1m" else "All", resolution=level, points=5000)
    for view in (reads.history.equity(ACCOUNT, window), reads.history.bars("SPY", window), reads.history.indicators("SPY", window)):  # fmt: skip
        assert len(dump(view)) <= 100_000
        assert len(view["items"]) > 150
    assert len(reads.history.indicators("SPY")["items"]) <= INDICATOR_POINTS


def test_many_deposits_take_no_points_away(reads: Reads, database_url: str) -> None:
    execute(
        database_url,
        "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, base_amount, source) "
        f"SELECT '{ACCOUNT}', n::text, '2026-03-03 15:00Z', '2026-03-03', 'deposit', 1, 'USD', 1, 'manual' FROM generate_series(1, 2000) n",
    )
    view = reads.history.equity(ACCOUNT, day())
    assert (len(view["flows"]), len(view["items"])) == (2000, 392)


def test_the_web_role_reads_it_all(reads: Reads, database_url: str) -> None:
    with connect(database_url, Role.WEB, "test") as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("DELETE FROM price_bars")
    # The night after Friday is Monday's, which closes an hour earlier by the clock of UTC.
    assert reads.history.frame(ACCOUNT, "1W") == (utc("2026-03-02 21:00"), utc("2026-03-09 20:00"))
