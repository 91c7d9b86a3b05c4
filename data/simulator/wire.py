"""The framing of the TWS API: four bytes of length, then fields that each end with NUL."""

from __future__ import annotations

import math
import struct
from decimal import Decimal

UNSET = 1.7976931348623157e308
"""What TWS sends for a double that is not known."""
MAX_FRAME = 1 << 20
"""Longer frames are an attack or noise; the longest real request is a few kilobytes."""


class WireError(Exception):
    """Bytes that are not the protocol."""


def text(value: object) -> str:
    """One field as TWS prints it: whole numbers without a point, booleans as 0 and 1, None as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    if isinstance(value, float):
        if value == UNSET:
            return "1.7976931348623157E308"
        if math.isinf(value) or math.isnan(value):
            return "-1"
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(round(value, 8))
    return str(value)


def frame(*fields: object) -> bytes:
    """A message of these fields."""
    body = "".join([text(field) + "\0" for field in fields]).encode("utf-8", "backslashreplace")
    return struct.pack(">I", len(body)) + body


class Splitter:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete now; raises WireError for an impossible length."""
        self._buffer += data
        found = []
        while len(self._buffer) >= 4:
            (size,) = struct.unpack_from(">I", self._buffer)
            if not 0 < size <= MAX_FRAME:
                raise WireError(f"a frame of {size} bytes")
            if len(self._buffer) < 4 + size:
                break
            found.append(bytes(self._buffer[4 : 4 + size]))
            del self._buffer[: 4 + size]
        return found


class Fields:
    """Reads a message field by field; every read may raise WireError."""

    def __init__(self, body: bytes) -> None:
        parts = body.decode("utf-8", "backslashreplace").split("\0")
        if parts.pop() != "":
            raise WireError("a message that does not end with NUL")
        self._parts = parts
        self._next = 0

    def text(self) -> str:
        """The next field."""
        if self._next >= len(self._parts):
            raise WireError("a message that ends early")
        self._next += 1
        return self._parts[self._next - 1]

    def integer(self) -> int:
        """The next field as a whole number; empty is 0."""
        raw = self.text()
        try:
            return int(raw or 0)
        except ValueError:
            pass
        value = self._number(raw)
        return int(value) if value is not None else 0

    def number(self) -> float | None:
        """The next field as a number; empty and the unset sentinel are None."""
        return self._number(self.text())

    def flag(self) -> bool:
        """The next field as yes or no; some clients write words."""
        return self.text().lower() not in ("", "0", "false")

    def skip(self, count: int) -> None:
        """Leave fields out."""
        for _ in range(count):
            self.text()

    @property
    def left(self) -> int:
        """How many fields remain."""
        return len(self._parts) - self._next

    @staticmethod
    def _number(raw: str) -> float | None:
        if raw == "":
            return None
        try:
            value = float(raw)
        except ValueError:
            raise WireError(f"not a number: {raw[:40]!r}") from None
        return None if abs(value) > 1e300 or math.isnan(value) else value
