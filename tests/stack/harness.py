"""`mtz run` as a person starts it: a real process, its lines, its tree."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

PROJECT = Path(__file__).resolve().parents[2]
MTZ = [sys.executable, "-m", "dashboard.cli"]
START_S = 60.0
# How long a test waits for a part that was killed. On an idle machine it takes less than 10 s; a busy one is no defect.
RECOVERY_S = 60.0


def clean_environment(**settings: str) -> dict[str, str]:
    """The environment without a developer's own settings."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("MTZ_", "IBKR_", "PYTEST_")) and k != "DATABASE_URL"
    }
    return kept | {"PYTHONPATH": str(PROJECT)} | settings


def mtz(*arguments: str, cwd: Path, typed: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end; `typed` is its standard input."""
    return subprocess.run(
        [*MTZ, *arguments],
        cwd=cwd,
        env=clean_environment(**settings),
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that the database's user can walk into (pytest's own are 0700)."""
    folder = Path(tempfile.mkdtemp(prefix="mtz-stack-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Stack:
    """One running `mtz run`."""

    def __init__(self, folder: Path, port: int, **settings: str) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.token = ""  # an API token, where a log-in is needed
        self.lines: list[str] = []
        self._news = threading.Condition()
        quick = {"MTZ_DEMO_HISTORY_DAYS": "0"}
        env = clean_environment(MTZ_DATA_DIR=str(folder / "data"), MTZ_PORT=str(port), **(quick | settings))
        self.process = subprocess.Popen(
            [*MTZ, "run"], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                with self._news:
                    self.lines.append(line.rstrip())
                    self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def wait_line(self, part: str, text: str, timeout: float, *, after: int = 0) -> int:
        """Wait for a line of `part` that contains `text`; the number of lines up to it."""

        def found() -> int:
            for number, line in enumerate(self.lines[after:], start=after + 1):
                if line.startswith(part) and text in line:
                    return number
            return 0

        with self._news:
            self._news.wait_for(lambda: found() or not self._reader.is_alive(), timeout)
            assert found(), f"no line {part!r} {text!r} within {timeout} s:\n" + "\n".join(self.lines)
            return found()

    def wait_running(self) -> None:
        self.wait_line("mtz", "is running", START_S)

    def tree(self) -> list[psutil.Process]:
        """Every descendant."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def part(self, marker: str) -> psutil.Process:
        """The child whose command line contains `marker`."""
        for child in psutil.Process(self.process.pid).children():
            if marker in " ".join(child.cmdline()):
                return child
        raise AssertionError(f"no child {marker!r}")

    def get(self, path: str) -> tuple[int, Any]:
        """(status, JSON) of a GET; status 0 when nobody answers."""
        try:
            headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
            with urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers), timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
        except (OSError, ValueError):
            return 0, None

    def wait_get(self, path: str, accept: Callable[[int, Any], bool], timeout: float) -> Any:
        """GET until the answer is accepted."""
        deadline = time.monotonic() + timeout
        while True:
            status, body = self.get(path)
            if accept(status, body):
                return body
            assert time.monotonic() < deadline, f"{path}: {status} {body}\n" + "\n".join(self.lines)
            time.sleep(0.1)

    def wait_healthy(self, timeout: float = RECOVERY_S) -> None:
        self.wait_get("/health", lambda status, _: status == 200, timeout)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it in order; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(RECOVERY_S)
        self._reader.join(10)
        return code
