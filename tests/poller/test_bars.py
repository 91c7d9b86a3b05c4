"""Price bars: fetched, kept up, back-filled after an outage, at the broker's pace, and never in the live path's way."""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from data.ibkr import bars as feed
from data.ibkr.barplan import SERIES
from data.model import BarAnswer, BarCoverage, Contract, Flush, Portfolio, PriceBar
from data.poller.bars import SLICE, BarJob
from data.poller.options import PollerOptions
from data.poller.writer import Writer
from tests.poller.conftest import ACCOUNT, StartPoller, Watched, truth
from tests.poller.process import eventually
from tests.poller.recorder import running
from tests.support.gateway import GatewayHandle
from tests.support.proxy import Proxy

HISTORY, CANCEL, ANSWER = "20", "25", 17  # message ids of the TWS API
MANY = 500  # requests in ten minutes: as if there were no limit


class Wire:
    """The messages that clients sent through a proxy, as lists of fields."""

    def __init__(self) -> None:
        self._bytes: dict[int, bytearray] = {}
        self._lock = threading.Lock()

    def tap(self, connection: int, data: bytes) -> None:
        with self._lock:
            self._bytes.setdefault(connection, bytearray()).extend(data)

    def sent(self, message: str) -> list[list[str]]:
        """All messages of that id, in order of the connections and then of time."""
        found = []
        with self._lock:
            streams = [bytes(stream) for stream in self._bytes.values()]
        for stream in streams:
            at = len(b"API\0")
            while at + 4 <= len(stream):
                (length,) = struct.unpack_from(">I", stream, at)
                fields = stream[at + 4 : at + 4 + length].decode().split("\0")
                at += 4 + length
                if fields[0] == message:
                    found.append(fields)
        return found

    def asked(self) -> list[tuple[int, str, str, str]]:
        """The requests for bars: contract, kind, size, span."""
        return [_request(fields) for fields in self.sent(HISTORY)]


def _request(fields: list[str]) -> tuple[int, str, str, str]:
    """`20 reqId C12 includeExpired end size span useRTH what format …`"""
    end, size, span, regular, what, date_format = fields[15:21]
    assert (end, regular, date_format) == ("", "1", "2")
    return int(fields[2]), what, size, span


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def proxy(gateway: GatewayHandle, wire: Wire) -> Iterator[Proxy]:
    with Proxy(gateway.port, tap=wire.tap) as proxy:
        yield proxy


Series = tuple[str, str, str]  # symbol, what, resolution


def coverage(db: Watched) -> dict[Series, dict[str, Any]]:
    names = ("con_id", "first_ts", "last_ts", "asked_at", "problem")
    rows = db.rows(
        f"SELECT symbol, what, resolution, {', '.join('k.' + n for n in names)} "
        "FROM bar_coverage k JOIN contracts USING (con_id)"
    )
    return {(symbol, what, size): dict(zip(names, row, strict=True)) for symbol, what, size, *row in rows}


def underlyings(gateway: GatewayHandle) -> set[str]:
    return {p["symbol"] for p in gateway.admin("state")["positions"]} | {"SPY"}


def all_series(symbols: set[str]) -> set[Series]:
    kinds = (("trades", "1d"), ("trades", "1m"), ("trades", "1h"), ("implied_vol", "1d"))
    return {(symbol, what, size) for symbol in symbols for what, size in kinds}


def heartbeats(db: Watched, count: int) -> None:
    """Wait until the poller has reported that often: what was due has had its chance."""
    for _ in range(count):
        last = db.one("SELECT heartbeat_at FROM poller_status")
        eventually(lambda last=last: db.one("SELECT heartbeat_at FROM poller_status") > last, "a heartbeat")


