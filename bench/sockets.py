"""/ws under load: how long after the commit a change reaches clients."""

from __future__ import annotations

import json
import selectors
import time
from collections.abc import Iterator
from dataclasses import replace

import websocket

from bench import stack
from bench.common import Row, database, folder, percentile
from bench.storage import ACCOUNT, batch
from data.db import connect
from data.model import Flush, Role, Source
from data.store import Store

ROUNDS = 30


def crowd(port: int, count: int) -> list[websocket.WebSocket]:
    """`count` clients that listen to the portfolio and have had their first snapshot."""
    clients = []
    for _ in range(count):
        client = websocket.create_connection(f"ws://127.0.0.1:{port}/ws", timeout=20)
        client.send(json.dumps({"type": "subscribe", "topics": ["portfolio"], "account": ACCOUNT}))
        client.send(json.dumps({"type": "ping"}))
        while json.loads(client.recv())["type"] != "pong":
            pass
        clients.append(client)
    return clients


def latencies(url: str, clients: list[websocket.WebSocket]) -> tuple[list[float], int]:
    """Milliseconds from commit to each client's frame over some rounds, and the longest frame in bytes."""
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client.sock, selectors.EVENT_READ, client)
    took: list[float] = []
    longest = 0
    with connect(url, Role.POLLER, "bench") as conn:
        store = Store(conn)
        for round_ in range(ROUNDS):
            work = batch(0, 2000 + round_)
            assert work.portfolio is not None
            revision = store.flush(Flush(ACCOUNT, portfolio=replace(work.portfolio, net_liquidation=1e5 + round_)))
            committed = time.perf_counter()
            mark = f'"net_liquidation":{1e5 + round_}'.encode()
            waiting = len(clients)
            while waiting:
                ready = selector.select(10)
                if not ready:
                    raise RuntimeError(f"{waiting} of {len(clients)} clients did not hear of revision {revision}")
                for key, _ in ready:
                    # The bytes as they come: a thousand parsed frames would time this client, not the server.
                    frames = key.data.sock.recv(65536)
                    now = time.perf_counter()
                    if mark in frames:
                        took.append((now - committed) * 1000)
                        longest = max(longest, len(frames))
                        waiting -= 1
            time.sleep(0.05)
    selector.close()
    return took, longest


def run() -> Iterator[Row]:
    with database() as url, folder() as data_dir:
        with connect(url, Role.POLLER, "bench") as conn:
            store = Store(conn)
            store.claim_source(Source.DEMO, ACCOUNT)
            store.flush(batch(60, 1))
        with stack.web(url, data_dir) as port:
            for count, limit in ((100, 25), (1000, 100)):
                clients = crowd(port, count)
                took, longest = latencies(url, clients)
                for client in clients:
                    client.close()
                yield Row(f"/ws: commit → frame, {count} clients (p99)", percentile(took, 0.99), "ms", limit)
                yield Row(f"/ws: portfolio frame, {count} clients", longest, "bytes", 1024)
