"""Bad days: the database is away, killed or hangs, the web process is killed or stopped; it serves what it knows and recovers."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import websocket

from tests.conftest import Server
from tests.web import samples
from tests.web.samples import ACCOUNT
from tests.web.server import Web, running, stop, wait_until


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A database server that may be killed."""
    server = Server(None)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def own_url(own: Server) -> str:
    found = own.database()
    with samples.writer(found) as write:
        write.account()
    return found


@pytest.fixture(scope="module")
def site(own_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A web process over a database that may be killed."""
    with running(own_url, tmp_path_factory.mktemp("faults")) as found:
        heal(found, own_url)
        yield found


def heal(site: Web, url: str) -> None:
    def spoken() -> bool:
        with samples.writer(url) as write:
            write.status()
        return site.healthy()

    wait_until(spoken, "every part works")


def kill(own: Server) -> None:
    process = own.postgres.process
    assert process is not None
    process.kill()
    process.wait()


def test_a_database_that_is_killed_and_comes_back(own: Server, own_url: str, site: Web) -> None:
    with site.socket() as client:
        client.snapshot()
        known = site.get("/api/portfolio/").json
        kill(own)
        gone = client.until(lambda m: m["type"] == "status.update" and m["data"]["database"]["state"] == "unreachable")
        assert gone["data"]["freshness"] == "offline"
        # What is known is served, marked; what isn't is a problem with a way out.
        served = site.get("/api/portfolio/")
        assert served.status == 200
        assert served.json["freshness"] == "offline"
        assert served.json["net_liquidation"] == known["net_liquidation"]
        assert served.json["as_of"] == known["as_of"]
        assert "database" in served.json["gateway_reason"]
        strategies = site.get("/api/strategies/")
        assert (strategies.status, strategies.json["agent"]["state"]) == (200, "away")
        assert "database" in strategies.json["agent"]["reason"]
        for path in ("/api/exports/trades.csv", "/api/trades/?limit=3"):
            answer = site.get(path)
            assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json"), path
            assert b"postgresql://" not in answer.body
        health = site.get("/health")
        assert (health.status, health.json["database"]["state"]) == (503, "unreachable")
        assert site.get("/").status == 200

        own.postgres.start()
        with samples.writer(own_url) as write:
            write.flush(
                executions=tuple(samples.execution(n) for n in range(5))
            )  # perhaps before anybody listens again
            write.worth(42.0)
        heal(site, own_url)
        ids = [client.of("trade.executed")["data"]["exec_id"] for _ in range(5)]
        assert ids == [samples.execution(n).exec_id for n in range(5)]
        assert site.get("/api/portfolio/").json["net_liquidation"] == 42.0
        assert site.get("/api/portfolio/").json["freshness"] == "live"
        with site.socket() as late:
            assert late.of("portfolio.update")["data"]["net_liquidation"] == 42.0


def test_a_database_that_hangs_stops_neither_the_clock_nor_what_is_known(own: Server, own_url: str, site: Web) -> None:
    heal(site, own_url)
    assert own.postgres.process is not None
    postmaster = psutil.Process(own.postgres.process.pid)
    with site.socket() as client:
        client.snapshot()
        postmaster.suspend()  # first: now no backend is born that would stay awake
        frozen = [*postmaster.children(recursive=True), postmaster]
        for process in frozen:
            process.suspend()
        try:
            client.until(lambda m: m["type"] == "portfolio.update" and m["data"]["freshness"] == "offline")
            assert site.get("/api/portfolio/").json["freshness"] == "offline"
            assert site.get("/api/trades/?limit=3").status == 503  # at once: no request waits for a dead server
        finally:
            for process in frozen:
                process.resume()
        heal(site, own_url)
        client.until(lambda m: m["type"] == "portfolio.update" and m["data"]["freshness"] == "live")


def test_starting_without_a_database(own: Server, own_url: str, tmp_path: Path) -> None:
    own.postgres.stop()
    try:
        with running(own_url, tmp_path) as early:
            assert early.get("/health").status == 503
            assert early.get("/").status == 200
            answer = early.get("/api/portfolio/")
            assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
            with early.socket() as client:
                client.send({"type": "ping"})
                client.of("pong")
                own.postgres.start()
                heal(early, own_url)
                assert client.of("portfolio.update")["account"] == ACCOUNT
    finally:
        if own.postgres.process is None:
            own.postgres.start()


def test_a_database_without_the_schema_is_told_in_a_sentence(own: Server, tmp_path: Path) -> None:
    with running(own.empty_database(), tmp_path) as early:
        answer = early.get("/api/portfolio/")
        assert answer.status == 503
        assert "mtz migrate" in answer.json["detail"]


def test_stopping_tells_every_socket_even_when_one_does_not_read(own_url: str, tmp_path: Path) -> None:
    with running(own_url, tmp_path) as site:
        heal(site, own_url)
        clients = [site.socket() for _ in range(20)]
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", site.port))
        deaf = websocket.WebSocket()
        deaf.connect(f"ws://127.0.0.1:{site.port}/ws", socket=raw)
        many = [samples.put(1000 + n, f"S{n:03d}", 100.0 + n) for n in range(400)]
        with samples.writer(own_url) as write:
            for step in range(6):
                write.flush(positions=tuple(samples.position(c, market_price=float(step)) for c in many))
                for client in clients:
                    client.until(
                        lambda m, s=step: (
                            m["type"] == "positions.update"  # type: ignore[misc]
                            and any(row["market_price"] == s for row in m["data"]["items"])
                        )
                    )
        worker = site.worker_pid()
        site.process.send_signal(signal.SIGTERM)
        assert [client.close_code() for client in clients] == [1001] * 20
        assert site.process.wait(30) == 0
        assert not psutil.pid_exists(worker)
        for client in clients:
            client.ws.shutdown()
        raw.close()


def test_a_worker_that_is_killed_is_replaced_and_clients_come_back(own_url: str, tmp_path: Path) -> None:
    with running(own_url, tmp_path) as site:
        heal(site, own_url)
        with site.socket() as client:
            client.snapshot()
            worker = site.worker_pid()
            os.kill(worker, signal.SIGKILL)
            with pytest.raises((websocket.WebSocketException, OSError)):
                client.close_code()  # it is told nothing: the socket just ends
        heal(site, own_url)
        assert site.worker_pid() != worker
        with site.socket() as again:
            again.snapshot()


def test_a_web_process_that_is_killed_starts_again_on_its_port(own_url: str, tmp_path: Path) -> None:
    with running(own_url, tmp_path) as site:
        heal(site, own_url)
        client = site.socket()
        client.snapshot()
        worker = psutil.Process(site.worker_pid())
        site.process.kill()
        site.process.wait()
        worker.wait(30)  # it sees that its master is gone
        client.ws.shutdown()
        with running(own_url, tmp_path, site.port) as again:
            heal(again, own_url)
            with again.socket() as client:
                client.snapshot()
            stop(again.process)
