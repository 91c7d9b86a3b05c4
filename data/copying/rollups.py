"""Roll-ups on the target: made there from the raw rows, except where those are gone; those are carried over.

Retention drops raw samples (and old minutes) and keeps what they were rolled up to. Nothing on the target could make that
again, so these buckets are copied into the relation in which the target keeps a level's buckets, and the horizon
(`kept_from`) goes with them, so that no refresh ever reaches there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from data.copying.catalogue import columns
from data.copying.ledger import Ledger
from data.copying.parts import Part
from data.flavour import Flavour
from data.housekeeping.grid import LEVELS, SOURCE, STEP, Span, ceil
from data.housekeeping.keeper import Keeper
from data.housekeeping.levels import RELATIONS, Levels, Marks, Relation, view_of

WIDTH = {"1m": timedelta(days=7), "1h": timedelta(days=365), "1d": timedelta(days=3650)}
MARKER = "copy in progress"  # no account's name
# What a sample has to have besides its account and times.
NEEDED: dict[Relation, dict[str, str | int]] = {
    "portfolio": {},
    "position": {"con_id": 0, "currency": "", "quantity": 0},
    "strategy": {"strategy": "", "trades": 0, "closed": 0, "wins": 0, "positions": 0},
}


def made_from(marks: Marks, relation: str, level: str) -> datetime | None:
    """Where a level's buckets begin to be made from the level below; earlier ones are carried. None: all are made."""
    horizons = [marks[relation, SOURCE[level]].kept_from, marks[relation, level].kept_from]
    return max((ceil(h, level) for h in horizons if h is not None), default=None)


def marks_of(source: psycopg.Connection[Any]) -> Marks:
    """How far the source's levels are; nothing is refreshed there, so its flavour doesn't matter."""
    return Levels(source, Flavour.PLAIN).marks()


def carried(source: psycopg.Connection[Any], target: psycopg.Connection[Any], flavour: Flavour) -> list[Part]:
    """The buckets that can't be made again, a part for each level that has some."""
    marks = marks_of(source)
    found = []
    for relation in RELATIONS:
        for level in LEVELS:
            until, since = made_from(marks, relation, level), marks[relation, level].kept_from
            if until is not None and (since is None or since < until):
                view = view_of(relation, level)
                into = store_of(target, view, flavour)
                found.append(Part(view, columns(source, view), "bucket", WIDTH[level], since, until, into))
    return found


def follow_horizons(
    source: psycopg.Connection[Any], target: psycopg.Connection[Any], flavour: Flavour, ledger: Ledger
) -> None:
    """Start a relation's roll-ups over where retention has run on the source since an earlier run: other buckets are carried."""
    marks = marks_of(source)
    for relation in RELATIONS:
        step = f"horizons of {relation}"
        horizons = " ".join(str(marks[relation, level].kept_from) for level in ("raw", *LEVELS))
        if not ledger.is_done(step, horizons):
            with target.transaction():
                start_over(target, relation, flavour, ledger)
                ledger.note(step, horizons)


def start_over(target: psycopg.Connection[Any], relation: Relation, flavour: Flavour, ledger: Ledger) -> None:
    """Take all roll-ups of a relation away, so that they are carried and made again."""
    with target.transaction():
        for level in reversed(LEVELS):
            view = view_of(relation, level)
            # Of a continuous aggregate this also says that all of it has to be computed again; a DELETE wouldn't.
            where = _rolled(view) if flavour is Flavour.PLAIN else sql.Identifier(view)
            target.execute(sql.SQL("TRUNCATE {}").format(where))
            ledger.forget(view)
        target.execute(
            "UPDATE rollup_levels SET upto = '-infinity' WHERE relation = %s AND level = ANY (%s)",
            [relation, [*LEVELS]],
        )
        target.execute(sql.SQL("DELETE FROM {} WHERE account = %s").format(_raw(relation)), [MARKER])
        ledger.forget(_watermark(relation))


def _raw(relation: Relation) -> sql.Identifier:
    return sql.Identifier(f"{relation}_snapshots")


