"""`mtz migrate`: schema and trading calendar. A process of its own, because the calendar library loads pandas."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg

from dashboard.exits import CannotRunError, Exit
from dashboard.running import database_url_of
from dashboard.settings import Settings
from data.calendar import fill_sessions
from data.db import DatabaseError, explain
from data.migrate import migrate


def migrate_database(settings: Settings, report: Callable[[str], None]) -> None:
    """Apply what is pending and say so.

    Raises:
        CannotRunError: unreachable, refused, or the schema doesn't fit this program.
    """
    url = database_url_of(settings)
    try:
        applied = migrate(url, timescaledb=settings.timescaledb, report=report)
        sessions = fill_sessions(url, datetime.now(UTC).date())
    except DatabaseError as error:
        raise CannotRunError(str(error), Exit.DATABASE) from None
    except psycopg.Error as error:
        raise CannotRunError(explain(error, url), Exit.DATABASE) from None
    report(f"the schema is up to date ({len(applied)} applied), the calendar has {sessions} sessions")
