"""Which trades are wanted, and in which order: the same for the page, REST and files. The SQL of it is trades_wanted() and
round_trips_wanted() among the migrations."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from data.cursor import MAX_ID, BadCursor

Side = Literal["BOT", "SLD"]
State = Literal["all", "open", "closed"]
NEWEST = "time"
LARGEST = 10**30  # of a figure in a cursor
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_CURSOR = "This is not a cursor of this list and order: leave `before` out to begin at the first row."


@dataclass(frozen=True, slots=True)
class Wanted:
    """None: whatever. `since` and `until` are trading days, both included: of an execution its own, of a round trip that of
    its opening. `side` of a round trip is that of what opened it. `strategy` "": nobody's. `text`: words that must all be
    somewhere in what names it or is written beside it. `state` and `cycle` are of round trips."""

    symbol: str | None = None
    sec_type: str | None = None
    side: Side | None = None
    strategy: str | None = None
    since: date | None = None
    until: date | None = None
    tag: str | None = None
    is_noted: bool | None = None
    text: str | None = None
    state: State = "all"
    cycle: str | None = None

    def json(self) -> str:
        """As the SQL takes it."""
        found = {
            "symbol": self.symbol,
            "sec_type": self.sec_type,
            "side": self.side,
            "strategy": self.strategy,
            "from": self.since and self.since.isoformat(),
            "to": self.until and self.until.isoformat(),
            "tag": self.tag and self.tag.strip().lower(),
            "noted": self.is_noted,
            "text": " ".join(self.text.split()) if self.text else None,
            "state": None if self.state == "all" else self.state,
            "cycle": self.cycle,
        }
        return json.dumps({name: value for name, value in found.items() if value is not None})


EVERYTHING = Wanted()


@dataclass(frozen=True, slots=True)
class Sorting:
    """By time or a column; what has no value there comes last, and time and number decide between equals."""

    sort: str = NEWEST
    is_descending: bool = True

    def parameters(self) -> dict[str, Any]:
        return {"sort": self.sort, "is_descending": self.is_descending}

    def cursor(self, row: Mapping[str, Any], time: str) -> str:
        """Where a page that ends with `row` is gone on; `time` is the name of its instant."""
        figure = None if row["figure"] is None else str(row["figure"])
        micros = (row[time] - _EPOCH) // timedelta(microseconds=1)
        place = [self.sort, self.is_descending, row["word"], figure, micros, row["id"]]
        return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")

    def after(self, before: str | None) -> dict[str, Any]:
        """The parameters that say where a page begins. Raises BadCursor."""
        word, figure, ts, row_id = None, None, None, None
        if before is not None:
            word, figure, ts, row_id = self._place(before)
        return {"before_word": word, "before_figure": figure, "before_ts": ts, "before_id": row_id}

    def _place(self, before: str) -> tuple[str | None, Decimal | None, datetime, int]:
        try:
            text = base64.b64decode(before + "=" * (-len(before) % 4), altchars=b"-_", validate=True).decode()
            sort, is_descending, word, figure, micros, row_id = json.loads(text)
            is_ours = (sort, is_descending) == (self.sort, self.is_descending) and (
                word is None or isinstance(word, str)
            )
            if not is_ours or not isinstance(micros, int) or not isinstance(row_id, int) or not 0 <= row_id <= MAX_ID:
                raise BadCursor(_NO_CURSOR)
            amount = None if figure is None else Decimal(figure)
            if (amount is not None and not abs(amount) < LARGEST) or "\0" in (word or ""):
                raise BadCursor(_NO_CURSOR)
            return word, amount, _EPOCH + timedelta(microseconds=micros), row_id
        except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError, InvalidOperation):
            raise BadCursor(_NO_CURSOR) from None


LATEST = Sorting()
