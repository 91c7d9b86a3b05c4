"""The pricing process beside the web worker: QuantLib holds the interpreter's lock, so that it computes over there.

It is started at the first request and again when it has ended. They speak over a pair of sockets, which gevent lets others
work beside; who waits too long is refused, and a process that doesn't answer is ended.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from typing import Any

from data.payoffs import CannotPriceError, PricingAwayError
from data.pricing import wire

PATIENCE_S = 15.0  # the process's start included: a second on a quiet machine
REMEMBERED = 64
AWAY = "The pricing process doesn't answer: nothing is computed now, everything else goes on. Ask again in a moment."
COMMAND = (sys.executable, "-m", "data.pricing")


class Pricer:
    """Asks the pricing process. Safe for threads and greenlets, which it serves one after the other."""

    def __init__(self, command: tuple[str, ...] = COMMAND, patience_s: float = PATIENCE_S) -> None:
        self._command, self._patience_s = command, patience_s
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._known: OrderedDict[bytes, Any] = OrderedDict()

    def __call__(self, request: wire.Request) -> wire.Answer:
        """The same request has the same answer, and isn't computed again.

        Raises:
            PricingAwayError: the process can't be started, has ended twice or doesn't answer in time.
            CannotPriceError: it refuses; that is too much, or nothing that the model has a value for.
        """
        if (problem := wire.too_much(request["legs"], request["days"], request["spots"])) is not None:
            raise CannotPriceError(problem)
        line = wire.encode(request)
        deadline = time.monotonic() + self._patience_s
        if not self._turn.acquire(timeout=self._patience_s):
            raise PricingAwayError(AWAY)
        try:
            if line not in self._known:
                self._known[line] = self._ask(line, deadline)
                if len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
            found = self._known[line]
        finally:
            self._turn.release()
        if "problem" in found:
            raise CannotPriceError(found["problem"])
        answer: wire.Answer = found
        return answer

    def close(self) -> None:
        """End the process."""
        with self._turn:
            self._end()

    def _ask(self, line: bytes, deadline: float) -> Any:
        """One that has ended since it was asked last is started anew, once."""
        try:
            answer = self._exchange(line, deadline) if self._socket is not None else None
            if answer is None:
                self._end()
                self._start()
                answer = self._exchange(line, deadline)
            return json.loads(answer or b"")
        except (OSError, ValueError) as error:  # TimeoutError is an OSError
            self._end()
            raise PricingAwayError(AWAY) from error
        except BaseException:  # its answer would be taken for that to the next request
            self._end()
            raise

    def _exchange(self, line: bytes, deadline: float) -> bytes | None:
        """None: the process is gone. Raises TimeoutError."""
        assert self._socket is not None
        found = bytearray()
        try:
            self._socket.settimeout(_left(deadline))
            self._socket.sendall(line)
            while not found.endswith(b"\n"):
                self._socket.settimeout(_left(deadline))
                piece = self._socket.recv(65536)
                if not piece:
                    return None
                found += piece
        except ConnectionError:
            return None
        return bytes(found)

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    self._command, stdin=theirs.fileno(), stdout=theirs.fileno(), start_new_session=True,
                    env={"PYTHONPATH": os.pathsep.join(sys.path)},
                )  # fmt: skip
            except BaseException:
                ours.close()
                raise
        self._socket = ours

    def _end(self) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._socket = self._process = None


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
