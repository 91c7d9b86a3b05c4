"""`mtz demobot`: settings → the demo bot's options."""

from __future__ import annotations

import contextlib

from dashboard.exits import CannotRunError, Exit
from dashboard.login import settings_need_login
from dashboard.running import database_url_of
from dashboard.settings import Settings
from data.demobot.options import DemoBotOptions

TOKEN, TOKEN_DAYS = "demo-bot", 365


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
            kill_file=settings.control_dir / "kill.json",
            adopts=settings.demo_history_days > 0,
            token=_token(settings) if settings_need_login(settings) else None,
        )
    )


def _token(settings: Settings) -> str:
    """A new token of its own for each start; the one before is revoked."""
    from dashboard.auth.secret import secret_key
    from dashboard.auth.users import UserError, offline
    from data.audit import Caller

    caller = Caller("demo bot", "local")
    with offline(database_url_of(settings), secret_key(settings)) as users:
        with contextlib.suppress(UserError):  # there is none yet
            users.revoke_token(caller, name=TOKEN)
        return users.create_token(TOKEN, "control", TOKEN_DAYS, None, caller).secret
