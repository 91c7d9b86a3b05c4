"""A year of five-second samples: how fast a time frame is answered, how rows come in, what they take on disk."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psutil
import psycopg
from psycopg import sql

from bench.common import Row, database, percentile
from bench.storage import ACCOUNT, batch
from data.bulk import COLUMNS, TYPES, load
from data.calendar import fill_sessions
from data.db import connect, make_engine
from data.history import Window
from data.housekeeping.options import HousekeepingOptions
from data.housekeeping.service import Housekeeper, catch_up
from data.migrate import migrate
from data.model import Role, Source
from data.reads import Reads
from data.resolution import FRAMES
from data.store import Store

SPANS = {"DU0000030": ("1 month", 30), "DU0000365": ("1 year", 365), "DU0001825": ("5 years", 1825)}
YEAR = "DU0000365"
BULK_ROWS = 100_000
KEEP_ALL = HousekeepingOptions("", refresh_s=5, raw_retention_days=4000, position_retention_days=4000)
DSN = os.environ.get("TIMESCALE_TEST_DSN")

SAMPLES = """
INSERT INTO portfolio_snapshots
SELECT %(account)s, ts, ts, m.session_date, 'USD', 150000 + 9000 * sin(extract(epoch FROM ts) / 3e5) + 40 * random(),
       40000, 60000, 240000, 62000, 51000, 47000, 0.41, 118000, 300 * sin(extract(epoch FROM ts) / 9e3) + random(), -812, 44
  FROM market_sessions m, generate_series(m.opens, m.closes - interval '1 second', interval '5 seconds') ts
 WHERE m.session_date >= current_date - %(days)s::int AND m.session_date < current_date
"""
BUCKETS_OF_RAW = """
SELECT date_bin('1 day', ts, '2000-01-01 00:00:00Z'), min(net_liquidation), max(net_liquidation),
       (array_agg(net_liquidation ORDER BY ts))[1], (array_agg(net_liquidation ORDER BY ts DESC))[1]
  FROM portfolio_snapshots WHERE account = %s GROUP BY 1 ORDER BY 1
"""
EXECUTIONS = """
INSERT INTO executions (account, base_exec_id, revision, effective, exec_id, changed_revision, source, kind, con_id, ts,
                        session_date, side, quantity, price)
SELECT %(account)s, 'e' || n, 1, true, 'e' || n || '.01', 1, 'api', 'trade', 1000,
       now() - n * interval '40 seconds', current_date, 'SLD', 1, 2.5
  FROM generate_series(1, 1000000) n
