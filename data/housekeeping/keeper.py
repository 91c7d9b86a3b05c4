"""What housekeeping does with the roll-ups: let them advance, and compute again what came late.

How a late row is never missed: the raw level's `upto` is a threshold. It is raised first; then housekeeping waits until
every transaction that may still have seen the old one has ended; only then it rolls up to the new one. Who writes a row
before the threshold notes a dirty window in the same transaction. No lock is taken on the way of the live flush.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from data.housekeeping.grid import LEVELS, SOURCE, Span, clamp, covering, floor, merged, pieces
from data.housekeeping.levels import RELATIONS, Levels, Relation

log = logging.getLogger("mtz.housekeeping")

LAG = timedelta(seconds=30)  # rows that come this late are no late rows yet
WINDOWS_AT_ONCE = 5000
APART = timedelta(minutes=10)  # windows closer than this are computed as one


class Keeper:
    """Rolls up; `levels` holds the connection."""

    def __init__(self, levels: Levels) -> None:
        self._levels = levels
        self._conn = levels.conn
        self._waiting_for: int | None = None  # transactions before this one may have seen the old threshold

    # -- new rows ---------------------------------------------------------------------------------------------------

    def raise_threshold(self, lag: timedelta = LAG) -> None:
        """From now on rows before now - `lag` are late rows."""
        now = self._conn.execute("SELECT now()").fetchone()
        assert now is not None
        self._return_from_future(now[0])
        upto = floor(now[0] - lag, "1m")
        self._conn.execute("UPDATE rollup_levels SET upto = %s WHERE level = 'raw' AND upto < %s", [upto, upto])
        row = self._conn.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").fetchone()
        assert row is not None
        self._waiting_for = row[0]

    def _return_from_future(self, now: datetime) -> None:
        """The server's clock was ahead for a while: what is marked as rolled up beyond now is to come again."""
        ahead = [key for key, mark in self._levels.marks().items() if mark.upto and mark.upto > now]
        if not ahead:
            return
        log.warning("The database's clock went back: roll-ups begin again from %s; nothing is lost.", now)
        with self._conn.transaction():
            for relation, level in ahead:
                upto = floor(now, "1m" if level == "raw" else level)
                self._conn.execute(
                    "UPDATE rollup_levels SET upto = %s WHERE relation = %s AND level = %s", [upto, relation, level]
                )

    def whom_it_waits_for(self) -> str:
        """The oldest open transaction that writes, in words."""
        row = self._conn.execute(
            "SELECT coalesce(nullif(application_name, ''), 'a client'), pid, date_trunc('second', now() - xact_start) "
            "  FROM pg_stat_activity WHERE backend_xid IS NOT NULL ORDER BY xact_start LIMIT 1"
        ).fetchone()
        return f"{row[0]} (process {row[1]}, open for {row[2]})" if row else "a prepared transaction"

    def is_settled(self) -> bool:
        """Whether everybody knows the threshold."""
        if self._waiting_for is None:
            return True
        row = self._conn.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint").fetchone()
        assert row is not None
        if row[0] < self._waiting_for:
            return False
        self._waiting_for = None
        return True

    def advance(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """Roll up to the threshold, which must be settled: each level as far as the one below is complete."""
        for relation in RELATIONS:
            marks = self._levels.marks()
            reached = marks[relation, "raw"].upto
            if reached is None:
                continue
            self._levels.prepare(relation)
            for level in LEVELS:
                reached = self._advance(relation, level, marks[relation, level].upto, floor(reached, level))
                if stopping():
                    return

    def _advance(self, relation: Relation, level: str, start: datetime | None, target: datetime) -> datetime:
        if start is None:
            oldest = self._levels.oldest(relation, level)
            start = min(floor(oldest, level), target) if oldest is not None else target
        if start >= target:
            self._levels.reach(relation, level, target)
            return start
        for piece in pieces(Span(start, target), level):
            self._levels.advance(relation, level, piece)
        return target

    # -- late rows --------------------------------------------------------------------------------------------------

    def settle(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Compute again what dirty windows name; return how many windows were settled."""
        rows = self._conn.execute(
            "SELECT id, relation, first_ts, last_ts FROM dirty_windows ORDER BY id LIMIT %s", [WINDOWS_AT_ONCE]
        ).fetchall()
        for relation in RELATIONS:
            mine = [row for row in rows if row[1] == relation]
            self._refresh(relation, (covering(first, last, "1m") for _, _, first, last in mine))
            if stopping():
                return 0
            self._conn.execute("DELETE FROM dirty_windows WHERE id = ANY (%s)", [[row[0] for row in mine]])
        return len(rows)

    def _refresh(self, relation: Relation, windows: Iterable[Span]) -> None:
        marks = self._levels.marks()
        for window in merged(windows, APART):
            left: Span | None = window
            for level in LEVELS:
                if left is None:
                    log.info("late rows of %s before %s: what they belong to has been dropped", relation, window.until)
                    break
                # The end as it was asked for, the start as far as the level below could be computed.
                wide = covering(left.since, left.until - timedelta(microseconds=1), level)
                source = marks[relation, SOURCE[level]]
                span = clamp(wide, source.kept_from, marks[relation, level].upto, level)
                for piece in pieces(span, level) if span else ():
                    self._levels.refresh(relation, level, piece)
                left = clamp(left, source.kept_from, left.until, "1m")
