"""How this program reaches PostgreSQL: one URL, psycopg 3, and a role taken at connect.

SQLAlchemy is engine, pool and transactions; :func:`connect` gives a bare psycopg connection where the driver's own
features are needed (COPY, pipeline, LISTEN).
"""

from __future__ import annotations

import re
from typing import Any, LiteralString, cast

import psycopg
from psycopg import errors
from psycopg.conninfo import make_conninfo
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from data.model import Role

CONNECT_TIMEOUT_S = 5


class DatabaseError(Exception):
    """The database can't be used; the message is one sentence for the user, without any secret."""


def normalize_url(url: str) -> URL:
    """Accept ``postgres://``, ``postgresql://`` and ``postgresql+psycopg://``; always answer the psycopg 3 form.

    Raises:
        DatabaseError: the text is no PostgreSQL URL.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise DatabaseError("DATABASE_URL is not a URL: write postgresql://user:password@host:5432/database.") from None
    if parsed.drivername not in {"postgres", "postgresql", "postgresql+psycopg"}:
        raise DatabaseError(f"DATABASE_URL begins with {parsed.drivername}://; this program speaks postgresql:// only.")
    return parsed.set(drivername="postgresql+psycopg")


def conninfo(url: str, role: Role | None, application: str) -> str:
    """A libpq connection string that takes `role` and UTC at connect."""
    plain = normalize_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    options = "-c timezone=UTC" + (f" -c role={role.value}" if role else "")
    return make_conninfo(
        plain, options=options, application_name=f"mtz {application}", connect_timeout=CONNECT_TIMEOUT_S
    )


def connect(
    url: str, role: Role | None, application: str, *, autocommit: bool = False, **kwargs: Any
) -> psycopg.Connection[tuple[Any, ...]]:
    """A bare psycopg connection under `role`.

    Raises:
        psycopg.OperationalError: not reachable or refused (see :func:`explain`).
    """
    return psycopg.connect(conninfo(url, role, application), autocommit=autocommit, **kwargs)


def make_engine(url: str, role: Role, application: str, *, pool_size: int = 5) -> Engine:
    """SQLAlchemy's engine and pool under `role`; a dead pooled connection is replaced before it is handed out."""
    info = conninfo(url, role, application)
    return create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(info),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_timeout=10,
        hide_parameters=True,  # in errors, which are logged: names, hashes, what people typed
    )


def explain(error: BaseException, url: str) -> str:
    """Say in one sentence why the database can't be used and what to do; never the password."""
    where = normalize_url(url)
    place = f"{where.host or where.query.get('host', 'the local socket')}:{where.port or 5432}"
    advice = (
        "check that it runs and that DATABASE_URL names it."
        if where.host
        else "`mtz run` starts its own again; start one of yours."
    )
    return _known_reason(error, where, place) or f"The database at {place} can't be reached: {advice}"


def is_away(error: BaseException, url: str) -> bool:
    """Whether waiting may help: the server is down or starting, not refusing us."""
    return isinstance(error, psycopg.OperationalError) and _known_reason(error, normalize_url(url), "") is None


def _known_reason(error: BaseException, where: URL, place: str) -> str | None:
    text = str(error)
    if isinstance(error, errors.InvalidPassword) or "password authentication failed" in text:
        return f"The database at {place} refused the password of user {where.username!r}: correct DATABASE_URL."
    if "no password supplied" in text:
        return f"The database at {place} wants a password of user {where.username!r}: add it to DATABASE_URL."
    if "authentication failed" in text:
        return f"The database at {place} refused the user {where.username!r}: correct DATABASE_URL."
    if "no pg_hba.conf entry" in text:
        return (
            f"The database at {place} lets user {where.username!r} not into {where.database!r} from this machine: "
            "allow it in the server's pg_hba.conf, or correct DATABASE_URL."
        )
    if isinstance(error, errors.InvalidCatalogName) or ('database "' in text and "does not exist" in text):
        return f"There is no database {where.database!r} at {place}: create it, or correct DATABASE_URL."
    lacks_role = 'role "mtz_' in text and "grant role" not in text and "admin option" not in text
    if lacks_role or isinstance(error, errors.UndefinedTable):
        return f"The database {where.database!r} at {place} has not been set up for this program: run `mtz migrate`."
    if unknown := re.search(r'FATAL: +role "(.+)" does not exist', text):
        return f"The database at {place} knows no user {unknown[1]!r}: create it, or correct DATABASE_URL."
    if isinstance(error, errors.InsufficientPrivilege):
        return (
            f"The user {where.username!r} may not do this in {where.database!r} at {place}: "
            "it needs CREATEROLE and CREATE."
        )
    if isinstance(error, errors.DiskFull):
        return f"The disk of the database at {place} is full: make room there; nothing that was stored is lost."
    return None


def literal(sql: str) -> LiteralString:
    """Mark text read from our own sql/ folder as trusted for psycopg's typed API."""
    return cast("LiteralString", sql)  # type: ignore[redundant-cast]
