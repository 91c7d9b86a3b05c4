"""Roll-ups against a plain computation of the same: as rows come, come late, are corrected, and are dropped."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from data.bulk import load
from data.db import DatabaseError, connect
from data.flavour import Flavour, known
from data.housekeeping.keeper import Keeper
from data.housekeeping.levels import Levels
from data.housekeeping.options import HousekeepingOptions
from data.housekeeping.retention import retain
from data.housekeeping.service import catch_up
from data.model import Flush, Portfolio, PortfolioSample, Role, Source
from data.store import Sessions, Store

ACCOUNT = "DU1"
DAYS = {"1m": timedelta(minutes=1), "1h": timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Sample:
    ts: datetime
    worth: float | None
    daily: float | None
    cash: float | None


class House:
    """A database with one account, the owner's connection and the roll-ups as they should be."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.poller = connect(url, Role.POLLER, "test", autocommit=True)
        self.owner = connect(url, Role.OWNER, "test", autocommit=True)
        self.store = Store(self.poller)
        self.store.claim_source(Source.PAPER, ACCOUNT)
        self.flavour = known(self.owner) or Flavour.PLAIN
        self.levels = Levels(self.owner, self.flavour)
        self.keeper = Keeper(self.levels)
        self.samples: dict[datetime, Sample] = {}

    def close(self) -> None:
        self.poller.close()
        self.owner.close()

    def write(self, *samples: Sample) -> None:
        self.samples |= {s.ts: s for s in samples}
        flush = Flush(account=ACCOUNT, portfolio_samples=tuple(PortfolioSample(s.ts, portfolio(s)) for s in samples))
        self.store.flush(flush)

    def roll(self, lag: timedelta = timedelta(0)) -> None:
        self.keeper.raise_threshold(lag)
        self.wait_settled()
        self.keeper.advance()
        while self.keeper.settle():
            pass

    def wait_settled(self) -> None:
        """Transactions in other databases of the server count as well."""
        while not self.keeper.is_settled():
            time.sleep(0.01)

    def buckets(self, level: str) -> list[tuple[Any, ...]]:
        return self.owner.execute(
            "SELECT bucket, session_date, net_liquidation_open, net_liquidation_high, net_liquidation_low, "
            "       net_liquidation_close, daily_pnl_close, cash, samples, first_ts, last_ts "
            "  FROM portfolio_history WHERE resolution = %s AND account = %s ORDER BY bucket",
            [level, ACCOUNT],
        ).fetchall()

    def expected(self, level: str) -> list[tuple[Any, ...]]:
        return rolled(self.samples.values(), level, self.store.sessions)


def portfolio(sample: Sample) -> Portfolio:
    values = dict.fromkeys((f for f in Portfolio.__slots__ if f not in {"account", "as_of"}), None)
    known_values = {"currency": "USD", "net_liquidation": sample.worth, "daily_pnl": sample.daily, "cash": sample.cash}
    return Portfolio(account=ACCOUNT, as_of=sample.ts, **(values | known_values))  # type: ignore[arg-type]


def rolled(samples: Any, level: str, sessions: Sessions) -> list[tuple[Any, ...]]:
    """The same roll-up in Python: what SQL must agree with."""
    groups: dict[datetime, list[Sample]] = defaultdict(list)
    for sample in sorted(samples, key=lambda s: s.ts):
        groups[_bucket(sample.ts, level, sessions)].append(sample)
    rows = []
    for bucket, mine in sorted(groups.items()):
        worths = [s.worth for s in mine if s.worth is not None]
        dailies = [s.daily for s in mine if s.daily is not None]
        rows.append(
            (
                bucket, sessions.date_of(mine[0].ts), worths[0] if worths else None, max(worths, default=None),
                min(worths, default=None), worths[-1] if worths else None, dailies[-1] if dailies else None,
                mine[-1].cash, len(mine), mine[0].ts, mine[-1].ts,
            )
        )  # fmt: skip
    return rows


def _bucket(ts: datetime, level: str, sessions: Sessions) -> datetime:
    if level == "1d":
        day = sessions.date_of(ts)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (ts - epoch) // DAYS[level] * DAYS[level]


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    made = House(database_url)
    yield made
    made.close()


def some(seed: int, first: datetime, count: int, span: timedelta) -> list[Sample]:
    """Samples at random instants, some values unknown."""
    chance = random.Random(seed)

    def value() -> float | None:
        return None if chance.random() < 0.2 else round(chance.uniform(-1000, 100_000), 2)

    return [Sample(first + chance.random() * span, value(), value(), value()) for _ in range(count)]


