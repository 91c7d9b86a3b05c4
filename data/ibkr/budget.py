"""Which contracts get a market data line. Pure.

Lines belong to the account, not to a connection: the bot beside us needs up to 50 of the 100 that an account starts
with, and must never be refused because of us. So we take a budget, and give lines back as soon as the gateway says
that there are none left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

TURN_S = 30.0
FIRST_WAIT_S = 60.0
LONGEST_WAIT_S = 1800.0
GROWTH = 5
"""Lines that are taken back a turn after a wait, until the budget is reached or the gateway refuses again."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A contract that a line would be useful for."""

    con_id: int
    is_short: bool
    expiry: date


class LineBudget:
    """Plans the lines; times are monotonic seconds."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._limit = budget
        self._wait = FIRST_WAIT_S
        self._resume_at = 0.0
        self._grown_at = 0.0

    @property
    def limit(self) -> int:
        """How many lines may be taken now."""
        return self._limit

    def plan(self, candidates: Iterable[Candidate], now: float, lent: int = 0) -> tuple[int, ...]:
        """The contracts that should have a line now, the most needed first: short options near expiry always, the
        others by turns. `lent`: lines that serve something else for a while.
        """
        self._grow(now)
        limit = max(self._limit - lent, 0)
        ranked = sorted(candidates, key=lambda c: (not c.is_short, c.expiry, c.con_id))
        if len(ranked) <= limit:
            return tuple(c.con_id for c in ranked)
        by_turns = limit // 4 or min(limit, 1)
        pinned, rest = ranked[: limit - by_turns], ranked[limit - by_turns :]
        if not by_turns:
            return ()
        start = int(now // TURN_S) * by_turns % len(rest)
        turn = [rest[(start + n) % len(rest)] for n in range(by_turns)]
        return tuple(c.con_id for c in (*pinned, *turn))

    def refused(self, in_use: int, now: float) -> int:
        """The gateway has no line left: give back half of ours, and ask for none for a while, longer each time.

        Returns:
            How many lines may be kept.
        """
        if now >= self._resume_at:  # the refusals of one burst of requests count once
            self._limit = in_use // 2
            self._resume_at = now + self._wait
            self._wait = min(self._wait * 2, LONGEST_WAIT_S)
        return self._limit

    def _grow(self, now: float) -> None:
        if self._limit >= self._budget or now < max(self._resume_at, self._grown_at + TURN_S):
            return
        self._grown_at = now
        self._limit = min(self._limit + GROWTH, self._budget)
        if self._limit == self._budget:
            self._wait = FIRST_WAIT_S
