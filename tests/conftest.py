"""What every test may ask for: a real PostgreSQL per worker, a fresh migrated database per test, free ports."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from data.calendar import fill_sessions
from data.embedded import EmbeddedPostgres
from data.migrate import migrate

# A busy machine is no failure: how long an example takes is not what is tested.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

TEMPLATE = "mtz_template"
SYSTEM_PG15 = Path("/usr/lib/postgresql/15/bin")


class Server:
    """A throw-away PostgreSQL; `database()` gives the URL of a new migrated database."""

    def __init__(self, bin_dir: Path | None) -> None:
        # Not pytest's tmp_path: its folders are 0700 and root's, where an unprivileged server can't go.
        self._folder = Path(tempfile.mkdtemp(prefix="mtz-test-"))
        self._folder.chmod(0o755)
        self.postgres = EmbeddedPostgres(self._folder, bin_dir, settings={"fsync": "off", "max_connections": "100"})
        self._numbers = itertools.count(1)

    def start(self) -> None:
        self.postgres.start()
        template = self.postgres.ensure_database(TEMPLATE)
        migrate(template)
        fill_sessions(template, date.today())

    def stop(self) -> None:
        self.postgres.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
        if self.postgres.socket_dir.parent != self._folder:
            shutil.rmtree(self.postgres.socket_dir, ignore_errors=True)

    def database(self) -> str:
        return self._create(sql.SQL("TEMPLATE {}").format(sql.Identifier(TEMPLATE)))

    def empty_database(self) -> str:
        return self._create(sql.SQL(""))

    def _create(self, template: sql.Composable) -> str:
        name = f"t{next(self._numbers)}"
        with psycopg.connect(self.postgres.url("postgres"), autocommit=True) as conn:
            conn.execute(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), template))
        return self.postgres.url(name)


@contextlib.contextmanager
def _running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def server18() -> Iterator[Server]:
    """PostgreSQL 18 from the wheel."""
    with _running(Server(None)) as server:
        yield server


@pytest.fixture(scope="session")
def server15() -> Iterator[Server]:
    """PostgreSQL 15 of the system."""
    if not (SYSTEM_PG15 / "postgres").exists():
        pytest.skip("no PostgreSQL 15 on this system (Debian's package postgresql-15): the SQL is tested on 18 only")
    with _running(Server(SYSTEM_PG15)) as server:
        yield server


@pytest.fixture(params=["18", "15"])
def server(request: pytest.FixtureRequest) -> Server:
    """Both supported ends, one after the other: for tests of SQL."""
    found: Server = request.getfixturevalue(f"server{request.param}")
    return found


@pytest.fixture
def database_url(server: Server) -> str:
    """A fresh, migrated database on each supported PostgreSQL."""
    return server.database()


@pytest.fixture
def url18(server18: Server) -> str:
    """A fresh, migrated database on the embedded PostgreSQL: for tests that are not about SQL."""
    return server18.database()


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A port that nothing uses now."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return find


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own settings must not steer a test."""
    for name in list(os.environ):
        if name.startswith(("MTZ_", "IBKR_")) or name == "DATABASE_URL":
            monkeypatch.delenv(name)
