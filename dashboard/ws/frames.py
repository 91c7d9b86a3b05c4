"""What goes over the wire: messages as JSON, in WebSocket text frames that are encoded once for all clients."""

from __future__ import annotations

from typing import Any

from dashboard.encode import dump
from data.model import Topic

MESSAGE_TYPES: dict[Topic, str] = {
    Topic.PORTFOLIO: "portfolio.update",
    Topic.POSITIONS: "positions.update",
    Topic.STRATEGIES: "strategy.update",
    Topic.TRADES: "trade.executed",
    Topic.STATUS: "status.update",
    Topic.NOTES: "notes.update",
}


def text_frame(payload: bytes) -> bytes:
    """One unmasked, unfragmented text frame (RFC 6455, 5.2)."""
    length = len(payload)
    if length < 126:
        return b"\x81" + bytes((length,)) + payload
    if length < 1 << 16:
        return b"\x81\x7e" + length.to_bytes(2, "big") + payload
    return b"\x81\x7f" + length.to_bytes(8, "big") + payload


def update(topic: Topic, account: str, revision: int, as_of: str | None, data: bytes) -> bytes:
    """The frame of an update whose `data` is JSON already."""
    head = dump({"type": MESSAGE_TYPES[topic], "account": account, "revision": revision, "as_of": as_of})
    return text_frame(head[:-1] + b',"data":' + data + b"}")


def reply(message: dict[str, Any]) -> bytes:
    """The frame of an answer to one client."""
    return text_frame(dump(message))


def error(sentence: str) -> bytes:
    return reply({"type": "error", "detail": sentence})


PONG = reply({"type": "pong"})
