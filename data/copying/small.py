"""The tables that don't grow with time alone: all of them in one transaction, in the order of their references."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from data.copying.catalogue import Table
from data.copying.ledger import SMALL, Ledger
from data.copying.parts import Copied
from data.copying.stream import stream


def copy_small(
    source: psycopg.Connection[Any],
    target: psycopg.Connection[Any],
    tables: list[Table],
    dependents: list[Table],
    ledger: Ledger,
    copied: Copied,
) -> None:
    """Copy `tables` whole, as they are at one moment. What an earlier run or a migration put there goes first.

    `dependents` refer to `tables`: they are emptied too, and have to be copied again.
    """
    with source.transaction(), target.transaction():
        source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        # Rows arrive as they were: no trigger numbers or stamps them anew, or refuses that they are replaced.
        _switch_triggers(target, tables, sql.SQL("DISABLE"))
        every = sql.SQL(", ").join(sql.Identifier(t.name) for t in (*tables, *dependents))
        target.execute(sql.SQL("TRUNCATE {}").format(every))
        for table in dependents:
            ledger.forget(table.name)
        for table in tables:
            named = sql.SQL(", ").join(sql.Identifier(c.name) for c in table.columns)
            query = sql.SQL("SELECT {} FROM {}").format(named, sql.Identifier(table.name))
            into = sql.SQL("{} ({})").format(sql.Identifier(table.name), named)
            copied(*stream(source, query, target, into))
            if table.identity is not None:
                _go_on_counting(source, target, table.name, table.identity)
        _switch_triggers(target, tables, sql.SQL("ENABLE"))
        ledger.note(SMALL)


def _switch_triggers(target: psycopg.Connection[Any], tables: list[Table], how: sql.SQL) -> None:
    """The schema's own triggers; those that check references stay on."""
    for table in tables:
        target.execute(sql.SQL("ALTER TABLE {} {} TRIGGER USER").format(sql.Identifier(table.name), how))


def _go_on_counting(
    source: psycopg.Connection[Any], target: psycopg.Connection[Any], table: str, identity: str
) -> None:
    """The next number on the target is the source's next."""
    row = source.execute("SELECT pg_get_serial_sequence(%s, %s)", [f"public.{table}", identity]).fetchone()
    assert row is not None
    name = sql.SQL(row[0])  # quoted where that is needed
    last = source.execute(sql.SQL("SELECT last_value, is_called FROM {}").format(name)).fetchone()
    assert last is not None
    target.execute(
        "SELECT setval(pg_get_serial_sequence(%s, %s), %s, %s)", [f"public.{table}", identity, last[0], last[1]]
    )