def test_the_first_fetch(
    gateway: GatewayHandle, proxy: Proxy, wire: Wire, db: Watched, start_poller: StartPoller, python: Path
) -> None:
    start_poller(db.url, python=python, port=proxy.port, bar_requests=MANY)
    wanted = all_series(underlyings(gateway))
    eventually(lambda: coverage(db).keys() >= wanted, "every series of every underlying")
    found = coverage(db)
    assert found.keys() == wanted

    now = datetime.now(UTC)
    for symbol in ("SPY", "KO"):  # the benchmark, which isn't held, and a stock under options
        days, minutes, hours = (found[symbol, "trades", size] for size in ("1d", "1m", "1h"))
        volatility = found[symbol, "implied_vol", "1d"]
        assert [s["problem"] for s in (days, minutes, hours, volatility)] == [None] * 4
        assert timedelta(days=720) < now - days["first_ts"] < timedelta(days=740)
        assert timedelta(days=355) < now - volatility["first_ts"] < timedelta(days=370)
        assert timedelta(days=20) < now - hours["first_ts"] < timedelta(days=60)
        assert minutes["last_ts"] - minutes["first_ts"] > timedelta(hours=3), "a session, though it be a short one"
    counts = dict(db.rows("SELECT what || resolution, count(*) / count(DISTINCT con_id) FROM price_bars GROUP BY 1"))
    assert counts["trades1d"] > 480
    assert counts["implied_vol1d"] > 240
    assert counts["trades1h"] > 100
    assert counts["trades1m"] >= 200

    # Each bar in its trading day, and a day's at its own midnight UTC.
    assert not db.one(
        "SELECT count(*) FROM price_bars "
        "WHERE session_date <> CASE resolution WHEN '1d' THEN ts::date ELSE session_date_of(ts) END"
    )
    assert not db.one("SELECT count(*) FROM price_bars WHERE resolution = '1d' AND ts <> date_trunc('day', ts)")
    assert not db.one(
        "SELECT count(*) FROM price_bars WHERE resolution <> '1d' AND ts::time NOT BETWEEN '13:30' AND '21:00'"
    )
    # Annualised: 0.25 is 25 %.
    assert not db.one("SELECT count(*) FROM price_bars WHERE what = 'implied_vol' AND close NOT BETWEEN 0.01 AND 3")
    assert not db.one("SELECT count(*) FROM price_bars WHERE volume IS NULL AND what = 'trades'")

    # SGOV has no options, so that the broker refuses their volatility: told, and not asked again and again.
    refused = found["SGOV", "implied_vol", "1d"]
    assert "no data" in refused["problem"]
    assert refused["problem"].endswith("(162)")
    assert refused["first_ts"] is refused["last_ts"] is None
    assert db.one("SELECT last_error FROM poller_status") is None
    heartbeats(db, 2)
    asked = wire.asked()
    assert sorted(asked) == sorted(set(asked)), "each once"
    assert len(asked) == len(wanted)


def test_a_cut_link_is_followed_by_a_back_fill(
    gateway: GatewayHandle, proxy: Proxy, wire: Wire, db: Watched, start_poller: StartPoller
) -> None:
    start_poller(db.url, port=proxy.port, bar_requests=MANY)
    wanted = all_series(underlyings(gateway))
    eventually(lambda: coverage(db).keys() == wanted, "every series")
    before = coverage(db)["KO", "trades", "1m"]

    def minutes() -> set[datetime]:
        rows = db.rows("SELECT ts FROM price_bars WHERE con_id = %s AND resolution = '1m'", before["con_id"])
        return {ts for (ts,) in rows}

    stored = minutes()
    asked = len(wire.asked())

    proxy.drop(refuse=True)
    eventually(lambda: db.one("SELECT gateway_state FROM poller_status") != "connected", "the loss")
    # As if the link had been lost a day before the last bar: so far the database knows.
    lost = before["last_ts"] - timedelta(days=1)
    with psycopg.connect(db.url) as admin:
        admin.execute("DELETE FROM price_bars WHERE resolution = '1m' AND ts > %s", [lost])
        admin.execute("UPDATE bar_coverage SET last_ts = %s, asked_at = %s WHERE resolution = '1m'", [lost, lost])
        admin.commit()
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'mtz poller' AND datname = current_database()"
        )
    assert minutes() < stored
    proxy.resume()

    eventually(lambda: minutes() >= stored, "the minutes")
    after = eventually(
        lambda: (new := coverage(db)["KO", "trades", "1m"])["asked_at"] > before["asked_at"] and new, "the new coverage"
    )
    assert after["first_ts"] == before["first_ts"]
    assert after["last_ts"] >= before["last_ts"]
    heartbeats(db, 1)
    again = wire.asked()[asked:]
    assert {(what, size) for _, what, size, _ in again} == {("TRADES", "1 min")}, "nothing but what is missing"
    assert all(int(span.split()[0]) <= 7 for *_, span in again if span.endswith("D"))


