"""Gateways and clients for the tests of the protocol."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import PROJECT, GatewayHandle, start_gateway

WAIT_SECONDS = 20.0
PINS = {
    "ib_async": ("ib_async==2.1.0", "aeventkit==2.1.0", "nest-asyncio==1.6.0", "tzdata==2025.3"),
    "ibapi": ("ibapi-stable==10.50.2", "protobuf==7.36.2"),
    "thetagang2": ("thetagang==2.1.1", "ib-async==2.1.0", "pydantic==2.14.4", "tzdata==2025.3"),
    "thetagang1": ("thetagang==1.16.3", "ib-async==2.1.0", "pydantic==2.14.4", "tzdata==2025.3"),
}


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop for the client library, which wants one before it is even imported."""
    fresh = asyncio.new_event_loop()
    asyncio.set_event_loop(fresh)
    yield fresh
    fresh.close()
    asyncio.set_event_loop(None)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayHandle]:
    """A gateway of one's own; its house trader is off, so that only the test trades."""
    with start_gateway(tmp_path, trader=False, master_client_id=30) as handle:
        yield handle


@pytest.fixture(scope="module")
def quiet_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayHandle]:
    """A gateway that a module's tests share; they leave it as they found it."""
    with start_gateway(tmp_path_factory.mktemp("gateway"), trader=False, master_client_id=30) as handle:
        yield handle


Connect = Callable[..., Any]


@pytest.fixture
def connect(loop: asyncio.AbstractEventLoop) -> Iterator[Connect]:
    """Connects unmodified ib_insync clients, and disconnects them at the end."""
    from ib_insync import IB

    made: list[Any] = []

    def connect_one(handle: Any, client_id: int = 30, version: int | None = None, **options: Any) -> Any:
        ib = IB()
        if version is not None:
            ib.client.MaxClientVersion = version
        made.append(ib)
        ib.connect(handle.host, handle.port, clientId=client_id, timeout=options.pop("timeout", 10), **options)
        return ib

    yield connect_one
    for ib in made:
        transport = ib.client.conn.transport
        with suppress(OSError):  # it half-closes first, and a reset socket refuses that
            ib.disconnect()
        if transport:
            transport.abort()
    for _ in range(5):  # closed transports let go of their sockets in later turns of the loop
        loop.run_until_complete(asyncio.sleep(0))


def until(ib: Any, condition: Callable[[], Any], what: str = "") -> Any:
    """Handle the client's events until ``condition`` is true; its value."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (value := condition()):
        left = deadline - time.monotonic()
        assert left > 0, f"waited {WAIT_SECONDS} s for {what or condition}"
        with suppress(ConnectionError):  # it raises this once when the socket goes; the condition says what is wanted
            ib.waitOnUpdate(timeout=min(left, 0.5))
    return value


def environment(name: str) -> Path:
    """The Python of an environment with a client library of its own, made once for all workers and runs.

    ib_insync and ib_async must never be in one environment: their event libraries share a folder.
    """
    pins = PINS[name]
    root = PROJECT / ".cache" / "venvs"
    root.mkdir(parents=True, exist_ok=True)
    folder = root / f"{pins[0].replace('==', '-')}-py{sys.version_info[0]}{sys.version_info[1]}"
    python, done = folder / "bin" / "python", folder / "complete"
    with (root / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            if uv := shutil.which("uv"):
                _run(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
                _run(uv, "pip", "install", "--quiet", "--python", str(python), *pins)
            else:
                _run(sys.executable, "-m", "venv", str(folder))
                _run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pins)
            done.touch()
    return python


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=240)
