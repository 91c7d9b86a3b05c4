"""One relation's rows, copied by spans of time; each span is one transaction with its line in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from data.copying.catalogue import Column
from data.copying.ledger import Ledger
from data.copying.stream import stream
from data.db import literal
from data.queries import statement

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
Copied = Callable[[int, int], None]  # rows, bytes


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of `since` ≤ `time` < `until` (None: no bound).

    `into`: the target's relation for what is carried; some of a span's rows may have been made there already.
    `raw_of`: the roll-ups' relation whose raw samples these are.
    """

    name: str
    columns: tuple[Column, ...]
    time: str
    width: timedelta
    since: datetime | None = None
    until: datetime | None = None
    into: sql.Identifier | None = None
    raw_of: str | None = None

    @property
    def target(self) -> sql.Identifier:
        return self.into or sql.Identifier(self.name)

    def within(self, since: datetime | None, until: datetime | None) -> sql.Composable:
        """The condition of rows from `since` to `until`."""
        bounds = [(">=", since), ("<", until)]
        terms = [
            sql.SQL(literal(f"{{}} {sign} {{}}")).format(sql.Identifier(self.time), sql.Literal(bound))
            for sign, bound in bounds
            if bound is not None
        ]
        return sql.SQL(" AND ").join(terms) if terms else sql.SQL("true")

    def bin(self) -> sql.Composable:
        """The start of a row's span."""
        return sql.SQL("date_bin({}, {}, {})").format(
            sql.Literal(self.width), sql.Identifier(self.time), sql.Literal(EPOCH)
        )

    def list(self) -> sql.Composable:
        return sql.SQL(", ").join(sql.Identifier(column.name) for column in self.columns)


def spans(source: psycopg.Connection[Any], part: Part) -> dict[datetime, int]:
    """The source's spans that have rows, and how many: one scan."""
    query = sql.SQL("SELECT {}, count(*) FROM {} WHERE {} GROUP BY 1 ORDER BY 1").format(
        part.bin(), sql.Identifier(part.name), part.within(part.since, part.until)
    )
    return dict(source.execute(query).fetchall())


def missing(part: Part, there: dict[datetime, int], ledger: Ledger) -> Iterator[tuple[datetime, bool]]:
    """Spans to copy, in order, and whether the target has rows of it that go first: the source has changed since."""
    done = ledger.spans(part.name)
    for since in sorted(there.keys() | done.keys()):
        if done.get(since) != there.get(since, 0):
            yield since, since in done


def copy_part(
    source: psycopg.Connection[Any],
    target: psycopg.Connection[Any],
    part: Part,
    there: dict[datetime, int],
    ledger: Ledger,
    copied: Copied,
) -> None:
    """Copy what the ledger doesn't have; `copied` is told after every span."""
    for since, is_again in missing(part, there, ledger):
        until = since + part.width
        low = since if part.since is None else max(since, part.since)
        high = until if part.until is None else min(until, part.until)
        within = part.within(low, high)
        query = sql.SQL("SELECT {} FROM {} WHERE {}").format(part.list(), sql.Identifier(part.name), within)
        with target.transaction():
            if is_again or part.into is not None:
                target.execute(sql.SQL("DELETE FROM {} WHERE {}").format(part.target, within))
            count, size = stream(source, query, target, sql.SQL("{} ({})").format(part.target, part.list()))
            if part.raw_of is not None:
                parameters = {"relation": part.raw_of, "first_ts": since, "last_ts": until}
                target.execute(literal(statement("dirty")), parameters)
            ledger.note_span(part.name, since, count)
        copied(count, size)