def test_the_pace_and_a_benchmark_that_nobody_knows(
    gateway: GatewayHandle, proxy: Proxy, wire: Wire, db: Watched, start_poller: StartPoller
) -> None:
    poller = start_poller(db.url, port=proxy.port, bar_requests=9, benchmark="NOSUCH")
    eventually(lambda: len(coverage(db)) == 9, "as many series as requests are allowed")
    assert "knows no NOSUCH" in eventually(lambda: db.one("SELECT last_error FROM poller_status"), "the complaint")
    heartbeats(db, 2)
    assert len(wire.asked()) == 9
    # A poller that is started again doesn't begin to count again.
    assert poller.terminate() == 0
    start_poller(db.url, port=proxy.port, bar_requests=10, benchmark="SPY")
    eventually(lambda: len(coverage(db)) == 10, "the one request that is left")
    assert ("SPY", "trades", "1d") in coverage(db)
    heartbeats(db, 2)
    assert len(wire.asked()) == 10


def test_refusals_a_violation_of_the_pace_and_the_live_path_meanwhile(
    gateway: GatewayHandle, proxy: Proxy, wire: Wire, db: Watched, start_poller: StartPoller
) -> None:
    gateway.admin("omit", ids=[ANSWER])  # bars are not answered, so that the test does
    start_poller(db.url, port=proxy.port, bar_requests=MANY)

    def hanging(number: int) -> int:
        eventually(lambda: len(wire.asked()) == number, f"request {number}")
        return int(wire.sent(HISTORY)[-1][1])

    gateway.admin("error", req_id=hanging(1), code=354, text="Requested market data is not subscribed.")
    second = hanging(2)
    (refused,) = coverage(db).values()
    assert refused["problem"] == "Requested market data is not subscribed. (354)"

    competing = "Historical data request during competing live session."
    gateway.admin("error", req_id=second, code=10197, text=competing)
    third = hanging(3)
    assert {c["problem"] for c in coverage(db).values()} == {refused["problem"], f"{competing} (10197)"}

    # While the third one hangs, a fill is stored.
    gateway.admin("fill", symbol="KO", action="BUY", quantity=7, price="61.23", client_id=1)
    eventually(lambda: db.fills() == truth(gateway), "the fill")

    text = "Historical Market Data Service error message:API historical data query pacing violation"
    gateway.admin("error", req_id=third, code=162, text=text)
    gateway.admin("omit")
    heartbeats(db, 3)
    assert len(wire.asked()) == 3, "quiet after a violation"
    assert len(coverage(db)) == 2, "and it is no refusal of that series"
    assert db.one("SELECT gateway_state FROM poller_status") in ("connected", "other_login")


class Memory:
    """Stored bars without a database."""

    def __init__(self) -> None:
        self.answers: list[BarAnswer] = []

    def coverage(self) -> Mapping[tuple[int, str, str], BarCoverage]:
        return {(c.con_id, c.what, c.resolution): c for c in (a.coverage for a in self.answers)}

    def last_close(self, at: datetime) -> datetime:
        return at - timedelta(hours=1)

    async def store(self, answer: BarAnswer) -> bool:
        self.answers.append(answer)
        return True


