"""Which flavour of storage a database has, or will get: TimescaleDB's community edition, or plain PostgreSQL.

Decided once, when a database is set up (table `storage`). The Apache edition has no continuous aggregates with real-time
refresh and no compression: it is treated as plain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import psycopg
from psycopg import errors

from data.db import DatabaseError

OLDEST = (2, 13)  # the oldest TimescaleDB that the tests were run on
SNAPSHOTS = ("portfolio_snapshots", "position_snapshots")
Wanted = Literal["auto", "off"]


class Flavour(StrEnum):
    PLAIN = "plain"
    TIMESCALE = "timescale"


@dataclass(frozen=True, slots=True)
class Extension:
    """TimescaleDB as this database has it. `installed` None: the server offers it, the database hasn't created it."""

    installed: str | None
    offered: str | None
    license: str | None  # "timescale" is the community edition, "apache" the other; None where it can't be read

    @property
    def version(self) -> str:
        return self.installed or self.offered or ""

    @property
    def is_community(self) -> bool:
        return self.license == "timescale"

    @property
    def is_apache(self) -> bool:
        return self.license == "apache"

    @property
    def is_new_enough(self) -> bool:
        return _version(self.version) >= OLDEST


def extension(conn: psycopg.Connection[Any]) -> Extension | None:
    """TimescaleDB on this server; None where it is neither installed nor ready to be."""
    row = conn.execute(
        "SELECT a.installed_version, a.default_version, current_setting('timescaledb.license', true), "
        "       current_setting('timescaledb.max_background_workers', true) IS NOT NULL "
        "  FROM pg_available_extensions a WHERE a.name = 'timescaledb'"
    ).fetchone()
    if row is None or (row[0] is None and not row[3]):
        return None  # its library is not preloaded: it can't be created
    return Extension(row[0], row[1], row[2] or None)


def known(conn: psycopg.Connection[Any]) -> Flavour | None:
    """The flavour this database was set up with; None before that."""
    row = conn.execute("SELECT to_regclass('public.storage') IS NOT NULL").fetchone()
    if not (row and row[0]):
        return None
    chosen = conn.execute("SELECT flavour FROM storage").fetchone()
    return Flavour(chosen[0]) if chosen else None


def choose(conn: psycopg.Connection[Any], wanted: Wanted) -> Flavour:
    """The flavour this database has, else the one to set it up with; creates the extension where that is needed.

    Raises:
        DatabaseError: TimescaleDB is too old, may not be created by this user, or the tables are half converted.
            Nothing was changed.
    """
    found = extension(conn)
    if (decided := known(conn)) is not None:
        if decided is Flavour.TIMESCALE:
            require_there(found)
        require_whole(conn, found, decided)
        return decided
    if wanted == "off" or found is None or found.is_apache:
        return Flavour.PLAIN
    require_new_enough(found)
    if found.installed is None:
        _create(conn)
        found = extension(conn)
        if found is None or not found.is_community:
            return Flavour.PLAIN
    require_whole(conn, found, None)
    return Flavour.TIMESCALE


def require_new_enough(found: Extension) -> None:
    """Find that the program was run on this version or an older one.

    Raises:
        DatabaseError: it is too old; says what to do.
    """
    if found.is_new_enough:
        return
    update = " and run `ALTER EXTENSION timescaledb UPDATE` in this database" if found.installed else ""
    whose = "The database has" if found.installed else "The server offers"
    raise DatabaseError(
        f"{whose} TimescaleDB {found.version}; this program needs {OLDEST[0]}.{OLDEST[1]} or newer: install a newer one"
        f"{update}, or set MTZ_TIMESCALEDB=off to use plain tables in a new database. Nothing was changed."
    )


def require_there(found: Extension | None) -> None:
    """Find that a database that was set up with TimescaleDB still has what it needs.

    Raises:
        DatabaseError: it has not; says what to do.
    """
    if found is None or found.installed is None:
        raise DatabaseError(
            "This database was set up with TimescaleDB, but the server has no TimescaleDB now: put 'timescaledb' back into "
            "shared_preload_libraries and restart the server. Nothing was changed."
        )
    if found.is_apache:
        raise DatabaseError(
            "This database was set up with TimescaleDB's community edition, but the server runs the Apache edition now: set "
            "timescaledb.license to 'timescale' and restart the server. Nothing was changed."
        )
    require_new_enough(found)


def _version(text: str) -> tuple[int, int]:
    """Major and minor, of texts like 2.18.1 and 2.23.0-dev."""
    numbers = re.findall(r"\d+", text)[:2]
    return (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 else (0, 0)


def _create(conn: psycopg.Connection[Any]) -> None:
    try:
        conn.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    except (errors.InsufficientPrivilege, errors.DuplicateObject) as error:
        raise DatabaseError(
            "The server offers TimescaleDB, but this user may not create it here: let an administrator run "
            "`CREATE EXTENSION timescaledb` in this database, or set MTZ_TIMESCALEDB=off to use plain tables. "
            "Nothing was changed."
        ) from error


def require_whole(conn: psycopg.Connection[Any], found: Extension | None, flavour: Flavour | None) -> None:
    """Find that the snapshots are hypertables where the database is TimescaleDB's, and else are not.

    Raises:
        DatabaseError: the database is half converted; says what to do.
    """
    if found is None or found.installed is None:
        return
    rows = conn.execute(
        "SELECT hypertable_name FROM timescaledb_information.hypertables "
        "WHERE hypertable_schema = 'public' AND hypertable_name = ANY (%s)",
        [list(SNAPSHOTS)],
    ).fetchall()
    hypertables = {row[0] for row in rows}
    wrong = sorted(set(SNAPSHOTS) - hypertables if flavour is Flavour.TIMESCALE else hypertables)
    if not wrong:
        return
    if flavour is Flavour.TIMESCALE:
        raise DatabaseError(
            f"{wrong[0]} is no hypertable although this database was set up with TimescaleDB: it is half converted, or half "
            "restored. Restore the backup with timescaledb_pre_restore() before and timescaledb_post_restore() after it. "
            "Nothing was changed."
        )
    raise DatabaseError(
        f"{wrong[0]} is a hypertable although this database was not set up for TimescaleDB by this program: it is half "
        "converted. Turn it back into a plain table (rename it, CREATE TABLE … (LIKE … INCLUDING ALL), copy its rows), then "
        "move to a new database with `mtz migrate --to-timescale`. Nothing was changed."
    )
