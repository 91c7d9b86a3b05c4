"""Proves a link by questions, and gives a silent one up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from data.ibkr import reasons

RETRY_BEAT_S = 2.0


async def beat(ib: Any, address: str, every_s: float, silence_s: float, proven: Callable[[], None]) -> None:
    """Call `proven` after each answer, for ever.

    Raises:
        LinkError: there was no answer for `silence_s`.
    """
    while True:
        await asyncio.sleep(every_s)
        if not await _is_answered(ib, silence_s):
            raise reasons.silent(address, silence_s)
        proven()


async def _is_answered(ib: Any, silence_s: float) -> bool:
    # Asked anew every other second: on a link that was dead for a while the first question may be lost.
    deadline = time.monotonic() + silence_s
    while (left := deadline - time.monotonic()) > 0:
        try:
            async with asyncio.timeout(min(left, RETRY_BEAT_S)):
                await ib.reqCurrentTimeAsync()
            return True
        except TimeoutError:
            continue
    return False
