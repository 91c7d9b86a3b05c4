"""Migrations on a real server: applied once, in order, and never over a changed or unknown file."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import psycopg
import pytest

from data.db import DatabaseError, connect
from data.flavour import Flavour
from data.migrate import available, migrate, pending
from data.model import Role
from data.queries import SQL_DIR
from tests.conftest import Server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the migrations that a test may add to."""
    return Path(shutil.copytree(SQL_DIR, tmp_path / "sql"))


def test_applies_everything_once(server: Server) -> None:
    url = server.empty_database()
    names = [f"{m.number:04d}_{m.name}" for m in available(Flavour.PLAIN)]
    assert pending(url) == names
    assert migrate(url) == names
    assert migrate(url) == []
    assert pending(url) == []


def test_two_at_once_apply_each_file_once(server: Server) -> None:
    url = server.empty_database()
    results: list[list[str]] = []
    threads = [threading.Thread(target=lambda: results.append(migrate(url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, results)) == [0, 0, 0, len(available(Flavour.PLAIN))]


def test_a_failing_migration_is_rolled_back_and_named(server: Server, folder: Path) -> None:
    url = server.empty_database()
    number = len(available(Flavour.PLAIN, folder)) + 1
    (folder / "migrations" / f"{number:04d}_broken.sql").write_text(
        "CREATE TABLE half (n int); SELECT no_such_column FROM half;"
    )
    with pytest.raises(DatabaseError, match=rf"{number:04d}_broken failed and was rolled back: column"):
        migrate(url, folder=folder)
    with connect(url, None, "test") as conn:
        assert conn.execute("SELECT to_regclass('half'), to_regclass('executions')").fetchone() == (None, "executions")


def test_a_changed_file_is_refused_by_name(server: Server, folder: Path) -> None:
    url = server.database()
    first = folder / "migrations" / "0001_foundation.sql"
    first.write_text(first.read_text() + "\n-- edited")
    with pytest.raises(DatabaseError, match="0001_foundation was applied .* changed or removed"):
        migrate(url, folder=folder)


def test_a_database_newer_than_the_program_is_refused(server: Server, folder: Path) -> None:
    url = server.empty_database()
    number = len(available(Flavour.PLAIN, folder)) + 1
    (folder / "migrations" / f"{number:04d}_tomorrow.sql").write_text("CREATE TABLE tomorrow (n int);")
    migrate(url, folder=folder)
    with pytest.raises(DatabaseError, match=f"{number:04d}_tomorrow, which is newer than this program: update"):
        migrate(url)


def test_gaps_and_bad_names_are_refused(folder: Path) -> None:
    (folder / "migrations" / "0099_gap.sql").write_text("SELECT 1;")
    with pytest.raises(DatabaseError, match="missing or doubled beside 0099_gap"):
        available(Flavour.PLAIN, folder)
    (folder / "migrations" / "0099_gap.sql").rename(folder / "migrations" / "readme.sql")
    with pytest.raises(DatabaseError, match=r"readme\.sql is no migration's name"):
        available(Flavour.PLAIN, folder)


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (Role.WEB, "INSERT INTO revisions (account, topic) VALUES ('a', 'portfolio')"),
        (Role.WEB, "DELETE FROM executions"),
        (Role.WEB, "CREATE TABLE mine (n int)"),
        (Role.POLLER, "DELETE FROM executions"),
        (Role.POLLER, "DELETE FROM portfolio_snapshots"),
        (Role.POLLER, "UPDATE database_source SET source = 'live'"),
        (Role.POLLER, "INSERT INTO strategies (name) VALUES ('x')"),
        (Role.POLLER, "DROP TABLE outages"),
    ],
)
def test_roles_can_do_no_more_than_their_work(database_url: str, role: Role, statement: str) -> None:
    with connect(database_url, role, "test") as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(statement)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-11-25 20:59:59Z", "2026-11-25"),  # the last second of Wednesday's session
        ("2026-11-25 21:00:00Z", "2026-11-27"),  # Thanksgiving belongs to Friday
        ("2026-11-27 18:00:00Z", "2026-11-30"),  # Friday closes at 13:00 New York
        ("2026-03-06 20:59:00Z", "2026-03-06"),  # standard time
        ("2026-03-09 19:59:00Z", "2026-03-09"),  # daylight-saving time
        ("2026-03-09 20:00:00Z", "2026-03-10"),
    ],
)
def test_off_session_time_belongs_to_the_next_session(database_url: str, instant: str, expected: str) -> None:
    with connect(database_url, Role.WEB, "test") as conn:
        row = conn.execute("SELECT session_date_of(%s)::text", [instant]).fetchone()
    assert row == (expected,)
