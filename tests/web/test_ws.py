"""`/ws` over real sockets: snapshots, updates, trades that are never skipped, clients that misbehave."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import websocket

from tests.web import samples
from tests.web.samples import ACCOUNT, Writer
from tests.web.server import PATIENCE_S, Socket, Web, wait_until


def is_portfolio(worth: float) -> Callable[[dict[str, Any]], bool]:
    return lambda m: m["type"] == "portfolio.update" and m["data"]["net_liquidation"] == worth


def test_a_snapshot_of_each_state_on_connect(web: Web) -> None:
    with web.socket() as client:
        found = client.snapshot()
    assert set(found) == {"portfolio.update", "positions.update", "strategy.update", "status.update"}
    for message in found.values():
        assert list(message) == ["type", "account", "revision", "as_of", "data"]
        assert message["account"] == ACCOUNT
    assert found["positions.update"]["data"]["full"]


def test_the_socket_says_what_rest_says(web: Web, write: Writer) -> None:
    with web.socket() as client:
        write.worth(98_765.43)
        pushed = client.until(is_portfolio(98_765.43))
        positions = web.get("/api/portfolio/positions").json
    assert pushed["data"] == web.get("/api/portfolio/").json
    with web.socket() as client:
        found = client.snapshot()
    assert found["positions.update"]["data"] == positions
    assert found["positions.update"]["revision"] == positions["revision"]


def test_the_portfolio_frame_is_small(web: Web, write: Writer) -> None:
    with web.socket() as client:
        write.worth(1_234_567.891234567)
        while True:
            text = client.ws.recv()
            if json.loads(text)["data"].get("net_liquidation") == 1_234_567.891234567:
                break
    assert len(text) <= 1000


def test_positions_carry_the_changed_rows_only(web: Web, write: Writer) -> None:
    with web.socket() as client:
        client.snapshot()
        write.flush(positions=(samples.position(samples.put(3, strike=490)),))
        assert [row["con_id"] for row in client.of("positions.update")["data"]["items"]] == [3]
        write.flush(positions=(samples.position(samples.put(), market_price=9.87),), removed=(3,))
        change = client.of("positions.update")["data"]
    assert not change["full"]
    assert [(row["con_id"], row["market_price"]) for row in change["items"]] == [(2, 9.87)]
    assert change["removed"] == [3]


def test_revisions_never_go_back(web: Web, write: Writer) -> None:
    with web.socket() as client:
        newest: dict[str, int] = {}
        for step in range(60):
            write.flush(
                portfolio=samples.portfolio(net_liquidation=200_000.0 + step),
                positions=(samples.position(samples.put(), market_price=float(step)),),
            )
        done: set[str] = set()
        while len(done) < 2:
            message = client.next()
            kind, data = message["type"], message["data"]
            assert message["revision"] >= newest.get(kind, 0)
            newest[kind] = message["revision"]
            if kind == "portfolio.update" and data["net_liquidation"] == 200_059.0:
                done.add(kind)
            if kind == "positions.update" and any(row["market_price"] == 59.0 for row in data["items"]):
                done.add(kind)


def trades_of(client: Socket, last: str) -> list[str]:
    seen: list[str] = []
    while not seen or seen[-1] != last:
        message = client.of("trade.executed")
        seen.append(message["data"]["exec_id"])
    return seen


def test_every_client_gets_every_trade_once_in_order(web: Web, write: Writer) -> None:
    fills = [samples.execution(n) for n in range(1000, 1200)]
    with web.socket() as early, web.socket() as other:
        for client in (early, other):
            client.snapshot()
        for start in range(0, 200, 4):
            write.flush(executions=tuple(fills[start : start + 4]))
        expected = [fill.exec_id for fill in fills]
        assert trades_of(early, expected[-1]) == expected
        assert trades_of(other, expected[-1]) == expected
    with web.socket() as late:  # what was traded before is no news
        late.snapshot()
        write.flush(executions=(samples.execution(1300),))
        assert late.of("trade.executed")["data"]["exec_id"] == samples.execution(1300).exec_id


def test_a_revision_is_complete_with_its_last_trade(web: Web, write: Writer) -> None:
    with web.socket() as client:
        client.snapshot()
        write.flush(executions=(samples.execution(1400), samples.execution(1401)))
        first, second = client.of("trade.executed"), client.of("trade.executed")
    assert first["revision"] == second["revision"] - 1


def test_no_trade_is_lost_while_the_listener_is_away(web: Web, write: Writer, url: str) -> None:
    with web.socket() as client:
        client.snapshot()
        for round_ in range(3):
            with psycopg.connect(url, autocommit=True) as conn:
                killed = conn.execute(
                    "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity "
                    "WHERE application_name = 'mtz listen' AND datname = current_database()"
                ).fetchone()
            assert killed is not None
            first = 1500 + 20 * round_
            for n in range(first, first + 5):
                write.flush(executions=(samples.execution(n),))
            write.worth(300_000.0 + round_)
            ids = [samples.execution(n).exec_id for n in range(first, first + 5)]
            assert trades_of(client, ids[-1]) == ids
            wait_until(
                lambda r=round_: web.get("/api/portfolio/").json["net_liquidation"] == 300_000.0 + r,  # type: ignore[misc]
                "the cache is not trusted while nobody listens",
            )


def test_subscribe_narrows_and_widens_again(web: Web, write: Writer) -> None:
    with web.socket() as client:
        client.snapshot()
        client.send({"type": "subscribe", "topics": ["trades"], "account": ACCOUNT})
        assert client.of("subscribed")["topics"] == ["trades"]
        write.worth(400_000.0)
        write.flush(executions=(samples.execution(1600),))
        assert client.next()["type"] == "trade.executed"
        client.send({"type": "subscribe", "topics": ["portfolio.update", "strategies"]})
        kinds = [client.next()["type"] for _ in range(2)]
        assert kinds == ["subscribed", "portfolio.update"]  # what was missed meanwhile, only the newest


@pytest.mark.parametrize(
    "message",
    [
        "not json",
        "",
        "[]",
        "1",
        "null",
        "{}",
        '{"type": 1}',
        '{"type": "order"}',
        '{"type": "subscribe", "topics": "portfolio"}',
        '{"type": "subscribe", "topics": ["nothing"]}',
        '{"type": "subscribe", "topics": [["portfolio"]]}',
        '{"type": "subscribe", "topics": [], "account": "U0000000"}',
        '{"type": "subscribe", "account": ["DU9000001"]}',
        "[" * 4000,
        "x" * 100_000,
    ],
)
def test_a_malformed_message_gets_an_error_not_a_close(web: Web, message: str) -> None:
    with web.socket() as client:
        client.send(message)
        error = client.of("error")
        assert len(message) < 8 or message not in error["detail"]
        client.send({"type": "ping"})
        client.of("pong")


def test_binary_and_fragmented_messages(web: Web) -> None:
    with web.socket() as client:
        client.ws.send_binary(b"\x00\xff")
        client.of("error")
        for index in range(100):  # one message of 200 kB in a hundred frames: nothing of it is kept
            opcode = websocket.ABNF.OPCODE_TEXT if index == 0 else websocket.ABNF.OPCODE_CONT
            client.ws.send_frame(websocket.ABNF(int(index == 99), 0, 0, 0, opcode, 1, b"y" * 2000))
        assert "too large" in client.of("error")["detail"]
        client.ws.send_frame(websocket.ABNF(0, 0, 0, 0, websocket.ABNF.OPCODE_TEXT, 1, b'{"type":'))
        client.ws.send_frame(websocket.ABNF(1, 0, 0, 0, websocket.ABNF.OPCODE_CONT, 1, b'"ping"}'))
        client.of("pong")


def test_protocol_pings_are_answered(web: Web) -> None:
    with web.socket() as client:
        client.ws.ping("are you there")
        while True:
            opcode, frame = client.ws.recv_data_frame(control_frame=True)
            if opcode == websocket.ABNF.OPCODE_PONG:
                assert frame.data == b"are you there"
                break


def test_a_flood_of_pings_is_held_back_not_hoarded(web: Web) -> None:
    with web.socket() as client:
        client.snapshot()
        for _ in range(500):
            client.send({"type": "ping"})
        for _ in range(500):
            client.of("pong")


def test_an_orderly_close_is_answered(web: Web) -> None:
    with web.socket() as client:
        client.ws.send_close(1000, b"done")
        assert client.close_code() == 1000


def test_a_frame_against_the_protocol_closes_with_1002(web: Web) -> None:
    with web.socket() as client:
        client.ws.sock.sendall(b"\x83\x80\x00\x00\x00\x00")  # an opcode that doesn't exist
        assert client.close_code() == 1002


def test_a_dead_poller_and_a_gateway_that_restarts_are_pushed(web: Web, write: Writer) -> None:
    with web.socket() as client:
        client.snapshot()
        write.status(gateway_state="restarting", gateway_reason="the daily restart")
        told = client.until(lambda m: m["type"] == "status.update" and m["data"]["gateway"]["state"] == "restarting")
        assert told["data"]["gateway"]["reason"] == "the daily restart"
        number = client.until(lambda m: m["type"] == "portfolio.update" and m["data"]["freshness"] == "offline")
        assert number["data"]["gateway_reason"] == "the daily restart"
        write.status()
        client.until(lambda m: m["type"] == "portfolio.update" and m["data"]["freshness"] == "live")
        # A poller that dies sends no NOTIFY: its heartbeat only grows old.
        with psycopg.connect(write.store._conn.info.dsn, autocommit=True) as conn:
            conn.execute("UPDATE poller_status SET heartbeat_at = now() - interval '11 seconds'")
        waiting = {"portfolio.update", "status.update"}
        while waiting:
            message = client.next()
            if message["data"].get("freshness") == "offline":
                waiting.discard(message["type"])
            if message["type"] == "status.update":
                assert message["data"]["poller"]["state"] == "not_running"


def test_many_clients_get_the_same_numbers(web: Web, write: Writer) -> None:
    clients = [web.socket() for _ in range(60)]
    try:
        for client in clients:
            client.send({"type": "subscribe", "topics": ["portfolio"]})
            client.of("subscribed")
        write.worth(500_000.0)
        messages = [client.until(is_portfolio(500_000.0)) for client in clients]
        assert all(message == messages[0] for message in messages)
    finally:
        for client in clients:
            client.ws.shutdown()


# -- clients that don't read ------------------------------------------------------------------------------------------

MANY = [samples.put(1000 + n, f"S{n:03d}", 100.0 + n) for n in range(400)]


def big_update(write: Writer, price: float) -> None:
    """A change of every row: some 200 kB on the wire."""
    write.flush(positions=tuple(samples.position(contract, market_price=price) for contract in MANY))


def narrow(web: Web) -> Socket:
    """A client whose kernel takes next to nothing while it doesn't read."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", web.port))
    raw.settimeout(PATIENCE_S)
    client = websocket.WebSocket()
    client.connect(f"ws://127.0.0.1:{web.port}/ws", socket=raw)
    return Socket(client)


