"""A simulated gateway as a real process, for tests."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

PROJECT = Path(__file__).resolve().parents[2]
TOKEN = "test-token"
START_SECONDS = 20.0
ATTEMPTS = 3


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class AdminError(RuntimeError):
    """The gateway refused an admin command."""


class GatewayHandle:
    """A running gateway: ``host`` and ``port`` to connect to, ``admin`` to do what only a broker can."""

    host = "127.0.0.1"

    def __init__(self, tmp_path: Path, options: dict[str, Any]) -> None:
        self._log = tmp_path / "gateway.log"
        self._options = options
        self.port = int(options.pop("port", 0))
        self.admin_port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._admin: socket.socket | None = None

    def start(self) -> GatewayHandle:
        """Start the process and wait until it is ready; RuntimeError with its log if it is not."""
        for _ in range(ATTEMPTS - 1):
            with suppress(RuntimeError):
                return self._start()
            self.admin_port = free_port()  # somebody else may have taken it in the meantime
        return self._start()

    def _start(self) -> GatewayHandle:
        command = [sys.executable, "-m", "data.simulator", "--port", str(self.port)]
        command += ["--admin-port", str(self.admin_port), "--admin-token", TOKEN]
        for name, value in self._options.items():
            flag = "--" + name.replace("_", "-")
            if name == "trader":
                command += [] if value else ["--no-trader"]
            elif name == "accounts":
                command += [word for account in value for word in ("--account", account)]
            else:
                command += [flag, str(value)]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=log)
        self.port = self._wait_ready()
        return self

    def _wait_ready(self) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline().decode() if ready else ""
        if not line.startswith("ready "):
            self.kill()
            raise RuntimeError(f"the gateway did not start:\n{self._log.read_text()}")
        return int(line.rpartition(":")[2])

    @property
    def pid(self) -> int:
        """Process id."""
        assert self.process is not None
        return self.process.pid

    @property
    def log(self) -> str:
        """What the gateway has logged so far."""
        return self._log.read_text()

    def admin(self, cmd: str, **arguments: Any) -> dict[str, Any]:
        """Run an admin command and give its answer; AdminError if it is refused."""
        if self._admin is None:
            self._admin = socket.create_connection((self.host, self.admin_port), timeout=10)
        self._admin.sendall(json.dumps({"token": TOKEN, "cmd": cmd, **arguments}).encode() + b"\n")
        data = b""
        while not data.endswith(b"\n"):
            chunk = self._admin.recv(1 << 20)
            if not chunk:
                raise ConnectionError("the gateway closed its admin socket")
            data += chunk
        answer: dict[str, Any] = json.loads(data)
        if not answer.pop("ok"):
            raise AdminError(answer["error"])
        return answer

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self._end(signal.SIGKILL)

    def terminate(self) -> int:
        """SIGTERM; returns the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        if self._admin is not None:
            self._admin.close()
            self._admin = None
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, number)
        try:
            code = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        return code

    def restart(self) -> GatewayHandle:
        """Start again on the same port, after kill or terminate."""
        assert self.process is not None
        if self.process.poll() is None:
            self.terminate()
        return self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.terminate()
        elif self._admin is not None:
            self._admin.close()


def start_gateway(tmp_path: Path, **options: Any) -> GatewayHandle:
    """Start a gateway with ``options`` of the command line (``master_client_id=30``, ``trader=False``, ``state=path``).

    Use it as a context manager; leaving it ends the process.
    """
    return GatewayHandle(tmp_path, options).start()
