"""The database is killed under the poller: nothing is lost, nothing doubled."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Server
from tests.poller.conftest import ACCOUNT, StartPoller, Watched, truth, watching
from tests.poller.process import eventually
from tests.support.gateway import GatewayHandle


@pytest.fixture
def mortal(own_server: Server) -> Iterator[Watched]:
    with watching(own_server.database()) as watched:
        yield watched


def kill_database(server: Server) -> None:
    process = server.postgres.process
    assert process is not None
    process.kill()
    process.wait()


def sampled_seconds(db: Watched, since: float, until: float) -> int:
    found: int = db.one(
        "SELECT count(*) FROM portfolio_snapshots WHERE ts BETWEEN to_timestamp(%s) AND to_timestamp(%s)", since, until
    )
    return found


def test_killed_and_started_again(
    gateway: GatewayHandle, own_server: Server, mortal: Watched, start_poller: StartPoller
) -> None:
    poller = start_poller(mortal.url)
    mortal.wait_live()
    held = gateway.admin("state")["positions"]
    closing = next(p for p in held if p["sec_type"] == "STK" and p["quantity"] > 0 and p["symbol"] != "KO")
    gone = time.time()  # a sample taken just before may be in hand when the database dies
    kill_database(own_server)
    gateway.admin("fill", symbol="KO", quantity=1, price="60.00")
    corrected = gateway.admin("fill", symbol="KO", quantity=2, price="60.00")
    gateway.admin("correct_execution", exec_id=corrected["exec_id"], price="59.00")
    gateway.admin("fill", con_id=closing["con_id"], action="SELL", quantity=closing["quantity"])
    spool = poller.spool_dir / f"{ACCOUNT}.spool"
    # Until some seconds of samples and the fill that closes the position are on the disk.
    eventually(lambda: spool.exists() and spool.read_bytes().count(b'"net_liquidation"') >= 3, "samples in the spool")
    back = time.time()
    own_server.postgres.start()
    mortal.wait_live(back, patience=10)
    eventually(lambda: mortal.fills() == truth(gateway), "every fill, once")
    assert sampled_seconds(mortal, gone, back) >= 3
    eventually(lambda: not mortal.one("SELECT true FROM positions_latest WHERE con_id = %s", closing["con_id"]))
    assert eventually(lambda: mortal.rows("SELECT kind, ended IS NOT NULL FROM outages")) == [("database", True)]
    assert spool.stat().st_size == 0
    eventually(lambda: mortal.one("SELECT spool_bytes = 0 FROM poller_status"), "the status to say so")


def test_both_are_killed(
    gateway: GatewayHandle, own_server: Server, mortal: Watched, start_poller: StartPoller
) -> None:
    """The poller dies while it writes to the spool; the next one finds the database still away."""
    poller = start_poller(mortal.url)
    mortal.wait_live()
    kill_database(own_server)
    gone = time.time()
    gateway.admin("fill", symbol="KO", quantity=1, price="60.00")
    spool = poller.spool_dir / f"{ACCOUNT}.spool"
    eventually(lambda: spool.exists() and spool.read_bytes().count(b'"net_liquidation"') >= 2, "samples in the spool")
    poller.kill()
    died = time.time()
    with spool.open("ab") as file:
        file.write(b"\0\0\1\0torn")  # as a write that was cut short leaves it
    second = start_poller(mortal.url)
    eventually(lambda: "can't be reached" in second.log, "the second one's word")
    back = time.time()
    own_server.postgres.start()
    mortal.wait_live(back, patience=10)
    eventually(lambda: mortal.fills() == truth(gateway), "every fill, once")
    assert sampled_seconds(mortal, gone, died) >= 2
    assert ("poller",) in mortal.rows("SELECT kind FROM outages WHERE ended IS NOT NULL")


@pytest.mark.parametrize("number", range(3))
def test_the_poller_is_killed_in_the_middle_of_flushes(
    gateway: GatewayHandle, db: Watched, start_poller: StartPoller, number: int
) -> None:
    poller = start_poller(db.url)
    db.wait_live()
    for n in range(12):
        gateway.admin("fill", symbol="KO", quantity=1 + n, price="60.00")
        if n == 3 + 3 * number:
            poller.kill()
    now = time.time()
    start_poller(db.url)
    db.wait_live(now, patience=10)
    eventually(lambda: db.fills() == truth(gateway), "every fill, once")
    assert db.one("SELECT count(*) FROM executions") == len(truth(gateway))


def test_a_full_spool_says_so_and_keeps_the_fills(
    gateway: GatewayHandle, own_server: Server, mortal: Watched, start_poller: StartPoller
) -> None:
    poller = start_poller(mortal.url, spool_limit_bytes=20_000, portfolio_sample_s=0.1, position_sample_s=0.1)
    mortal.wait_live()
    process = own_server.postgres.process
    assert process is not None
    os.kill(process.pid, signal.SIGQUIT)
    process.wait()
    spool = poller.spool_dir / f"{ACCOUNT}.spool"
    eventually(lambda: spool.exists() and spool.stat().st_size > 10_000)
    for _ in range(3):
        gateway.admin("fill", symbol="KO", quantity=1, price="60.00")
        before = spool.stat().st_mtime_ns
        eventually(lambda before=before: spool.stat().st_mtime_ns > before)
    eventually(lambda: b"exec_id" in spool.read_bytes())
    assert spool.stat().st_size < 200_000
    back = time.time()
    own_server.postgres.start()
    mortal.wait_live(back, patience=10)
    eventually(lambda: mortal.fills() == truth(gateway), "every fill, once")
    reason = eventually(lambda: mortal.one("SELECT reason FROM outages WHERE kind = 'database'"))
    assert "samples were given up; fills were kept" in reason


def test_a_database_that_comes_later(
    gateway: GatewayHandle, own_server: Server, mortal: Watched, start_poller: StartPoller, tmp_path: Path
) -> None:
    kill_database(own_server)
    poller = start_poller(mortal.url)
    eventually(lambda: "can't be reached" in poller.log)
    own_server.postgres.start()
    mortal.wait_live(time.time(), patience=10)
    assert mortal.rows("SELECT * FROM outages") == []
