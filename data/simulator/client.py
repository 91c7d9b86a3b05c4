"""One client's connection: the handshake, its limits, what it has subscribed to, and the way out to its socket."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from data.simulator.calendar import local
from data.simulator.messages import Message
from data.simulator.wire import Fields, Splitter, WireError, frame

if TYPE_CHECKING:
    from data.simulator.gateway import Gateway
    from data.simulator.instruments import Instrument
    from data.simulator.orders import Leg

log = logging.getLogger("mtz.gateway")
SERVER_MAX = 176
SERVER_MIN = 157
BACKLOG = 8 << 20
"""Bytes that may wait for a client that does not read; TWS too drops such clients, at a size it does not tell."""

Handler = Callable[["Client", Fields], None]


@dataclass(slots=True)
class Subscription:
    """A market data line, or a snapshot; ``sent`` holds what the client knows, by tick type."""

    req_id: int
    instrument: Instrument
    generic: frozenset[int]
    snapshot: bool
    legs: list[Leg] = field(default_factory=list)
    sent: dict[int, object] = field(default_factory=dict)


@dataclass(slots=True)
class Subscriptions:
    """Everything that a client asked to be kept informed of."""

    account: str = ""
    account_rows: dict[tuple[str, str], str] = field(default_factory=dict)
    portfolio: dict[int, Message] = field(default_factory=dict)
    multi: dict[int, str] = field(default_factory=dict)
    summaries: dict[int, list[str]] = field(default_factory=dict)
    summary_rows: dict[int, set[tuple[str, str, str, str]]] = field(default_factory=dict)
    positions: bool = False
    positions_multi: dict[int, str] = field(default_factory=dict)
    pnl: dict[int, str] = field(default_factory=dict)
    pnl_single: dict[int, tuple[str, int]] = field(default_factory=dict)
    pnl_sent: dict[int, Message] = field(default_factory=dict)
    market: dict[int, Subscription] = field(default_factory=dict)
    bars: dict[int, Callable[[], Iterable[Message]]] = field(default_factory=dict)


class RateLimit:
    """Messages per second, as a bucket: a burst of two seconds' worth passes.

    TWS counts 50 a second. Clients throttle themselves to 45 a second and jitter moves messages together, so a strict
    window would refuse what a real gateway takes.
    """

    def __init__(self, per_second: int, clock: Callable[[], float]) -> None:
        self._rate, self._clock = per_second, clock
        self._tokens, self._last = 2.0 * per_second, clock()

    def allow(self) -> bool:
        """Whether one more message may come now."""
        now = self._clock()
        self._tokens = min(self._tokens + (now - self._last) * self._rate, 2.0 * self._rate)
        self._last = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Client(asyncio.Protocol):
    """A connection. ``client_id`` is None until startApi."""

    def __init__(self, gateway: Gateway, handlers: dict[int, Handler]) -> None:
        self.gateway = gateway
        self.version = 0
        self.client_id: int | None = None
        self.market_data_type = 1
        self.subscriptions = Subscriptions()
        self._handlers = handlers
        self._splitter = Splitter()
        self._prefix = b""
        self._greeted = False
        self._out: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._limit = RateLimit(gateway.options.message_limit, gateway.loop_time)

    # -- the socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.gateway.connections.add(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._transport = None
        self.gateway.leave(self)

    def data_received(self, data: bytes) -> None:
        if self.gateway.silent:
            return
        try:
            if not self._greeted:
                data = self._skip_prefix(data)
            for body in self._splitter.feed(data):
                self._receive(body)
        except WireError as error:
            log.warning("client %s: %s; closing its connection", self.client_id, error)
            self.close()
        except Exception:
            # Whatever one client's bytes set off must not end the others' connections.
            log.exception("client %s: a request failed; closing its connection", self.client_id)
            self.close()

    def _skip_prefix(self, data: bytes) -> bytes:
        self._prefix += data
        if len(self._prefix) < 4:
            return b""
        if self._prefix[:4] != b"API\0":
            raise WireError("no API prefix")
        self._greeted = True
        return self._prefix[4:]

    def close(self) -> None:
        """Send what waits, then close."""
        self.flush()
        if self._transport:
            self._transport.close()

    # -- out

    def send(self, *fields: object) -> None:
        """Queue a message; it leaves with the others at the end of this turn of the loop."""
        if self.gateway.silent or fields[0] in self.gateway.omitted:
            return
        if not self._out:
            self.gateway.call_soon(self.flush)
        self._out.append(frame(*fields))

    def send_all(self, messages: Iterable[Message]) -> None:
        """Queue several messages."""
        for message in messages:
            self.send(*message)

    def error(self, req_id: int, code: int, text: str) -> None:
        """Send an error (or a warning, or information: TWS has one message for all)."""
        extra = [""] if self.version >= 166 else []
        self.send(4, 2, req_id, code, text, *extra)

    def flush(self) -> None:
        """Write what is queued; drops a client that has stopped reading."""
        if not self._out or not self._transport or self._transport.is_closing():
            self._out.clear()
            return
        self._transport.write(b"".join(self._out))
        self._out.clear()
        if self._transport.get_write_buffer_size() > BACKLOG:
            log.warning("client %s does not read; dropping it", self.client_id)
            self._transport.abort()

    # -- in

    def _receive(self, body: bytes) -> None:
        if not self.version:
            self._negotiate(body)
            return
        fields = Fields(body)
        message_id = fields.integer()
        if self.client_id is None:
            self._start(message_id, fields)
            return
        if not self._limit.allow():
            self.error(-1, 100, "Max rate of messages per second has been exceeded")
            return
        handler = self._handlers.get(message_id)
        if handler is None:
            self._unsupported(message_id, fields)
            return
        handler(self, fields)
        self.gateway.publish()

    def _negotiate(self, body: bytes) -> None:
        match = re.match(rb"v(\d+)(?:\.\.(\d+))?", body)
        if not match:
            raise WireError("no version range")
        low, high = int(match[1]), int(match[2] or match[1])
        version = min(SERVER_MAX, high)
        if version < max(SERVER_MIN, low):
            raise WireError(f"no common version with v{low}..{high}")
        self.version = version
        # Exactly two fields and no message id; then the server waits for startApi, because one client throws away
        # whatever arrives together with this frame.
        self.send(version, f"{local(self.gateway.clock.now()):%Y%m%d %H:%M:%S} EST")

    def _start(self, message_id: int, fields: Fields) -> None:
        if message_id != 71:
            raise WireError(f"message {message_id} before startApi")
        fields.integer()
        client_id = fields.integer()
        reason = self.gateway.refusal(client_id)
        if reason:
            self.error(-1, *reason)
            self.close()
            return
        self.client_id = client_id
        self.gateway.welcome(self)

    def _unsupported(self, message_id: int, fields: Fields) -> None:
        """Answer what the simulation does not do: with the request's id where it has one in front."""
        try:
            req_id = fields.integer()
        except WireError:
            req_id = -1
        self.error(req_id, 321, f"Error validating request.-'{message_id}' : cause - Not supported by this gateway.")
