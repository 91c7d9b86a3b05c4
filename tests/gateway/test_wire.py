"""The protocol byte by byte: the handshake, limits, and what no good client sends."""

from __future__ import annotations

import struct
from contextlib import suppress
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.simulator.wire import UNSET, Fields, Splitter, WireError, text
from data.simulator.wire import frame as server_frame
from tests.gateway.raw import RawClient, frame
from tests.support.gateway import GatewayHandle


def raw(handle: GatewayHandle) -> RawClient:
    return RawClient(handle.host, handle.port)


@pytest.mark.parametrize(
    ("versions", "announced"),
    [("v157..176", 176), ("v157..178", 176), ("v100..226", 176), ("v157..163", 163), ("v100..157", 157)],
)
def test_the_version_is_the_lower_of_both(quiet_gateway: GatewayHandle, versions: str, announced: int):
    with raw(quiet_gateway) as client:
        answer = client.hello(versions)
        assert len(answer) == 2
        assert answer[0] == str(announced)


def test_nothing_comes_before_start_api(quiet_gateway: GatewayHandle):
    with raw(quiet_gateway) as client:
        client.hello()
        client.socket.settimeout(0.7)  # longer than two ticks
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
        client.socket.settimeout(10)
        client.start(900)
        assert client.read() == ["15", "1", "DU9000001"]
        assert len(client.read_until(9)) == 3


@pytest.mark.parametrize(
    "noise",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"API\0" + frame("hello"),
        b"API\0" + struct.pack(">I", 1 << 30),
        b"API\0" + struct.pack(">I", 0),
        b"API\0" + frame("v10..20"),
    ],
)
def test_noise_instead_of_a_handshake_closes_that_connection(quiet_gateway: GatewayHandle, noise: bytes):
    with raw(quiet_gateway) as client, raw(quiet_gateway) as neighbour:
        neighbour.hello()
        client.socket.sendall(noise)
        assert client.closed_by_peer()
        neighbour.start(901)
        assert neighbour.read_until(9)


@pytest.mark.parametrize(
    "fields",
    [
        ("not a number",),
        (9, 8),
        (1, 11, 5, "x", "AAPL"),
        (3, 77, 0, "AAPL", "STK"),
        (20, 1, 0, "AAPL", "STK", "", "abc"),
    ],
)
def test_a_malformed_request_closes_only_its_connection(quiet_gateway: GatewayHandle, fields: tuple[object, ...]):
    with raw(quiet_gateway) as client, raw(quiet_gateway) as neighbour:
        for number, one in ((902, client), (903, neighbour)):
            one.hello()
            one.start(number)
            one.read_until(9)
        client.send(*fields)
        assert client.closed_by_peer()
        neighbour.send(49, 1)
        assert neighbour.read_until(49)
    assert "closing its connection" in quiet_gateway.log


WORDS = st.one_of(
    st.integers(-(10**12), 10**12).map(str),
    st.floats().map(str),
    st.sampled_from(["", "AAPL", "OPT", "STK", "BAG", "DU9000001", "LMT", "BUY", "1", "0", "20261218", "²", "0" * 300]),
    st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12),
)


FUZZ_IDS = count(10_000)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(-1, 120), st.lists(WORDS, max_size=40))
def test_no_request_ends_the_gateway(quiet_gateway: GatewayHandle, message_id: int, words: list[str]):
    with raw(quiet_gateway) as client:
        client.hello()
        client.start(next(FUZZ_IDS))
        assert client.read()[0] == "15"
        client.send(message_id, *words)
        client.send(49, 1)
        # An answer or the end of the connection; a time-out would be a failure.
        with suppress(ConnectionError):
            client.read_until(49)
    assert "a request failed" not in quiet_gateway.log


def test_what_is_not_supported_says_so(quiet_gateway: GatewayHandle):
    with raw(quiet_gateway) as client:
        client.hello()
        client.start(905)
        client.send(22, 55, "", "")  # a market scanner
        answer = client.read_until(4)
        while answer[3].startswith("21"):
            answer = client.read_until(4)
        assert answer[2:4] == ["55", "321"]


def test_more_than_fifty_messages_a_second_are_refused(quiet_gateway: GatewayHandle):
    with raw(quiet_gateway) as client:
        client.hello()
        client.start(906)
        client.socket.sendall(frame(49, 1) * 300)
        codes = set()
        while "100" not in codes:
            codes.add(client.read_until(4)[3])


def test_thirty_two_clients_and_no_more(gateway: GatewayHandle):
    clients = [raw(gateway) for _ in range(33)]
    try:
        for number, client in enumerate(clients[:32]):
            client.hello()
            client.start(number)
            client.read_until(9)
        clients[32].hello()
        clients[32].start(99)
        assert clients[32].read()[3] == "507"
        assert clients[32].closed_by_peer()
        assert len(gateway.admin("clients")["clients"]) == 32
    finally:
        for client in clients:
            client.socket.close()


@given(
    st.lists(
        st.lists(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=("Cs",)))), min_size=1
    ),
    st.data(),
)
def test_frames_survive_any_cutting(messages: list[list[str]], data: st.DataObject):
    messages = [message for message in messages if message]
    stream = b"".join(server_frame(*message) for message in messages)
    splitter, found = Splitter(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += splitter.feed(stream[:size])
        stream = stream[size:]
    read = [Fields(body) for body in found]
    assert [[fields.text() for _ in range(fields.left)] for fields in read] == messages


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (300.0, "300"),
        (0.5, "0.5"),
        (-0.0, "0"),
        (UNSET, "1.7976931348623157E308"),
        (float("nan"), "-1"),
        (True, "1"),
        (None, ""),
        (1e-9, "0.0"),
    ],
)
def test_how_values_are_printed(value: object, printed: str):
    assert text(value) == printed


def test_reading_past_the_end_is_an_error():
    with pytest.raises(WireError):
        Fields(b"1\0").skip(2)
    with pytest.raises(WireError):
        Fields(b"no end")
