"""A client of bare bytes, for what no well-behaved library would send. It shares no code with the gateway."""

from __future__ import annotations

import socket
import struct
from typing import Self


def frame(*fields: object) -> bytes:
    body = "".join(f"{field}\0" for field in fields).encode()
    return struct.pack(">I", len(body)) + body


class RawClient:
    """A socket with framing; every read has a deadline."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=10)
        self._buffer = b""

    def hello(self, versions: str = "v157..176") -> list[str]:
        """Say hello; the server's answer."""
        body = versions.encode()
        self.socket.sendall(b"API\0" + struct.pack(">I", len(body)) + body)
        return self.read()

    def start(self, client_id: int = 1) -> None:
        """startApi."""
        self.send(71, 2, client_id, "")

    def send(self, *fields: object) -> None:
        self.socket.sendall(frame(*fields))

    def read(self) -> list[str]:
        """The next message; ConnectionError at the end of the stream."""
        while True:
            if len(self._buffer) >= 4:
                (size,) = struct.unpack(">I", self._buffer[:4])
                if len(self._buffer) >= 4 + size:
                    body, self._buffer = self._buffer[4 : 4 + size], self._buffer[4 + size :]
                    return body.decode().split("\0")[:-1]
            data = self.socket.recv(1 << 16)
            if not data:
                raise ConnectionError("end of stream")
            self._buffer += data

    def read_until(self, message_id: int) -> list[str]:
        """The next message of a kind; others are read past."""
        while (fields := self.read())[0] != str(message_id):
            pass
        return fields

    def closed_by_peer(self) -> bool:
        """Read to the end of the stream; raises TimeoutError if it does not end."""
        try:
            while self.socket.recv(1 << 16):
                pass
        except ConnectionResetError:
            pass
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()
