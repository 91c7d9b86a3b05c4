"""How fast the broker may be asked for historical bars. Pure: the clock is passed in.

IBKR allows a log-in 60 requests in any ten minutes, no identical one within 15 seconds, and fewer than six for the same
contract, exchange and kind of data within two seconds; who breaks that is refused for a while. The log-in is shared with
bots that ask too, so that no more than a part of it is taken here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable

WINDOW_S = 600.0
IDENTICAL_S = 30.0
SAME_SERIES_S = 2.0
BACK_OFF_S = 600.0
LONGEST_BACK_OFF_S = 3600.0


class Pacer:
    """Says when the next request may go; at most `limit` go in any ten minutes. Times in seconds of one monotonic clock."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sent: deque[float] = deque()
        self._series: dict[Hashable, float] = {}
        self._identical: dict[Hashable, float] = {}
        self._not_before = float("-inf")
        self._back_off = BACK_OFF_S

    def wait(self, now: float, series: Hashable, request: Hashable) -> float:
        """Seconds until `request` about `series` (contract, exchange, kind of data) may go; 0: now."""
        self._forget(now)
        due = [self._not_before]
        if self._limit <= 0:
            return float("inf")
        if len(self._sent) >= self._limit:
            due.append(self._sent[-self._limit] + WINDOW_S)
        if series in self._series:
            due.append(self._series[series] + SAME_SERIES_S)
        if request in self._identical:
            due.append(self._identical[request] + IDENTICAL_S)
        return max(0.0, max(due) - now)

    def sent(self, now: float, series: Hashable, request: Hashable) -> None:
        """A request goes out."""
        self._sent.append(now)
        self._series[series] = self._identical[request] = now

    def remember(self, times: Iterable[float]) -> None:
        """Requests that an earlier run of this program sent."""
        self._sent = deque(sorted([*self._sent, *times]))

    def violated(self, now: float) -> None:
        """The broker called it a pacing violation: be quiet for a while, and longer each time."""
        self._not_before = now + self._back_off
        self._back_off = min(self._back_off * 2, LONGEST_BACK_OFF_S)

    def answered(self) -> None:
        """The broker gave bars: what was too much is over."""
        self._back_off = BACK_OFF_S

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0] <= now - WINDOW_S:
            self._sent.popleft()
        self._series = {k: t for k, t in self._series.items() if t > now - SAME_SERIES_S}
        self._identical = {k: t for k, t in self._identical.items() if t > now - IDENTICAL_S}
