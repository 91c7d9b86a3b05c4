"""The broker's bars on their way to the database: in small slices, whenever nothing live is to be written.

They are never kept on disk: what could not be stored is asked for again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from data.model import BarAnswer, BarCoverage
from data.store import Row, Sessions, Store, bar_rows

if TYPE_CHECKING:
    from data.poller.writer import Writer

SLICE = 200
"""Rows a transaction: a live flush that comes in between waits for one slice at the most."""


class BarJob:
    """One answer to be written. `done` is called once, with whether it was."""

    def __init__(self, answer: BarAnswer, done: Callable[[bool], None]) -> None:
        self.coverage = answer.coverage
        self.done = done
        self._answer = answer
        self._rows: list[Row] | None = None

    def write_slice(self, store: Store) -> bool:
        """Write the next rows; whether they were the last ones. The coverage goes with those."""
        if self._rows is None:
            self._rows = bar_rows(self._answer, store.sessions)
        head, self._rows = self._rows[:SLICE], self._rows[SLICE:]
        store.write_bars(self._answer.contract, head, None if self._rows else self.coverage)
        return not self._rows


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
