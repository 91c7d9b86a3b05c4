"""Many rows into a table under their key: COPY into a temporary one, then one statement. What is the same stays untouched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

Row = dict[str, Any]
COLUMNS = """
SELECT attname FROM pg_attribute
 WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attidentity = ''
 ORDER BY attnum
"""


@dataclass(frozen=True, slots=True)
class Table:
    """`fills`: a row that is there only gets what it lacks. `keeps`: columns that aren't the statement's."""

    name: str
    key: tuple[str, ...]
    fills: bool = False
    keeps: tuple[str, ...] = ()


def put(conn: psycopg.Connection[Any], table: Table, rows: Sequence[Row]) -> None:
    """Insert or replace, within the caller's transaction; of rows of one key the last counts. Keys of a row that are no columns
    are left out. Raises psycopg.Error."""
    if not rows:
        return
    own = {tuple(row[name] for name in table.key): row for row in rows}
    there = [row[0] for row in conn.execute(COLUMNS, [table.name])]
    columns = [name for name in there if name in rows[0]]
    incoming = sql.Identifier(f"incoming_{table.name}")
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    conn.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            incoming, names, sql.Identifier(table.name)
        )
    )
    with conn.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN").format(incoming)) as copy:
        for row in own.values():
            copy.write_row([row[name] for name in columns])
    conn.execute(_insert(table, columns, incoming, names))
    conn.execute(sql.SQL("DROP TABLE {}").format(incoming))


def _insert(table: Table, columns: list[str], incoming: sql.Composable, names: sql.Composable) -> sql.Composed:
    changing = [name for name in columns if name not in table.key and name not in table.keeps]
    fresh, old = (
        sql.SQL(", ").join(sql.Identifier(alias, name) for name in changing) for alias in ("excluded", "known")
    )
    if table.fills:
        fresh = sql.SQL(", ").join(
            sql.SQL("coalesce({}, {})").format(sql.Identifier("known", name), sql.Identifier("excluded", name)) for name in changing
        )  # fmt: skip
    key = sql.SQL(", ").join(map(sql.Identifier, table.key))
    return sql.SQL(
        "INSERT INTO {table} AS known ({names}) SELECT {names} FROM {incoming} ORDER BY {key}"
        " ON CONFLICT ({key}) DO UPDATE SET ({changing}) = ROW ({fresh}) WHERE ROW ({old}) IS DISTINCT FROM ROW ({fresh})"
    ).format(
        table=sql.Identifier(table.name), names=names, incoming=incoming, key=key, fresh=fresh, old=old,
        changing=sql.SQL(", ").join(map(sql.Identifier, changing)),
    )  # fmt: skip