# Over a weekend, a daylight-saving change (Sunday 8 March 2026) and a holiday (Good Friday, 3 April 2026).
SPRING = (datetime(2026, 3, 5, 14, tzinfo=UTC), timedelta(days=5))
EASTER = (datetime(2026, 4, 1, 18, tzinfo=UTC), timedelta(days=6))


def agrees(house: House) -> None:
    for level in ("1m", "1h", "1d"):
        assert house.buckets(level) == house.expected(level), level


def test_every_level_is_right_before_and_after_it_is_rolled_up(house: House) -> None:
    house.write(*some(1, SPRING[0], 400, SPRING[1]))
    agrees(house)  # nothing is rolled up: all from the raw tail
    house.roll()
    agrees(house)
    house.write(*some(2, EASTER[0], 300, EASTER[1]))  # written later, and late
    house.roll()
    agrees(house)


def test_the_newest_bucket_is_right_at_once(house: House) -> None:
    now = datetime.now(UTC)
    house.write(*some(3, now - timedelta(hours=3), 200, timedelta(hours=2)))
    house.roll(timedelta(minutes=2))
    house.write(*some(4, now - timedelta(seconds=20), 30, timedelta(seconds=40)))
    agrees(house)


def test_a_late_row_is_noted_by_its_writer_and_reaches_every_level(house: House) -> None:
    house.write(*some(5, SPRING[0], 50, SPRING[1]))
    house.roll()
    assert house.owner.execute("SELECT count(*) FROM dirty_windows").fetchone() == (0,)
    late = Sample(SPRING[0] + timedelta(hours=1, seconds=7), 1e6, 5.0, 7.0)
    house.write(late)
    windows = house.owner.execute("SELECT relation, first_ts, last_ts FROM dirty_windows").fetchall()
    assert windows == [("portfolio", late.ts, late.ts)]
    assert house.keeper.settle() == 1
    agrees(house)


def test_a_correction_reaches_every_level(house: House) -> None:
    house.write(*some(6, SPRING[0], 80, SPRING[1]))
    house.roll()
    victim, changed, *_ = sorted(house.samples)
    with house.owner.transaction():
        house.owner.execute("DELETE FROM portfolio_snapshots WHERE ts = %s", [victim])
        house.owner.execute("UPDATE portfolio_snapshots SET net_liquidation = 42 WHERE ts = %s", [changed])
        house.owner.execute(
            "INSERT INTO dirty_windows (relation, first_ts, last_ts) VALUES ('portfolio', %s, %s)", [victim, changed]
        )
    del house.samples[victim]
    old = house.samples[changed]
    house.samples[changed] = Sample(old.ts, 42.0, old.daily, old.cash)
    house.roll()
    agrees(house)


def test_a_writer_that_saw_the_old_threshold_is_waited_for(house: House) -> None:
    """Its row is older than the new threshold and nobody noted it: the roll-up must not pass it by."""
    now = datetime.now(UTC)
    house.write(*some(7, now - timedelta(minutes=50), 40, timedelta(minutes=20)))
    house.roll(timedelta(minutes=30))
    slow = Sample(now - timedelta(minutes=10), 5.0, 6.0, 7.0)
    with house.poller.transaction():
        house.write(slow)
        house.keeper.raise_threshold(timedelta(0))
        assert not house.keeper.is_settled()
        assert house.owner.execute("SELECT count(*) FROM dirty_windows").fetchone() == (0,)
    house.wait_settled()
    house.keeper.advance()
    agrees(house)


def test_rows_copied_in_bulk_are_noted_as_far_as_they_are_late(house: House) -> None:
    house.write(*some(8, SPRING[0], 20, timedelta(hours=5)))
    house.roll()
    sessions: Sessions = house.store.sessions
    new = some(9, EASTER[0], 100, EASTER[1])
    rows = [
        (ACCOUNT, s.ts, s.ts, sessions.date_of(s.ts), "USD", s.worth, s.cash, *[None] * 7, s.daily, None, None)
        for s in new
    ]
    with connect(house.url, Role.IMPORTER, "test") as conn:
        assert load(conn, "portfolio", rows) == 100
    house.samples |= {s.ts: s for s in new}
    house.roll()
    agrees(house)


