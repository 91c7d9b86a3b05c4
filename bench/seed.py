"""`mtz seed`: a year of the demo's past, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil

from bench.common import Row, folder


def run() -> Iterator[Row]:
    with folder() as path:
        command = [sys.executable, "-m", "dashboard.cli", "seed", "--days", "365", "--data-dir", str(path / "data")]
        started, peak = time.perf_counter(), 0
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                peak = max(peak, watched.memory_info().rss)
            except psutil.NoSuchProcess:
                break
            time.sleep(0.1)
        took = time.perf_counter() - started
        if process.wait() != 0:
            assert process.stderr is not None
            raise SystemExit(process.stderr.read().decode())
    yield Row("seed a year, database and roll-ups included", took, "s", 60)
    yield Row("its memory", peak / 2**20, "MB", 500)