def test_an_answer_that_does_not_reach_back_leaves_a_series_that_begins_with_it() -> None:
    """After an outage that is longer than what one request may span, and after a split."""
    now, contract, minutes = datetime.now(UTC), Contract(7, "KO", "KO", "STK", "USD"), SERIES[1]
    starts = [now - timedelta(minutes=n) for n in (3, 2, 1)]
    bars = tuple(PriceBar(start, 10.0, 11.0, 9.0, 10.0, 5.0) for start in starts)

    def after(last: datetime | None) -> BarCoverage:
        known = BarCoverage(7, "trades", "1m", now - timedelta(days=40), last, now)
        return feed._answer(contract, minutes, known, bars, now, None).coverage

    assert after(starts[0]).first_ts == now - timedelta(days=40)
    for last in (now - timedelta(days=30), None):
        assert (after(last).first_ts, after(last).last_ts) == (starts[0], starts[2])


def test_a_request_that_is_never_answered_is_cancelled_and_others_are_served(
    gateway: GatewayHandle, proxy: Proxy, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "ANSWER_S", 0.5)
    gateway.admin("omit", ids=[ANSWER])

    async def scene() -> None:
        memory = Memory()
        async with running("127.0.0.1", proxy.port, bars=memory) as heard:
            await heard.connected()
            await heard.until(lambda: wire.sent(CANCEL), "the cancellation")
            await asyncio.to_thread(gateway.admin, "omit")
            await heard.until(lambda: memory.answers, "another series")
            given_up = {int(fields[2]) for fields in wire.sent(CANCEL)}
            requests = {int(fields[1]): _request(fields) for fields in wire.sent(HISTORY)}
            assert given_up < requests.keys()
            answered = {(a.contract.con_id, a.coverage.what) for a in memory.answers}
            assert not answered & {(requests[r][0], "trades") for r in given_up}
            # "query cancelled" comes as an error of that request: no trouble to tell anybody of.
            text = "Historical Market Data Service error message:API historical data query cancelled"
            await asyncio.to_thread(gateway.admin, "error", req_id=min(given_up), code=162, text=text)
            count = len(heard.proven)
            await heard.until(lambda: len(heard.proven) > count + 1, "heartbeats")
            assert "error" not in heard.info

    asyncio.run(scene())


# -- the writer's thread


def answer_of(bars: int, con_id: int = 7) -> BarAnswer:
    start = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    made = tuple(PriceBar(start + timedelta(minutes=n), 10.0, 11.0, 9.0, 10.0 + n / 1000, 5.0) for n in range(bars))
    contract = Contract(con_id, "KO", "KO", "STK", "USD")
    series = BarCoverage(con_id, "trades", "1m", made[0].ts, made[-1].ts, start + timedelta(days=1))
    return BarAnswer(contract, series, made)


