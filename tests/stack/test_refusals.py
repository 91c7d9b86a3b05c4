"""What `mtz` refuses before anything runs: one sentence on stderr, an exit code, no trace, no secret."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from data.embedded import EmbeddedPostgres, binaries, server_user
from tests.stack.harness import mtz


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> str:
    assert done.returncode == code, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("mtz: ")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
    return done.stderr


def test_an_unknown_setting(folder: Path) -> None:
    refused(mtz("run", cwd=folder, MTZ_PROT="1"), 2, "MTZ_PROT", "MTZ_PORT")


def test_a_malformed_option(folder: Path) -> None:
    refused(mtz("web", "--host", "0.0.0.0", cwd=folder), 2, "MTZ_HOST", "MTZ_ALLOWED_HOSTS")


def test_an_unknown_command(folder: Path) -> None:
    done = mtz("trade", cwd=folder)
    assert done.returncode == 2
    assert "No such command" in done.stderr


def test_a_taken_port_is_noticed_before_anything_starts(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = mtz("run", cwd=folder, MTZ_DATA_DIR=str(folder / "data"), MTZ_PORT=str(port))
    refused(done, 5, f"Port {port}", "MTZ_PORT")
    assert done.stdout == ""
    assert not (folder / "data" / "database").exists()


def test_a_data_folder_that_can_t_be_made(folder: Path, free_port: Callable[[], int]) -> None:
    (folder / "file").touch()
    done = mtz("run", cwd=folder, MTZ_DATA_DIR=str(folder / "file" / "data"), MTZ_PORT=str(free_port()))
    refused(done, 6, str(folder / "file" / "data"), "MTZ_DATA_DIR")


def test_a_data_folder_that_can_t_be_written(folder: Path, free_port: Callable[[], int]) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (folder / "data").mkdir(mode=0o500)
    done = mtz("run", cwd=folder, MTZ_DATA_DIR=str(folder / "data"), MTZ_PORT=str(free_port()))
    refused(done, 6, str(folder / "data"), "MTZ_DATA_DIR")


@pytest.mark.parametrize("command", ["run", "migrate"])
def test_an_unreachable_database(folder: Path, free_port: Callable[[], int], command: str) -> None:
    url = f"postgresql://u:hunter2@127.0.0.1:{free_port()}/mtz"
    done = mtz(command, cwd=folder, DATABASE_URL=url, MTZ_DATA_DIR=str(folder / "data"), MTZ_PORT=str(free_port()))
    assert "hunter2" not in refused(done, 3, "can't be reached", "DATABASE_URL")


@pytest.mark.parametrize("command", ["web", "poll", "migrate"])
def test_no_database_at_all(folder: Path, command: str) -> None:
    done = mtz(command, cwd=folder, MTZ_DATA_DIR=str(folder), IBKR_HOST="127.0.0.1")
    refused(done, 3, "DATABASE_URL", "mtz run")


def test_no_gateway_to_poll(folder: Path) -> None:
    refused(mtz("poll", cwd=folder, DATABASE_URL="postgresql://u@localhost/d"), 2, "IBKR_HOST", "mtz connect")


def test_a_gateway_that_is_away_and_unknown(folder: Path, free_port: Callable[[], int]) -> None:
    port = free_port()
    done = mtz(
        "run", cwd=folder, MTZ_DATA_DIR=str(folder / "data"), MTZ_PORT=str(free_port()),
        IBKR_HOST="127.0.0.1", IBKR_PORT=str(port),
    )  # fmt: skip
    refused(done, 4, f"127.0.0.1:{port}", "mtz connect")
    assert not (folder / "data" / "database").exists()


@pytest.fixture
def password_server(free_port: Callable[[], int]) -> Iterator[str]:
    """A PostgreSQL on TCP that wants a password: user mtz, password right."""
    folder = Path(tempfile.mkdtemp(prefix="mtz-test-"))
    folder.chmod(0o755)
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as conn:
        conn.execute("ALTER ROLE mtz PASSWORD 'right'")
    postgres.stop()
    with (postgres.cluster / "pg_hba.conf").open("a") as file:
        file.write("host all mtz 127.0.0.1/32 scram-sha-256\nhost all nobody 127.0.0.1/32 trust\n")
    port, user = free_port(), server_user()
    command = [
        str(binaries() / "postgres"), "-D", str(postgres.cluster), "-c", "listen_addresses=127.0.0.1", "-c", f"port={port}",
    ]  # fmt: skip
    switch = {"user": user.uid, "group": user.gid, "extra_groups": []} if user.switch else {}
    with subprocess.Popen(command, cwd="/", stderr=subprocess.DEVNULL, **switch) as server:  # type: ignore[call-overload]
        url = f"postgresql://mtz:right@127.0.0.1:{port}/postgres"
        deadline = time.monotonic() + 20
        while True:
            try:
                psycopg.connect(url).close()
                break
            except psycopg.OperationalError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield url
        server.terminate()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_wrong_password(folder: Path, password_server: str, free_port: Callable[[], int]) -> None:
    url = password_server.replace(":right@", ":hunter2@")
    for command in ("migrate", "run"):
        done = mtz(command, cwd=folder, DATABASE_URL=url, MTZ_DATA_DIR=str(folder / "data"), MTZ_PORT=str(free_port()))
        text = refused(done, 3, "refused the password", "'mtz'", "DATABASE_URL")
        assert "hunter2" not in text
    logs = "".join(path.read_text() for path in (folder / "data" / "logs").iterdir())
    assert "hunter2" not in logs


@pytest.mark.parametrize(("user", "words"), [("nobody", "knows no user"), ("stranger", "pg_hba.conf")])
def test_a_user_whom_the_database_does_not_let_in(folder: Path, password_server: str, user: str, words: str) -> None:
    url = password_server.replace("//mtz:right@", f"//{user}@")
    refused(mtz("migrate", cwd=folder, DATABASE_URL=url), 3, words, f"'{user}'", "DATABASE_URL")


def test_a_database_newer_than_the_program(folder: Path, url18: str, free_port: Callable[[], int]) -> None:
    with psycopg.connect(url18, autocommit=True) as conn:
        conn.execute("INSERT INTO schema_migrations (number, name, checksum) VALUES (9999, 'future', 'x')")
    done = mtz("run", cwd=folder, DATABASE_URL=url18, MTZ_DATA_DIR=str(folder / "data"), MTZ_PORT=str(free_port()))
    refused(done, 3, "9999_future", "update the program")


def test_a_taken_port_of_the_simulated_gateway(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(mtz("gateway", "--port", str(port), cwd=folder), 5, f"127.0.0.1:{port}")


def test_the_simulated_gateway_serves_this_machine_only(folder: Path) -> None:
    refused(mtz("gateway", "--host", "0.0.0.0", "--port", "0", cwd=folder), 2, "this machine only")
