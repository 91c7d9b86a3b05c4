"""Processes of the real stack for a benchmark: each started by its own command, ended by its pid."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from bench.common import free_port

ROOT = Path(__file__).parent.parent


@contextlib.contextmanager
def process(command: list[str], environment: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A child that is terminated, and after ten seconds killed, on the way out."""
    child = subprocess.Popen(command, cwd=ROOT, env=os.environ | (environment or {}), stdin=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_for(url: str, seconds: float = 30.0) -> None:
    """Wait until `url` answers at all."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).read()  # noqa: S310
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@contextlib.contextmanager
def web(database_url: str, data_dir: Path) -> Iterator[int]:
    """The web process on a free port."""
    port = free_port()
    settings = {
        "DATABASE_URL": database_url,
        "MTZ_PORT": str(port),
        "MTZ_DATA_DIR": str(data_dir),
        "MTZ_SOURCE": "demo",
    }
    with process([sys.executable, "-m", "dashboard.cli", "web"], settings) as child:
        wait_for(f"http://127.0.0.1:{port}/health")
        assert child.poll() is None
        yield port


def get(port: int, path: str) -> dict[str, object]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        found: dict[str, object] = json.load(answer)
        return found
