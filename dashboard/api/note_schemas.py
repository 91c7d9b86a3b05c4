"""What is asked and answered of notes; see data/notes.py."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from dashboard.api.command_schemas import PRINTABLE
from dashboard.api.schemas import Answer
from data.notes import LONGEST_NOTE, LONGEST_TAG, MOST_TAGS, cleaned

NOTE: dict[str, Any] = {
    "account": "DU1234567", "subject": "execution", "key": "0000e0d5.00000001.01", "note": "Sold after the earnings call.",
    "tags": ["earnings", "high iv"], "excluded": False, "version": 1, "author": "anna", "updated_at": "2026-01-15T15:04:05.000Z",
}  # fmt: skip


class NotePath(BaseModel):
    id: int = Field(ge=1, le=2**63 - 1, description="Its `id` as the list says it.")


class SymbolPath(BaseModel):
    symbol: str = Field(max_length=40, pattern=PRINTABLE, description="The underlying, as the broker writes it.")


class NoteBody(BaseModel):
    """The whole of what shall stand there; empty: nothing."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"note": "Sold after the earnings call.", "tags": ["earnings"], "excluded": False, "version": 0}]},
    )  # fmt: skip

    note: str = Field("", max_length=LONGEST_NOTE, pattern=PRINTABLE)
    tags: list[str] = Field(
        default_factory=list,
        max_length=MOST_TAGS,
        description=f"Kept in small letters; each up to {LONGEST_TAG} characters, without a comma.",
    )
    excluded: bool = Field(False, description="Its roll chain is left out of the win rate on the Overview.")
    version: int = Field(
        ge=0,
        le=2**31 - 2,
        description="The version that was read, 0 where nothing stood: a stale edit is refused with 409.",
    )

    @field_validator("tags")
    @classmethod
    def _clean(cls, tags: list[str]) -> list[str]:
        return list(cleaned(tags))


class Note(Answer):
    """`version` 0: nothing was written yet. `key` is what it is kept by, across imports and folds."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [NOTE]})

    account: str
    subject: Literal["execution", "round_trip", "underlying"]
    key: str
    note: str
    tags: list[str]
    excluded: bool
    version: int
    author: str | None
    updated_at: str | None
