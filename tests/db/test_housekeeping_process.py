"""Housekeeping as a process: late rows within seconds, one at a time, a database that goes and comes back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from data.db import connect
from data.model import Flush, PortfolioSample, Role, Source
from data.store import Store
from tests.conftest import Server
from tests.db.test_housekeeping import ACCOUNT, Sample, portfolio
from tests.poller.process import eventually
from tests.support.gateway import PROJECT

MAIN = """
import json, logging, sys
from data.housekeeping.options import HousekeepingOptions
from data.housekeeping.service import run_housekeeping

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
raise SystemExit(run_housekeeping(HousekeepingOptions(**json.loads(sys.argv[1]))))
"""


class Process:
    def __init__(self, folder: Path, url: str) -> None:
        self._log = folder / f"housekeeping-{len(list(folder.iterdir()))}.log"
        options = {"database_url": url, "refresh_s": 5.0}
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "error", "-c", MAIN, json.dumps(options)],
                cwd=PROJECT, env=os.environ | {"PYTHONPATH": str(PROJECT)}, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def log(self) -> str:
        return self._log.read_text()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


Start = Callable[[str], Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(Process(tmp_path, url))


def write(url: str, *instants: datetime) -> None:
    with connect(url, Role.POLLER, "test", autocommit=True) as conn:
        store = Store(conn)
        store.claim_source(Source.PAPER, ACCOUNT)
        samples = tuple(PortfolioSample(ts, portfolio(Sample(ts, 100.0, 1.0, 5.0))) for ts in instants)
        store.flush(Flush(account=ACCOUNT, portfolio_samples=samples))


def rolled(url: str) -> list[datetime]:
    """The minutes that are in the rolled part: the tail that a view computes doesn't count."""
    with connect(url, Role.OWNER, "test") as conn:
        rows = conn.execute(
            "SELECT bucket FROM portfolio_1m WHERE bucket < rolled_upto('portfolio', '1m') "
            "AND NOT EXISTS (SELECT FROM dirty_windows) ORDER BY 1"
        ).fetchall()
    return [row[0] for row in rows]


def minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


def test_new_rows_and_late_ones(url18: str, start: Start) -> None:
    now = datetime.now(UTC)
    first, late = now - timedelta(minutes=50), now - timedelta(days=4)
    write(url18, first)
    keeper = start(url18)
    eventually(lambda: rolled(url18) == [minute(first)])
    write(url18, late)
    eventually(lambda: rolled(url18) == [minute(late), minute(first)])
    assert keeper.stop() == 0


def test_a_second_one_takes_over(url18: str, start: Start) -> None:
    first = start(url18)
    now = datetime.now(UTC)
    write(url18, now - timedelta(minutes=50))
    eventually(lambda: len(rolled(url18)) == 1)
    second = start(url18)
    write(url18, now - timedelta(minutes=40))
    eventually(lambda: len(rolled(url18)) == 2)
    first.process.kill()
    first.process.wait()
    write(url18, now - timedelta(minutes=30))
    eventually(lambda: len(rolled(url18)) == 3)
    assert second.stop() == 0


def test_it_waits_for_a_database_that_went_away(start: Start) -> None:
    server = Server(None)
    try:
        server.start()
        url = server.database()
        now = datetime.now(UTC)
        keeper = start(url)
        write(url, now - timedelta(minutes=50))
        eventually(lambda: len(rolled(url)) == 1)
        server.postgres.stop()
        eventually(lambda: "nothing is lost" in keeper.log)
        server.postgres.start()
        eventually(lambda: write(url, now - timedelta(minutes=40)) or True)
        eventually(lambda: len(rolled(url)) == 2)
        assert keeper.stop() == 0
    finally:
        server.stop()


def test_a_schema_that_does_not_fit_ends_it(url18: str, start: Start) -> None:
    with psycopg.connect(url18) as conn:
        conn.execute("DELETE FROM schema_migrations WHERE number = 4")
    keeper = start(url18)
    assert keeper.process.wait(20) == 3
    assert "run `mtz migrate`" in keeper.log


def test_it_waits_for_a_database_that_is_not_there_yet(start: Start) -> None:
    server = Server(None)
    try:
        server.start()
        url = server.database()
        write(url, datetime.now(UTC) - timedelta(minutes=50))
        server.postgres.stop()
        keeper = start(url)
        eventually(lambda: "nothing is lost" in keeper.log)
        server.postgres.start()
        eventually(lambda: len(rolled(url)) == 1)
        assert keeper.stop() == 0
    finally:
        server.stop()


def test_overlapping_transactions_of_others_only_delay(url18: str, start: Start) -> None:
    """One after the other is open all the time; none of them for ever."""
    write(url18, datetime.now(UTC) - timedelta(minutes=50))

    def begin() -> psycopg.Connection[tuple[object, ...]]:
        conn = connect(url18, None, "another")
        conn.execute("SELECT pg_current_xact_id()")
        return conn

    old, new = begin(), begin()
    try:
        start(url18)
        for _ in range(60):
            old.close()
            old, new = new, begin()
            if rolled(url18):
                return
            time.sleep(0.5)
        raise AssertionError("it never rolled up")
    finally:
        old.close()
        new.close()
