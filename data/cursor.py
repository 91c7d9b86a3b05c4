"""The opaque cursor of keyset paging: where the page before ended, as (time, id)."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta

MAX_ID = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadCursor(ValueError):  # noqa: N818
    """The text is no cursor that this program gave out."""


def encode(ts: datetime, row_id: int) -> str:
    """The cursor of the row (`ts`, `row_id`), exact to the microsecond."""
    micros = (ts - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{micros}.{row_id}".encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[datetime, int]:
    """The (time, id) of `cursor`.

    Raises:
        BadCursor: it is not one of ours.
    """
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        micros, row_id = (int(part) for part in text.split("."))
        ts = _EPOCH + timedelta(microseconds=micros)
    except (binascii.Error, ValueError, OverflowError):
        raise BadCursor("This is not a cursor of this program: leave `before` out to begin at the newest.") from None
    if not 0 <= row_id <= MAX_ID or encode(ts, row_id) != cursor:
        raise BadCursor("This is not a cursor of this program: leave `before` out to begin at the newest.")
    return ts, row_id
