"""A transaction of what people ask for: a database that is away becomes one sentence for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from data.db import DatabaseError, explain


@contextmanager
def transaction(engine: Engine, url: str | None, consequence: str) -> Iterator[Connection]:
    """`consequence` ends the sentence: what has become of what was asked.

    Raises:
        DatabaseError: the database is away; nothing was changed.
    """
    try:
        with engine.begin() as conn:
            yield conn
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise away(error, url, consequence) from error
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise away(error, url, consequence) from error


def away(error: Exception, url: str | None, consequence: str) -> DatabaseError:
    """What people are told of a database that can't be used."""
    cause = getattr(error, "orig", None) or error
    reason = explain(cause, url) if url else "The database can't be reached."
    return DatabaseError(f"{reason} {consequence}".rstrip())
