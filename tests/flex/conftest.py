"""A database with an importer, an agent that folds, and lives that are told by statements and by the API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from data.db import connect
from data.flex.importing import Imported, import_statement
from data.flex.reading import read
from data.model import Role
from tests.support.statement import Draft, write

Conn = psycopg.Connection[Any]
ACCOUNT = "DU7654321"
ZONE = ZoneInfo("America/New_York")


class Importer:
    """Imports drafts as files."""

    def __init__(self, conn: Conn, folder: Path) -> None:
        self.conn = conn
        self._folder = folder

    def take(self, *drafts: Draft) -> list[Imported]:
        path = write(self._folder / "statement.xml", *drafts)
        return [import_statement(self.conn, each, path.name, ZONE) for each in read(path, ZONE)]

    def rows(self, words: str, *params: Any) -> list[tuple[Any, ...]]:
        return self.conn.execute(words, params).fetchall()


@pytest.fixture
def importer(url18: str, tmp_path: Path) -> Iterator[Importer]:
    with connect(url18, Role.IMPORTER, "test", autocommit=True) as conn:
        yield Importer(conn, tmp_path)


@pytest.fixture
def agent(url18: str) -> Iterator[Conn]:
    with connect(url18, Role.AGENT, "test", autocommit=True) as conn:
        yield conn


def everything(conn: Conn, account: str, tables: Iterable[str] = ()) -> dict[str, list[Any]]:
    """All that an account's tables say, without what differs by when it was said."""
    found: dict[str, list[Any]] = {}
    for table, left_out in TOLD.items():
        if tables and table not in tables:
            continue
        where = "account = %s AND effective" if table == "executions" else "account = %s"
        rows = conn.execute(f"SELECT to_jsonb(t) FROM {table} t WHERE {where}", [account]).fetchall()
        found[table] = sorted(
            (sorted((k, str(v)) for k, v in row[0].items() if k not in left_out) for row in rows), key=repr
        )
    return found


TOLD: dict[str, set[str]] = {
    "executions": {"id", "changed_revision", "received_at"},
    "cash_flows": set(),
    "statement_trades": {"statement"},
    "statement_lots": {"statement"},
    "statement_nav": {"statement"},
    "corporate_actions": {"statement"},
    "contract_changes": set(),
    "openings": set(),
    "round_trips": {"id"},
    "wheel_cycles": set(),
}
