"""What must be so before anything is copied; each refusal is one sentence, and nothing has been changed by then."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import psycopg
from psycopg import sql

from data.copying.catalogue import BORN_FILLED, columns, is_copied, names
from data.copying.ledger import Ledger
from data.db import DatabaseError, normalize_url
from data.flavour import OLDEST, Flavour, choose, known
from data.housekeeping.service import LOCK_KEY as HOUSEKEEPING_LOCK
from data.migrate import pending
from data.poller.writer import LOCK_CLASS, account_lock

TABLES_AND_VIEWS = "rpvmf"  # as pg_class.relkind has them; foreign tables too
LOCK_KEY = 0x4D545A04  # "MTZ", 4: one copy into a database at a time


def identity(conn: psycopg.Connection[Any]) -> str:
    """Which database this is, whatever its URL says."""
    row = conn.execute(
        "SELECT format('%s/%s', (SELECT system_identifier FROM pg_control_system()), oid) "
        "  FROM pg_database WHERE datname = current_database()"
    ).fetchone()
    assert row is not None
    return str(row[0])


def require_source(conn: psycopg.Connection[Any], url: str) -> None:
    """The source is ours, up to date, and nobody writes to it; it stays so while `conn` is open."""
    if not _is_ours(conn):
        raise DatabaseError("The database of SOURCE_URL is not one of this program: nothing was changed.")
    if missing := pending(url):
        raise DatabaseError(
            f"The database of SOURCE_URL lacks migration {missing[0]}: bring it up to date first, with `mtz migrate` "
            "(or by starting `mtz run` on it once). Nothing was changed."
        )
    _hold(conn, _accounts(conn), "source")


def require_different(source: psycopg.Connection[Any], target: psycopg.Connection[Any]) -> None:
    if identity(source) == identity(target):
        raise DatabaseError(
            "SOURCE_URL and TARGET_URL name the same database: name an empty one as target. Nothing was changed."
        )


def require_target(
    source: psycopg.Connection[Any], target: psycopg.Connection[Any], url: str, *, needs_timescale: bool
) -> bool:
    """The target is fit for a copy: empty, or holding a part of this very one. Whether it may be complete already.

    It is held: while `target` is open no poller, housekeeper or other copy works on it.
    """
    row = target.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY]).fetchone()
    if not (row and row[0]):
        raise DatabaseError("Another `mtz migrate --to-timescale` is copying into this target: wait until it ends.")
    _hold(target, _accounts(source), "target")
    flavour = _flavour_to_be(target)
    if needs_timescale and flavour is Flavour.PLAIN:
        raise DatabaseError(_no_timescale(target, url))
    if not _is_ours(target):
        if theirs := names(target, TABLES_AND_VIEWS):
            raise DatabaseError(
                f"The target holds tables that are not this program's ({theirs[0]}): name an empty database. "
                "Nothing was changed."
            )
        return False
    origin = Ledger.origin(target)
    if origin is not None:
        if origin != identity(source):
            raise DatabaseError(
                "The target holds an unfinished copy of another database: go on with that one, or name an empty database. "
                "Nothing was changed."
            )
        return False
    filled = [n for n in names(target) if is_copied(n) and n not in BORN_FILLED and _has_rows(target, n)]
    if filled and _claim(source) is not None and _claim(source) == _claim(target):
        return True
    if filled:
        raise DatabaseError(
            f"The target holds rows that this command did not copy ({filled[0]}): name an empty database. "
            "Nothing was changed."
        )
    return False


def _is_ours(conn: psycopg.Connection[Any]) -> bool:
    """Whether the database was set up by this program; others have tables of migrations too."""
    ledger = "schema_migrations"
    return ledger in names(conn) and "checksum" in {column.name for column in columns(conn, ledger)}


def _hold(conn: psycopg.Connection[Any], accounts: list[str], side: str) -> None:
    """Take the locks of the poller and the housekeeper, so that none starts now; refuse where one runs."""
    running = conn.execute(
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND pid <> pg_backend_pid() "
        "   AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 1",
        [LOCK_CLASS],
    ).fetchone()
    locks = [conn.execute("SELECT pg_try_advisory_lock(%s)", [HOUSEKEEPING_LOCK])]
    locks += [conn.execute("SELECT pg_try_advisory_lock(%s, %s)", account_lock(account)) for account in accounts]
    if running or not all(row and row[0] for row in (lock.fetchone() for lock in locks)):
        raise DatabaseError(
            f"The dashboard is running on the {side}: stop mtz first (`mtz run`, `mtz poll`, `mtz housekeeping`), then run "
            "this again. Nothing was changed."
        )


def _accounts(source: psycopg.Connection[Any]) -> list[str]:
    return [account for (account,) in source.execute("SELECT account FROM accounts ORDER BY 1")]


def _flavour_to_be(target: psycopg.Connection[Any]) -> Flavour:
    """The flavour that a migration would give the target; what it takes to find out is rolled back."""
    if (decided := known(target)) is not None:
        return decided
    with target.transaction(force_rollback=True):
        return choose(target, "auto")


def _no_timescale(target: psycopg.Connection[Any], url: str) -> str:
    if known(target) is Flavour.PLAIN:
        return (
            "The target was set up with plain tables: name an empty database, and don't run `mtz migrate` on it with "
            "MTZ_TIMESCALEDB=off. Nothing was changed."
        )
    where = normalize_url(url)
    return (
        f"The server {where.host or where.query.get('host', 'of TARGET_URL')} has no TimescaleDB to offer: install its "
        f"community edition, {OLDEST[0]}.{OLDEST[1]} or newer, put 'timescaledb' into shared_preload_libraries and restart "
        "it, or name another server. Nothing was changed."
    )


def _has_rows(conn: psycopg.Connection[Any], name: str) -> bool:
    return conn.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(name))).fetchone() is not None


def _claim(conn: psycopg.Connection[Any]) -> tuple[Any, ...] | None:
    with suppress(psycopg.errors.UndefinedTable):
        return conn.execute("SELECT source, account, claimed_at FROM database_source").fetchone()
    return None
