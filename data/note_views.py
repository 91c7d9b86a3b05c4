"""The shape of a note: `GET` and `PUT /api/…/notes` send it, the page's dialog shows it."""

from __future__ import annotations

from typing import Literal, TypedDict

SubjectName = Literal["execution", "round_trip", "underlying"]


class NoteView(TypedDict):
    """`version` 0: nothing was written yet, then author and updated_at are None."""

    account: str
    subject: SubjectName
    key: str  # what it is kept by: an execution's base id, the execution that began the round trip, a symbol
    note: str
    tags: list[str]
    excluded: bool  # left out of statistics
    version: int
    author: str | None
    updated_at: str | None
