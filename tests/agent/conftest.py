"""A world with a database; a gateway and the poller that lists its orders where a test asks for them."""

from __future__ import annotations

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


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayHandle]:
    """A gateway in which only the test trades; client 30 is its master."""
    with start_gateway(tmp_path, trader=False, master_client_id=30, state=tmp_path / "state.json") as handle:
        yield handle


@pytest.fixture
def poller(world: World, gateway: GatewayHandle, tmp_path: Path) -> Iterator[PollerProcess]:
    """The poller, connected."""
    with PollerProcess(tmp_path, database_url=world.url, host=gateway.host, port=gateway.port) as process:
        eventually(lambda: world.rows("SELECT 1 FROM poller_status WHERE gateway_state = 'connected'"), process.log)
        yield process
    assert "Traceback" not in process.log, process.log
