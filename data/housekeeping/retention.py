"""Retention: raw samples and minutes older than the settings say are dropped, what they were rolled up to stays.

In this order, each step committed: nothing late may be waiting in the span and the next level must have it; then the
horizon (`kept_from`) is raised, so that no refresh reaches behind it; then the rows go.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from data.flavour import Flavour
from data.housekeeping.grid import floor
from data.housekeeping.levels import Levels, Relation
from data.housekeeping.options import HousekeepingOptions

log = logging.getLogger("mtz.housekeeping")

NEXT = {"raw": "1m", "1m": "1h"}
PAGES_PER_RANGE = 128  # of a BRIN index, unless it says otherwise
SLICE = timedelta(days=1)  # one DELETE's worth on plain PostgreSQL


def retain(levels: Levels, options: HousekeepingOptions, now: datetime) -> None:
    """Drop what is older than the settings keep."""
    for _ in slices(levels, options, now):
        pass


def slices(levels: Levels, options: HousekeepingOptions, now: datetime) -> Iterator[None]:
    """The same piece by piece, so that late rows needn't wait for years to be dropped."""
    days: dict[tuple[Relation, str], int] = {
        ("portfolio", "raw"): options.raw_retention_days,
        ("position", "raw"): options.position_retention_days,
        ("strategy", "raw"): options.position_retention_days,
        ("portfolio", "1m"): options.minute_retention_days,
        ("position", "1m"): options.minute_retention_days,
        ("strategy", "1m"): options.minute_retention_days,
    }
    for (relation, level), kept_days in days.items():
        cutoff = floor(now - timedelta(days=kept_days), "1d")
        oldest = _oldest(levels, relation, level, cutoff)
        if oldest is not None and _may_go(levels, relation, level, cutoff):
            _raise_horizon(levels.conn, relation, level, cutoff)
            yield from _drop(levels, relation, level, oldest, cutoff)


def _oldest(levels: Levels, relation: Relation, level: str, cutoff: datetime) -> datetime | None:
    """The first instant that would go. None: nothing would, so that the horizon stays and older history may still come."""
    table, column = _place(levels, relation, level)
    if levels.flavour is Flavour.TIMESCALE:
        row = levels.conn.execute("SELECT 1 FROM show_chunks(%s::regclass, older_than => %s) LIMIT 1", [table, cutoff])
        if row.fetchone() is None:
            return None
    query = sql.SQL("SELECT min({column}) FROM {table} WHERE {column} < %s")
    found = levels.conn.execute(
        query.format(table=sql.Identifier(table), column=sql.Identifier(column)), [cutoff]
    ).fetchone()
    return found[0] if found else None


def _place(levels: Levels, relation: Relation, level: str) -> tuple[str, str]:
    """Where a level's rows lie, and their time's column."""
    if level == "raw":
        return f"{relation}_snapshots", "ts"
    return (f"{relation}_{level}" if levels.flavour is Flavour.TIMESCALE else f"{relation}_{level}_rolled"), "bucket"


def _may_go(levels: Levels, relation: Relation, level: str, cutoff: datetime) -> bool:
    upto = levels.marks()[relation, NEXT[level]].upto
    if upto is None or upto < cutoff:
        return False
    row = levels.conn.execute(
        "SELECT 1 FROM dirty_windows WHERE relation = %s AND first_ts < %s LIMIT 1", [relation, cutoff]
    ).fetchone()
    return row is None


def _raise_horizon(conn: psycopg.Connection[Any], relation: str, level: str, cutoff: datetime) -> None:
    conn.execute(
        "UPDATE rollup_levels SET kept_from = greatest(kept_from, %s) WHERE relation = %s AND level = %s",
        [cutoff, relation, level],
    )


def _drop(levels: Levels, relation: Relation, level: str, oldest: datetime, cutoff: datetime) -> Iterator[None]:
    table, column = _place(levels, relation, level)
    gone = 0
    if levels.flavour is Flavour.TIMESCALE:
        gone = levels.conn.execute("SELECT drop_chunks(%s::regclass, older_than => %s)", [table, cutoff]).rowcount
        log.info("dropped %d chunks of %s before %s", gone, table, cutoff.date())
        yield
        return
    delete = sql.SQL(
        "WITH gone AS (DELETE FROM {table} WHERE {column} >= %s AND {column} < %s RETURNING ctid) "
        "SELECT cast((cast(cast(ctid AS text) AS point))[0] AS bigint) / %s * %s, count(*) FROM gone GROUP BY 1"
    ).format(table=sql.Identifier(table), column=sql.Identifier(column))
    while oldest < cutoff:
        until = min(oldest + SLICE, cutoff)
        ranges = levels.conn.execute(delete, [oldest, until, PAGES_PER_RANGE, PAGES_PER_RANGE]).fetchall()
        for block, rows in ranges:
            # New rows will be put there: without this the range would claim to hold both ends of time for ever.
            levels.unless_busy("SELECT brin_desummarize_range(%s::regclass, %s)", [f"{table}_{column}", block])
            gone += rows
        oldest = until
        yield
    log.info("dropped %d rows of %s before %s", gone, table, cutoff.date())
