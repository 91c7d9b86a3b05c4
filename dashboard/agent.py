"""`mtz agent`: settings → the strategy agent's options, and its adapters."""

from __future__ import annotations

from dashboard.running import database_url_of
from dashboard.settings import Settings
from data.strategies.agent.options import AgentOptions


def serve_until_stopped(settings: Settings) -> int:
    """Run the strategy agent in this process; its exit code.

    Raises:
        CannotRunError: no database is named.
    """
    from data.strategies.agent.service import run_agent
    from data.strategies.folder import ControlFolder
    from data.strategies.wrapped import Wrapped

    options = AgentOptions(
        database_url=database_url_of(settings),
        control_dir=settings.control_dir,
        dead_man_minutes=settings.dead_man_minutes,
    )
    return run_agent(options, [Wrapped(ControlFolder(settings.control_dir))])
