"""Ending the poller's tasks: no wait may swallow the one cancellation that ends it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from data.poller.options import PollerOptions
from data.poller.service import Poller, _cancel


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_wake_up_does_not_hide_the_end(tmp_path: Path, turns: int) -> None:
    """A datum, and the end some turns of the loop later: a wait that had not ended by itself ends as cancelled."""

    async def scene() -> bool:
        poller = Poller(PollerOptions("postgresql://localhost/x", "127.0.0.1", 1, spool_dir=tmp_path))
        waiting = asyncio.create_task(poller._woken(60.0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        poller._wake.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        asked = waiting.cancel()  # False: it had ended
        await asyncio.wait({waiting})
        return waiting.cancelled() is asked

    assert asyncio.run(scene())


def test_a_task_that_swallows_a_cancellation_is_cancelled_again() -> None:
    async def stubborn() -> None:
        try:
            await asyncio.sleep(timedelta(minutes=1).total_seconds())
        except asyncio.CancelledError:
            await asyncio.sleep(timedelta(minutes=1).total_seconds())

    async def scene() -> bool:
        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        await _cancel([task])
        return task.cancelled()

    assert asyncio.run(scene())
