"""``python -m dashboard.healthcheck [web|poller|housekeeping|agent|gateway]``: is this container's part alive? Exit code 0 or 1.

A part is alive when it does its own work; that the broker is away at night makes no web server sick.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from dashboard.settings import Settings, load_settings

GATEWAY_PORT = 4002
POLLER_SILENCE_S = 30.0
AGENT_SILENCE_S = 30.0


def web_alive(host: str, port: int) -> bool:
    """Whether /health answers, with whatever verdict on the rest."""
    connection = http.client.HTTPConnection(host, port, timeout=3.0)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return answer.status in (200, 503)


def gateway_alive(port: int) -> bool:
    """Whether the port takes connections."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def poller_alive(url: str, since: float) -> tuple[str, str] | None:
    """Account and gateway state of a poller that gave a sign of life after `since` (seconds of the epoch)."""
    row = _one(url, "poller_alive", since=since)
    return (str(row[0]), str(row[1])) if row else None


def housekeeping_alive(url: str) -> str | None:
    """The flavour of storage that is being kept; None when nobody does."""
    from data.housekeeping.service import LOCK_KEY

    row = _one(url, "housekeeping_alive", key=LOCK_KEY)
    return str(row[0]) if row else None


def agent_alive(url: str, since: float) -> str | None:
    """The process of the strategy agent that gave a sign of life after `since` (seconds of the epoch)."""
    row = _one(url, "agent_seen", since=since)
    return f"process {row[1]} on {row[0]}" if row else None


def bot_alive(url: str, bot: str, since: float) -> bool:
    """Whether an in-process bot gave a sign of life after `since` (seconds of the epoch)."""
    return _one(url, "bot_alive", bot=bot, since=since) is not None


def _one(url: str, name: str, **parameters: Any) -> Sequence[Any] | None:
    """The first row of a named query; None too when the database is away."""
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    from data.db import make_engine
    from data.model import Role
    from data.queries import query

    engine = make_engine(url, Role.WEB, "check", pool_size=1)
    try:
        with engine.connect() as conn:
            return conn.execute(text(query(name)), parameters).fetchone()
    except DBAPIError:
        return None
    finally:
        engine.dispose()


def check(part: str, settings: Settings) -> bool:
    """Whether `part` of this container is alive."""
    checks: dict[str, Callable[[], bool]] = {
        "web": lambda: web_alive("127.0.0.1", settings.port),
        "gateway": lambda: gateway_alive(GATEWAY_PORT),
        "poller": lambda: poller_alive(settings.database_url or "", time.time() - POLLER_SILENCE_S) is not None,
        "housekeeping": lambda: housekeeping_alive(settings.database_url or "") is not None,
        "agent": lambda: agent_alive(settings.database_url or "", time.time() - AGENT_SILENCE_S) is not None,
    }
    return checks[part]()


if __name__ == "__main__":
    sys.exit(0 if check(sys.argv[1] if len(sys.argv) > 1 else "web", load_settings()) else 1)
