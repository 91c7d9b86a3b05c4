"""`mtz housekeeping`: settings → the housekeeper's options, and the nightly statement where it is wanted."""

from __future__ import annotations

from dashboard.nightly import Nightly
from dashboard.running import database_url_of
from dashboard.settings import Settings
from data.housekeeping.options import HousekeepingOptions


def housekeep_until_stopped(settings: Settings) -> int:
    """Run housekeeping in this process; its exit code.

    Raises:
        CannotRunError: no database is named.
    """
    from data.housekeeping.service import run_housekeeping

    options = HousekeepingOptions(
        database_url=database_url_of(settings),
        refresh_s=settings.refresh_s,
        raw_retention_days=settings.raw_retention_days,
        position_retention_days=settings.position_retention_days,
        minute_retention_days=settings.minute_retention_days,
        compress_after_days=settings.compress_after_days,
    )
    if settings.flex_fetch == "off":
        return run_housekeeping(options)
    nightly = Nightly(settings)
    nightly.start()
    try:
        return run_housekeeping(options)
    finally:
        nightly.stop()
