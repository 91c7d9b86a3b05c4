"""Compression, refresh and retention on TimescaleDB: what the settings say, and no number changes by them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from data.db import connect
from data.flavour import Flavour
from data.housekeeping import policies
from data.housekeeping.options import HousekeepingOptions
from data.housekeeping.retention import retain
from data.housekeeping.service import Housekeeper
from data.model import Role
from tests.conftest import TIMESCALE_DSN, Server
from tests.timescale import expected
from tests.timescale.conftest import PLACES, Make
from tests.timescale.sample import Row, rows
from tests.timescale.sides import Side
from tests.timescale.test_parity import LEVELS, RELATIONS

pytestmark = pytest.mark.xdist_group("timescale")

RAW = ("portfolio", "position", "strategy")
ROLLED = [name for name in RELATIONS if "_1" in name or "history" in name]
NOW = datetime.now(UTC).replace(second=7, microsecond=0)


def options(**changes: int) -> HousekeepingOptions:
    return HousekeepingOptions("", **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=[place for place in PLACES if not place.startswith(("plain", "server"))])
def side(request: pytest.FixtureRequest, make: Make) -> Iterator[Side]:
    """TimescaleDB, with the owner's rights."""
    made = make(request.param)
    made.introduce()
    made.conn.execute("SET ROLE mtz_owner")
    yield made
    made.conn.execute("RESET ROLE")


def apply(side: Side, **changes: int) -> None:
    policies.apply(side.conn, options(**changes))
    # Only the tests run these jobs.
    side.conn.execute(
        "SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs WHERE job_id >= 1000"
    )


def jobs(side: Side, kind: str) -> dict[int, tuple[str, str]]:
    """Job, what it works on and its most telling setting."""
    found = side.conn.execute(
        "SELECT j.job_id, coalesce(v.view_name, j.hypertable_name),"
        "       coalesce(j.config ->> 'compress_after', j.config ->> 'start_offset')"
        "  FROM timescaledb_information.jobs j"
        "  LEFT JOIN timescaledb_information.continuous_aggregates v"
        "    ON v.materialization_hypertable_name = j.hypertable_name"
        " WHERE j.proc_name = %s AND j.owner = 'mtz_owner'::regrole",
        [kind],
    )
    return {job: (name, setting) for job, name, setting in found.fetchall()}


def run(side: Side, kind: str) -> None:
    for job in sorted(jobs(side, kind)):
        side.conn.execute("CALL run_job(%s)", [job])


def test_policies_are_what_the_settings_say(side: Side) -> None:
    apply(side, compress_after_days=7)
    first = jobs(side, "policy_compression")
    assert sorted(first.values()) == [(f"{r}_snapshots", "7 days") for r in RAW]
    refresh = jobs(side, "policy_refresh_continuous_aggregate")
    assert {name for name, _ in refresh.values()} == {
        f"{relation}_{level}" for relation in RAW for level in ("1m", "1h", "1d_parts")
    }
    apply(side, compress_after_days=7)
    assert jobs(side, "policy_compression") == first
    assert jobs(side, "policy_refresh_continuous_aggregate") == refresh
    apply(side, compress_after_days=3)
    assert sorted(jobs(side, "policy_compression").values()) == [(f"{r}_snapshots", "3 days") for r in RAW]
    assert jobs(side, "policy_retention") == {}  # it has to wait for late rows: housekeeping does it


def test_compression_and_late_rows_into_compressed_chunks(side: Side) -> None:
    apply(side, compress_after_days=7)
    held = rows()
    side.write(held)
    side.roll_up()
    before = {name: side.relation(name) for name in RELATIONS}
    run(side, "policy_compression")
    chunks = side.conn.execute(
        "SELECT hypertable_name, is_compressed, count(*) FROM timescaledb_information.chunks"
        " WHERE hypertable_name IN ('portfolio_snapshots', 'position_snapshots') GROUP BY 1, 2 ORDER BY 1"
    ).fetchall()
    assert [(table, compressed) for table, compressed, _ in chunks] == [
        ("portfolio_snapshots", True),
        ("position_snapshots", True),
    ]
    assert {name: side.relation(name) for name in RELATIONS} == before
    known = {(row.account, row.ts) for row in held}
    late = [row for row in rows(seed=5) if (row.account, row.ts) not in known]
    side.write(late)
    assert side.conn.execute("SELECT count(*) > 0 FROM dirty_windows").fetchone() == (True,)
    side.roll_up()
    assert side.conn.execute("SELECT count(*) FROM dirty_windows").fetchone() == (0,)
    for level in LEVELS:
        assert expected.portfolio(side, level) == expected.buckets([*held, *late], level, side.store.sessions), level


