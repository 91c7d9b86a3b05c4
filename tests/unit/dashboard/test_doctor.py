"""`mtz doctor`: finds what is wrong, says how to mend it, shows no secret."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

import dashboard.storage
from dashboard.doctor import Verdict, _skew, examine
from dashboard.settings import load_settings
from data.db import connect
from data.flavour import Extension
from data.housekeeping import policies
from data.housekeeping.options import HousekeepingOptions
from data.model import Role
from data.strategies.folder import ControlFolder
from tests.conftest import Server
from tests.support.gateway import start_gateway


class Report:
    """What the doctor said, by line."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.lines: list[str] = []
        self.code = examine(load_settings(folder / "no.env", **options), self.lines.append)

    def wrong(self) -> list[str]:
        return [line for line in self.lines if line.startswith("WRONG")]

    def __str__(self) -> str:
        return "\n".join(self.lines)


@pytest.fixture
def options(tmp_path: Path, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    return {"folder": tmp_path, "data_dir": data, "port": free_port()}


def test_a_fresh_machine_is_fine(options: dict[str, object]) -> None:
    report = Report(**options)  # type: ignore[arg-type]
    assert report.code == 0, str(report)
    assert report.lines[-1] == "Nothing is wrong."
    assert "embedded PostgreSQL, not running" in str(report)
    assert "the simulated one" in str(report)


def test_a_database_of_one_s_own(options: dict[str, object], database_url: str) -> None:
    report = Report(**options, database_url=database_url)  # type: ignore[arg-type]
    assert report.code == 0, str(report)
    assert "up to date" in str(report)
    assert "the database's clock agrees" in str(report)


def test_the_agent_and_the_kill_switch(options: dict[str, object], server18: Server) -> None:
    url = server18.database()
    assert "note   agent       no strategy agent has run" in str(Report(**options, database_url=url))  # type: ignore[arg-type]
    with connect(url, Role.AGENT, "test", autocommit=True) as conn:
        conn.execute(
            "INSERT INTO agent_status (heartbeat_at, started_at, host, pid) VALUES (now() - interval '1 h', now(), 'box', 7)"
        )
    assert "process 7 on box: last sign of life 36" in str(Report(**options, database_url=url))  # type: ignore[arg-type]
    ControlFolder(Path(str(options["data_dir"])) / "control").kill("ann", None)
    report = str(Report(**options, database_url=url))  # type: ignore[arg-type]
    assert "note   kill switch thrown (ann, " in report
    assert "`mtz kill --release`" in report


def test_pending_migrations(options: dict[str, object], server18: Server) -> None:
    report = Report(**options, database_url=server18.empty_database())  # type: ignore[arg-type]
    assert report.code == 1
    assert "0001_foundation" in report.wrong()[0]
    assert "Run `mtz migrate`" in str(report)


def storage(report: Report) -> str:
    at = next(i for i, line in enumerate(report.lines) if " storage " in line)
    return " ".join(report.lines[at : at + 2])


def test_plain_storage_and_what_it_lacks(options: dict[str, object], plain18: Server) -> None:
    report = Report(**options, database_url=plain18.database())  # type: ignore[arg-type]
    assert "ok     storage     plain PostgreSQL; without TimescaleDB raw samples are not compressed" in str(report)


@pytest.mark.parametrize(
    ("version", "license_", "verdict", "words"),
    [
        ("2.28.3", "timescale", "note", "which this database does not use → `mtz migrate --to-timescale"),
        ("2.28.3", "apache", "ok", "in its Apache edition, which can't do more → To use it, set timescaledb.license"),
        ("2.9.1", None, "ok", "which is too old → Install"),
    ],
)
def test_plain_storage_on_a_server_with_timescaledb(
    options: dict[str, object],
    plain18: Server,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    license_: str | None,
    verdict: str,
    words: str,
) -> None:
    """The database is real, what its server offers is not: no such server is at hand everywhere."""
    monkeypatch.setattr(dashboard.storage, "extension", lambda conn: Extension(None, version, license_))
    report = Report(**options, database_url=plain18.database())  # type: ignore[arg-type]
    assert report.code == 0, str(report)
    found = " ".join(storage(report).split())
    assert found.startswith(f"{verdict} storage plain PostgreSQL")
    assert words in found


def test_storage_that_is_not_chosen_yet(
    options: dict[str, object], plain18: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = plain18.empty_database()
    assert "`mtz migrate` will use plain tables" in storage(Report(**options, database_url=url))  # type: ignore[arg-type]
    monkeypatch.setattr(dashboard.storage, "extension", lambda conn: Extension(None, "2.28.3", None))
    assert "will use TimescaleDB 2.28.3" in storage(Report(**options, database_url=url))  # type: ignore[arg-type]
    monkeypatch.setattr(dashboard.storage, "extension", lambda conn: Extension(None, "2.1.0", None))
    too_old = storage(Report(**options, database_url=url))  # type: ignore[arg-type]
    assert too_old.startswith("WRONG  storage     The server offers TimescaleDB 2.1.0; this program needs")


def test_timescaledb_in_use(options: dict[str, object], timescale: Server) -> None:
    url = timescale.database()
    without_jobs = storage(Report(**options, database_url=url))  # type: ignore[arg-type]
    assert "community: hypertables, continuous aggregates, compression; its jobs are not set" in without_jobs
    with connect(url, Role.OWNER, "test") as conn:  # set, but not run: a busy server may lack the workers
        policies.apply(conn, HousekeepingOptions(url))
        conn.execute(
            "SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs WHERE job_id >= 1000"
        )
    report = Report(**options, database_url=url)  # type: ignore[arg-type]
    assert report.code == 0, str(report)
    assert "ok     storage     TimescaleDB 2." in str(report)


def test_a_migration_that_was_changed(options: dict[str, object], url18: str) -> None:
    with psycopg.connect(url18, autocommit=True) as conn:
        conn.execute("UPDATE schema_migrations SET checksum = 'other'")
    report = Report(**options, database_url=url18)  # type: ignore[arg-type]
    assert report.code == 1
    assert "0001_foundation" in report.wrong()[0]


def test_an_unreachable_database_without_its_password(
    options: dict[str, object], free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://u:hunter2@127.0.0.1:{free_port()}/mtz")
    report = Report(**options)  # type: ignore[arg-type]
    assert report.code == 1
    assert "can't be reached" in report.wrong()[0]
    assert "DATABASE_URL = (set, not shown)" in str(report)
    assert "hunter2" not in str(report)


def test_a_port_that_another_program_has(options: dict[str, object]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        report = Report(**options | {"port": taken.getsockname()[1]})  # type: ignore[arg-type]
    assert report.code == 1
    assert "is taken" in report.wrong()[0]


def test_a_data_folder_that_others_may_write(options: dict[str, object]) -> None:
    Path(str(options["data_dir"])).chmod(0o777)
    report = Report(**options)  # type: ignore[arg-type]
    assert "may be written by others" in report.wrong()[0]
    assert "chmod go-w" in str(report)


def test_a_gateway_and_its_accounts(options: dict[str, object], tmp_path: Path) -> None:
    with start_gateway(tmp_path, trader=False, accounts=("DU1000001", "DU1000002")) as gateway:
        there = options | {"ibkr_host": "127.0.0.1", "ibkr_port": gateway.port}
        unnamed = Report(**there)  # type: ignore[arg-type]
        named = Report(**there, ibkr_account="DU1000002")  # type: ignore[arg-type]
        foreign = Report(**there, ibkr_account="DU3000000")  # type: ignore[arg-type]
    assert "several accounts" in unnamed.wrong()[0]
    assert named.code == 0, str(named)
    assert "API version 176, paper, DU1000001, DU1000002" in str(named)
    assert "the gateway's clock agrees" in str(named)
    assert "DU3000000 is not among" in foreign.wrong()[0]


def test_a_gateway_that_is_away(options: dict[str, object], free_port: Callable[[], int]) -> None:
    report = Report(**options, ibkr_host="127.0.0.1", ibkr_port=free_port())  # type: ignore[arg-type]
    assert report.code == 1
    assert "is not usable" in report.wrong()[0]
    assert "Socket port" in str(report)


def test_a_clock_that_is_off() -> None:
    assert _skew("the database", 0.4).verdict is Verdict.OK
    found = _skew("the database", -12.0)
    assert found.verdict is Verdict.WRONG
    assert "-12.0 s" in found.text
    assert found.mend
