"""A gateway, a database and the poller between them."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from data.db import connect
from data.model import Role
from tests.conftest import Server
from tests.poller.process import PollerProcess, eventually, ib_async_python
from tests.support.gateway import GatewayHandle, start_gateway

ACCOUNT = "DU9000001"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayHandle]:
    """A gateway of one's own in which only the test trades; client 30 is its master."""
    with start_gateway(tmp_path, trader=False, master_client_id=30, state=tmp_path / "state.json") as handle:
        yield handle


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A PostgreSQL of one's own, that may be killed. It syncs to disk, as a real one does."""
    server = Server(None)
    server.postgres._settings["fsync"] = "on"
    try:
        server.start()
        yield server
    finally:
        server.stop()


class Watched:
    """The database as readers see it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._conn: psycopg.Connection[Any] | None = None

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        if self._conn is None or self._conn.closed:
            self._conn = connect(self.url, Role.WEB, "test", autocommit=True)
        try:
            return self._conn.execute(sql, parameters).fetchall()  # type: ignore[call-overload]
        except psycopg.OperationalError:
            self._conn.close()
            raise

    def one(self, sql: str, *parameters: object) -> Any:
        found = self.rows(sql, *parameters)
        return found[0][0] if found else None

    def close(self) -> None:
        if self._conn is not None:
            self._conn.close()

    # -- what tests ask

    def is_live(self, since: float = 0.0) -> bool:
        """Connected, with a status younger than `since` (seconds of the epoch)."""
        return bool(
            self.one(
                "SELECT true FROM poller_status WHERE gateway_state = 'connected' AND heartbeat_at > to_timestamp(%s)",
                since,
            )
        )

    def wait_live(self, since: float | None = None, patience: float = 30.0) -> None:
        start = time.time() if since is None else since
        eventually(lambda: self.is_live(start), "a live poller", patience)

    def fills(self) -> dict[str, tuple[Decimal, Decimal, Decimal | None]]:
        """The effective executions: quantity, price, commission by id; fails on a doubled one."""
        found = self.rows("SELECT exec_id, quantity, price, commission FROM executions WHERE effective")
        assert len(found) == len({row[0] for row in found})
        return {exec_id: (quantity, price, commission) for exec_id, quantity, price, commission in found}


def truth(gateway: GatewayHandle) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    """The world's own executions in the form of `Watched.fills`: of a corrected fill the last report."""
    last: dict[str, dict[str, Any]] = {}
    for x in gateway.admin("state")["executions"]:
        base = x["exec_id"].rpartition(".")[0]
        if base not in last or x["exec_id"] > last[base]["exec_id"]:
            last[base] = x
    return {
        x["exec_id"]: (Decimal(str(x["quantity"])), Decimal(str(x["price"])), Decimal(str(x["commission"])))
        for x in last.values()
    }


@contextlib.contextmanager
def watching(url: str) -> Iterator[Watched]:
    watched = Watched(url)
    try:
        yield watched
    finally:
        watched.close()


@pytest.fixture
def db(url18: str) -> Iterator[Watched]:
    with watching(url18) as watched:
        yield watched


StartPoller = Callable[..., PollerProcess]


@pytest.fixture
def start_poller(tmp_path: Path, gateway: GatewayHandle) -> Iterator[StartPoller]:
    """Starts pollers on the gateway; ends them, and shows that none of them failed unseen."""
    made: list[PollerProcess] = []

    def start(url: str, **options: Any) -> PollerProcess:
        options = {"host": gateway.host, "port": gateway.port, "reconcile_s": 5.0, **options}
        made.append(PollerProcess(tmp_path, database_url=url, **options))
        return made[-1]

    yield start
    for poller in made:
        with poller:
            pass
        assert "Traceback" not in poller.log, poller.log


@pytest.fixture(params=["ib_insync", "ib_async"])
def python(request: pytest.FixtureRequest) -> Path:
    """An interpreter with the one library, then one with the other."""
    return Path(sys.executable) if request.param == "ib_insync" else ib_async_python()
