"""What housekeeping is started with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HousekeepingOptions:
    """Days of retention count back from now; `refresh_s` is how often new rows are rolled up."""

    database_url: str
    refresh_s: float = 60.0
    raw_retention_days: int = 400
    position_retention_days: int = 60
    minute_retention_days: int = 800
    compress_after_days: int = 7
