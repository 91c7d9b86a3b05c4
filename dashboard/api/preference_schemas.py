"""What is kept of how a page looks: bounded in every part, nothing but what is named."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from dashboard.api.schemas import Answer

Page = Literal[
    "positions", "positions-phone", "trades", "trades-phone",
    "trades-orders", "trades-orders-phone", "trades-round-trips", "trades-round-trips-phone",
]  # fmt: skip
ColumnId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,40}$")]
Word = Annotated[str, StringConstraints(max_length=120)]

VALUE: dict[str, Any] = {
    "columns": [
        {"id": "symbol", "width": 208, "is_hidden": False},
        {"id": "quantity", "width": 84, "is_hidden": False},
        {"id": "gamma", "width": 90, "is_hidden": True},
    ],
    "sort": [{"id": "daily_pnl", "is_descending": True}],
    "filters": {"text": "KO", "dte": "7"},
    "folded": ["KO USD"],
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PagePath(BaseModel):
    page: Page = Field(description="The page; narrow screens keep their own columns.")


class Column(_Strict):
    """In the order of the page; what isn't named stands as the page has it."""

    id: ColumnId
    width: int | None = Field(None, ge=20, le=2000, description="Pixels; null: as the page has it.")
    is_hidden: bool = False


class Sort(_Strict):
    id: ColumnId
    is_descending: bool = False


class Look(_Strict):
    columns: list[Column] = Field(default_factory=list, max_length=80)
    sort: list[Sort] = Field(default_factory=list, max_length=5)
    filters: dict[ColumnId, Word] = Field(default_factory=dict, max_length=20, description="By the filter's name.")
    folded: list[Word] = Field(default_factory=list, max_length=100, description="Groups that are folded.")


class PreferencesBody(_Strict):
    model_config = ConfigDict(json_schema_extra={"examples": [{"value": VALUE}]})

    value: Look | None = Field(description="Null: forget what was kept.")


class Preferences(Answer):
    """`value` null: nothing is kept, the page looks as it comes. Kept for each user; without a log-in for the one reader there is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"page": "positions", "value": VALUE, "updated_at": "2026-01-15T15:00:02.000Z"}]
        }
    )

    page: Page
    value: Look | None
    updated_at: str | None
