"""A world with a database; a gateway and the poller that lists its orders where a test asks for them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.world import World
from tests.poller.process import PollerProcess, eventually
from tests.support.gateway import GatewayHandle, start_gateway


@pytest.fixture
def world(url18: str, tmp_path: Path) -> Iterator[World]:
    found = World(url18, tmp_path)
    try:
        yield found
    finally:
        found.close()


def trading_gateway(folder: Path) -> GatewayHandle:
    """A gateway in which only the test trades; client 30 is its master."""
    return start_gateway(folder, trader=False, master_client_id=30, state=folder / "state.json")


@contextlib.contextmanager
def connected_poller(world: World, gateway: GatewayHandle) -> Iterator[PollerProcess]:
    with PollerProcess(world.data_dir, database_url=world.url, host=gateway.host, port=gateway.port) as process:
        eventually(lambda: world.rows("SELECT 1 FROM poller_status WHERE gateway_state = 'connected'"), process.log)
        yield process
    assert "Traceback" not in process.log, process.log


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayHandle]:
    with trading_gateway(tmp_path) as handle:
        yield handle


@pytest.fixture
def poller(world: World, gateway: GatewayHandle) -> Iterator[PollerProcess]:
    with connected_poller(world, gateway) as process:
        yield process
