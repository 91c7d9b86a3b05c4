"""A small HTTP load: keep-alive connections that each send the next request when the answer is whole."""

from __future__ import annotations

import selectors
import socket
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Load:
    """What a load run saw: `rate` in requests per second, `latencies` in milliseconds."""

    rate: float
    latencies: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Connection:
    sock: socket.socket
    sent_at: float = 0.0
    buffer: bytearray = field(default_factory=bytearray)


def _whole(buffer: bytearray) -> bool:
    head = buffer.find(b"\r\n\r\n")
    if head < 0:
        return False
    headers = bytes(buffer[:head]).lower()
    if not headers.startswith(b"http/1.1 200"):
        raise RuntimeError(f"not a 200: {headers[:80]!r}")
    length = int(headers.split(b"content-length:")[1].split(b"\r\n")[0])
    return len(buffer) >= head + 4 + length


def run(port: int, path: str, *, connections: int = 8, seconds: float = 5.0, header: str = "") -> Load:
    """Load http://127.0.0.1:`port``path` for `seconds`; any answer but 200 is an error. `header`: one more line."""
    more = f"{header}\r\n" if header else ""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n{more}\r\n".encode()
    selector = selectors.DefaultSelector()
    latencies: list[float] = []
    for _ in range(connections):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(sock, selectors.EVENT_READ, _Connection(sock))
    started = time.perf_counter()
    for key in selector.get_map().values():
        key.data.sent_at = time.perf_counter()
        key.data.sock.sendall(request)
    while (now := time.perf_counter()) < started + seconds:
        for key, _ in selector.select(1.0):
            connection: _Connection = key.data
            connection.buffer += connection.sock.recv(65536)
            if _whole(connection.buffer):
                now = time.perf_counter()
                latencies.append((now - connection.sent_at) * 1000)
                connection.buffer.clear()
                connection.sent_at = now
                connection.sock.sendall(request)
    elapsed = time.perf_counter() - started
    for key in list(selector.get_map().values()):
        key.data.sock.close()
    selector.close()
    return Load(len(latencies) / elapsed, latencies)
