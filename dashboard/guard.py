"""The guard of `mtz run`: ends the tree in order when the supervisor itself was killed. Standard library only.

It reads lines from the supervisor on stdin: ``+ STAGE PID SIGNAL`` and ``- PID``. When the pipe closes, what is still
listed is ended stage by stage (the database is in the last). This works on every system and for a database that runs as
another user, where a parent-death signal would not.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

STAGE_PATIENCE_S = 5.0


def watch(lines: Iterable[str]) -> dict[int, tuple[int, int]]:
    """Follow the supervisor until its end of the pipe closes; what it left: pid → (stage, signal)."""
    left: dict[int, tuple[int, int]] = {}
    for line in lines:
        match line.split():
            case ["+", stage, pid, number]:
                left[int(pid)] = (int(stage), int(number))
            case ["-", pid]:
                left.pop(int(pid), None)
    return left


def end_all(left: dict[int, tuple[int, int]]) -> None:
    """Signal each stage, wait for it, and kill what doesn't go (a part's whole process group with it)."""
    for stage in sorted({stage for stage, _ in left.values()}):
        members = {pid: number for pid, (of, number) in left.items() if of == stage}
        for pid, number in members.items():
            with contextlib.suppress(OSError):
                os.kill(pid, number)
        deadline = time.monotonic() + STAGE_PATIENCE_S
        while any(map(_alive, members)) and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid in members:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def main() -> None:
    """Outlive what the terminal sends to everybody, then do the one job."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_all(watch(sys.stdin))


if __name__ == "__main__":
    main()
