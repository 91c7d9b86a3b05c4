"""The roll-ups of one database, on either flavour: how a span of a level is computed again, and how far each level is."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, LiteralString

import psycopg
from psycopg import errors, sql

from data.flavour import Flavour
from data.housekeeping.grid import Span

log = logging.getLogger("mtz.housekeeping")

Relation = Literal["portfolio", "position", "strategy"]
RELATIONS: tuple[Relation, ...] = ("portfolio", "position", "strategy")


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a level is: rolled up before `upto`, dropped by retention before `kept_from`. None: not at all."""

    upto: datetime | None
    kept_from: datetime | None


ROLL_UP: LiteralString = "CALL roll_up(%(relation)s, %(level)s, %(since)s, %(until)s)"
REFRESH: LiteralString = (
    "CALL refresh_continuous_aggregate(%(view)s::regclass, %(since)s::timestamptz, %(until)s::timestamptz)"
)
# Ten buckets at a time, as newer versions do unasked, takes 12 x as long.
REFRESH_WHOLE: LiteralString = REFRESH[:-1] + ", options => '{\"buckets_per_batch\": 0}')"

Marks = dict[tuple[str, str], Mark]  # by (relation, level), the level "raw" among them


class Levels:
    """`conn` is the owner's, in autocommit mode: TimescaleDB refreshes outside any transaction only."""

    def __init__(self, conn: psycopg.Connection[Any], flavour: Flavour) -> None:
        self.conn = conn
        self.flavour = flavour
        self._refresh = _refresh_call(conn) if flavour is Flavour.TIMESCALE else ROLL_UP

    def marks(self) -> Marks:
        rows = self.conn.execute(
            "SELECT relation, level, nullif(upto, '-infinity'), nullif(kept_from, '-infinity') FROM rollup_levels"
        ).fetchall()
        return {(relation, level): Mark(upto, kept) for relation, level, upto, kept in rows}

    def prepare(self, relation: Relation) -> None:
        """On plain PostgreSQL the raw rows are found by time through BRIN, which new pages have to be told of."""
        if self.flavour is Flavour.PLAIN:
            for index in (f"{relation}_snapshots_ts", f"{relation}_1m_rolled_bucket", f"{relation}_1h_rolled_bucket"):
                self.unless_busy("SELECT brin_summarize_new_values(%s::regclass)", [index])

    def unless_busy(self, statement: LiteralString, parameters: Sequence[object]) -> None:
        """Do what shares its lock with vacuum, unless that is at work: who waits for it a second makes it give up."""
        try:
            with self.conn.transaction():
                self.conn.execute("SET LOCAL lock_timeout = '100ms'")
                self.conn.execute(statement, parameters)
        except errors.LockNotAvailable:
            log.debug("%s waits for the next round: the table is being vacuumed", statement)

    def refresh(self, relation: Relation, level: str, span: Span) -> None:
        """Compute the buckets of `span` again, whose ends lie on the level's grid."""
        parameters = {"relation": relation, "level": level, "since": span.since, "until": span.until}
        self.conn.execute(self._refresh, parameters | {"view": view_of(relation, level)})

    def advance(self, relation: Relation, level: str, span: Span) -> None:
        """Refresh `span`, the next one, and let the level reach its end; readers see both at once or neither."""
        if self.flavour is Flavour.TIMESCALE:
            self.refresh(relation, level, span)
            self.reach(relation, level, span.until)
        else:
            with self.conn.transaction():
                self.refresh(relation, level, span)
                self.reach(relation, level, span.until)

    def reach(self, relation: Relation, level: str, upto: datetime) -> None:
        self.conn.execute(
            "UPDATE rollup_levels SET upto = greatest(upto, %s) WHERE relation = %s AND level = %s",
            [upto, relation, level],
        )

    def oldest(self, relation: Relation, level: str) -> datetime | None:
        """The first instant of a level's source."""
        table, column = {
            "1m": (f"{relation}_snapshots", "ts"),
            "1h": (f"{relation}_1m", "bucket"),
            "1d": (f"{relation}_1h", "bucket"),
        }[level]
        query = sql.SQL("SELECT min({}) FROM {}").format(sql.Identifier(column), sql.Identifier(table))
        row = self.conn.execute(query).fetchone()
        return row[0] if row else None


def view_of(relation: str, level: str) -> str:
    """The relation that holds a level's buckets; a day's are in parts by UTC day."""
    return f"{relation}_1d_parts" if level == "1d" else f"{relation}_{level}"


def _refresh_call(conn: psycopg.Connection[Any]) -> LiteralString:
    row = conn.execute(
        "SELECT 1 FROM pg_proc WHERE proname = 'refresh_continuous_aggregate' AND 'options' = ANY (proargnames)"
    ).fetchone()
    return REFRESH_WHOLE if row else REFRESH
