"""The two databases of a copy: how each is reached, and what is said of each when it fails."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import errors

from data.db import DatabaseError, connect, explain
from data.model import Role

AGAIN = "What was copied stays, and the same command goes on from there."


def open_source(url: str) -> psycopg.Connection[Any]:
    """A connection on which the server itself refuses every write.

    Raises:
        DatabaseError: not reachable, or not set up for this program.
    """
    try:
        conn = connect(url, Role.OWNER, "copy", autocommit=True)
        conn.execute("SET default_transaction_read_only = on")
        return conn
    except (psycopg.Error, DatabaseError) as error:
        raise DatabaseError(sentence(error, url, "SOURCE_URL")) from None


def open_target(url: str, role: Role | None) -> psycopg.Connection[Any]:
    """A connection as `role`; None: as the URL's own user, before there are roles.

    Raises:
        DatabaseError: not reachable.
    """
    try:
        return connect(url, role, "copy", autocommit=True)
    except (psycopg.Error, DatabaseError) as error:
        raise DatabaseError(sentence(error, url, "TARGET_URL")) from None


def sentence(error: Exception, url: str, name: str) -> str:
    """What happened on the side whose URL is called `name`, without any secret."""
    if isinstance(error, DatabaseError):
        return str(error).replace("DATABASE_URL", name)
    if isinstance(error, errors.UniqueViolation):
        return (
            f"The database of {name} holds rows that this command did not copy ({error.diag.table_name}): "
            "name an empty database. Nothing of them was changed."
        )
    known = explain(error, url).replace("DATABASE_URL", name)
    if isinstance(error, psycopg.OperationalError | errors.InsufficientPrivilege):
        return known if name in known else f"{name}: {known}"
    return f"The database of {name} failed ({error.diag.message_primary or type(error).__name__})."  # type: ignore[attr-defined]
