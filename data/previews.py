"""Asking for a bot's own dry run, and looking at it. Whoever runs it (the strategy agent) writes `preview_results`."""

from __future__ import annotations

import uuid

from sqlalchemy import Connection, Engine, text

from data import audit, rows
from data.audit import Caller
from data.control_views import PreviewView
from data.queries import query, statement
from data.transactions import transaction

CHANNEL = "mtz_previews"  # NOTIFY: a dry run was asked for
AWAY = "No dry run was asked for."


class UnknownPreviewError(LookupError):
    """There is no such bot or dry run."""


class ImpossiblePreviewError(Exception):
    """The bot has no dry run; the message says why and what to do."""


class Previews:
    """Asks through `engine` (role web or agent). Every method raises DatabaseError when the database is away."""

    def __init__(self, engine: Engine, url: str | None = None) -> None:
        self._engine = engine
        self._url = url

    def ask(self, caller: Caller, bot: str) -> PreviewView:
        """Ask for a dry run; one that is under way is the answer, too.

        Raises:
            UnknownPreviewError, ImpossiblePreviewError.
        """
        with transaction(self._engine, self._url, AWAY) as conn:
            found = conn.execute(text(query("preview_possible")), {"bot": bot}).mappings().one_or_none()
            if found is None:
                raise UnknownPreviewError("There is no such bot.")
            if found["adapter"] != "wrapper":
                raise ImpossiblePreviewError("This bot runs by itself: only one that `mtz bot` starts has a dry run.")
            if not found["has_command"]:
                raise ImpossiblePreviewError(
                    "How this bot is started isn't known yet: run it once by `mtz bot`, and its next run can be previewed."
                )
            if found["waiting"] is not None:
                return _preview(conn, found["waiting"])
            asked = conn.exec_driver_sql(statement("preview"), {"bot": bot, "actor": caller.name}).one()
            audit.write(conn, "preview.requested", caller, bot, {"preview": str(asked.preview_id)})
            conn.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})
            return _preview(conn, asked.preview_id)

    def get(self, preview_id: str) -> PreviewView:
        """Raises UnknownPreviewError."""
        try:
            wanted = uuid.UUID(preview_id)
        except ValueError:
            raise UnknownPreviewError("There is no such dry run.") from None
        with transaction(self._engine, self._url, AWAY) as conn:
            return _preview(conn, wanted)


def _preview(conn: Connection, preview_id: uuid.UUID) -> PreviewView:
    row = conn.execute(text(query("preview")), {"preview_id": preview_id}).mappings().one_or_none()
    if row is None:
        raise UnknownPreviewError("There is no such dry run.")
    ended = row["ended_at"] is not None
    return {
        "id": str(row["preview_id"]),
        "bot": row["bot"],
        "actor": row["actor"],
        "requested_at": rows.stamp(row["requested_at"]),
        "state": "failed"
        if ended and row["problem"]
        else "done"
        if ended
        else "running"
        if row["started_at"]
        else "requested",
        "started_at": rows.iso(row["started_at"]),
        "ended_at": rows.iso(row["ended_at"]),
        "orders": list(row["orders"]),
        "words": row["words"],
        "problem": row["problem"],
    }
