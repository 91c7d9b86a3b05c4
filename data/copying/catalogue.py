"""What there is to copy: every table of the schema, found in the catalogue, so that a later migration's is not forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg

PROGRESS = "copy_progress"
# What the target's own migration and housekeeping make, or what says how this database stores things.
MADE_THERE = frozenset({"schema_migrations", "storage", "market_sessions", "rollup_levels", "dirty_windows", PROGRESS})
# Tables in which a migration puts a row, so that a row there doesn't mean that the database is in use.
BORN_FILLED = frozenset({"audit_head"})
ROLLED = "_rolled"  # plain PostgreSQL's roll-ups: made again, or carried (see rollups.py)

# Tables that grow with time are copied by spans of it, one transaction each.
WIDTH = {
    "portfolio_snapshots": timedelta(days=7),
    "position_snapshots": timedelta(days=1),
    "strategy_snapshots": timedelta(days=30),
    "price_bars": timedelta(days=30),
}


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str  # as format_type() says it


@dataclass(frozen=True, slots=True)
class Table:
    """`refers_to` are other tables; `identity` is the column whose values the server counts up, if any."""

    name: str
    columns: tuple[Column, ...]
    refers_to: frozenset[str]
    identity: str | None

    @property
    def is_chunked(self) -> bool:
        return self.name in WIDTH


def is_copied(name: str) -> bool:
    return name not in MADE_THERE and not name.endswith(ROLLED)


def tables(conn: psycopg.Connection[Any]) -> list[Table]:
    """The tables to copy, each after those that it refers to."""
    found = {name: _table(conn, name) for name in names(conn) if is_copied(name)}
    ordered: list[Table] = []
    while found:
        ready = [t for t in found.values() if not t.refers_to & found.keys()]
        assert ready, "tables refer to each other in a circle"
        ordered += ready
        for table in ready:
            del found[table.name]
    return ordered


def names(conn: psycopg.Connection[Any], kinds: str = "rp") -> list[str]:
    """All ordinary tables of the schema (or relations of other `pg_class.relkind`) that no extension brought, by name."""
    rows = conn.execute(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = ANY (%s) "
        "  AND NOT c.relispartition "
        "  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid "
        "                                            AND d.deptype = 'e') ORDER BY 1",
        [list(kinds)],
    )
    return [name for (name,) in rows.fetchall()]


def columns(conn: psycopg.Connection[Any], relation: str) -> tuple[Column, ...]:
    """The columns of a table or view, in their order."""
    rows = conn.execute(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        [relation],
    )
    return tuple(Column(*row) for row in rows.fetchall())


def _table(conn: psycopg.Connection[Any], name: str) -> Table:
    refers_to = conn.execute(
        "SELECT f.relname FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid "
        " WHERE k.contype = 'f' AND k.conrelid = %s::regclass AND k.confrelid <> k.conrelid",
        [name],
    ).fetchall()
    identity = conn.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attidentity <> ''", [name]
    ).fetchone()
    return Table(name, columns(conn, name), frozenset(row[0] for row in refers_to), identity[0] if identity else None)
