"""The poller as a real process, and a wait for what it does to the database."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self, TypeVar

import psycopg

from tests.support.gateway import PROJECT

WAIT_S = 30.0
T = TypeVar("T")

# The library's drop-in needs an environment of its own: their event libraries share a folder.
# What the poller needs beside it has the versions that are installed here.
PINS = (
    "ib_async==2.1.0", "aeventkit==2.1.0", "nest-asyncio==1.6.0", "tzdata==2025.3",
    *(f"{name}=={version(name.partition('[')[0])}" for name in ("numpy", "psycopg[binary]", "sqlalchemy")),
)  # fmt: skip
MAIN = """
import json, logging, sys
from pathlib import Path
from data.model import Source
from data.poller.options import PollerOptions
from data.poller.service import run_poller

given = json.loads(sys.argv[1])
given["spool_dir"] = Path(given["spool_dir"])
if given.get("source"):
    given["source"] = Source(given["source"])
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
raise SystemExit(run_poller(PollerOptions(**given)))
"""


def eventually(look: Callable[[], T], what: str = "", patience: float = WAIT_S) -> T:
    """The first true answer of `look`; psycopg's errors count as "not yet"."""
    deadline = time.monotonic() + patience
    while True:
        found = None
        with suppress(psycopg.Error):
            found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {patience} s for {what or look}; last answer: {found!r}"
        time.sleep(0.05)


class PollerProcess:
    """`mtz poll` without the command line: the same function, in a process that can be killed."""

    def __init__(self, folder: Path, python: Path | str = sys.executable, **options: Any) -> None:
        self._log = folder / f"poller-{time.monotonic_ns()}.log"
        options.setdefault("spool_dir", folder / "spool")
        self.spool_dir = Path(options["spool_dir"])
        given = {name: str(value) if isinstance(value, Path) else value for name, value in options.items()}
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(python), "-W", "error", "-c", MAIN, json.dumps(given)],
                cwd=PROJECT, env=os.environ | {"PYTHONPATH": str(PROJECT), "TZ": "UTC"}, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait(self, timeout: float = WAIT_S) -> int:
        """The exit code of a process that ends by itself."""
        return self.process.wait(timeout)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            self.terminate()
        except subprocess.TimeoutExpired:
            self.kill()
            raise


def ib_async_python() -> Path:
    """The Python of an environment with ib_async instead of ib_insync, made once for all workers and runs."""
    root = PROJECT / ".cache" / "venvs"
    root.mkdir(parents=True, exist_ok=True)
    folder = root / f"poller-{PINS[0].replace('==', '-')}-py{sys.version_info[0]}{sys.version_info[1]}"
    python, done = folder / "bin" / "python", folder / "complete"
    with (root / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists() or done.read_text() != " ".join(PINS):
            shutil.rmtree(folder, ignore_errors=True)
            _run(sys.executable, "-m", "venv", str(folder))
            _run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINS)
            done.write_text(" ".join(PINS))
    return python


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=240)
