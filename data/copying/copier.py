"""A whole copy, from the checks to the comparison. Killed at any point and started again, it goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from data.calendar import fill_sessions
from data.copying import checks, rollups
from data.copying.catalogue import WIDTH, Table, columns, tables
from data.copying.comparison import Line, compare, compare_whole
from data.copying.ledger import SMALL, Ledger
from data.copying.parts import Part, copy_part, missing, spans
from data.copying.sides import AGAIN, open_source, open_target, sentence
from data.copying.small import copy_small
from data.db import DatabaseError
from data.flavour import Flavour, known
from data.housekeeping.grid import LEVELS
from data.housekeeping.levels import RELATIONS, Relation
from data.migrate import migrate
from data.model import Role

COMPARED_BY = {"1m": timedelta(days=1), "1h": timedelta(days=30), "1d": timedelta(days=365)}
# A late row's trading day may begin this long after it (a weekend and a holiday).
TO_ITS_DAY = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the copy is. `what` is the table at work; rows and bytes are of this run, `of_rows` what it has to copy."""

    what: str
    rows: int = 0
    of_rows: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """`lines` compare the two; `was_complete`: the target held everything before this run."""

    lines: list[Line]
    was_complete: bool
    late: list[str]  # roll-ups not compared everywhere: the source had late rows that it had not rolled up yet

    @property
    def is_equal(self) -> bool:
        return not any(line.different for line in self.lines)


Report = Callable[[Progress], None]


def copy_database(
    source_url: str,
    target_url: str,
    *,
    today: date,
    needs_timescale: bool = True,
    report: Report = lambda _: None,
) -> Outcome:
    """Copy everything of the source to the target and compare. The source is only read.

    Raises:
        DatabaseError: refused before anything was changed, or a server failed on the way; the message says which.
    """
    with _sides(source_url, target_url) as (source, guard):
        with _explained(source, source_url, target_url):
            checks.require_different(source, guard)
            try:
                checks.require_source(source, source_url)
            except DatabaseError as error:
                raise DatabaseError(sentence(error, source_url, "SOURCE_URL")) from None
            was_complete = checks.require_target(source, guard, target_url, needs_timescale=needs_timescale)
            report(Progress("the target's schema"))
            migrate(target_url, timescaledb="auto")
            fill_sessions(target_url, today)
        # A connection of its own: TimescaleDB was perhaps created after `guard` was opened.
        with closing(open_target(target_url, Role.OWNER)) as target, _explained(source, source_url, target_url):
            copier = _Copier(source, target, report)
            if not was_complete:
                copier.copy()
            lines, late = copier.compare()
            if not was_complete:
                copier.finish(lines)
            return Outcome(lines, was_complete, late)


@contextmanager
def _sides(source_url: str, target_url: str) -> Iterator[tuple[psycopg.Connection[Any], psycopg.Connection[Any]]]:
    with closing(open_source(source_url)) as source, closing(open_target(target_url, None)) as target:
        yield source, target


@contextmanager
def _explained(source: psycopg.Connection[Any], source_url: str, target_url: str) -> Iterator[None]:
    """A driver's error becomes a sentence about the side that it came from."""
    try:
        yield
    except psycopg.Error as error:
        url, name = (source_url, "SOURCE_URL") if source.broken else (target_url, "TARGET_URL")
        raise DatabaseError(f"{sentence(error, url, name)} {AGAIN}") from error


