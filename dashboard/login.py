"""When a log-in is needed: for everything but the demo on this machine."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.settings import Settings

HOW = "make the first with `mtz user create NAME --role admin` (on a terminal `mtz run` offers it)"


def settings_need_login(settings: Settings) -> str | None:
    """Why these settings alone make a log-in necessary, as part of a sentence; None when they don't."""
    if settings.login == "always":
        return "MTZ_LOGIN is always"
    if not settings.is_demo:
        return "a real gateway is connected (IBKR_HOST)"
    if settings.more_hosts is not None:
        return "MTZ_ALLOWED_HOSTS lets others reach it"
    if not settings.is_local:
        return f"MTZ_HOST is {settings.host}, which others can reach"
    return None


class LoginRule:
    """Adds what only the database knows: whose account it holds. Once a log-in was needed it stays so."""

    def __init__(self, settings: Settings, source: Callable[[], str | None]) -> None:
        self._needed = settings_need_login(settings) is not None
        self._source = source

    def needs_login(self) -> bool:
        if not self._needed and self._source() in ("paper", "live"):
            self._needed = True
        return self._needed
