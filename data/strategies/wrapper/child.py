"""The bot as a child process: signals and stdin passed on, its output shown and a bounded part of it kept."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HEAD_BYTES = 32 * 1024
TAIL_BYTES = 96 * 1024
CHUNK = 65536
DRAIN_S = 1.0  # after the bot ended: what its own children still hold open is not waited for
FROM_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


class CannotStartError(Exception):
    """The bot's program can't be started; one sentence."""


@dataclass(frozen=True, slots=True)
class Ended:
    """`exit_code` as a shell would have it: 128 + n for a child that signal n killed. `was_killed`: a signal ended it, or was
    passed on to it before it failed."""

    exit_code: int
    was_killed: bool
    output: str


class Kept:
    """The beginning and the end of what was written; what lies between is left out, with a line that says how much. Text
    without NUL, which PostgreSQL doesn't take."""

    def __init__(self, head: int = HEAD_BYTES, tail: int = TAIL_BYTES) -> None:
        self._head_limit, self._tail_limit = head, tail
        self._head, self._tail, self._left_out = bytearray(), bytearray(), 0

    def add(self, data: bytes) -> None:
        room = self._head_limit - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if (over := len(self._tail) - self._tail_limit) > 0:
            self._left_out += over
            del self._tail[:over]

    def text(self) -> str:
        head, tail = (
            bytes(part).decode("utf-8", "replace").replace("\0", "\ufffd") for part in (self._head, self._tail)
        )
        return f"{head}\n… {self._left_out} bytes left out …\n{tail}" if self._left_out else head + tail


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    lock: int | None = None,
    *,
    in_front: bool = True,
    give_up: Callable[[], bool] = lambda: False,
) -> Ended:
    """Run the bot to its end. `lock`: a descriptor that the child holds too, so that a bot whose wrapper was killed is still
    seen to run. `in_front`: it takes our stdin, shows its output and gets our signals (main thread only). `give_up`:
    asked now and then, ends it.

    Raises:
        CannotStartError.
    """
    kept, passed_on = Kept(), list[int]()
    with _signals(passed_on) if in_front else contextlib.nullcontext(lambda _: None) as pass_on:
        try:
            child = subprocess.Popen(
                arguments,
                env=dict(environment),
                cwd=folder,
                stdin=None if in_front else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=() if lock is None else (lock,),
            )
        except OSError as error:
            raise CannotStartError(f"{arguments[0]} can't be started ({error.strerror}).") from None
        with child:
            pass_on(child)
            _relay(child, kept, in_front, give_up)
            code = child.wait()
    was_killed = code < 0 or (code != 0 and bool(passed_on))
    return Ended(128 - code if code < 0 else code, was_killed, kept.text())


def _relay(child: subprocess.Popen[bytes], kept: Kept, show: bool, give_up: Callable[[], bool]) -> None:
    """Until the child has ended and closed its output, or has ended a moment ago while others hold it open."""
    assert child.stdout is not None
    assert child.stderr is not None
    ended_at: float | None = None
    with selectors.DefaultSelector() as selector:
        for pipe, shown in ((child.stdout, sys.stdout), (child.stderr, sys.stderr)):
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ, shown)
        while selector.get_map():
            for key, _ in selector.select(0.2):
                data = os.read(key.fd, CHUNK)
                if not data:
                    selector.unregister(key.fileobj)
                    continue
                kept.add(data)
                if show:
                    _show(key.data, data)
            if give_up():
                child.kill()
            if child.poll() is not None:
                ended_at = ended_at or time.monotonic()
                if time.monotonic() - ended_at > DRAIN_S:
                    return


def _show(stream: object, data: bytes) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # whoever reads is gone: the bot goes on
        stream.buffer.write(data)  # type: ignore[attr-defined]
        stream.flush()  # type: ignore[attr-defined]


@contextlib.contextmanager
def _signals(passed_on: list[int]) -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """Hand signals to the child; one that comes before it is there is delivered once it is."""
    child: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def handle(number: int, _: object) -> None:
        passed_on.append(number)
        if number in FROM_TERMINAL and os.isatty(0):
            return  # the terminal sends it to the child as well
        if child:
            with contextlib.suppress(ProcessLookupError):
                child[0].send_signal(number)
        else:
            early.append(number)

    def pass_on(started: subprocess.Popen[bytes]) -> None:
        child.append(started)
        for number in early:
            started.send_signal(number)

    before = {number: signal.signal(number, handle) for number in PASSED_ON}
    try:
        yield pass_on
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
