"""What every test may ask for: a real PostgreSQL per worker, a fresh migrated database per test, free ports.

TIMESCALE_TEST_DSN, a superuser's URL of a server with TimescaleDB, runs the same tests there instead.
"""

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
from typing import Any

import psycopg
import pytest
from _pytest.nodeid import coerce_node_id
from hypothesis import settings
from psycopg import sql

from data.calendar import fill_sessions
from data.db import normalize_url
from data.embedded import EmbeddedPostgres
from data.flavour import Flavour, known
from data.migrate import migrate

# A busy machine is no failure: how long an example takes is not what is tested.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

TEMPLATE = "mtz_template"
TIMESCALE_DSN = os.environ.get("TIMESCALE_TEST_DSN")
SYSTEM_PG15 = Path("/usr/lib/postgresql/15/bin")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """A module that shares what is dear to start stays in one worker: else each would start it."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None and _shares(item):
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(item.config.rootpath).with_suffix(""))))
    yield
    # pytest-xdist 3.8 notes a test's group where pytest 9.2 no longer looks: without this no group stays in one worker.
    for item in items:
        if grouped := vars(item).get("_nodeid"):
            item._id = coerce_node_id(grouped)


def _shares(item: pytest.Item) -> bool:
    """Whether a test uses a fixture of its module."""
    used: dict[str, Any] = vars(item)["_fixtureinfo"].name2fixturedefs if isinstance(item, pytest.Function) else {}
    return any(definitions[-1].scope == "module" for definitions in used.values())


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
        self.postgres.stop(timeout=0)  # thrown away: nothing to write down
        shutil.rmtree(self._folder, ignore_errors=True)
        if self.postgres.socket_dir.parent != self._folder:
            shutil.rmtree(self.postgres.socket_dir, ignore_errors=True)

    def url(self, name: str = "postgres") -> str:
        return self.postgres.url(name)

    def database(self) -> str:
        return self._create(f"t{next(self._numbers)}", TEMPLATE)

    def empty_database(self) -> str:
        return self._create(f"t{next(self._numbers)}", "template0")

    def _create(self, name: str, template: str) -> str:
        with psycopg.connect(self.url(), autocommit=True) as conn:
            conn.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
            )
        return self.url(name)


class TimescaleServer(Server):
    """Databases on a running server with TimescaleDB, of which nothing stays."""

    def __init__(self, dsn: str) -> None:
        self._dsn = normalize_url(dsn).set(drivername="postgresql")
        self._prefix = f"mtz_test_{os.getpid()}_"
        self._numbers = itertools.count(1)

    def start(self) -> None:
        template = self._create(self._prefix + "template", "template0")
        migrate(template)
        fill_sessions(template, date.today())
        with psycopg.connect(template) as conn:
            assert known(conn) is Flavour.TIMESCALE, "the server of TIMESCALE_TEST_DSN has no TimescaleDB to offer"
        with psycopg.connect(self.url(), autocommit=True) as conn:
            # Nobody may be connected to what is copied, TimescaleDB's scheduler included.
            name = sql.Identifier(self._prefix + "template")
            conn.execute(sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true").format(name))
            self._disconnect(conn, self._prefix + "template")

    def stop(self) -> None:
        with psycopg.connect(self.url(), autocommit=True) as conn:
            found = conn.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [self._prefix])
            for (name,) in found.fetchall():
                conn.execute(sql.SQL("ALTER DATABASE {} WITH IS_TEMPLATE false").format(sql.Identifier(name)))
                conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def url(self, name: str = "") -> str:
        return self._dsn.set(database=name or self._dsn.database).render_as_string(hide_password=False)

    def database(self) -> str:
        return self._create(f"{self._prefix}{next(self._numbers)}", self._prefix + "template")

    def empty_database(self) -> str:
        return self._create(f"{self._prefix}{next(self._numbers)}", "template0")

    @staticmethod
    def _disconnect(conn: psycopg.Connection[Any], name: str) -> None:
        conn.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s", [name])


@contextlib.contextmanager
def _running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def plain18() -> Iterator[Server]:
    """PostgreSQL 18 from the wheel."""
    with _running(Server(None)) as server:
        yield server


@pytest.fixture(scope="session")
def timescale() -> Iterator[Server]:
    """The server of TIMESCALE_TEST_DSN."""
    if TIMESCALE_DSN is None:
        pytest.skip("TIMESCALE_TEST_DSN is not set: TimescaleDB is tested on its WebAssembly build only")
    with _running(TimescaleServer(TIMESCALE_DSN)) as server:
        yield server


@pytest.fixture(scope="session")
def server18(request: pytest.FixtureRequest) -> Server:
    """PostgreSQL 18, or the server of TIMESCALE_TEST_DSN: for tests that are not about SQL."""
    found: Server = request.getfixturevalue("timescale" if TIMESCALE_DSN else "plain18")
    return found


@pytest.fixture(scope="session")
def server15() -> Iterator[Server]:
    """PostgreSQL 15 of the system."""
    if not (SYSTEM_PG15 / "postgres").exists():
        pytest.skip("no PostgreSQL 15 on this system (Debian's package postgresql-15): the SQL is tested on 18 only")
    with _running(Server(SYSTEM_PG15)) as server:
        yield server


@pytest.fixture(params=["18"] if TIMESCALE_DSN else ["18", "15"])
def server(request: pytest.FixtureRequest) -> Server:
    """Both supported ends, one after the other, or TimescaleDB: for tests of SQL."""
    found: Server = request.getfixturevalue(f"server{request.param}")
    return found


@pytest.fixture
def database_url(server: Server) -> str:
    """A fresh, migrated database on each supported PostgreSQL, or on TimescaleDB."""
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
