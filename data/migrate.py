"""Numbered migrations: each in a transaction of its own, all under one advisory lock, each file held by its checksum.

Most are in sql/migrations; where the two flavours of storage differ, a number's file is in sql/plain and in sql/timescale.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors

from data.db import DatabaseError, connect, explain, literal
from data.flavour import Flavour, Wanted, choose, known
from data.queries import SQL_DIR

log = logging.getLogger("mtz.migrate")

LOCK_KEY = 0x4D545A01  # "MTZ", 1: one migration at a time per database
MINIMUM_SERVER = 150000

LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    number      integer PRIMARY KEY,
    name        text NOT NULL,
    checksum    text NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now()
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def available(flavour: Flavour, folder: Path = SQL_DIR) -> list[Migration]:
    """The migrations of `flavour` in order: those of `folder`/migrations and of `folder`/<flavour>.

    Raises:
        DatabaseError: a name is malformed, or a number is used twice or left out.
    """
    found: list[Migration] = []
    paths = [*(folder / "migrations").glob("*.sql"), *(folder / flavour.value).glob("*.sql")]
    for path in sorted(paths, key=lambda p: p.name):
        match = re.fullmatch(r"(\d{4})_([a-z0-9_]+)\.sql", path.name)
        if not match:
            raise DatabaseError(f"{path.name} is no migration's name: it must look like 0002_what_it_does.sql.")
        found.append(Migration(int(match[1]), match[2], path.read_text(encoding="utf-8")))
    for expected, migration in enumerate(found, start=1):
        if migration.number != expected:
            raise DatabaseError(
                f"Migration {expected:04d} is missing or doubled beside {migration.number:04d}_{migration.name}."
            )
    return found


def migrate(
    url: str, *, timescaledb: Wanted = "auto", folder: Path = SQL_DIR, report: Callable[[str], None] = log.info
) -> list[str]:
    """Bring the database up to date and return the names of what was applied.

    `timescaledb` "off": a new database gets plain tables although the server has TimescaleDB.

    Raises:
        DatabaseError: unreachable, too old, an applied file was changed or is missing, or a migration failed
            (its transaction is rolled back; those before it stay).
    """
    try:
        with connect(url, None, "migrate", autocommit=True) as conn:
            _require_server(conn)
            conn.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
            return bring_up(conn, timescaledb, folder, report)
    except psycopg.Error as error:
        raise DatabaseError(explain(error, url)) from error


def bring_up(
    conn: psycopg.Connection[Any],
    timescaledb: Wanted = "auto",
    folder: Path = SQL_DIR,
    report: Callable[[str], None] = log.info,
) -> list[str]:
    """What :func:`migrate` does, on a connection in autocommit mode that nobody else migrates beside; it ends as the owner.

    Raises:
        DatabaseError: as :func:`migrate`.
        psycopg.Error: the connection was lost, or a role may not be made.
    """
    with conn.transaction():  # the extension and the roles, or neither
        flavour = choose(conn, timescaledb)
        _create_roles(conn, flavour)
    migrations = available(flavour, folder)
    conn.execute("SET ROLE mtz_owner")
    conn.execute(literal(LEDGER))
    done = _applied(conn, migrations)
    applied = [_apply(conn, migration, report) for migration in migrations if migration.number not in done]
    with conn.transaction():
        conn.execute(literal((SQL_DIR / "roles" / "grants.sql").read_text(encoding="utf-8")))
    return applied


def pending(url: str, *, folder: Path = SQL_DIR) -> list[str]:
    """Names of the migrations that the database lacks; raises as :func:`migrate` does, and changes nothing."""
    try:
        with connect(url, None, "migrate", autocommit=True) as conn:
            _require_server(conn)
            migrations = available(known(conn) or Flavour.PLAIN, folder)
            row = conn.execute("SELECT to_regclass('public.schema_migrations') IS NOT NULL").fetchone()
            done = _applied(conn, migrations) if row and row[0] else set()
    except psycopg.Error as error:
        raise DatabaseError(explain(error, url)) from error
    return [f"{m.number:04d}_{m.name}" for m in migrations if m.number not in done]


def require_schema(url: str) -> None:
    """For a process that starts: every migration is there.

    Raises:
        DatabaseError: one is missing; the message says what to do.
        psycopg.Error: the database could not be asked, so that the caller may see whether it is merely away.
    """
    try:
        missing = pending(url)
    except DatabaseError as error:
        if isinstance(error.__cause__, psycopg.Error):
            raise error.__cause__ from None
        raise
    if missing:
        raise DatabaseError(f"The database lacks migration {missing[0]}: run `mtz migrate`, then start again.")


def _require_server(conn: psycopg.Connection[Any]) -> None:
    if conn.info.server_version < MINIMUM_SERVER:
        raise DatabaseError(
            f"The database server is PostgreSQL {conn.info.server_version // 10000}; this program needs 15 or newer."
        )


def _create_roles(conn: psycopg.Connection[Any], flavour: Flavour) -> None:
    text = (SQL_DIR / "roles" / "roles.sql").read_text(encoding="utf-8")
    if flavour is Flavour.TIMESCALE:
        text += (SQL_DIR / "roles" / "timescale.sql").read_text(encoding="utf-8")
    for attempt in range(10):
        try:
            with conn.transaction():
                conn.execute(literal(text))
            return
        # Roles are shared by all databases of the cluster: another one's migration may touch the same catalogue rows.
        except (errors.UniqueViolation, errors.InternalError_) as error:
            if attempt == 9:
                raise
            log.debug("roles are being created by another database's migration too: %s", error)


def _applied(conn: psycopg.Connection[Any], migrations: list[Migration]) -> set[int]:
    known = {m.number: m for m in migrations}
    done: set[int] = set()
    for number, name, checksum in conn.execute("SELECT number, name, checksum FROM schema_migrations ORDER BY number"):
        migration = known.get(number)
        if migration is None and number > len(migrations):
            raise DatabaseError(
                f"The database has migration {number:04d}_{name}, which is newer than this program: update the program."
            )
        if migration is None or migration.checksum != checksum or migration.name != name:
            raise DatabaseError(
                f"Migration {number:04d}_{name} was applied to this database, but its file has since been changed or removed: "
                "restore the file; a correction needs a migration of its own."
            )
        done.add(number)
    return done


def _apply(conn: psycopg.Connection[Any], migration: Migration, report: Callable[[str], None]) -> str:
    label = f"{migration.number:04d}_{migration.name}"
    try:
        with conn.transaction():
            conn.execute(literal(migration.text))
            conn.execute(
                "INSERT INTO schema_migrations (number, name, checksum) VALUES (%s, %s, %s)",
                [migration.number, migration.name, migration.checksum],
            )
    except psycopg.Error as error:
        raise DatabaseError(
            f"Migration {label} failed and was rolled back: {error.diag.message_primary or error}"
        ) from error
    report(f"applied {label}")
    return label
