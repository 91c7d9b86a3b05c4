"""The broker's bars on their way to the database: in small slices, whenever nothing live is to be written.

They are never kept on disk: what could not be stored is asked for again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from data.model import BarAnswer, BarCoverage
from data.store import Sessions, Store, bar_rows

if TYPE_CHECKING:
    from data.poller.writer import Writer

SLICE = 200
"""Rows a transaction: a live flush that comes in between waits for one slice at the most."""
RESCALED = 1.2
"""The same bar at another price by more than this: a split. (One that was still forming then only costs a request.)"""


class BarJob:
    """One answer to be written. `done` is called once, with whether it was."""

    def __init__(self, answer: BarAnswer, done: Callable[[bool], None]) -> None:
        self.coverage = answer.coverage
        self.done = done
        self._answer = answer
        self._written = 0

    def write_slice(self, store: Store) -> bool:
        """Write the next rows; whether they were the last ones. The coverage goes with those."""
        if not self._written and self._is_rescaled(store):
            self.coverage = replace(self.coverage, last_ts=None)  # all of it is asked for again
        bars = self._answer.bars[self._written : self._written + SLICE]
        is_last = self._written + len(bars) == len(self._answer.bars)
        rows = bar_rows(replace(self._answer, bars=bars), store.sessions)
        store.write_bars(self._answer.contract, rows, self.coverage if is_last else None)
        self._written += len(bars)
        return is_last

    def _is_rescaled(self, store: Store) -> bool:
        """Whether the broker's bars are of another scale than the stored ones: it adjusts their past for splits."""
        if not self._answer.continues or not self._answer.bars:
            return False
        same = self._answer.bars[0]
        stored = store.stored_close(self.coverage, same.ts)
        return stored is not None and not 1 / RESCALED < same.close / stored < RESCALED


class StoredBars:
    """The session's view of the bars in the database (see :class:`data.ibkr.events.BarStore`)."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def coverage(self) -> Mapping[tuple[int, str, str], BarCoverage] | None:
        return self._writer.coverage if self._writer.sessions else None

    def last_close(self, at: datetime) -> datetime:
        sessions: Sessions | None = self._writer.sessions
        assert sessions is not None
        return sessions.last_close(at)

    async def store(self, answer: BarAnswer) -> bool:
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[bool] = loop.create_future()

        def settle(success: bool) -> None:
            if not stored.done():
                stored.set_result(success)

        def done(success: bool) -> None:  # in the writer's thread; the loop may be closed at the very end
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, success)

        self._writer.offer_bars(BarJob(answer, done))
        return await stored
