"""The web process as it is run: a gunicorn of its own on a free port, and clients that speak to it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import websocket

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0  # on a machine that is busy with other tests


def wait_until(condition: Callable[[], Any], what: str, patience: float = PATIENCE_S) -> Any:
    """What `condition` gives once it is true; fails after `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"within {patience:.0f} s: {what}")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()  # each Set-Cookie

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Web:
    """One gunicorn, master and worker."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: str | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            headers = {k.lower(): v for k, v in response.getheaders()}
            cookies = tuple(v for k, v in response.getheaders() if k.lower() == "set-cookie")
            return Answer(response.status, headers, response.read(), cookies)
        finally:
            connection.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.request("GET", path, headers)

    def healthy(self) -> bool:
        try:
            return self.get("/health").status == 200
        except OSError:
            return False

    def answers(self) -> bool:
        try:
            return self.get("/health").status in (200, 503)
        except OSError:
            return False

    def socket(self, **options: Any) -> Socket:
        return Socket(websocket.create_connection(f"ws://127.0.0.1:{self.port}/ws", timeout=PATIENCE_S, **options))

    def worker_pid(self) -> int:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[-1])


class Socket:
    """A client of /ws."""

    def __init__(self, ws: websocket.WebSocket) -> None:
        self.ws = ws

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *error: object) -> None:
        self.ws.shutdown()

    def send(self, message: Any) -> None:
        self.ws.send(message if isinstance(message, str) else json.dumps(message))

    def next(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ws.recv())
        return found

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first message that fits; the others are dropped."""
        while True:
            message = self.next()
            if condition(message):
                return message

    def of(self, kind: str) -> dict[str, Any]:
        return self.until(lambda message: message["type"] == kind)

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """The four states of the one account, as they come on connect."""
        found: dict[str, dict[str, Any]] = {}
        while len(found) < 4:
            message = self.next()
            found[message["type"]] = message
        return found

    def close_code(self) -> int:
        """Read until the server closes."""
        while True:
            opcode, data = self.ws.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return int.from_bytes(data[:2], "big")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(url: str, folder: Path, port: int | None = None, **settings: str) -> Iterator[Web]:
    """A web process over `url` with further settings by name; ended in order, and for good."""
    port = port or free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MTZ_", "IBKR_"))}
    environment |= {"DATABASE_URL": url, "MTZ_PORT": str(port), "MTZ_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    environment |= settings
    log = folder / f"web-{port}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "dashboard" / "gunicorn_conf.py"), "dashboard.wsgi:app"],
            cwd=folder, env=environment, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    web = Web(port, process, log)
    try:
        wait_until(lambda: web.answers() or process.poll() is not None, "the web process answers")
        assert process.poll() is None, log.read_text()
        yield web
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