class _Copier:
    def __init__(self, source: psycopg.Connection[Any], target: psycopg.Connection[Any], report: Report) -> None:
        self._source = source
        self._target = target
        self._report = report
        self._flavour = known(target) or Flavour.PLAIN
        self._ledger = Ledger(target)
        every = tables(source)
        self._small = [t for t in every if not t.is_chunked]
        self._samples = [t for t in every if t.is_chunked and not t.refers_to]
        self._dependents = [t for t in every if t.is_chunked and t.refers_to]
        self._progress = Progress("")

    def copy(self) -> None:
        """Everything that isn't there yet. The ledger is made first."""
        self._ledger.begin(checks.identity(self._source))
        small_differ = self._ledger.is_done(SMALL) and any(
            compare_whole(self._source, self._target, t.name, t.columns).different for t in self._small
        )
        rollups.follow_horizons(self._source, self._target, self._flavour, self._ledger)
        parts = [*map(_part, self._samples), *rollups.carried(self._source, self._target, self._flavour)]
        dependents = list(map(_part, self._dependents))
        self._at("counting rows")
        there = {part.name: spans(self._source, part) for part in (*parts, *dependents)}
        is_small_due = small_differ or not self._ledger.is_done(SMALL)
        of_rows = self._to_copy([*parts, *dependents], there) + (self._count_small() if is_small_due else 0)
        self._progress = replace(self._progress, of_rows=of_rows)
        for part in parts:
            self._copy_part(part, there)
        if is_small_due:
            self._at("small tables")
            copy_small(self._source, self._target, self._small, self._dependents, self._ledger, self._copied)
        for part in dependents:
            self._copy_part(part, there)
        self._at("rolling up")
        rollups.make(self._source, self._target, self._flavour, self._ledger, self._rolled_up)
        self._target.execute("ANALYZE")

    def compare(self) -> tuple[list[Line], list[str]]:
        """Every table and every level on both sides."""
        lines = []
        for table in (*self._small, *self._samples, *self._dependents):
            self._at(f"comparing {table.name}")
            if table.is_chunked:
                lines.append(compare(self._source, self._target, _part(table)))
            else:
                lines.append(compare_whole(self._source, self._target, table.name, table.columns))
        late = self._late_windows()
        for relation in RELATIONS:
            for level in LEVELS:
                name = f"{relation}_{level}"
                self._at(f"comparing {name}")
                part = Part(name, columns(self._source, name), "bucket", COMPARED_BY[level])
                line = compare(self._source, self._target, part)
                kept = [s for s in line.different if not _is_late(s, part.width, late.get(relation, []))]
                lines.append(replace(line, different=kept))
        return lines, sorted(late)

    def finish(self, lines: list[Line]) -> None:
        """The ledger goes when both sides are equal; else what differs is to be copied again."""
        if not any(line.different for line in lines):
            self._ledger.end()
            return
        chunked = {t.name for t in (*self._samples, *self._dependents)}
        for line in lines:
            if line.name in chunked:
                for since in line.different:
                    self._ledger.forget(line.name, since)
        different = {line.name for line in lines if line.different}
        for relation in RELATIONS:
            if different & {f"{relation}_{level}" for level in LEVELS}:
                rollups.start_over(self._target, relation, self._flavour, self._ledger)

    def _copy_part(self, part: Part, there: dict[str, dict[datetime, int]]) -> None:
        self._at(part.name)
        copy_part(self._source, self._target, part, there[part.name], self._ledger, self._copied)

    def _to_copy(self, parts: list[Part], there: dict[str, dict[datetime, int]]) -> int:
        return sum(
            there[part.name].get(since, 0)
            for part in parts
            for since, _ in missing(part, there[part.name], self._ledger)
        )

    def _count_small(self) -> int:
        counts = (
            self._source.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table.name))).fetchone()
            for table in self._small
        )
        return sum(row[0] for row in counts if row)

    def _late_windows(self) -> dict[str, list[tuple[datetime, datetime]]]:
        """Spans that the source's roll-ups are behind its rows, by relation."""
        found: dict[str, list[tuple[datetime, datetime]]] = {}
        for relation, first, last in self._source.execute("SELECT relation, first_ts, last_ts FROM dirty_windows"):
            found.setdefault(relation, []).append((first, last))
        return found

    def _at(self, what: str) -> None:
        self._progress = replace(self._progress, what=what)
        self._report(self._progress)

    def _copied(self, rows: int, size: int) -> None:
        self._progress = replace(self._progress, rows=self._progress.rows + rows, bytes=self._progress.bytes + size)
        self._report(self._progress)

    def _rolled_up(self, relation: Relation, level: str, upto: datetime) -> None:
        self._at(f"rolling up {relation}_{level} to {upto.astimezone(UTC):%Y-%m-%d}")


def _part(table: Table) -> Part:
    raw_of = table.name.removesuffix("_snapshots") if table.name.endswith("_snapshots") else None
    return Part(table.name, table.columns, "ts", WIDTH[table.name], raw_of=raw_of)


def _is_late(since: datetime | None, width: timedelta, windows: list[tuple[datetime, datetime]]) -> bool:
    return since is not None and any(
        since <= last + TO_ITS_DAY and first - timedelta(days=1) < since + width for first, last in windows
    )
