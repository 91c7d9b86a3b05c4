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
        ("portfolio", "1m"): options.minute_retention_days,
        ("position", "1m"): options.minute_retention_days,
    }
    for (relation, level), kept_days in days.items():
        cutoff = floor(now - timedelta(days=kept_days), "1d")
        if _may_go(levels, relation, level, cutoff):
            _raise_horizon(levels.conn, relation, level, cutoff)
            yield from _drop(levels, relation, level, cutoff)


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


def _drop(levels: Levels, relation: Relation, level: str, cutoff: datetime) -> Iterator[None]:
    if levels.flavour is Flavour.TIMESCALE:
        name = f"{relation}_snapshots" if level == "raw" else f"{relation}_{level}"
        gone = levels.conn.execute("SELECT drop_chunks(%s::regclass, older_than => %s)", [name, cutoff]).rowcount
        if gone:
            log.info("dropped %d chunks of %s before %s", gone, name, cutoff.date())
        yield
        return
    table, column = (f"{relation}_snapshots", "ts") if level == "raw" else (f"{relation}_{level}_rolled", "bucket")
    names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
    oldest = sql.SQL("SELECT min({column}) FROM {table} WHERE {column} < %s").format(**names)
    delete = sql.SQL("DELETE FROM {table} WHERE {column} < %s").format(**names)
    row = levels.conn.execute(oldest, [cutoff]).fetchone()
    at, gone = row[0] if row else None, 0
    while at is not None and at < cutoff:
        at = min(at + SLICE, cutoff)
        gone += levels.conn.execute(delete, [at]).rowcount
        yield
    if gone:
        log.info("dropped %d rows of %s before %s", gone, table, cutoff.date())