def test_who_never_reads_is_closed_and_delays_nobody(web: Web, write: Writer) -> None:
    with narrow(web) as deaf, web.socket() as other:
        other.snapshot()
        port = deaf.ws.sock.getsockname()[1]
        for step in range(12):
            big_update(write, 1.0 + step)
            write.worth(600_000.0 + step)
            other.until(is_portfolio(600_000.0 + step))
        wait_until(lambda: not established(web.port, port), "the client that never reads is closed")
        write.worth(610_000.0)
        other.until(is_portfolio(610_000.0))


def established(local: int, remote: int) -> bool:
    """Whether the server's end of the connection stands."""
    pair = f":{local:04X} ", f":{remote:04X} 01 "
    with open("/proc/net/tcp") as table:  # noqa: PTH123
        return any(pair[0] in line and pair[1] in line for line in table)


def test_who_stops_and_resumes_gets_whole_frames_and_the_newest(web: Web, write: Writer) -> None:
    with narrow(web) as slow, web.socket() as other:
        other.snapshot()
        # Shorter than the server's patience with who reads nothing (5 s), however slow the machine.
        resumes, step = time.monotonic() + 3.0, 0
        while step < 30 and time.monotonic() < resumes:
            big_update(write, 100.0 + step)
            write.flush(executions=(samples.execution(3000 + step),))
            write.worth(700_000.0 + step)
            other.until(is_portfolio(700_000.0 + step))
            step += 1
        # Now it reads: every message must parse, positions skip to the newest, no trade is missing.
        trades: list[str] = []
        prices: list[float] = []
        done = False
        while not (done and len(trades) == step and prices[-1:] == [99.0 + step]):
            message = slow.next()
            if message["type"] == "trade.executed":
                trades.append(message["data"]["exec_id"])
            if message["type"] == "positions.update":
                prices += [row["market_price"] for row in message["data"]["items"] if row["con_id"] == 1000]
            done = done or is_portfolio(699_999.0 + step)(message)
        assert trades == [samples.execution(3000 + n).exec_id for n in range(step)]
        assert prices == sorted(prices)
        assert len(prices) < step