def test_compression_is_by_account_and_contract_in_order_of_time(side: Side) -> None:
    found = side.conn.execute(
        "SELECT hypertable_name, attname, segmentby_column_index IS NOT NULL, orderby_asc"
        "  FROM timescaledb_information.compression_settings WHERE hypertable_schema = 'public'"
        " ORDER BY hypertable_name, segmentby_column_index, orderby_column_index"
    ).fetchall()
    assert found == [
        ("portfolio_snapshots", "account", True, None),
        ("portfolio_snapshots", "ts", False, True),
        ("position_snapshots", "account", True, None),
        ("position_snapshots", "con_id", True, None),
        ("position_snapshots", "ts", False, True),
        ("strategy_snapshots", "account", True, None),
        ("strategy_snapshots", "strategy", True, None),
        ("strategy_snapshots", "ts", False, True),
    ]


def test_the_refresh_jobs_roll_up_while_nobody_keeps_house(side: Side) -> None:
    apply(side)
    side.write([Row("DU1", NOW - timedelta(minutes=10 * i), 1e5 + i, 1.0, 2.0, 3.0) for i in range(1, 25)])
    before = {name: side.relation(name) for name in ROLLED}
    marks = {level: watermark(side, level) for level in ("1m", "1h")}
    run(side, "policy_refresh_continuous_aggregate")
    for level, earlier in marks.items():
        assert watermark(side, level) > earlier
    assert {name: side.relation(name) for name in ROLLED} == before


def watermark(side: Side, level: str) -> datetime:
    row = side.conn.execute(
        # Of an empty view it is long before Python's first year.
        "SELECT greatest(_timescaledb_functions.to_timestamp(_timescaledb_functions.cagg_watermark(h.id)), '2000-01-01Z')"
        "  FROM timescaledb_information.continuous_aggregates v"
        "  JOIN _timescaledb_catalog.hypertable h ON h.table_name = v.materialization_hypertable_name"
        " WHERE v.view_name = %s",
        [f"portfolio_{level}"],
    ).fetchone()
    assert row is not None
    found: datetime = row[0]
    return found


@pytest.mark.parametrize("place", PLACES)
def test_retention_never_eats_history(make: Make, place: str) -> None:
    """Raw rows and minutes go; then come a late row, a window over everything, and every job there is."""
    side = make(place)
    side.introduce()
    side.write(rows())
    side.write([Row("DU1", NOW - timedelta(days=2), 1e5, 1.0, 2.0, 3.0)])
    side.roll_up()
    before = {name: side.relation(name) for name in ROLLED}
    keep = options(raw_retention_days=30, position_retention_days=30)
    if side.flavour is Flavour.TIMESCALE:
        apply(side, raw_retention_days=30, position_retention_days=30)
        run(side, "policy_compression")
    retain(side.keeper._levels, keep, NOW)
    left = side.conn.execute(
        "SELECT (SELECT count(*) FROM portfolio_snapshots), (SELECT count(*) FROM position_snapshots)"
    ).fetchone()
    assert left == (1, 2)
    assert {name: side.relation(name) for name in ROLLED} == before

    side.write(rows(seed=9)[:40])  # behind the horizon
    side.conn.execute(
        "INSERT INTO dirty_windows (relation, first_ts, last_ts)"
        " SELECT r, %s, %s FROM unnest(ARRAY['portfolio', 'position']) AS r",
        [NOW - timedelta(days=3000), NOW],
    )
    side.roll_up()
    if side.flavour is Flavour.TIMESCALE:
        run(side, "policy_refresh_continuous_aggregate")
        run(side, "policy_compression")
    retain(side.keeper._levels, keep, NOW)
    assert {name: side.relation(name) for name in ROLLED} == before
    assert side.conn.execute("SELECT count(*) FROM dirty_windows").fetchone() == (0,)

    coarse = [name for name in ROLLED if "1h" in name or "1d" in name]
    retain(
        side.keeper._levels, options(raw_retention_days=30, position_retention_days=30, minute_retention_days=30), NOW
    )
    side.conn.execute(
        "INSERT INTO dirty_windows (relation, first_ts, last_ts)"
        " SELECT r, %s, %s FROM unnest(ARRAY['portfolio', 'position']) AS r",
        [NOW - timedelta(days=3000), NOW],
    )
    side.roll_up()
    assert {name: side.relation(name) for name in coarse} == {name: before[name] for name in coarse}
    row = side.conn.execute(
        "SELECT count(*) FROM portfolio_1m WHERE bucket < %s", [NOW - timedelta(days=60)]
    ).fetchone()
    assert row == (0,)


