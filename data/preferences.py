"""How a reader likes a page: kept for each user, and for the one reader who needs no log-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from data import rows
from data.db import DatabaseError, explain
from data.queries import query, statement


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
        with self._transaction() as conn:
            found = conn.execute(text(query("preference")), {"reader": reader, "page": page}).mappings().one_or_none()
        if found is None:
            return {"page": page, "value": None, "updated_at": None}
        return {"page": page, "value": found["value"], "updated_at": rows.iso(found["updated_at"])}

    def put(self, reader: int | None, page: str, value: dict[str, Any] | None) -> PreferencesView:
        """Keep `value` in the place of what was kept before; None: forget it."""
        who = {"reader": reader, "page": page}
        with self._transaction() as conn:
            if value is None:
                conn.exec_driver_sql(statement("preference_forgotten"), who)
                return {"page": page, "value": None, "updated_at": None}
            kept = conn.exec_driver_sql(statement("preference"), {**who, "value": Jsonb(value)}).scalar_one()
        return {"page": page, "value": value, "updated_at": rows.iso(kept)}

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as conn:
                yield conn
        except (OperationalError, InterfaceError, PoolTimeoutError) as error:
            raise self._away(error) from error
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            raise self._away(error) from error

    def _away(self, error: Exception) -> DatabaseError:
        cause = getattr(error, "orig", None) or error
        reason = explain(cause, self._url) if self._url else "The database can't be reached."
        return DatabaseError(f"{reason} How the page looks was not kept.")
