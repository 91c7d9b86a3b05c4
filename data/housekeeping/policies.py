"""TimescaleDB's own background jobs: compression, and refresh policies as a safety net; set from the settings.

Housekeeping refreshes every minute by itself; the policies keep the roll-ups close while it is not running. Their windows
are shorter than any retention that can be set, so that they never compute over dropped rows. Retention is no policy here:
it has to wait for late rows (see retention.py).
"""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg

from data.housekeeping.levels import RELATIONS, view_of
from data.housekeeping.options import HousekeepingOptions

# level: how far back, how far from now, how often
REFRESH = {
    "1m": ("2 days", "15 minutes", "30 minutes"),
    "1h": ("4 days", "2 hours", "1 hour"),
    "1d": ("10 days", "2 days", "6 hours"),
}
ADD: LiteralString = (
    "SELECT add_continuous_aggregate_policy(%s::regclass, start_offset => %s::interval, end_offset => %s::interval, "
    "schedule_interval => %s::interval, if_not_exists => true)"
)
ADD_WHOLE: LiteralString = ADD[:-1] + ", buckets_per_batch => 0)"  # ten buckets a batch, as unasked, takes 12 x as long


def apply(conn: psycopg.Connection[Any], options: HousekeepingOptions) -> None:
    """Make the jobs what the settings say; what is already so stays as it is."""
    add = ADD_WHOLE if _has_batches(conn) else ADD
    with conn.transaction():
        for relation in RELATIONS:
            _compress(conn, f"{relation}_snapshots", options.compress_after_days)
            for level, (back, short, every) in REFRESH.items():
                conn.execute(add, [view_of(relation, level), back, short, every])


def _has_batches(conn: psycopg.Connection[Any]) -> bool:
    row = conn.execute(
        "SELECT 1 FROM pg_proc WHERE proname = 'add_continuous_aggregate_policy' AND 'buckets_per_batch' = ANY (proargnames)"
    ).fetchone()
    return row is not None


def _compress(conn: psycopg.Connection[Any], table: str, days: int) -> None:
    row = conn.execute(
        "SELECT job_id, (config ->> 'compress_after')::interval = make_interval(days => %s) "
        "  FROM timescaledb_information.jobs WHERE proc_name = 'policy_compression' AND hypertable_name = %s",
        [days, table],
    ).fetchone()
    if row is not None and row[1]:
        return
    if row is not None:
        conn.execute("SELECT remove_compression_policy(%s::regclass)", [table])
    conn.execute("SELECT add_compression_policy(%s::regclass, make_interval(days => %s))", [table, days])
