"""The whole tree of `mtz run`: how soon the first live number shows, and what it weighs when nobody looks."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import psutil

from bench import stack
from bench.common import Row, folder, free_port

SETTLE_S = 10


def run() -> Iterator[Row]:
    with folder() as data_dir:
        port = free_port()
        settings = {"MTZ_DATA_DIR": str(data_dir), "MTZ_PORT": str(port)}
        started = time.perf_counter()
        with stack.process([sys.executable, "-m", "dashboard.cli", "run"], settings) as child:
            yield Row("installed → first live number (first start)", _until_live(port, started), "s", 8)
            time.sleep(SETTLE_S)
            family = [psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)]
            weight = sum(member.memory_full_info().pss for member in family) / 1e6
            yield Row(f"whole tree idle, {len(family)} processes (sum of PSS)", weight, "MB", 600)


def _until_live(port: int, started: float) -> float:
    while time.perf_counter() < started + 60:
        try:
            if stack.get(port, "/api/portfolio/")["freshness"] == "live":
                return time.perf_counter() - started
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("no live number within a minute")