def test_jobs_are_set_when_all_is_rolled_up(timescale: Server, make: Make) -> None:
    """A refresh of the last days alone would step over an older history that is not rolled up yet, and hide it."""
    side = make("timescale")
    side.introduce()
    held = rows()
    side.write(held)
    stopping = threading.Event()
    url = timescale.url(side.conn.info.dbname)

    def keep_house() -> None:
        with connect(url, Role.OWNER, "test", autocommit=True) as conn:
            Housekeeper(conn, HousekeepingOptions(url), stopping).run()

    keeper = threading.Thread(target=keep_house)
    keeper.start()
    try:
        while keeper.is_alive() and not jobs(side, "policy_compression"):
            stopping.wait(0.02)
        upto = side.conn.execute("SELECT min(upto) > now() - interval '2 days' FROM rollup_levels").fetchone()
        assert upto == (True,)
        for level in LEVELS:
            assert expected.portfolio(side, level) == expected.buckets(held, level, side.store.sessions), level
    finally:
        stopping.set()
        keeper.join()


def test_the_servers_own_scheduler_runs_them(server18: Server) -> None:
    """The jobs are the owner's, who may log in for this alone; the WebAssembly edition has no scheduler."""
    if TIMESCALE_DSN is None:
        pytest.skip("TIMESCALE_TEST_DSN names no server with TimescaleDB, and only a server has its scheduler")
    url = server18.database()
    with connect(url, Role.OWNER, "test", autocommit=True) as conn:
        policies.apply(conn, options(compress_after_days=7))
        batches = conn.execute(
            "SELECT DISTINCT config ->> 'buckets_per_batch' FROM timescaledb_information.jobs "
            " WHERE proc_name = 'policy_refresh_continuous_aggregate'"
        ).fetchall()
        assert batches == [("0",)]
        conn.execute(
            "SELECT alter_job(job_id, next_start => now()) FROM timescaledb_information.jobs WHERE job_id >= 1000"
        )
        with connect(url, None, "test", autocommit=True) as admin:
            wait_for_jobs(admin)


def wait_for_jobs(conn: psycopg.Connection[Any]) -> None:
    """Until each of our jobs has succeeded once; skips where the server's scheduler fails on TimescaleDB's own jobs too."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        ran = conn.execute(
            "SELECT count(*) FILTER (WHERE total_successes > 0), count(*) FROM timescaledb_information.job_stats "
            " WHERE job_id >= 1000"
        ).fetchone()
        errors = conn.execute("SELECT job_id, err_message FROM timescaledb_information.job_errors").fetchall()
        if own := [message for job, message in errors if job < 1000]:
            pytest.skip(f"this server's scheduler fails on TimescaleDB's own jobs: {own[0]}")
        assert not errors
        if ran is not None and ran[0] == ran[1] > 0:
            return
        threading.Event().wait(0.2)
    raise AssertionError("the scheduler did not run the jobs within a minute")
