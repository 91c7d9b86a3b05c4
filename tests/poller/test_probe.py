"""What a probe says of gateways, and of what is none."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from data.ibkr.probe import Examination, examine, probe, source_of
from data.model import GatewayState, Source
from tests.support.gateway import GatewayHandle, start_gateway


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayHandle]:
    with start_gateway(tmp_path_factory.mktemp("gateway"), trader=False, master_client_id=30) as handle:
        yield handle


def test_a_gateway_says_who_it_is(gateway: GatewayHandle):
    found = probe(gateway.host, gateway.port, 30, 8.0)
    assert (found.reachable, found.state, found.problem) == (True, None, "")
    assert found.server_version == 176
    assert found.accounts == ("DU9000001",)
    assert found.source is Source.PAPER
    assert gateway.admin("clients")["clients"] == []  # it has left


def test_paper_and_live():
    assert source_of(("DU1", "DF2")) is Source.PAPER
    assert source_of(("U1234567",)) is Source.LIVE
    assert source_of(("DU1", "U1")) is Source.LIVE  # when in doubt it is real money
    assert source_of(()) is None


def test_nothing_listens(free_port: Callable[[], int]):
    found = probe("127.0.0.1", free_port(), 30, 2.0)
    assert (found.reachable, found.state) == (False, GatewayState.REFUSED)
    assert "start TWS or IB Gateway" in found.problem


def test_no_such_host():
    found = probe("no-such-host.invalid", 4002, 30, 5.0)
    assert (found.reachable, found.state) == (False, GatewayState.REFUSED)
    assert "host" in found.problem


@contextlib.contextmanager
def server(answer: bytes | None) -> Iterator[int]:
    """Something that is no gateway: hangs up at once (None), or says `answer` and then nothing."""
    held: list[socket.socket] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                if answer is None:
                    connection.close()
                else:
                    connection.sendall(answer)
                    held.append(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    for connection in held:
        connection.close()


def test_a_stranger_hangs_up():
    with server(None) as port:
        found = probe("127.0.0.1", port, 30, 2.0)
    assert (found.reachable, found.state) == (False, GatewayState.REFUSED)
    assert "Trusted IPs" in found.problem


@pytest.mark.parametrize("answer", [b"", b"\0\0\0\x1d176\00020261123 09:30:00 EST\0"])
def test_a_gateway_that_waits_for_its_log_in(answer: bytes):
    with server(answer) as port:
        found = probe("127.0.0.1", port, 30, 0.5)
    assert (found.reachable, found.state) == (True, GatewayState.WAITING_FOR_LOGIN)
    assert "log in" in found.problem


def test_the_client_id_is_taken(gateway: GatewayHandle):
    with socket.create_connection((gateway.host, gateway.port)) as other:
        other.sendall(b"API\0\0\0\0\x09v100..176")
        assert other.recv(100)
        other.sendall(b"\0\0\0\x09" + b"71\x002\x0030\0\0")
        assert other.recv(100)
        found = probe(gateway.host, gateway.port, 30, 8.0)
    assert (found.reachable, found.state) == (True, GatewayState.CLIENT_ID_IN_USE)
    assert "IBKR_CLIENT_ID" in found.problem


def test_an_examination(gateway: GatewayHandle):
    found = examine(gateway.host, gateway.port, 30, 8.0)
    assert found.result.accounts == ("DU9000001",)
    assert found.market_data_type == 1
    assert found.market_data_problem == ""
    assert found.read_only is False
    assert found.other_clients_fills is True
    assert abs(found.clock_skew_s) <= 1
    stranger = examine(gateway.host, gateway.port, 31, 8.0)  # not the master: sees nobody else's fills
    assert stranger.other_clients_fills is None


def test_a_read_only_api(gateway: GatewayHandle):
    gateway.admin("omit", ids=[53])  # no list of orders, as there
    text = "Error validating request.-'bO' : cause - The API interface is currently in Read-Only mode."
    try:
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(examine, gateway.host, gateway.port, 30, 8.0)
            while not asked.done():
                gateway.admin("error", code=321, text=text)
            found: Examination = asked.result()
    finally:
        gateway.admin("omit", ids=[])
    assert found.read_only is True


def test_no_market_data(gateway: GatewayHandle):
    gateway.admin("set_market_data_type", type=3)
    try:
        assert examine(gateway.host, gateway.port, 30, 8.0).market_data_type == 3
    finally:
        gateway.admin("set_market_data_type", type=0)