def test_a_copy_with_a_known_key_changes_nothing(house: House) -> None:
    sample = Sample(SPRING[0], 1.0, 2.0, 3.0)
    house.write(sample)
    day: date = house.store.sessions.date_of(sample.ts)
    rows = [(ACCOUNT, ts, ts, day, "USD", *[1.0] * 12) for ts in (sample.ts + timedelta(seconds=1), sample.ts)]
    with connect(house.url, Role.IMPORTER, "test", autocommit=True) as conn:
        with pytest.raises(psycopg.errors.UniqueViolation):
            load(conn, "portfolio", rows)
        assert conn.execute("SELECT count(*) FROM portfolio_snapshots").fetchone() == (1,)


def options(raw: int, minutes: int = 800) -> HousekeepingOptions:
    return HousekeepingOptions("", raw_retention_days=raw, position_retention_days=raw, minute_retention_days=minutes)


def test_retention_never_eats_history(house: House) -> None:
    now = datetime.now(UTC)
    old = now - timedelta(days=100)
    house.write(*some(10, old, 200, timedelta(days=4)))
    house.write(*some(11, now - timedelta(days=2), 50, timedelta(days=1)))
    house.roll()
    before = {level: house.buckets(level) for level in ("1m", "1h", "1d")}
    retain(house.levels, options(raw=20), now)
    kept = house.owner.execute("SELECT min(ts) > %s, count(*) FROM portfolio_snapshots", [old + timedelta(days=5)])
    assert kept.fetchone() == (True, 50)
    # A late row behind the horizon, and a window that somebody notes over all of it: what is kept stays as it was.
    house.store.flush(
        Flush(
            account=ACCOUNT,
            portfolio_samples=(PortfolioSample(old, portfolio(Sample(old, 1.0, 1.0, 1.0))),),
        )
    )
    house.owner.execute(
        "INSERT INTO dirty_windows (relation, first_ts, last_ts) VALUES ('portfolio', %s, %s)", [old, now]
    )
    house.roll()
    assert {level: house.buckets(level) for level in ("1m", "1h", "1d")} == before


def test_minutes_go_hours_and_days_stay(house: House) -> None:
    now = datetime.now(UTC)
    old = now - timedelta(days=100)
    house.write(*some(12, old, 200, timedelta(days=4)))
    house.write(*some(13, now - timedelta(days=2), 50, timedelta(days=1)))
    house.roll()
    before = {level: house.buckets(level) for level in ("1h", "1d")}
    retain(house.levels, options(raw=20, minutes=40), now)
    assert all(row[0] > old + timedelta(days=5) for row in house.buckets("1m"))
    house.owner.execute(
        "INSERT INTO dirty_windows (relation, first_ts, last_ts) VALUES ('portfolio', %s, %s)", [old, now]
    )
    house.roll()
    assert {level: house.buckets(level) for level in ("1h", "1d")} == before


def test_retention_waits_for_late_rows(house: House) -> None:
    now = datetime.now(UTC)
    old = now - timedelta(days=100)
    house.write(*some(14, old, 30, timedelta(days=1)))
    house.roll()
    house.write(Sample(old + timedelta(hours=1), 1e6, 1.0, 1.0))
    retain(house.levels, options(raw=20), now)
    assert house.owner.execute("SELECT count(*) FROM portfolio_snapshots").fetchone() == (31,)
    house.roll()
    expected = house.expected("1h")
    retain(house.levels, options(raw=20), now)
    assert house.owner.execute("SELECT count(*) FROM portfolio_snapshots").fetchone() == (0,)
    assert house.buckets("1h") == expected


def test_a_row_from_the_future_and_a_clock_that_jumps_back(house: House) -> None:
    now = datetime.now(UTC)
    house.write(
        Sample(now + timedelta(days=3), 9.0, 9.0, 9.0), *some(15, now - timedelta(hours=5), 60, timedelta(hours=4))
    )
    house.roll()
    agrees(house)
    house.write(*some(16, now - timedelta(days=9), 20, timedelta(days=1)))  # the clock was wrong for a while
    house.roll()
    agrees(house)


def test_writers_and_housekeeping_at_once(house: House) -> None:
    """Four writers on the same buckets while housekeeping rolls up without pause: no deadlock, no wrong bucket."""
    start = datetime.now(UTC) - timedelta(hours=30)
    work = [some(seed, start, 150, timedelta(hours=29)) for seed in range(20, 24)]
    failures: list[BaseException] = []
    done = threading.Event()

    def write(samples: list[Sample]) -> None:
        try:
            with connect(house.url, Role.POLLER, "test", autocommit=True) as conn:
                store = Store(conn)
                for i in range(0, len(samples), 10):
                    rows = tuple(PortfolioSample(s.ts, portfolio(s)) for s in samples[i : i + 10])
                    store.flush(Flush(account=ACCOUNT, portfolio_samples=rows))
        except BaseException as error:
            failures.append(error)

    def keep() -> None:
        try:
            while not done.is_set():
                catch_up(house.url)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(samples,)) for samples in work]
    keeper = threading.Thread(target=keep)
    for thread in [*threads, keeper]:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    keeper.join()
    assert failures == []
    house.samples |= {s.ts: s for samples in work for s in samples}
    house.roll()
    agrees(house)


