"""Which flavour of storage a database has, or will get: TimescaleDB's community edition, or plain PostgreSQL.

Decided once, when a database is set up (table `storage`). The Apache edition has no continuous aggregates with real-time
refresh and no compression: it is treated as plain.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import psycopg
from psycopg import errors

from data.db import DatabaseError

OLDEST = (2, 18)  # the oldest TimescaleDB this program was run on
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
    if (decided := known(conn)) is not None:
        if decided is Flavour.TIMESCALE:
            _require(extension(conn))
        return decided
    found = extension(conn) if wanted == "auto" else None
    if found is not None and found.installed is None and _version(found.version) >= OLDEST:
        _create(conn)
        found = extension(conn)
    if found is None or not found.is_community:
        return Flavour.PLAIN
    _require(found)
    _require_unconverted(conn)
    return Flavour.TIMESCALE


def _version(text: str) -> tuple[int, int]:
    major, _, rest = text.partition(".")
    minor = rest.split(".")[0].split("-")[0]
    return (int(major or 0), int(minor or 0))


def _require(found: Extension | None) -> None:
    if found is None or found.installed is None:
        raise DatabaseError(
            "This database was set up with TimescaleDB, but the server has no TimescaleDB now: put 'timescaledb' back into "
            "shared_preload_libraries and restart the server. Nothing was changed."
        )
    if _version(found.version) < OLDEST:
        raise DatabaseError(
            f"The database has TimescaleDB {found.version}; this program needs {OLDEST[0]}.{OLDEST[1]} or newer: run "
            "`ALTER EXTENSION timescaledb UPDATE` after installing a newer one, or set MTZ_TIMESCALEDB=off to use plain "
            "tables. Nothing was changed."
        )


def _create(conn: psycopg.Connection[Any]) -> None:
    try:
        conn.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    except (errors.InsufficientPrivilege, errors.DuplicateObject) as error:
        raise DatabaseError(
            "The server offers TimescaleDB, but this user may not create it here: let an administrator run "
            "`CREATE EXTENSION timescaledb` in this database, or set MTZ_TIMESCALEDB=off to use plain tables. "
            "Nothing was changed."
        ) from error


def _require_unconverted(conn: psycopg.Connection[Any]) -> None:
    rows = conn.execute(
        "SELECT hypertable_name FROM timescaledb_information.hypertables "
        "WHERE hypertable_schema = 'public' AND hypertable_name IN ('portfolio_snapshots', 'position_snapshots') "
        "ORDER BY 1"
    ).fetchall()
    if rows:
        raise DatabaseError(
            f"{rows[0][0]} is a hypertable already although this database was not set up for TimescaleDB by this program: "
            "it is half converted. Copy the data into a new database with `mtz migrate --to-timescale`, or turn the table "
            "back into a plain one. Nothing was changed."
        )
