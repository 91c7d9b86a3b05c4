"""A TCP proxy that breaks the wire on command: drop, half-close, cut inside a message, black hole, delay."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

CHUNK = 1 << 16


@dataclass(eq=False)
class _Pipe:
    """One direction of one connection; ``queue`` holds (due, bytes) that are not delivered yet."""

    source: socket.socket
    target: socket.socket
    downstream: bool
    queue: list[tuple[float, bytes]] = field(default_factory=list)
    ended: bool = False


class Proxy:
    """Listens on a free loopback port and forwards to ``host:port``, in a thread of its own.

    The faults act on all connections at once. Use it as a context manager.
    """

    host = "127.0.0.1"

    def __init__(self, port: int, host: str = "127.0.0.1", tap: Callable[[int, bytes], None] | None = None) -> None:
        """`tap` hears what clients send: the connection's number and the bytes, in the proxy's thread."""
        self._upstream = (host, port)
        self._tap = tap
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._wake_in, self._wake_out = socket.socketpair()
        self._pipes: list[_Pipe] = []
        self._running = True
        self._refusing = False
        self._hole = False
        self._delay = 0.0
        self._cut_after: int | None = None
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._selector.register(self._wake_in, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()

    # -- faults

    def drop(self, refuse: bool = False) -> None:
        """Reset every connection (RST); with ``refuse``, new ones too until :meth:`resume`."""
        with self._lock:
            self._refusing = refuse
            self._reset_all()
        self._wake()

    def half_close(self) -> None:
        """End the stream towards the clients (FIN) while their own direction stays open."""
        with self._lock:
            for pipe in self._pipes:
                if pipe.downstream:
                    pipe.ended = True
                    with suppress(OSError):
                        pipe.target.shutdown(socket.SHUT_WR)

    def cut(self, after: int = 3) -> None:
        """Let ``after`` more bytes through to the client, then reset: inside a message, if chosen so."""
        with self._lock:
            self._cut_after = after

    def silence(self) -> None:
        """A black hole: connections stay, bytes vanish, until :meth:`resume`."""
        with self._lock:
            self._hole = True

    def delay(self, seconds: float) -> None:
        """Deliver everything this much later, in order."""
        with self._lock:
            self._delay = seconds

    def resume(self) -> None:
        """No faults any more."""
        with self._lock:
            self._refusing = self._hole = False
            self._delay, self._cut_after = 0.0, None
        self._wake()

    @property
    def connections(self) -> int:
        """How many connections pass through now."""
        with self._lock:
            return sum(pipe.downstream for pipe in self._pipes)

    # -- the thread

    def _wake(self) -> None:
        with suppress(OSError):
            self._wake_out.send(b"x")

    def _run(self) -> None:
        while self._running:
            events = self._selector.select(self._next_due())
            with self._lock:
                for key, _ in events:
                    if key.fileobj is self._listener:
                        self._accept()
                    elif key.fileobj is self._wake_in:
                        self._wake_in.recv(CHUNK)
                    elif key.data in self._pipes:
                        self._read(key.data)
                for pipe in list(self._pipes):
                    if pipe in self._pipes:
                        self._deliver(pipe)

    def _next_due(self) -> float:
        with self._lock:
            due = [pipe.queue[0][0] for pipe in self._pipes if pipe.queue]
        return max(min(due) - time.monotonic(), 0.0) if due else 1.0

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        if self._refusing:
            _reset(near)
            return
        try:
            far = socket.create_connection(self._upstream, timeout=2)
        except OSError:
            _reset(near)
            return
        for side in (near, far):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for pipe in (_Pipe(near, far, False), _Pipe(far, near, True)):
            self._pipes.append(pipe)
            self._selector.register(pipe.source, selectors.EVENT_READ, pipe)

    def _read(self, pipe: _Pipe) -> None:
        try:
            data = pipe.source.recv(CHUNK)
        except OSError:
            data = b""
        if not data:
            self._close(pipe)
        elif not self._hole and not pipe.ended:
            if self._tap and not pipe.downstream:
                self._tap(id(pipe), data)
            pipe.queue.append((time.monotonic() + self._delay, data))

    def _deliver(self, pipe: _Pipe) -> None:
        now = time.monotonic()
        while pipe.queue and pipe.queue[0][0] <= now:
            _, data = pipe.queue.pop(0)
            cut = pipe.downstream and self._cut_after is not None and len(data) >= self._cut_after
            if cut:
                data = data[: self._cut_after]
            try:
                pipe.target.sendall(data)
            except OSError:
                self._close(pipe)
                return
            if cut:
                self._cut_after = None
                self._close(pipe)
                return

    def _close(self, pipe: _Pipe) -> None:
        """End both directions of a connection."""
        pair = [p for p in self._pipes if {p.source, p.target} == {pipe.source, pipe.target}]
        for member in pair:
            self._pipes.remove(member)
            with suppress(KeyError, ValueError):
                self._selector.unregister(member.source)
        pipe.source.close()
        pipe.target.close()

    def _reset_all(self) -> None:
        for pipe in list(self._pipes):
            if pipe in self._pipes:
                _linger(pipe.source)
                _linger(pipe.target)
                self._close(pipe)

    def close(self) -> None:
        """Reset all connections and stop the thread."""
        self._running = False
        self._wake()
        self._thread.join(5)
        with self._lock:
            self._reset_all()
        for resource in (self._selector, self._listener, self._wake_in, self._wake_out):
            resource.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _linger(side: socket.socket) -> None:
    """Make close() send a reset."""
    with suppress(OSError):
        side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _reset(side: socket.socket) -> None:
    _linger(side)
    side.close()
