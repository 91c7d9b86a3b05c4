"""`mtz poll`: settings → the poller's options."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dashboard.exits import CannotRunError, Exit
from dashboard.running import database_url_of, unwritable
from dashboard.settings import Settings
from data.db import normalize_url
from data.model import Source
from data.poller.options import PollerOptions


def poll_until_stopped(settings: Settings) -> int:
    """Run the poller in this process; its exit code.

    Raises:
        CannotRunError: no database or gateway is named, or the spool's folder can't be used.
    """
    from data.poller.service import run_poller

    return run_poller(poller_options(settings))


def poller_options(settings: Settings) -> PollerOptions:
    """The poller's part of the settings, with a spool of its own for each database."""
    if settings.ibkr_host is None:
        raise CannotRunError(
            "IBKR_HOST is not set, so there is nothing to read: name TWS or IB Gateway (`mtz connect` finds it), "
            "or start the demo with `mtz run`.",
            Exit.SETTINGS,
        )
    url = database_url_of(settings)
    return PollerOptions(
        database_url=url,
        host=settings.ibkr_host,
        port=settings.ibkr_port,
        spool_dir=_spool_dir(settings.data_dir, url),
        client_id=settings.ibkr_client_id,
        account=settings.ibkr_account,
        source=Source.DEMO if settings.source == "demo" else None,
        spool_limit_bytes=settings.spool_mb << 20,
        portfolio_sample_s=settings.portfolio_sample_s,
        position_sample_s=settings.position_sample_s,
        line_budget=settings.market_data_lines,
        benchmark=settings.benchmark,
        bar_requests=settings.bar_requests,
    )


def _spool_dir(data_dir: Path, url: str) -> Path:
    """One folder a database: what was meant for the demo's must never drain into the live account's."""
    place = normalize_url(url).set(username=None, password=None).render_as_string()
    folder = data_dir / "spool" / hashlib.sha256(place.encode()).hexdigest()[:16]
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        folder.parent.mkdir(exist_ok=True, mode=0o700)
        folder.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise unwritable(data_dir, error) from None
    return folder
