"""Source against target, relation by relation and span by span: counts, first and last times, sums, and the rows themselves.

Sums of numeric and whole numbers must be equal; sums of floats, which depend on the order of adding, within 1e-9 of the sum
of their magnitudes. The hash of every row, added up, tells of what sums can't: a moved sign, a swapped text, a lost null.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from data.copying.catalogue import Column
from data.copying.parts import Part

TOLERANCE = 1e-9
EXACT = frozenset({"numeric", "smallint", "integer", "bigint"})
FLOAT = frozenset({"real", "double precision"})
TIMES = "timestamp with time zone"


@dataclass(frozen=True, slots=True)
class Digest:
    """What is compared of some rows: how many, their first and last time, sums by column, the hash of all of them."""

    rows: int
    first: datetime | None
    last: datetime | None
    exact: tuple[Any, ...]
    floats: tuple[tuple[float | None, float | None], ...]  # sum, sum of magnitudes
    hash: Any

    def equals(self, other: Digest) -> bool:
        return (
            (self.rows, self.first, self.last, self.exact, self.hash)
            == (other.rows, other.first, other.last, other.exact, other.hash)
        ) and all(map(_close, self.floats, other.floats))


@dataclass(frozen=True, slots=True)
class Line:
    """One relation compared. `different` are the starts of the spans that differ (None for a table without spans)."""

    name: str
    source_rows: int
    target_rows: int
    sums: int  # how many columns were added up
    first: datetime | None
    last: datetime | None
    different: list[datetime | None] = field(default_factory=list)


def compare(source: psycopg.Connection[Any], target: psycopg.Connection[Any], part: Part) -> Line:
    """Compare the rows of `part` by its spans: the relation of the same name on both sides."""
    ours, theirs = digests(source, part), digests(target, part)
    different = [since for since in ours.keys() | theirs.keys() if not _same(ours.get(since), theirs.get(since))]
    return _line(part.name, part.columns, list(ours.values()), list(theirs.values()), different)


def compare_whole(
    source: psycopg.Connection[Any], target: psycopg.Connection[Any], table: str, columns: tuple[Column, ...]
) -> Line:
    """Compare a table without spans."""
    query = sql.SQL("SELECT NULL, {} FROM {}").format(_aggregates(columns), sql.Identifier(table))
    [ours], [theirs] = (_read(conn, query, columns).values() for conn in (source, target))
    return _line(table, columns, [ours], [theirs], [] if ours.equals(theirs) else [None])


def digests(conn: psycopg.Connection[Any], part: Part) -> dict[datetime | None, Digest]:
    """The digest of each span that has rows."""
    query = sql.SQL("SELECT {}, {} FROM {} WHERE {} GROUP BY 1").format(
        part.bin(), _aggregates(part.columns), sql.Identifier(part.name), part.within(part.since, part.until)
    )
    return _read(conn, query, part.columns)


def _line(
    name: str,
    columns: tuple[Column, ...],
    ours: list[Digest],
    theirs: list[Digest],
    different: list[datetime | None],
) -> Line:
    return Line(
        name,
        sum(d.rows for d in ours),
        sum(d.rows for d in theirs),
        sum(c.type in EXACT | FLOAT for c in columns),
        min((d.first for d in ours if d.first), default=None),
        max((d.last for d in ours if d.last), default=None),
        different,
    )


def _aggregates(columns: tuple[Column, ...]) -> sql.Composable:
    every = sql.SQL(", ").join(sql.Identifier(c.name) for c in columns)
    times = [sql.Identifier(c.name) for c in columns if c.type == TIMES]
    least, most = (
        sql.SQL("{}({})").format(sql.SQL(of), sql.SQL("{}({})").format(sql.SQL(per), sql.SQL(", ").join(times)))
        if times
        else sql.SQL("NULL")
        for of, per in (("min", "least"), ("max", "greatest"))
    )
    sums = [sql.SQL("sum({})").format(sql.Identifier(c.name)) for c in columns if c.type in EXACT]
    for name in (sql.Identifier(c.name) for c in columns if c.type in FLOAT):
        sums += [sql.SQL("sum({})").format(name), sql.SQL("sum(abs({}))").format(name)]
    head = sql.SQL("count(*), {}, {}, sum(hash_record_extended(ROW({}), 0))").format(least, most, every)
    return sql.SQL(", ").join([head, *sums])


def _read(
    conn: psycopg.Connection[Any], query: sql.Composed, columns: tuple[Column, ...]
) -> dict[datetime | None, Digest]:
    exact = sum(c.type in EXACT for c in columns)
    found = {}
    for since, rows, first, last, rows_hash, *sums in conn.execute(query):
        floats = tuple(zip(sums[exact::2], sums[exact + 1 :: 2], strict=True))
        found[since] = Digest(rows, first, last, tuple(sums[:exact]), floats, rows_hash)
    return found


def _same(one: Digest | None, other: Digest | None) -> bool:
    return one is not None and other is not None and one.equals(other)


def _close(one: tuple[float | None, float | None], other: tuple[float | None, float | None]) -> bool:
    (a, size), (b, _) = one, other
    if a is None or b is None or size is None:
        return a is b
    if not (math.isfinite(a) and math.isfinite(b)):
        return a == b or (math.isnan(a) and math.isnan(b))
    return abs(a - b) <= TOLERANCE * size


def table(lines: list[Line]) -> Iterator[str]:
    """The comparison as lines of text."""
    yield f"{'table':<22} {'source rows':>13} {'target rows':>13} {'sums':>5}  {'first':<16}  {'last':<16}  result"
    for line in lines:
        first, last = (f"{t:%Y-%m-%d %H:%M}" if t else "—" for t in (line.first, line.last))
        result = "different" if line.different else "equal"
        yield (
            f"{line.name:<22} {line.source_rows:>13,} {line.target_rows:>13,} {line.sums:>5}  {first:<16}  {last:<16}  {result}"
        )
