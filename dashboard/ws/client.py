"""One client of `/ws`: a greenlet that reads (the request's own) and one that writes.

Nobody else touches the socket, so that frames never interleave, and a client that doesn't read blocks its own writer
only. What a client lacks is found by comparing versions with the hub's state: nothing is queued for it but replies.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event
from wsproto import WSConnection
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from dashboard.ws import frames
from data.model import Topic

if TYPE_CHECKING:
    from dashboard.ws.hub import Hub

WRITE_DEADLINE_S = 5.0  # who takes nothing for so long is closed
PING_AFTER_S = 20.0  # of silence
GONE_AFTER_S = 45.0
MAX_MESSAGE = 4096  # characters or bytes; the longest sensible message has a few hundred
MAX_REPLIES = 32  # unread answers to one client: until it takes them it isn't listened to
SEND_BUFFER = (
    256 * 1024
)  # what the kernel holds for one client, so that one who doesn't read is noticed and costs little
SLICE = 64 * 1024  # as much as is put together before looking again what is newest

GOING_AWAY = 1001
PROTOCOL_ERROR = 1002
TOO_SLOW = 1008

TOPICS: dict[str, Topic] = {topic.value: topic for topic in Topic} | {
    name: topic for topic, name in frames.MESSAGE_TYPES.items()
}


class Client:
    """`sock` is the raw socket, `protocol` its WebSocket state after the handshake."""

    def __init__(self, hub: Hub, sock: socket.socket, protocol: WSConnection) -> None:
        self._hub = hub
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._sock = sock
        self._protocol = protocol
        self._wake = Event()
        self._drained = Event()
        self._replies: deque[bytes] = deque()
        self._rest = b""  # of a frame that is half written
        self._busy = True  # the writer is writing, or is going to: nothing may come between
        self._last: bytes | None = None  # the close frame
        self._parts: list[str] = []
        self._size = 0
        self._pinged = False
        self._heard_at = time.monotonic()
        self.topics = frozenset(Topic)
        self.account: str | None = None  # all of them
        self.seen: dict[tuple[Topic, str], int] = {}
        self.trades_seen: dict[str, int] = hub.trade_numbers()
        self._writer = gevent.spawn(self._write_forever)

    # -- for the hub: none of these waits ----------------------------------------------------------------------------

    def push(self) -> None:
        """Send what is new as far as the kernel takes it at once (it nearly always does); the writer does the rest."""
        if self._busy or self._last is not None:
            self._wake.set()
            return
        news = self._next()
        if not news:
            return
        try:
            sent = os.write(self._sock.fileno(), news)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._hang_up(socket.SHUT_RDWR)
            return
        if sent < len(news):
            self._rest = news[sent:]
            self._busy = True
            self._wake.set()

    def close(self, code: int, reason: str) -> None:
        """Send a close frame after what is being written."""
        if self._last is None:
            try:
                self._last = self._protocol.send(CloseConnection(code, reason))
            except LocalProtocolError:
                self._last = b""
            self._wake.set()

    def abort(self) -> None:
        """Drop the connection: the client takes nothing."""
        self._writer.kill(block=False)
        self._hang_up(socket.SHUT_RDWR)

    def look(self, now: float) -> None:
        """Once a second: ask a silent client for a sign of life, drop one that gives none."""
        silent = now - self._heard_at
        if silent > GONE_AFTER_S:
            self.abort()
        elif silent > PING_AFTER_S and not self._pinged and self._last is None:
            self._pinged = True
            self._replies.append(self._protocol.send(Ping()))
            self._wake.set()

    # -- reading -----------------------------------------------------------------------------------------------------

    def serve(self) -> None:
        """Read until the client or the server closes; returns when the writer has said its last."""
        self._wake.set()  # the snapshot
        try:
            while self._read_once():
                while len(self._replies) > MAX_REPLIES and not self._writer.ready():
                    self._drained.clear()
                    self._drained.wait()
        except OSError:
            self._writer.kill(block=False)
        except RemoteProtocolError as error:
            code = getattr(error.event_hint, "code", None)
            self.close(int(code or PROTOCOL_ERROR), "malformed frame")
        self._writer.join()

    def _read_once(self) -> bool:
        data = self._sock.recv(4096)
        if not data:
            self._writer.kill(block=False)
            return False
        self._heard_at = time.monotonic()
        self._pinged = False
        self._protocol.receive_data(data)
        for event in self._protocol.events():
            if isinstance(event, CloseConnection):
                if self._last is None:
                    self._last = self._protocol.send(event.response())
                    self._wake.set()
                return False
            if isinstance(event, Ping):
                self._reply(self._protocol.send(event.response()))
            elif isinstance(event, TextMessage | BytesMessage):
                self._take(event)
            elif not isinstance(event, Pong):
                return False
        return True

    def _take(self, event: TextMessage | BytesMessage) -> None:
        """A message or a part of one; of what is too large nothing is kept."""
        self._size += len(event.data)
        if isinstance(event, TextMessage) and self._size <= MAX_MESSAGE:
            self._parts.append(event.data)
        if not event.message_finished:
            return
        size, parts = self._size, self._parts
        self._size, self._parts = 0, []
        if size > MAX_MESSAGE:
            self._reply(frames.error(f"The message is too large: {MAX_MESSAGE} bytes are the most."))
        elif isinstance(event, BytesMessage):
            self._reply(frames.error("Binary messages aren't understood: send JSON text."))
        else:
            self._reply(self._answer("".join(parts)))

    def _reply(self, frame: bytes) -> None:
        self._replies.append(frame)
        self._wake.set()

    def _answer(self, text: str) -> bytes:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return frames.error("The message isn't JSON.")
        if not isinstance(message, dict):
            return frames.error("The message must be a JSON object with a type.")
        match message.get("type"):
            case "ping":
                return frames.PONG
            case "subscribe":
                return self._subscribe(message)
            case _:
                return frames.error("This type isn't known: send subscribe or ping.")

    def _subscribe(self, message: dict[str, Any]) -> bytes:
        names = message.get("topics")
        account = message.get("account")
        wanted = (
            list(Topic)
            if names is None
            else [TOPICS.get(n) if isinstance(n, str) else None for n in names]
            if isinstance(names, list)
            else [None]
        )
        if None in wanted:
            return frames.error(f"topics must be a list of some of {', '.join(topic.value for topic in Topic)}.")
        if account is not None and account not in self._hub.accounts():
            return frames.error("There is no such account.")
        self.topics = frozenset(topic for topic in wanted if topic is not None)
        self.account = account
        return frames.reply(
            {"type": "subscribed", "topics": [t.value for t in Topic if t in self.topics], "account": account}
        )

    # -- writing -----------------------------------------------------------------------------------------------------

    def _write_forever(self) -> None:
        try:
            while True:
                self._busy = False
                self._wake.wait()
                self._wake.clear()
                self._busy = True
                while news := self._rest or self._next():
                    self._rest = b""
                    self._send(news)
                if self._last is not None:
                    self._send(self._last)
                    self._hang_up(socket.SHUT_WR)
                    return
        except OSError:  # gone, or past its deadline
            self._hang_up(socket.SHUT_RDWR)
        finally:
            self._drained.set()

    def _send(self, frames_now: bytes) -> None:
        with gevent.Timeout(WRITE_DEADLINE_S, TimeoutError()):
            self._sock.sendall(frames_now)

    def _next(self) -> bytes:
        """The next frames in one piece: replies, then of each state what is newer than what the client has, then trades."""
        out: list[bytes] = []
        while self._replies:
            out.append(self._replies.popleft())
        self._drained.set()
        if self._last is None:
            size = 0
            for frame in self._hub.news(self):
                out.append(frame)
                size += len(frame)
                if size > SLICE:
                    self._wake.set()
                    break
        return b"".join(out)

    def _hang_up(self, how: int) -> None:
        with contextlib.suppress(OSError):
            self._sock.shutdown(how)
