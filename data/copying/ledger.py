"""What has been copied so far: a table on the target, written in the same transaction as the rows it speaks of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg

from data.copying.catalogue import PROGRESS

ORIGIN = "origin"
SMALL = "small tables"


class Ledger:
    """`copy_progress` on the target: a row per step, or per span of one. It is dropped when all is copied and compared."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn = conn

    @staticmethod
    def origin(conn: psycopg.Connection[Any]) -> str | None:
        """The identity of the database whose copy was begun here; None: no copy was begun."""
        row = conn.execute("SELECT to_regclass('public.copy_progress') IS NOT NULL").fetchone()
        if not (row and row[0]):
            return None
        found = conn.execute("SELECT note FROM copy_progress WHERE step = %s", [ORIGIN]).fetchone()
        return str(found[0]) if found else None

    def begin(self, origin: str) -> None:
        """Make the table, where it isn't there yet."""
        with self._conn.transaction():
            self._conn.execute(
                "CREATE TABLE IF NOT EXISTS copy_progress (step text, since timestamptz, rows bigint NOT NULL, "
                "note text, noted_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (step, since))"
            )
            self._conn.execute(
                "INSERT INTO copy_progress VALUES (%s, '-infinity', 0, %s) ON CONFLICT DO NOTHING", [ORIGIN, origin]
            )

    def spans(self, step: str) -> dict[datetime, int]:
        """A step's spans, by their start, and how many rows each had."""
        rows = self._conn.execute(
            "SELECT since, rows FROM copy_progress WHERE step = %s AND since > '-infinity'", [step]
        )
        return dict(rows.fetchall())

    def note_span(self, step: str, since: datetime, count: int) -> None:
        self._conn.execute(
            "INSERT INTO copy_progress VALUES (%s, %s, %s) ON CONFLICT (step, since) DO UPDATE SET rows = excluded.rows",
            [step, since, count],
        )

    def is_done(self, step: str, note: str = "") -> bool:
        """Whether a step that has no spans is done, with this very note."""
        row = self._conn.execute(
            "SELECT 1 FROM copy_progress WHERE step = %s AND since = '-infinity' AND coalesce(note, '') = %s",
            [step, note],
        )
        return row.fetchone() is not None

    def note(self, step: str, note: str = "") -> None:
        """A step that has no spans is done."""
        self._conn.execute(
            "INSERT INTO copy_progress VALUES (%s, '-infinity', 0, %s) "
            "ON CONFLICT (step, since) DO UPDATE SET note = excluded.note, noted_at = now()",
            [step, note],
        )

    def forget(self, step: str, since: datetime | None = None) -> None:
        """A step, or one span of it, has to be done again."""
        if since is None:
            self._conn.execute("DELETE FROM copy_progress WHERE step = %s", [step])
        else:
            # Kept as a span with an impossible count: its rows are there and have to go first.
            self._conn.execute("UPDATE copy_progress SET rows = -1 WHERE step = %s AND since = %s", [step, since])

    def end(self) -> None:
        self._conn.execute(f"DROP TABLE {PROGRESS}")
