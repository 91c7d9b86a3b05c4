"""The command itself, as people run it: killed again and again it comes to the same end; its output; its exit codes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data.db import connect
from data.embedded import EmbeddedPostgres
from data.migrate import migrate
from data.model import Role
from tests.conftest import TIMESCALE_DSN
from tests.copying.world import checksum, count, history

PROJECT = Path(__file__).resolve().parents[2]
NATIVE = TIMESCALE_DSN is not None
# What `mtz migrate --to-timescale` runs, with the demand for TimescaleDB only where there is one. Ctrl-C counts as on a
# terminal: what a shell starts in the background, these tests perhaps, inherits that it is ignored.
COMMAND = """
import signal, sys, typer
signal.signal(signal.SIGINT, signal.default_int_handler)
from dashboard import cli, copying
from functools import partial
copying.copy_to_timescale = partial(copying.copy_to_timescale, needs_timescale=sys.argv.pop(1) == "True")
cli.main()
"""


def start(source: str, target: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", "-c", COMMAND, str(NATIVE), "migrate", "--to-timescale", source, target],
        cwd=PROJECT, env=os.environ | env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def run(source: str, target: str, **env: str) -> tuple[int, str]:
    with start(source, target, **env) as process:
        said, _ = process.communicate(timeout=100)
    return process.returncode, said


def signalled_at(what: str, source: str, target: str, number: int) -> tuple[int, str]:
    """Send the signal as soon as a line says that `what` is at work."""
    said = []
    with start(source, target) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if line.startswith(what):
                process.send_signal(number)
                break
        else:
            pytest.fail(f"{what} was never at work: {''.join(said)}")
        said.append(process.stdout.read())
    return process.returncode, "".join(said)


def ledger(target: str) -> set[tuple[Any, ...]]:
    with connect(target, Role.OWNER, "test") as conn:
        rows = conn.execute("SELECT step, since::text, rows, noted_at FROM copy_progress")
        return set(rows.fetchall())


def test_killed_at_many_points_it_goes_on_and_copies_nothing_twice(source: str, target: str) -> None:
    before = checksum(source)
    done: set[tuple[Any, ...]] = set()
    points = [
        "portfolio_snapshots",
        "portfolio_1m",
        "position_1h",
        "small tables",
        "price_bars",
        "rolling up",
        "comparing",
    ]
    for point in points:
        code, _ = signalled_at(point, source, target, signal.SIGKILL)
        assert code == -signal.SIGKILL
        assert ledger(target) >= done  # with the time at which each was noted: none was done again
        done = ledger(target)
    code, said = run(source, target)
    assert code == 0, said
    assert "Copied and compared: equal" in said
    assert history(target) == history(source)
    assert checksum(source) == before
    with connect(target, Role.OWNER, "test") as conn, connect(source, Role.OWNER, "test") as theirs:
        for table in ("portfolio_snapshots", "executions", "price_bars"):
            assert count(conn, table) == count(theirs, table) > 0
    code, said = run(source, target)
    assert (code, "held all of it already" in said) == (0, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_says_how_to_go_on(source: str, target: str, number: int) -> None:
    code, said = signalled_at("portfolio_snapshots", source, target, number)
    assert code == 1
    assert said.strip().splitlines()[-1] == (
        "mtz: Stopped. What was copied stays, and the same command goes on from there."
    )


def test_a_difference_has_an_exit_code_and_a_name(source: str, target: str) -> None:
    assert run(source, target)[0] == 0
    with connect(target, Role.OWNER, "test") as conn:
        conn.execute("UPDATE executions SET price = price + 0.0000000001 WHERE id = 3")
    code, said = run(source, target)
    assert code == 1
    assert "Source and target differ in executions: " in said


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder with an embedded database in it, which is not running."""
    folder = Path(tempfile.mkdtemp(prefix="mtz-test-"))
    folder.chmod(0o755)
    postgres = EmbeddedPostgres(folder / "database", settings={"fsync": "off"})
    try:
        postgres.start()
        url = postgres.ensure_database("mtz_paper")
        migrate(url)
        with connect(url, Role.OWNER, "test") as conn:
            conn.execute("INSERT INTO strategies (name) VALUES ('bot/wheel')")
        postgres.stop()
        yield folder
    finally:
        postgres.stop()
        shutil.rmtree(folder)


def test_the_embedded_database_is_started_for_it_and_stopped(data_dir: Path, target: str) -> None:
    code, said = run("embedded:live", target, MTZ_DATA_DIR=str(data_dir))
    assert (code, "There is embedded:paper" in said) == (2, True)
    code, said = run("embedded", target, MTZ_DATA_DIR=str(data_dir))
    assert code == 0, said
    assert not (data_dir / "database" / "pgdata" / "postmaster.pid").exists()
    with connect(target, Role.WEB, "test") as conn:
        assert conn.execute("SELECT name FROM strategies").fetchall() == [("bot/wheel",)]
    code, said = run("embedded", target, MTZ_DATA_DIR=str(data_dir / "other"))
    assert (code, "There is no embedded database" in said) == (3, True)
