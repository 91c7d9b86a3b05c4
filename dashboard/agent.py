"""`mtz agent`: settings → the strategy agent's options, and its adapters."""

from __future__ import annotations

from dashboard.running import database_url_of
from dashboard.settings import Settings
from data.strategies.agent.options import AgentOptions
from data.strategies.base import Adapter
from data.strategies.folder import ControlFolder

PATIENCE_S = 2.0  # for a dry run that is under way to be ended


def adapters(folder: ControlFolder) -> list[Adapter]:
    """One for each kind of bot."""
    from data.strategies.in_process import InProcess
    from data.strategies.wrapped import Wrapped

    return [Wrapped(folder), InProcess()]


def serve_until_stopped(settings: Settings) -> int:
    """Run the strategy agent in this process; its exit code.

    Raises:
        CannotRunError: no database is named.
    """
    from data.strategies.agent.service import run_agent
    from data.strategies.wrapper.keeper import Keeper

    folder = ControlFolder(settings.control_dir)
    options = AgentOptions(
        database_url=database_url_of(settings),
        control_dir=settings.control_dir,
        dead_man_minutes=settings.dead_man_minutes,
    )
    keeper = Keeper(options.database_url, folder)
    keeper.start()
    try:
        return run_agent(options, adapters(folder))
    finally:
        keeper.stop()
        keeper.join(PATIENCE_S)
