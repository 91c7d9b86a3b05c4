"""`mtz run`, really started: readiness, recovery from kill -9, order at the end, the same data at the next start."""

from __future__ import annotations

import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import websocket

from tests.stack.harness import RECOVERY_S, START_S, Stack, mtz, open_folder
from tests.support.gateway import start_gateway

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(180)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The one stack that most tests share."""
    with open_folder() as folder:
        stack = Stack(folder, free_port())
        try:
            stack.wait_running()
            stack.wait_healthy(START_S)
            yield stack
        finally:
            stack.stop()


def test_a_line_for_each_part_and_then_the_url(stack: Stack) -> None:
    ready = [line.split()[0] for line in stack.lines if " ready " in line and "again" not in line]
    assert sorted(ready) == ["agent", "database", "demobot", "gateway", "housekeeping", "poller", "schema", "web"]
    last = stack.wait_line("mtz", "is running", 1)
    assert stack.url in stack.lines[last - 1]
    assert "DEMO" in stack.lines[last - 1]


def test_a_live_portfolio_comes_from_it(stack: Stack) -> None:
    first = stack.wait_get("/api/portfolio/", lambda status, body: status == 200 and body["net_liquidation"], START_S)
    assert first["source"] == "demo"
    assert first["freshness"] == "live"
    stack.wait_get("/api/portfolio/", lambda status, body: status == 200 and body["as_of"] > first["as_of"], START_S)


def test_the_data_folder_keeps_others_out(stack: Stack) -> None:
    data = stack.folder / "data"
    assert not stat.S_IMODE(data.stat().st_mode) & (stat.S_IRWXO ^ stat.S_IXOTH)
    for name in ("logs", "gateway", "spool", "database/pgdata", "database/run"):
        assert not stat.S_IMODE((data / name).stat().st_mode) & 0o077, name


def test_nothing_listens_but_the_page_and_the_simulated_gateway(stack: Stack) -> None:
    processes = [psutil.Process(stack.process.pid), *stack.tree()]
    listening = {
        connection.laddr
        for process in processes
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert len(listening) == 2


def test_a_second_run_says_who_has_the_folder(stack: Stack) -> None:
    done = mtz("run", cwd=stack.folder, MTZ_DATA_DIR=str(stack.folder / "data"), MTZ_PORT=str(free_port()))
    assert done.returncode == 5
    assert f"pid {stack.process.pid}" in done.stderr
    assert stack.url in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_other_commands_find_the_running_database(stack: Stack) -> None:
    done = mtz("migrate", cwd=stack.folder, MTZ_DATA_DIR=str(stack.folder / "data"))
    assert done.returncode == 0, done.stderr
    assert "(0 applied)" in done.stdout


def test_the_doctor_finds_nothing_wrong(stack: Stack) -> None:
    port = stack.url.rpartition(":")[2]
    done = mtz("doctor", cwd=stack.folder, MTZ_DATA_DIR=str(stack.folder / "data"), MTZ_PORT=port)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing is wrong." in done.stdout
    assert "PostgreSQL 18" in done.stdout
    assert "without TimescaleDB" in done.stdout


@pytest.mark.parametrize(
    ("name", "marker"),
    [
        ("gateway", "cli gateway"),
        ("poller", "cli poll"),
        ("housekeeping", "cli housekeeping"),
        ("agent", "cli agent"),
        ("web", "gunicorn"),
        ("database", "postgres -D"),
    ],
)
def test_a_killed_part_is_healthy_again(stack: Stack, name: str, marker: str) -> None:
    stack.wait_healthy()
    before = stack.get("/api/trades/?limit=1000")[1]["items"]
    lines = len(stack.lines)
    stack.part(marker).kill()
    stack.wait_line(name, "ready again", RECOVERY_S, after=lines)
    stack.wait_healthy(RECOVERY_S)
    after = stack.wait_get("/api/trades/?limit=1000", lambda status, _: status == 200, RECOVERY_S)["items"]
    ids = [trade["exec_id"] for trade in after]
    assert len(ids) == len(set(ids))
    assert {trade["exec_id"] for trade in before[:500]} <= set(ids)


def test_a_killed_web_worker_is_replaced(stack: Stack) -> None:
    stack.wait_healthy()
    worker = stack.part("gunicorn").children()[0]
    worker.kill()
    worker.wait(RECOVERY_S)
    stack.wait_healthy()


def test_no_secret_and_no_trace_in_the_logs(stack: Stack) -> None:
    for log in (stack.folder / "data" / "logs").iterdir():
        assert "Traceback" not in log.read_text(), log


def test_it_stops_in_order_and_goes_on_with_the_same_data(stack: Stack) -> None:
    """Last of those that share the stack: it ends it."""
    stack.wait_healthy()
    trades = {t["exec_id"] for t in stack.get("/api/trades/?limit=1000")[1]["items"]}
    since = stack.get("/api/portfolio/")[1]["total_pnl_since"]
    listener = websocket.create_connection(stack.url.replace("http", "ws") + "/ws", timeout=20, origin=stack.url)
    tree = stack.tree()
    stack.process.send_signal(signal.SIGTERM)
    while True:
        opcode, frame = listener.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            break
    listener.shutdown()
    assert int.from_bytes(frame[:2], "big") == 1001
    assert stack.stop() == 0
    _, alive = psutil.wait_procs(tree, timeout=5)
    assert not alive
    assert stack.lines[-1].startswith("mtz")

    again = Stack(stack.folder, free_port())
    try:
        again.wait_running()
        again.wait_healthy(START_S)
        again.wait_get("/api/portfolio/", lambda status, body: status == 200 and body["freshness"] == "live", START_S)
        assert again.get("/api/portfolio/")[1]["total_pnl_since"] == since
        kept = {t["exec_id"] for t in again.get("/api/trades/?limit=1000")[1]["items"]}
        assert trades <= kept
        tree = again.tree()
        again.process.kill()
        _, alive = psutil.wait_procs(tree, timeout=20)
        assert not alive, "nothing outlives a killed supervisor"
    finally:
        again.stop()


def test_ctrl_c_in_the_middle_of_starting_leaves_nothing() -> None:
    with open_folder() as folder:
        stack = Stack(folder, free_port())
        stack.wait_line("database", "ready", START_S)
        tree = stack.tree()
        assert stack.stop(signal.SIGINT) == 0
        _, alive = psutil.wait_procs(tree, timeout=5)
        assert not alive


def test_root_s_home_is_no_place_for_the_data() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root's database runs as somebody else")
    with open_folder() as folder:
        folder.chmod(0o700)
        done = mtz("run", cwd=Path("/"), MTZ_DATA_DIR=str(folder / "data"), MTZ_PORT=str(free_port()))
        assert done.returncode == 3
        assert "can't enter" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_an_account_of_one_s_own_has_its_own_database_and_survives_its_gateway(tmp_path: Path) -> None:
    with open_folder() as folder, start_gateway(tmp_path, accounts=("DU7000001",), master_client_id=30) as gateway:
        there = {"IBKR_HOST": "127.0.0.1", "IBKR_PORT": str(gateway.port)}
        mine = there | {"MTZ_DATA_DIR": str(folder / "data")}
        refused = mtz("run", cwd=folder, MTZ_PORT=str(free_port()), **mine)
        assert refused.returncode == 1
        assert "mtz user create" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
        made = mtz("user", "create", "olga", "--role", "admin", cwd=folder, typed="five green boats\n", **mine)
        assert made.returncode == 0, made.stderr
        token = mtz("token", "create", "test", cwd=folder, **mine).stdout.strip()
        stack = Stack(folder, free_port(), **there)
        try:
            stack.wait_running()
            assert stack.get("/api/portfolio/")[0] == 401
            stack.token = token
            assert "(PAPER)" in stack.lines[-1]
            assert any("mtz_paper" in line for line in stack.lines)
            stack.wait_healthy(START_S)
            first = stack.wait_get("/api/portfolio/", lambda status, body: status == 200 and body["as_of"], START_S)
            assert (first["account"], first["source"]) == ("DU7000001", "paper")
        finally:
            assert stack.stop() == 0
        gateway.kill()

        alone = Stack(folder, free_port(), **there)
        alone.token = token
        try:
            alone.wait_running()
            known = alone.wait_get("/api/portfolio/", lambda status, body: status == 200 and body["as_of"], START_S)
            assert known["account"] == "DU7000001"
            assert known["net_liquidation"] is not None
            assert known["freshness"] != "live"
            assert alone.get("/health")[0] == 503
        finally:
            assert alone.stop() == 0
