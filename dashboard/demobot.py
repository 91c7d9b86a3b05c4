"""`mtz demobot`: settings → the demo bot's options."""

from __future__ import annotations

from dashboard.exits import CannotRunError, Exit
from dashboard.settings import Settings
from data.demobot.options import DemoBotOptions


def trade_until_stopped(settings: Settings) -> int:
    """Run the demo bot in this process; its exit code.

    Raises:
        CannotRunError: the gateway isn't named as a simulated one.
    """
    if settings.ibkr_host is None or settings.source != "demo":
        raise CannotRunError(
            "The demo bot trades on a simulated gateway only: name it by IBKR_HOST, and set MTZ_SOURCE=demo.",
            Exit.SETTINGS,
        )
    from data.demobot.service import run_demo_bot

    folder = settings.data_dir / "demobot"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        from dashboard.running import unwritable

        raise unwritable(settings.data_dir, error) from None
    return run_demo_bot(
        DemoBotOptions(
            host=settings.ibkr_host,
            port=settings.ibkr_port,
            dashboard=settings.url,
            state_file=folder / "states.json",
        )
    )
