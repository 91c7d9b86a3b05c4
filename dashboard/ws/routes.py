"""The upgrade at `/ws`, by flask-sock; from then on the socket is ours (see client.py)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from flask import Flask, Response, request
from flask_sock import Sock

from dashboard.api.errors import problem
from dashboard.ws.client import Client
from dashboard.ws.hub import Hub


class NoThread:
    """Stands in for the library's reader thread, which answers pings by writing between our frames."""

    name = ""

    def __init__(self, target: Callable[[], None]) -> None:
        del target

    def start(self) -> None:
        """Nothing: the request's own greenlet reads."""


def register(app: Flask, hub: Hub, watched: Callable[[Client], AbstractContextManager[None]]) -> None:
    """`watched` closes a client when whoever opened it may read no more."""
    app.config["SOCK_SERVER_OPTIONS"] = {"thread_class": NoThread}
    sock = Sock(app)

    @sock.route("/ws")  # type: ignore[untyped-decorator]
    def websocket(server: Any) -> None:
        client = Client(hub, server.sock, server.ws)
        hub.add(client)
        try:
            with watched(client):
                client.serve()
        finally:
            hub.remove(client)
            server.connected = False  # the close frame is written already

    @app.before_request
    def only_upgrades() -> Response | None:
        if request.environ["PATH_INFO"] != "/ws":
            return None
        if "websocket" not in request.headers.get("Upgrade", "").lower():
            return problem(426, "This is a WebSocket: connect with ws://.", {"Upgrade": "websocket"})
        if hub.full():
            return problem(503, "There are as many open sockets as can be served: close a page.")
        return None
