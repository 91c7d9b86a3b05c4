"""`mtz web`: become a fresh gunicorn, whose worker patches before any driver is imported."""

from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

from dashboard.exits import CannotRunError, Exit
from dashboard.login import settings_need_login
from dashboard.running import database_url_of
from dashboard.settings import Settings, child_environment

CONFIGURATION = Path(__file__).with_name("gunicorn_conf.py")


def gunicorn_command(settings: Settings) -> list[str]:
    """The command line; everything secret travels in the environment."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return [
        sys.executable, "-m", "gunicorn", "-c", str(CONFIGURATION), "--no-control-socket",
        "--bind", f"{host}:{settings.port}", "dashboard.wsgi:app",
    ]  # fmt: skip


def exec_gunicorn(settings: Settings) -> NoReturn:
    """Replace this process by gunicorn.

    Raises:
        CannotRunError: no database is named, or the port can't be had.
    """
    settings = settings.model_copy(update={"database_url": database_url_of(settings)})
    require_port(settings.host, settings.port)
    if (why := settings_need_login(settings)) is not None:
        _require_owner(settings, why)
    command = gunicorn_command(settings)
    os.execve(command[0], command, child_environment(settings))  # noqa: S606


def _require_owner(settings: Settings, why: str) -> None:
    from dashboard.users import create_first

    try:
        create_first(settings, why, print)
    except CannotRunError as error:
        if error.code != Exit.DATABASE:  # one that is away may come back: until then nobody is let in
            raise


def require_port(host: str, port: int) -> None:
    """Make sure the web server can listen.

    Raises:
        CannotRunError: somebody else has the port, or the address isn't this machine's.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        reason = {
            errno.EADDRINUSE: "is taken by another program",
            errno.EACCES: "may not be used without root's rights",
        }.get(error.errno or 0, f"can't be had ({error.strerror or error})")
        raise CannotRunError(
            f"Port {port} on {host} {reason}: free it, or choose another with MTZ_PORT (--port).", Exit.IN_USE
        ) from None