"""


def milliseconds(call: Callable[[], Any], times: int) -> list[float]:
    took = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        took.append((time.perf_counter() - started) * 1000)
    return took


# -- time frames ------------------------------------------------------------------------------------------------------


def frames(url: str, home: str) -> Iterator[Row]:
    """Every frame of three histories of different length, query to JSON; against bucketing the raw rows."""
    with connect(url, Role.OWNER, "bench", autocommit=True) as conn:
        for account, (_, days) in SPANS.items():
            conn.execute("INSERT INTO accounts (account, source, base_currency) VALUES (%s, 'demo', 'USD')", [account])
            conn.execute(SAMPLES, {"account": account, "days": days})
    catch_up(url)
    engine = make_engine(url, Role.WEB, "bench")
    reads = Reads(engine)
    medians: dict[str, float] = {}
    try:
        for account, (length, _) in SPANS.items():
            worst, heaviest, all_took = 0.0, 0, []
            for frame in FRAMES:
                size = 0

                def answer(account: str = account, frame: Any = frame) -> None:
                    nonlocal size
                    size = len(json.dumps(reads.history.equity(account, Window(frame=frame))))

                took = milliseconds(answer, 25)[5:]
                worst, heaviest = max(worst, percentile(took, 0.95)), max(heaviest, size)
                all_took += took
            medians[account] = percentile(all_took, 0.5)
            yield Row(f"{home}: slowest time frame of {length}, query to JSON (p95)", worst, "ms", 30)
            yield Row(f"{home}: heaviest answer of {length}", heaviest / 1000, "kB", 100)
        yield Row(f"{home}: frames of 5 years against 1 month", medians["DU0001825"] / medians["DU0000030"], "x")
        with connect(url, Role.WEB, "bench", autocommit=True) as conn:
            raw = percentile(milliseconds(lambda: conn.execute(BUCKETS_OF_RAW, [YEAR]).fetchall(), 5), 0.5)
        year = percentile(milliseconds(lambda: reads.history.equity(YEAR, Window(frame="1Y")), 20), 0.5)
        yield Row(f"{home}: a year's frame against bucketing its raw rows", raw / year, "x", 50, at_least=True)
    finally:
        engine.dispose()


# -- rows that come in ------------------------------------------------------------------------------------------------


def position_rows() -> list[tuple[Any, ...]]:
    """100 contracts, five seconds apart, as late rows of last year."""
    start = datetime.now(UTC) - timedelta(days=200)
    rows = []
    for n in range(BULK_ROWS):
        ts = start + timedelta(seconds=5 * (n // 100))
        price = 2.5 + n % 977 / 100
        rows.append(
            (ACCOUNT, 1000 + n % 100, ts, ts, ts.date(), "USD", -1.0, 250.0, price, -100 * price, 250 - price, 0.0, 1.0,
             -0.3, 0.02, -0.05, 0.1, 0.35, 101.0)
        )  # fmt: skip
    return rows


def ingest(url: str, home: str) -> Iterator[Row]:
    """Binary COPY into a bare table of the same shape and key; the same rows by our path; and with the roll-up that follows."""
    rows = position_rows()
    bare, ours, rolled = [], [], []
    for _ in range(3):
        with connect(url, Role.OWNER, "bench", autocommit=True) as conn:
            conn.execute("CREATE TABLE bare (LIKE position_snapshots, PRIMARY KEY (account, con_id, ts))")
            started = time.perf_counter()
            copy_bare(conn, rows)
            bare.append(time.perf_counter() - started)
            conn.execute("DROP TABLE bare")
            started = time.perf_counter()
            load(conn, "position", rows)
            ours.append(time.perf_counter() - started)
        catch_up(url, analyze=False)
        rolled.append(time.perf_counter() - started)
        with connect(url, Role.OWNER, "bench", autocommit=True) as conn:
            conn.execute("DELETE FROM position_snapshots")
            conn.execute("INSERT INTO dirty_windows (relation, first_ts, last_ts) VALUES ('position', %s, %s)",
                         [rows[0][2], rows[-1][2]])  # fmt: skip
        catch_up(url, analyze=False)
    yield Row(f"{home}: 100 k position rows by binary COPY into a bare table", BULK_ROWS / min(bare), "rows/s")
    yield Row(f"{home}: our ingest of them, share of its rate", 100 * min(bare) / min(ours), "%", 70, at_least=True)
    yield Row(f"{home}: with the roll-up that follows", 100 * min(bare) / min(rolled), "%", 40, at_least=True)


def copy_bare(conn: psycopg.Connection[Any], rows: list[tuple[Any, ...]]) -> None:
    columns = COLUMNS["position"]
    with conn.transaction(), conn.cursor() as cursor, cursor.copy("COPY bare FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types([TYPES.get(column, "float8") for column in columns])
        for row in rows:
            copy.write_row(row)


def live_load(url: str, home: str) -> Iterator[Row]:
    """2,000 position samples a second for 20 s, housekeeping beside them; and how late a late row is seen rolled up."""
    stopping = threading.Event()
    with (
        connect(url, Role.OWNER, "bench keeper", autocommit=True) as owner,
        connect(url, Role.POLLER, "bench writer") as conn,
        connect(url, Role.WEB, "bench", autocommit=True) as reader,
    ):
        store = Store(conn)
        store.claim_source(Source.DEMO, ACCOUNT)
        keeper = threading.Thread(target=Housekeeper(owner, KEEP_ALL, stopping).run)
        keeper.start()
        backends = [psutil.Process(c.info.backend_pid) for c in (owner, conn)]
        before, began = _cpu(backends), time.perf_counter()
        for step in range(400):
            store.flush(batch(100, step))
            time.sleep(max(0.0, began + (step + 1) * 0.05 - time.perf_counter()))
        share = 100 * (_cpu(backends) - before) / (time.perf_counter() - began)
        yield Row(f"{home}: 2,000 rows/s, server's share of a core, housekeeping included", share, "%", 15)
        late = datetime.now(UTC) - timedelta(days=3)
        with conn.transaction():
            conn.execute("INSERT INTO position_snapshots SELECT account, 1000, %s, %s, session_date_of(%s), currency, quantity"
                         "  FROM position_snapshots LIMIT 1", [late, late, late])  # fmt: skip
            conn.execute(
                "INSERT INTO dirty_windows (relation, first_ts, last_ts) VALUES ('position', %s, %s)", [late, late]
            )
        started = time.perf_counter()
        seen = "SELECT 1 FROM position_1d WHERE account = %s AND con_id = 1000 AND session_date = session_date_of(%s)"
        while not reader.execute(seen, [ACCOUNT, late]).fetchone():  # type: ignore[call-overload]
            time.sleep(0.02)
        yield Row(f"{home}: a late row is in its day", time.perf_counter() - started, "s", 5)
        stopping.set()
        keeper.join()


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(sum(p.cpu_times()[:2]) for p in processes)


# -- trades, disk -----------------------------------------------------------------------------------------------------


def trades(url: str) -> Iterator[Row]:
    """Pages of a million executions."""
    with connect(url, Role.OWNER, "bench", autocommit=True) as conn:
        conn.execute(
            "INSERT INTO contracts (con_id, symbol, local_symbol, sec_type, currency) VALUES (1000, 'S', 'S', 'STK', 'USD') "
            "ON CONFLICT DO NOTHING"
        )
        conn.execute(EXECUTIONS, {"account": YEAR})
        conn.execute("ANALYZE executions")
    engine = make_engine(url, Role.WEB, "bench")
    reads = Reads(engine)
    deep = reads.trades(YEAR, 100)["next_before"]
    for _ in range(50):
        deep = reads.trades(YEAR, 500, deep)["next_before"]
    first = percentile(milliseconds(lambda: reads.trades(YEAR, 100), 30)[5:], 0.5)
    later = percentile(milliseconds(lambda: reads.trades(YEAR, 100, deep), 30)[5:], 0.5)
    engine.dispose()
    yield Row("first page of 1 M executions (median)", first, "ms", 5)
    yield Row("a page 25,000 rows deeper (median)", later, "ms", 5)


def disk(url: str, home: str) -> Iterator[Row]:
    """Bytes a raw sample of the year's account takes, and its roll-ups."""
    with connect(url, Role.OWNER, "bench", autocommit=True) as conn:
        rows = _scalar(conn, "SELECT count(*) FROM portfolio_snapshots")
        if home == "plain":
            raw = _scalar(conn, "SELECT pg_total_relation_size('portfolio_snapshots')")
            levels = _scalar(
                conn,
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname LIKE 'portfolio\\_1_\\_rolled'",
            )
            yield Row(f"{home}: a raw sample", raw / rows, "bytes")
            yield Row(f"{home}: its share of minutes, hours and days", levels / rows, "bytes")
            return
        raw = _scalar(conn, "SELECT hypertable_size('portfolio_snapshots')")
        levels = _scalar(conn, "SELECT sum(hypertable_size(format('%I.%I', materialization_hypertable_schema, "
                               "materialization_hypertable_name)::regclass)) FROM timescaledb_information.continuous_aggregates "
                               "WHERE view_name LIKE 'portfolio%'")  # fmt: skip
        yield Row(f"{home}: a raw sample", raw / rows, "bytes")
        yield Row(f"{home}: its share of minutes, hours and days", levels / rows, "bytes")
        conn.execute("SELECT compress_chunk(c) FROM show_chunks('portfolio_snapshots') c")
        small = _scalar(conn, "SELECT hypertable_size('portfolio_snapshots')")
        yield Row(f"{home}: a compressed sample", small / rows, "bytes")
        yield Row(f"{home}: compression", raw / small, "x", 6, at_least=True)


def _scalar(conn: psycopg.Connection[Any], query: str) -> float:
    row = conn.execute(query).fetchone()  # type: ignore[call-overload]
    return float(row[0])


# -- both homes -------------------------------------------------------------------------------------------------------


def measure(url: str, home: str) -> Iterator[Row]:
    yield from frames(url, home)
    yield from disk(url, home)
    yield from ingest(url, home)
    yield from live_load(url, home)


def run() -> Iterator[Row]:
    with database() as url:
        yield from measure(url, "plain")
        yield from trades(url)
    if DSN is None:
        return
    name = f"bench_{os.getpid()}"
    with psycopg.connect(DSN, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = DSN.rpartition("/")[0] + f"/{name}"
    try:
        migrate(url)
        fill_sessions(url, date.today())
        yield from measure(url, "TimescaleDB")
    finally:
        with psycopg.connect(DSN, autocommit=True) as conn:
            conn.execute(sql.SQL("DROP DATABASE {} (FORCE)").format(sql.Identifier(name)))
