"""A source that lives as long as the tests, because it is only read; a new empty target for each."""

from __future__ import annotations

import pytest

from tests.conftest import Server
from tests.copying.world import make_source


@pytest.fixture(scope="session")
def source(server18: Server) -> str:
    """To be read only."""
    return make_source(server18)


@pytest.fixture
def own_source(server18: Server) -> str:
    """To be changed by the test."""
    return make_source(server18)


@pytest.fixture
def target(server18: Server) -> str:
    """An empty database; on TimescaleDB where TIMESCALE_TEST_DSN is set."""
    return server18.empty_database()
