"""The named queries in sql/queries/*.sql: one file a query, its name the file's name."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sql

SQL_DIR = Path(sql.__file__).parent


@cache
def query(name: str) -> str:
    """The text of sql/queries/<name>.sql.

    Raises:
        FileNotFoundError: there is no such query.
    """
    return (SQL_DIR / "queries" / f"{name}.sql").read_text(encoding="utf-8")


@cache
def statement(name: str) -> str:
    """The text of sql/writes/<name>.sql, with psycopg's ``%(name)s`` parameters.

    Raises:
        FileNotFoundError: there is no such statement.
    """
    return (SQL_DIR / "writes" / f"{name}.sql").read_text(encoding="utf-8")
