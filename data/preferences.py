"""How a reader likes a page: kept for each user, and for the one reader who needs no log-in."""

from __future__ import annotations

from typing import Any, TypedDict

from psycopg.types.json import Jsonb
from sqlalchemy import Engine, text

from data import rows
from data.queries import query, statement
from data.transactions import transaction

AWAY = "How the page looks was not kept."


class PreferencesView(TypedDict):
    """`GET /api/preferences/{page}`; `value` None: as the page comes."""

    page: str
    value: dict[str, Any] | None
    updated_at: str | None


class Preferences:
    """Through `engine` (role web). `reader` is a user's id, None: who needs no log-in.

    Every method raises DatabaseError when the database is away; nothing was changed then.
    """

    def __init__(self, engine: Engine, url: str | None = None) -> None:
        self._engine = engine
        self._url = url

    def get(self, reader: int | None, page: str) -> PreferencesView:
        with transaction(self._engine, self._url, AWAY) as conn:
            found = conn.execute(text(query("preference")), {"reader": reader, "page": page}).mappings().one_or_none()
        if found is None:
            return {"page": page, "value": None, "updated_at": None}
        return {"page": page, "value": found["value"], "updated_at": rows.iso(found["updated_at"])}

    def put(self, reader: int | None, page: str, value: dict[str, Any] | None) -> PreferencesView:
        """Keep `value` in the place of what was kept before; None: forget it."""
        who = {"reader": reader, "page": page}
        with transaction(self._engine, self._url, AWAY) as conn:
            if value is None:
                conn.exec_driver_sql(statement("preference_forgotten"), who)
                return {"page": page, "value": None, "updated_at": None}
            kept = conn.exec_driver_sql(statement("preference"), {**who, "value": Jsonb(value)}).scalar_one()
        return {"page": page, "value": value, "updated_at": rows.iso(kept)}
