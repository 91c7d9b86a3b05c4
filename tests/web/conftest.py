"""One web process a module over one database with one account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Server
from tests.web import samples
from tests.web.samples import Writer
from tests.web.server import Web, running, wait_until


@pytest.fixture(scope="module")
def url(server18: Server) -> str:
    """A database that the whole module shares."""
    return server18.database()


@pytest.fixture(scope="module")
def write(url: str) -> Iterator[Writer]:
    with samples.writer(url) as found:
        found.account()
        yield found


@pytest.fixture(scope="module")
def web(url: str, write: Writer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with running(url, tmp_path_factory.mktemp("web")) as found:
        write.status()
        wait_until(found.healthy, "the web process is healthy")
        yield found


@pytest.fixture(autouse=True)
def _poller_lives(request: pytest.FixtureRequest) -> None:
    """Each test begins with a poller that has just spoken."""
    if "web" in request.fixturenames:
        request.getfixturevalue("write").status()
