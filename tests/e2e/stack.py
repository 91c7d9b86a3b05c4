"""Simulated gateway, poller and web server as real processes over one database, each of which a test may kill and bring back."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests.poller.process import PollerProcess
from tests.support.gateway import start_gateway
from tests.web.server import Web, free_port, running, wait_until


class LiveStack:
    """`gateway`, `poller` and `web` run while the context does."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._folder = folder
        self._exit = ExitStack()
        self._web_exit = ExitStack()
        self.port = free_port()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            undo.push(self.__exit__)
            self.gateway = self._exit.enter_context(start_gateway(self._folder, master_client_id=30, trader=False))
            self.start_poller()
            self.start_web()
            wait_until(self.web.healthy, "gateway, poller and web are healthy", 40)
            undo.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._web_exit.close()
        self._exit.close()

    def start_poller(self) -> None:
        self.poller = self._exit.enter_context(
            PollerProcess(
                self._folder, database_url=self.url, host=self.gateway.host, port=self.gateway.port, source="demo"
            )
        )

    def start_web(self) -> None:
        self.web: Web = self._web_exit.enter_context(running(self.url, self._folder, self.port))

    def stop_web(self) -> None:
        """End it in order, as a restart does."""
        self._web_exit.close()
        self._web_exit = ExitStack()


@contextlib.contextmanager
def without_upgrades(port: int) -> Iterator[int]:
    """A proxy before `port` that lets everything through but the wish for a WebSocket; yields its own port."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_sockets: list[socket.socket] = []

    def relay(source: socket.socket, target: socket.socket, *, drop: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data.replace(b"Upgrade: websocket\r\n", b"") if drop else data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", port))
            except OSError:  # nobody there: what a browser sees of a dead server
                client.close()
                continue
            open_sockets.extend((client, server))
            for source, target, drop in ((client, server, True), (server, client, False)):
                threading.Thread(target=relay, args=(source, target), kwargs={"drop": drop}, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for each in open_sockets:
            each.close()