def _rolled(view: str) -> sql.Identifier:
    return sql.Identifier(view.removesuffix("_parts") + "_rolled")


def store_of(target: psycopg.Connection[Any], view: str, flavour: Flavour) -> sql.Identifier:
    """The table that holds the buckets which the view `view` has ready."""
    if flavour is Flavour.PLAIN:
        return _rolled(view)
    row = target.execute(
        "SELECT materialization_hypertable_schema, materialization_hypertable_name "
        "  FROM timescaledb_information.continuous_aggregates WHERE view_schema = 'public' AND view_name = %s",
        [view],
    ).fetchone()
    assert row is not None
    return sql.Identifier(*row)


def make(
    source: psycopg.Connection[Any],
    target: psycopg.Connection[Any],
    flavour: Flavour,
    ledger: Ledger,
    reached: Callable[[Relation, str, datetime], None],
) -> None:
    """Take over the horizons, then roll up everything behind them; `reached` hears of every piece."""
    marks = marks_of(source)
    levels = _Watched(target, flavour, reached)
    with target.transaction():
        for (relation, level), mark in marks.items():
            target.execute(
                "UPDATE rollup_levels SET kept_from = coalesce(%s, kept_from), upto = greatest(upto, %s) "
                " WHERE relation = %s AND level = %s",
                [mark.kept_from, made_from(marks, relation, level) if level in LEVELS else None, relation, level],
            )
    if flavour is Flavour.TIMESCALE:
        for relation in RELATIONS:
            _let_carried_be_seen(levels, relation, marks, ledger)
    keeper = Keeper(levels)
    keeper.raise_threshold(timedelta(0))  # known to everybody at once: nobody else writes, the locks are ours
    keeper.advance()
    while keeper.settle():
        pass


class _Watched(Levels):
    """Levels that tell how far they are."""

    def __init__(
        self, conn: psycopg.Connection[Any], flavour: Flavour, reached: Callable[[Relation, str, datetime], None]
    ) -> None:
        super().__init__(conn, flavour)
        self._reached = reached

    def advance(self, relation: Relation, level: str, span: Span) -> None:
        super().advance(relation, level, span)
        self._reached(relation, level, span.until)


def _let_carried_be_seen(levels: Levels, relation: Relation, marks: Marks, ledger: Ledger) -> None:
    """A continuous aggregate shows what it holds only before its watermark, which nothing but a refresh with rows moves.

    So one sample is put where making begins, refreshed and taken away again: where no sample follows what was carried,
    there would be no such refresh.
    """
    starts = [made_from(marks, relation, level) for level in LEVELS]
    begin = max((start for start in starts if start is not None), default=None)
    is_carried = any(rows for level in LEVELS for rows in ledger.spans(view_of(relation, level)).values())
    if begin is None or not is_carried or ledger.is_done(_watermark(relation)):
        return
    mark(levels, relation, begin)
    # From the levels too: the next refresh of hours doesn't hear of a minute that is gone.
    stores = [store_of(levels.conn, view_of(relation, level), levels.flavour) for level in LEVELS]
    with levels.conn.transaction():
        for table in (_raw(relation), *stores):
            levels.conn.execute(sql.SQL("DELETE FROM {} WHERE account = %s").format(table), [MARKER])
        ledger.note(_watermark(relation))


def mark(levels: Levels, relation: Relation, begin: datetime) -> None:
    """Put the sample at `begin` and refresh its bucket of each level."""
    row = {"account": MARKER, "ts": begin, "as_of": begin, "session_date": begin.date(), **NEEDED[relation]}
    levels.conn.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(
            _raw(relation),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(map(sql.Placeholder, row)),
        ),
        row,
    )
    for level in LEVELS:
        start = ceil(begin, level)
        if start == begin:
            levels.refresh(relation, level, Span(start, start + STEP[level]))


def _watermark(relation: Relation) -> str:
    """The ledger's step."""
    return f"watermark of {relation}"
