"""The market's phase while a connection lasts, by the trading hours that the gateway tells once a day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from data.ibkr import client
from data.ibkr.market_hours import MarketHours, parse_hours
from data.model import Contract, MarketPhase

ASK_S = 24 * 3600.0
RETRY_S = 300.0
LOOK_S = 30.0
"""The phase is told at least this often: the computer's clock may have been set, or the computer have slept."""


async def watch_phases(
    held: Callable[[], Sequence[Contract]],
    ask: Callable[[Any], Awaitable[Any]],
    tell: Callable[[MarketPhase | None, datetime | None], None],
) -> None:
    """Tell the phase and when the next one begins, now and at each change, until cancelled.

    `ask` gives a contract's details, or None; `held` what the account holds.
    """
    hours: MarketHours | None = None
    asked, told = float("-inf"), None
    while True:
        if time.monotonic() - asked > (ASK_S if hours else RETRY_S):
            asked = time.monotonic()
            hours = _read(await ask(_reference(held()))) or hours
        now = datetime.now(UTC)
        phase = hours.phase(now) if hours else (None, None)
        if phase != told:
            told = phase
            tell(*phase)
        following = phase[1]
        wait = (following - now).total_seconds() if following else LOOK_S
        await asyncio.sleep(min(max(wait, 0.05), LOOK_S))


def _read(details: Any) -> MarketHours | None:
    if not details:
        return None
    found = details[0]
    return parse_hours(found.tradingHours or "", found.liquidHours or "", found.timeZoneId or "")


def _reference(held: Sequence[Contract]) -> Any:
    """Whose hours are asked for: a held stock's, or else a held option's, or else SPY's."""
    found = sorted(
        (c for c in held if c.sec_type in ("STK", "OPT")),
        key=lambda c: (c.currency != "USD", c.sec_type != "STK", c.con_id),
    )
    return client.wire_contract(found[0].con_id) if found else client.stock("SPY")
