"""Migrations against a TimescaleDB that can't be used stop with what to do, and change nothing."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Any, cast

import psycopg
import pytest
from sqlalchemy.engine import make_url

from data import flavour
from data.db import DatabaseError, connect
from data.flavour import Extension, Flavour, known, require_new_enough, require_there
from data.housekeeping import policies
from data.housekeeping.options import HousekeepingOptions
from data.migrate import bring_up, migrate
from data.model import Role
from tests.conftest import Server
from tests.timescale.port import Port, PortConnection
from tests.timescale.sample import ACCOUNTS
from tests.timescale.sides import Side

pytestmark = pytest.mark.xdist_group("timescale")

Connection = psycopg.Connection[Any]


def everything(conn: Connection) -> list[tuple[Any, ...]]:
    """What a migration could have left behind."""
    return conn.execute(
        "SELECT 'relation', c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace"
        " UNION ALL SELECT 'extension', extname || extversion FROM pg_extension"
        " UNION ALL SELECT 'role', rolname || rolcanlogin FROM pg_roles ORDER BY 1, 2"
    ).fetchall()


# -- by version ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.7.5", "2.0.0", "2.9.1", "2.12.2"])
def test_old_versions_are_refused(version: str) -> None:
    for found in (Extension(version, "2.30.0", "timescale"), Extension(None, version, None)):
        with pytest.raises(DatabaseError, match=f"TimescaleDB {version}; this program needs"):
            require_new_enough(found)


@pytest.mark.parametrize(
    "version", [".".join(map(str, flavour.OLDEST)) + ".0", "2.23.0-dev", "2.28.3", "3.0.0", "10.1"]
)
def test_the_oldest_and_newer_ones_are_not(version: str) -> None:
    require_new_enough(Extension(version, version, "timescale"))


def test_the_community_edition_is_not_taken_away_unnoticed() -> None:
    with pytest.raises(DatabaseError, match=r"the server runs the Apache edition now.*Nothing was changed\.$"):
        require_there(Extension("2.28.3", "2.28.3", "apache"))
    with pytest.raises(DatabaseError, match=r"the server has no TimescaleDB now.*Nothing was changed\.$"):
        require_there(None)


# -- on the WebAssembly build: a new database that every refusal leaves as it was ---------------------------------------


@pytest.fixture(scope="module")
def bare() -> Iterator[Connection]:
    port = Port()
    yield cast("Connection", PortConnection(port))
    port.close()


def refused(conn: Connection, message: str) -> None:
    before = everything(conn)
    with pytest.raises(DatabaseError, match=message) as caught:
        bring_up(conn)
    assert str(caught.value).endswith("Nothing was changed.")
    assert everything(conn) == before


def test_a_user_without_the_privilege(bare: Connection) -> None:
    # This build preloads nothing: what tells that the server offers the extension is set by hand.
    bare.execute("SET timescaledb.max_background_workers = '8'")
    bare.execute("CREATE ROLE nobody_special NOLOGIN")
    bare.execute("SET ROLE nobody_special")
    refused(bare, "this user may not create it here: let an administrator run `CREATE EXTENSION timescaledb`")
    bare.execute("RESET ROLE")


def test_a_server_that_offers_too_old_a_version(bare: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flavour, "OLDEST", (3, 1))
    bare.execute("SET timescaledb.max_background_workers = '8'")
    refused(bare, r"The server offers TimescaleDB 2\.23.*; this program needs 3\.1 or newer")


def test_a_database_that_has_too_old_a_version(bare: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    bare.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    monkeypatch.setattr(flavour, "OLDEST", (3, 1))
    refused(bare, r"The database has TimescaleDB 2\.23.*ALTER EXTENSION timescaledb UPDATE")


def test_half_converted_by_hand(bare: Connection) -> None:
    bare.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    bare.execute("CREATE TABLE position_snapshots (ts timestamptz NOT NULL)")
    bare.execute("SELECT create_hypertable('position_snapshots', 'ts')")
    refused(
        bare, "position_snapshots is a hypertable although .* was not set up for TimescaleDB .* it is half converted"
    )
    bare.execute("DROP TABLE position_snapshots")


def test_half_restored(bare: Connection) -> None:
    """The last of these tests: it sets the database up, and breaks it."""
    bare.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    bring_up(bare)
    bare.execute("RESET ROLE")
    assert known(bare) is Flavour.TIMESCALE
    bare.execute("ALTER TABLE portfolio_snapshots RENAME TO portfolio_snapshots_old")
    bare.execute("CREATE TABLE portfolio_snapshots (LIKE portfolio_snapshots_old INCLUDING ALL)")
    refused(bare, "portfolio_snapshots is no hypertable although this database was set up with TimescaleDB")


def test_plain_tables_by_setting() -> None:
    """MTZ_TIMESCALEDB=off: plain tables beside an extension that is there; and they are kept so."""
    port = Port()
    conn = cast("Connection", PortConnection(port))
    try:
        conn.execute("CREATE EXTENSION timescaledb")
        bring_up(conn, "off")
        assert known(conn) is Flavour.PLAIN
        conn.execute("RESET ROLE")
        assert bring_up(conn, "auto") == []
        conn.execute("RESET ROLE")
        conn.execute(
            "SELECT create_hypertable('portfolio_snapshots', 'ts', migrate_data => true, create_default_indexes => false)"
        )
        refused(conn, "portfolio_snapshots is a hypertable although")
    finally:
        port.close()


# -- natively -----------------------------------------------------------------------------------------------------------

numbers = itertools.count(1)


@pytest.fixture
def login(timescale: Server) -> Iterator[str]:
    """An ordinary user who may create roles and databases."""
    name = f"mtz_test_{os.getpid()}_user{next(numbers)}"
    with psycopg.connect(timescale.url(), autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN CREATEROLE CREATEDB PASSWORD 'p'")  # type: ignore[call-overload]
        yield name
        for (database,) in admin.execute(
            "SELECT datname FROM pg_database WHERE datdba = %s::regrole", [name]
        ).fetchall():
            admin.execute(f"DROP DATABASE {database} WITH (FORCE)")  # type: ignore[call-overload]
        admin.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")  # type: ignore[call-overload]


def as_user(url: str, login: str) -> str:
    return make_url(url).set(username=login, password="p").render_as_string(hide_password=False)


def test_an_ordinary_user_where_the_extension_exists(timescale: Server, login: str) -> None:
    """He owns the database, an administrator made the extension: everything works, jobs included."""
    url = timescale.empty_database()
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("CREATE EXTENSION timescaledb")
        admin.execute(f"ALTER DATABASE {admin.info.dbname} OWNER TO {login}")  # type: ignore[call-overload]
    mine = as_user(url, login)
    assert migrate(mine)
    assert migrate(mine) == []
    with connect(mine, Role.OWNER, "test", autocommit=True) as conn:
        policies.apply(conn, HousekeepingOptions(mine))
        assert conn.execute("SELECT flavour FROM storage").fetchone() == ("timescale",)
        job = conn.execute(
            "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = 'policy_compression' LIMIT 1"
        ).fetchone()
        conn.execute("CALL run_job(%s)", job)
    with connect(mine, Role.POLLER, "test", autocommit=True) as conn:
        conn.execute("INSERT INTO accounts (account, source) VALUES (%s, 'demo')", [ACCOUNTS[0]])


def test_an_ordinary_user_without_the_privilege(timescale: Server, login: str) -> None:
    url = timescale.empty_database()  # the administrator's
    with psycopg.connect(url, autocommit=True) as admin:
        before = everything(admin)
        with pytest.raises(DatabaseError, match=r"this user may not create it here.*Nothing was changed\.$"):
            migrate(as_user(url, login))
        assert everything(admin) == before


def test_neither_extension_nor_tables_where_roles_may_not_be_taken(timescale: Server, login: str) -> None:
    """He may create the (trusted) extension but not take the program's roles: the extension goes back too."""
    url = timescale.empty_database()
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {admin.info.dbname} OWNER TO {login}")  # type: ignore[call-overload]
        admin.execute(f"ALTER ROLE {login} NOCREATEROLE")  # type: ignore[call-overload]
        before = everything(admin)
        with pytest.raises(DatabaseError, match="it needs CREATEROLE and CREATE"):
            migrate(as_user(url, login))
        assert everything(admin) == before


def test_the_apache_edition_is_treated_as_plain(timescale: Server) -> None:
    url = timescale.empty_database()
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {admin.info.dbname} SET timescaledb.license = 'apache'")  # type: ignore[call-overload]
    migrate(url)
    with connect(url, None, "test", autocommit=True) as conn:
        assert known(conn) is Flavour.PLAIN
    side = Side.native("apache", Flavour.PLAIN, url)
    side.introduce()
    side.roll_up()
    side.close()
