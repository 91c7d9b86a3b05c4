"""What the demo bot is told; times in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BOT = "demo"
CLIENT_ID = 21
"""No real bot's default, and not the house's in the simulated gateway."""


@dataclass(frozen=True, slots=True)
class DemoBotOptions:
    """`dashboard`: the dashboard's address; `token` where it asks for one. `burst` orders may follow one another, then one
    comes each `refill_s`: somebody who has just started the demo sees something happen, and a month of it is no flood.
    """

    host: str
    port: int
    dashboard: str
    state_file: Path
    kill_file: Path | None = None
    adopts: bool = True  # what it finds at its first start is of its own past
    token: str | None = None
    client_id: int = CLIENT_ID
    cycle_s: float = 25.0
    burst: int = 6
    refill_s: float = 480.0
    patience_s: float = 100.0  # an order that has not filled by then is cancelled