def test_retention_of_nothing_keeps_the_way_open_for_older_history(house: House) -> None:
    """A new database whose housekeeping began before its history was loaded."""
    now = datetime.now(UTC)
    house.write(*some(30, now - timedelta(days=2), 20, timedelta(days=1)))
    house.roll()
    retain(house.levels, options(raw=20), now)
    house.write(*some(31, now - timedelta(days=300), 60, timedelta(days=2)))
    house.roll()
    expected = {level: house.expected(level) for level in ("1m", "1h", "1d")}
    retain(house.levels, options(raw=20), now)
    assert {level: house.buckets(level) for level in ("1m", "1h", "1d")} == expected


def test_a_copy_behind_the_horizon_is_refused(house: House) -> None:
    now = datetime.now(UTC)
    old = now - timedelta(days=100)
    house.write(*some(32, old, 30, timedelta(days=2)), *some(33, now - timedelta(days=2), 5, timedelta(days=1)))
    house.roll()
    retain(house.levels, options(raw=20), now)
    row = (ACCOUNT, old, old, house.store.sessions.date_of(old), "USD", *[1.0] * 12)
    with (
        connect(house.url, Role.IMPORTER, "test", autocommit=True) as conn,
        pytest.raises(DatabaseError, match="retention has dropped what was there. Nothing was changed"),
    ):
        load(conn, "portfolio", [row])
    assert house.owner.execute("SELECT count(*) FROM portfolio_snapshots").fetchone() == (5,)


def test_marks_in_the_future_are_taken_back(house: House) -> None:
    """The server's clock was ahead: rows of the present lie before the marks, which would never come to them."""
    now = datetime.now(UTC)
    house.write(*some(34, now - timedelta(hours=5), 60, timedelta(hours=4)))
    house.roll()
    house.owner.execute("UPDATE rollup_levels SET upto = now() + interval '60 days' WHERE relation = 'portfolio'")
    house.roll()
    house.write(*some(35, now - timedelta(minutes=50), 20, timedelta(minutes=40)))
    house.roll()
    agrees(house)


def test_vacuum_holds_nothing_up(house: House) -> None:
    house.write(*some(36, SPRING[0], 50, SPRING[1]))
    house.roll()
    with connect(house.url, Role.OWNER, "vacuum") as conn:
        conn.execute("LOCK TABLE portfolio_snapshots IN SHARE UPDATE EXCLUSIVE MODE")
        house.write(Sample(SPRING[0] + timedelta(hours=1), 1e6, 1.0, 1.0))
        house.roll()
        agrees(house)


def test_a_span_is_found_by_few_pages_after_others_took_dropped_rows_places(house: House) -> None:
    """Plain tables only: a BRIN range must not go on claiming what was dropped from it."""
    if house.flavour is not Flavour.PLAIN:
        pytest.skip("TimescaleDB drops whole chunks")
    now = datetime.now(UTC).replace(hour=12)
    fill = (
        "INSERT INTO portfolio_snapshots (account, ts, as_of, session_date) "
        "SELECT %s, t, t, session_date_of(t) FROM generate_series(%s::timestamptz, %s, interval '2 seconds') t"
    )
    house.owner.execute(fill, [ACCOUNT, now - timedelta(days=40), now - timedelta(days=38)])
    house.roll()
    retain(house.levels, options(raw=20), now)
    house.owner.execute("VACUUM portfolio_snapshots")
    house.owner.execute(fill, [ACCOUNT, now - timedelta(days=3), now - timedelta(days=1)])
    house.roll()
    minute = now - timedelta(days=2)
    house.owner.execute("SET enable_indexscan = off")
    house.owner.execute("SET enable_seqscan = off")
    plan = house.owner.execute(
        "EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM portfolio_snapshots WHERE ts >= %s AND ts < %s",
        [minute, minute + timedelta(minutes=1)],
    ).fetchone()
    assert plan is not None
    node = plan[0][0]["Plan"]
    assert node["Node Type"] == "Bitmap Heap Scan"
    pages = house.owner.execute("SELECT pg_relation_size('portfolio_snapshots') / 8192").fetchone()
    assert pages is not None
    assert node["Lossy Heap Blocks"] < pages[0] / 2
