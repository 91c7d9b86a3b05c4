"""Trades: pages, figures and files of 100,000 executions, and a file of a million rows."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections.abc import Iterator
from urllib.parse import quote

import psycopg

from bench import load, stack
from bench.book import ACCOUNT, COPY_FILLS, REVISION, fill_row, lives
from bench.charts import worker
from bench.common import Row, database, folder, percentile
from data.book.keeping import Keeper
from data.db import connect
from data.model import Role, Source

FILLS, ROWS = 100_000, 1_000_000
MANY = (
    "INSERT INTO executions (account, base_exec_id, revision, effective, exec_id, changed_revision, source, kind, con_id, ts,"
    " session_date, side, quantity, price, order_ref) SELECT %s, 'many.' || n, 1, true, 'many.' || n || '.01', 1, 'api', 'trade',"
    " (SELECT min(con_id) FROM contracts), timestamptz '2020-01-02 15:00Z' + n * interval '1 second', '2020-01-02', 'SLD', 1, 1.5,"
    " 'tg:wheel' FROM generate_series(1, %s) n"
)
QUESTIONS = (
    ("the first page of the table, with its total", "/api/trades/?limit=100&offset=0", 100),
    ("… of one symbol", "/api/trades/?limit=100&offset=0&symbol=S3", 100),
    ("… sorted by price", "/api/trades/?limit=100&offset=0&sort=price", 100),
    ("… by words", f"/api/trades/?limit=100&offset=0&text={quote('s3 p')}", None),
    ("the block at row 50,000", "/api/trades/?limit=100&offset=50000", None),
    ("the first page by cursor", "/api/trades/?limit=100", 100),
    ("the first page of round trips, with its total", "/api/trades/round-trips?limit=100&offset=0", 100),
    ("the first page of orders, with its total", "/api/trades/orders?limit=100", None),
    ("statistics by roll chain", "/api/trades/statistics", None),
    ("premium income, accrued", "/api/trades/premium?view=accrued", None),
)


def run() -> Iterator[Row]:
    with database() as url, folder() as data_dir, connect(url, None, "bench", autocommit=True) as owner:
        _tell(url, owner)
        with stack.web(url, data_dir) as port:
            for what, path, limit in QUESTIONS:
                load.run(port, path, connections=1, seconds=0.5)
                took = load.run(port, path, connections=1, seconds=2.0).latencies
                yield Row(f"{FILLS:,} executions: {what}: p95", percentile(took, 0.95), "ms", limit)
            owner.execute(MANY, [ACCOUNT, ROWS])
            owner.execute("ANALYZE executions")
            yield from _file(port)


def _tell(url: str, owner: psycopg.Connection[object]) -> None:
    """The executions, as a poller would have written them, and the book of them."""
    fills = lives(FILLS)
    terms = {fill.terms.con_id: fill.terms for fill in fills}
    owner.execute("INSERT INTO accounts (account, source) VALUES (%s, 'demo')", [ACCOUNT])
    owner.execute("INSERT INTO database_source (source, account) VALUES (%s, %s)", [Source.DEMO.value, ACCOUNT])
    with owner.cursor() as cursor:
        with cursor.copy(
            'COPY contracts (con_id, symbol, local_symbol, sec_type, expiry, strike, "right", multiplier, currency) FROM STDIN'
        ) as copy:
            for t in terms.values():
                copy.write_row(
                    (
                        t.con_id,
                        t.symbol,
                        t.local_symbol,
                        t.sec_type,
                        t.expiry,
                        t.strike,
                        t.right,
                        t.multiplier,
                        t.currency,
                    )
                )
        with cursor.copy(COPY_FILLS) as copy:
            for fill in fills:
                copy.write_row(fill_row(fill, 1))
    owner.execute(REVISION, [ACCOUNT, 1])
    with connect(url, Role.AGENT, "bench", autocommit=True) as agent:
        Keeper(agent).look()
    owner.execute("ANALYZE")


def _file(port: int) -> Iterator[Row]:
    """Read a file to its end, with a look at the web worker's memory all the while."""
    path = f"http://127.0.0.1:{port}/api/exports/trades.csv"
    urllib.request.urlopen(f"{path}?symbol=S1", timeout=60).read()  # noqa: S310
    watched = worker(port)
    before = peak = watched.memory_info().rss
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.02):
            peak = max(peak, watched.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    lines, start = 0, time.perf_counter()
    try:
        with urllib.request.urlopen(path, timeout=60) as answer:
            while part := answer.read(1 << 16):
                lines += part.count(b"\r\n")
    finally:
        done.set()
        watcher.join()
    took = time.perf_counter() - start
    yield Row(f"CSV of {lines - 1:,} executions: rows per second", (lines - 1) / took, "1/s", 50_000, at_least=True)
    yield Row("… the web worker's memory meanwhile", (peak - before) / 1e6, "MB", 30)