class Settled:
    """What the writer's thread has finished, in order."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self._bars = threading.Event()

    def changed(self) -> None:
        self.order.append("change")

    def done(self, success: bool) -> None:
        self.order.append("stored" if success else "not stored")
        self._bars.set()

    def wait(self) -> list[str]:
        assert self._bars.wait(30)
        self._bars.clear()
        return self.order


@pytest.fixture
def settled() -> Settled:
    return Settled()


@pytest.fixture
def writer(tmp_path: Path, url18: str, settled: Settled) -> Iterator[Writer]:
    options = PollerOptions(url18, "127.0.0.1", 1, tmp_path, account=ACCOUNT)
    writer = Writer(options, on_change=settled.changed, on_restored=lambda _: None)
    writer.start()
    # It announces the connection, then the account's lock: wait for both, so that a test counts its own alone.
    eventually(lambda: writer.owned == ACCOUNT and settled.order == ["change"] * 2, "the account's lock")
    settled.order.clear()
    yield writer
    writer.stop()
    writer.join(10)
    assert not writer.is_alive()
    assert writer.fatal is None


def flush(number: int) -> Flush:
    now = datetime.now(UTC)
    return Flush(ACCOUNT, portfolio=Portfolio(ACCOUNT, now, "USD", net_liquidation=1000.0 + number))


def write_first(writer: Writer, settled: Settled) -> None:
    """Bind the database to the account, as the first flush does."""
    writer.offer(flush(0))
    eventually(lambda: writer.idle, "the flush")
    eventually(lambda: settled.order, "its announcement")
    settled.order.clear()


def test_bars_wait_for_the_account_s_first_flush(writer: Writer, settled: Settled) -> None:
    writer.offer_bars(BarJob(answer_of(3), settled.done))
    assert settled.wait() == ["not stored"], "nobody knows yet whose database this is"
    assert writer.coverage == {}


def test_a_flush_overtakes_bars_between_two_slices(writer: Writer, settled: Settled, db: Watched) -> None:
    write_first(writer, settled)
    many = answer_of(SLICE * 40)
    writer.offer_bars(BarJob(many, settled.done))
    writer.offer(flush(1))
    assert settled.wait() == ["change", "stored"]
    assert db.one("SELECT count(*) FROM price_bars") == SLICE * 40
    assert writer.coverage == {(7, "trades", "1m"): many.coverage}


def test_the_same_bars_change_nothing_and_a_formed_one_replaces_the_forming(
    writer: Writer, settled: Settled, db: Watched
) -> None:
    write_first(writer, settled)
    first = answer_of(5)
    formed = PriceBar(first.bars[-1].ts, 10.0, 12.0, 9.0, 11.5, 50.0)
    rows = "SELECT ts, close, xmin::text FROM price_bars ORDER BY ts"

    writer.offer_bars(BarJob(first, settled.done))
    settled.wait()
    before = db.rows(rows)
    writer.offer_bars(BarJob(first, settled.done))
    settled.wait()
    assert db.rows(rows) == before
    writer.offer_bars(BarJob(BarAnswer(first.contract, first.coverage, (formed,)), settled.done))
    assert settled.wait() == ["stored"] * 3
    assert db.rows("SELECT close, volume FROM price_bars ORDER BY ts DESC LIMIT 1") == [(11.5, 50.0)]
    assert db.rows(rows)[:-1] == before[:-1]


def test_after_a_split_the_series_is_due_in_full(writer: Writer, settled: Settled) -> None:
    write_first(writer, settled)
    before = answer_of(5)
    last = before.bars[-1]
    for close, known in ((last.close, True), (last.close * 1.1, True), (last.close / 10, False)):
        bar = replace(last, open=close, high=close, low=close, close=close)
        writer.offer_bars(BarJob(before, settled.done))
        settled.wait()
        writer.offer_bars(BarJob(replace(before, bars=(bar,), continues=True), settled.done))
        settled.wait()
        assert writer.coverage is not None
        found = writer.coverage[7, "trades", "1m"]
        assert found == (before.coverage if known else replace(before.coverage, last_ts=None))
    # The whole answer that follows is believed.
    writer.offer_bars(BarJob(before, settled.done))
    assert set(settled.wait()) == {"stored"}
    assert writer.coverage[7, "trades", "1m"] == before.coverage


def test_bars_are_given_up_when_the_database_goes_away(writer: Writer, settled: Settled, db: Watched) -> None:
    write_first(writer, settled)
    with psycopg.connect(db.url) as blocker, psycopg.connect(db.url, autocommit=True) as admin:
        blocker.execute("LOCK TABLE price_bars IN ACCESS EXCLUSIVE MODE")
        writer.offer_bars(BarJob(answer_of(5), settled.done))
        waiting = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
        eventually(lambda: admin.execute(waiting, [blocker.info.backend_pid]).fetchone(), "the write that waits")
        assert "not stored" in settled.wait()
    eventually(lambda: writer.owned == ACCOUNT, "the database again")
    assert writer.coverage == {}
    assert writer.spool_bytes == 0
    assert db.one("SELECT count(*) FROM price_bars") == 0
