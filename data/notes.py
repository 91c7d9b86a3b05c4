"""Notes and tags: written beside executions, round trips and underlyings, kept across imports and folds.

Two people who write at once: the second is told so and loses nothing, since who writes names the version that was read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from data import audit, rows
from data.audit import Caller
from data.note_views import NoteView, SubjectName
from data.queries import query, statement
from data.transactions import transaction

LONGEST_NOTE = 4000
LONGEST_TAG = 32
MOST_TAGS = 20


class UnknownSubjectError(LookupError):
    """There is nothing of that number or name; one sentence for the user."""


class StaleNoteError(Exception):
    """Somebody else wrote meanwhile; `note` is what stands there now."""

    def __init__(self, note: NoteView) -> None:
        self.note = note
        super().__init__(
            f"{note['author'] or 'Somebody'} has changed this note since you read it: theirs stands and yours was not stored; "
            "read it again, then write yours over it."
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """An execution or a round trip by its number, or an underlying by its symbol and account."""

    kind: SubjectName
    id: int | None = None
    symbol: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """What shall stand there. `version` is the one that was read: 0 where nothing stood."""

    note: str
    tags: tuple[str, ...]
    excluded: bool
    version: int


def cleaned(tags: Iterable[str]) -> tuple[str, ...]:
    """In small letters, without white space around them, each once, in order.

    Raises:
        ValueError: too many, or one is empty, too long or has a comma or a control character in it; one sentence.
    """
    found = sorted({tag.strip().lower() for tag in tags})
    if len(found) > MOST_TAGS:
        raise ValueError(f"There may be {MOST_TAGS} tags at most.")
    for tag in found:
        if not 1 <= len(tag) <= LONGEST_TAG or "," in tag or not tag.isprintable():
            raise ValueError(f"A tag is 1 to {LONGEST_TAG} characters without a comma.")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Notes:
    """Through `engine` (role web). Every method raises DatabaseError when the database is away."""

    engine: Engine
    url: str | None = None

    def get(self, subject: Subject) -> NoteView:
        """What stands there. Raises UnknownSubjectError."""
        with transaction(self.engine, self.url, "") as conn:
            return _read(conn, subject)

    def put(self, caller: Caller, subject: Subject, edit: Edit) -> NoteView:
        """Write over what was read; what stands there already changes nothing.

        Raises:
            UnknownSubjectError.
            StaleNoteError: another version stands there, which was kept.
        """
        with transaction(self.engine, self.url, "Nothing was changed.") as conn:
            before = _read(conn, subject)
            wanted = (edit.note, list(edit.tags), edit.excluded)
            if wanted == (before["note"], before["tags"], before["excluded"]):
                return before
            return _write(conn, caller, subject, before, edit)


def _read(conn: Connection, subject: Subject) -> NoteView:
    asked = {"subject": subject.kind, "id": subject.id, "symbol": subject.symbol, "account": subject.account}
    row = conn.execute(text(query("note")), asked).mappings().first()
    if row is None:
        what = "symbol" if subject.kind == "underlying" else "trade" if subject.kind == "execution" else "round trip"
        raise UnknownSubjectError(f"There is no such {what}.")
    return _view(row["account"], subject.kind, row["key"], row)


def _write(conn: Connection, caller: Caller, subject: Subject, before: NoteView, edit: Edit) -> NoteView:
    if edit.version and not before["version"]:
        raise StaleNoteError(before)  # of another database
    written = (
        conn.exec_driver_sql(
            statement("note"),
            {
                "account": before["account"],
                "subject": subject.kind,
                "key": before["key"],
                "note": edit.note,
                "tags": list(edit.tags),
                "excluded": edit.excluded,
                "version": edit.version,
                "author": caller.name,
            },
        )
        .mappings()
        .first()
    )
    if written is None:
        raise StaleNoteError(_read(conn, subject))
    detail = {
        "account": before["account"],
        "version": written["version"],
        "tags": written["tags"],
        "excluded": written["excluded"],
    }
    audit.write(conn, "note.changed", caller, f"{subject.kind} {before['key']}", detail)
    conn.exec_driver_sql(statement("notes_changed"), {"account": before["account"]})
    return _view(before["account"], subject.kind, before["key"], written)


def _view(account: str, kind: SubjectName, key: str, row: Any) -> NoteView:
    return {
        "account": account,
        "subject": kind,
        "key": key,
        "note": row["note"] or "",
        "tags": list(row["tags"] or []),
        "excluded": bool(row["excluded"]),
        "version": row["version"] or 0,
        "author": row["author"],
        "updated_at": rows.iso(row["updated_at"]),
    }
