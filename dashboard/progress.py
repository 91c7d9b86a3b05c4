"""How far something is: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from dashboard.supervisor import CLEAR, Console

WIDTH = 30
LINE = re.compile(r"(\d+) % (.*)")


def bar(percent: int, text: str) -> str:
    """`[█████     ]  50 % text`."""
    full = percent * WIDTH // 100
    return f"[{'█' * full}{' ' * (WIDTH - full)}] {percent:3d} % {text}"


class Progress:
    """Says `N % text` in steps of `every` per cent, or draws a bar where the output is a terminal."""

    def __init__(self, say: Callable[[str], None], every: int = 10) -> None:
        self._say = say
        self._on_terminal = sys.stdout.isatty()
        self._every = 1 if self._on_terminal else every
        self._shown = -1

    def __call__(self, done: float, text: str) -> None:
        """`done`: 0 to 1."""
        percent = int(done * 100 + 1e-9)
        step = percent - percent % self._every
        if step == self._shown:
            return
        self._shown = step
        if self._on_terminal:
            sys.stdout.write(CLEAR + bar(step, text))
            sys.stdout.flush()
        else:
            self._say(f"{step} % {text}")

    def end(self) -> None:
        """Take the bar away."""
        if self._on_terminal and self._shown >= 0:
            sys.stdout.write(CLEAR)
            sys.stdout.flush()


def relay(console: Console, part: str, intention: str, every: int = 10) -> Callable[[str], bool]:
    """Shows the progress lines of a part's output on `console`, before the first one what it is about to do; answers whether
    a line was one."""

    shown = -1

    def show(line: str) -> bool:
        nonlocal shown
        match = LINE.fullmatch(line)
        if match is None:
            return False
        percent = int(match[1])
        step, before = percent // every, shown
        shown = step
        if before < 0:
            console.say(part, intention)
        if console.has_progress:
            console.progress("" if percent >= 100 else bar(percent, match[2]))
        elif step != before:
            console.say(part, line)
        return True

    return show
