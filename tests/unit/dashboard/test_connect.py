"""`mtz connect` against the simulated gateway: what it says, what it writes, what it leaves alone."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard.connect import with_values
from tests.stack.harness import mtz
from tests.support.gateway import GatewayHandle, start_gateway

VALUES = {"IBKR_HOST": "127.0.0.1", "IBKR_PORT": "4002"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayHandle]:
    with start_gateway(tmp_path_factory.mktemp("gateway"), trader=False, accounts=("DU1000001",)) as handle:
        yield handle


def connect(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return mtz("connect", *arguments, cwd=folder, **settings)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "IBKR_HOST=127.0.0.1\nIBKR_PORT=4002\n"),
        ("# mine\nA=1\n", "# mine\nA=1\nIBKR_HOST=127.0.0.1\nIBKR_PORT=4002\n"),
        ("IBKR_PORT=1\nA=1", "IBKR_PORT=4002\nA=1\nIBKR_HOST=127.0.0.1\n"),
        ("export IBKR_HOST=x\n#IBKR_PORT=7\n", "export IBKR_HOST=127.0.0.1\n#IBKR_PORT=7\nIBKR_PORT=4002\n"),
        ("IBKR_HOST=a\nIBKR_HOST=b\nIBKR_PORT=4002\n", "IBKR_HOST=127.0.0.1\nIBKR_PORT=4002\n"),
        ("MTZ_SOURCE=demo\n", "MTZ_SOURCE=auto\nIBKR_HOST=127.0.0.1\nIBKR_PORT=4002\n"),
    ],
)
def test_other_lines_of_the_env_file_stay(before: str, after: str) -> None:
    assert with_values(before, VALUES) == after
    assert with_values(after, VALUES) == after


def test_a_gateway_is_described_and_written(tmp_path: Path, gateway: GatewayHandle) -> None:
    done = connect(tmp_path, "--port", str(gateway.port))
    assert done.returncode == 0, done.stderr
    for words in (
        "answers, API version 176",
        "DU1000001 (paper)",
        "30 is free",
        "market data    live",
        "read-only API",
    ):
        assert words in done.stdout
    assert "make 30 the Master Client ID" in done.stdout
    env = tmp_path / ".env"
    assert (
        env.read_text() == f"IBKR_HOST=127.0.0.1\nIBKR_PORT={gateway.port}\nIBKR_CLIENT_ID=30\nIBKR_ACCOUNT=DU1000001\n"
    )
    assert env.stat().st_mode & 0o777 == 0o600
    again = connect(tmp_path, "--port", str(gateway.port))
    assert again.returncode == 0
    assert "says so already" in again.stdout


def test_an_env_file_is_changed_only_when_told_so(tmp_path: Path, gateway: GatewayHandle) -> None:
    env = tmp_path / ".env"
    env.write_text("# mine\nIBKR_HOST=10.0.0.9\n")
    done = connect(tmp_path, "--port", str(gateway.port))
    assert done.returncode == 1
    assert "--yes" in done.stdout
    assert env.read_text() == "# mine\nIBKR_HOST=10.0.0.9\n"
    assert connect(tmp_path, "--port", str(gateway.port), "--yes").returncode == 0
    assert env.read_text().startswith("# mine\nIBKR_HOST=127.0.0.1\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env"]


def test_a_client_id_in_use_is_said_with_another(tmp_path: Path, gateway: GatewayHandle) -> None:
    with socket.create_connection((gateway.host, gateway.port)) as other:
        greeting = b"API\0" + _frame(b"v157..176")
        other.sendall(greeting)
        other.recv(100)
        other.sendall(_frame(b"71\x002\x0044\x00\x00"))
        other.recv(1000)
        done = connect(tmp_path, "--port", str(gateway.port), "--client-id", "44")
    assert done.returncode == 4
    assert "Client id 44 is already connected" in done.stdout
    assert "--client-id 45" in done.stdout
    assert not (tmp_path / ".env").exists()


def _frame(payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + payload


def test_nothing_there_names_what_to_click(tmp_path: Path, free_port: Callable[[], int]) -> None:
    port = free_port()
    done = connect(tmp_path, "--port", str(port))
    assert done.returncode == 4
    assert f"127.0.0.1:{port}: nothing listens here" in done.stdout
    for words in ("Enable ActiveX and Socket Clients", "Trusted IPs", "Socket port", "second factor"):
        assert words in done.stdout
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / ".env").exists()


def test_several_accounts_need_a_name(tmp_path: Path) -> None:
    with start_gateway(tmp_path, trader=False, accounts=("DU1000001", "DU1000002")) as several:
        done = connect(tmp_path, "--port", str(several.port))
        assert done.returncode == 4
        assert "--account" in done.stderr
        done = connect(tmp_path, "--port", str(several.port), "--account", "DU1000002")
    assert done.returncode == 0
    assert "IBKR_ACCOUNT=DU1000002" in (tmp_path / ".env").read_text()
