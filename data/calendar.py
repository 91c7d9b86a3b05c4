"""Exchange sessions for `market_sessions`. Run by the migration step only: the calendar library loads pandas."""

from __future__ import annotations

from datetime import date, timedelta

from data.db import connect
from data.model import Role

EXCHANGE = "XNYS"
FIRST = date(2015, 1, 1)
YEARS_AHEAD = 4  # the library ends a year ahead by default; long-dated options need more


def fill_sessions(url: str, today: date) -> int:
    """Write the exchange's sessions from 2015 to four years ahead; return how many there are now."""
    with connect(url, Role.OWNER, "calendar") as conn:
        row = conn.execute("SELECT max(session_date) FROM market_sessions").fetchone()
        known = row[0] if row else None
        if known is None or known < today + timedelta(days=365 * (YEARS_AHEAD - 1)):
            with conn.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO market_sessions (session_date, opens, closes) VALUES (%s, %s, %s) "
                    "ON CONFLICT (session_date) DO UPDATE SET opens = excluded.opens, closes = excluded.closes",
                    sessions(today),
                )
        row = conn.execute("SELECT count(*) FROM market_sessions").fetchone()
        return int(row[0]) if row else 0


def sessions(today: date) -> list[tuple[date, object, object]]:
    """Each session's date, opening and close, from 2015 to four years after `today`."""
    import exchange_calendars

    calendar = exchange_calendars.get_calendar(
        EXCHANGE, start=FIRST.isoformat(), end=(today + timedelta(days=365 * YEARS_AHEAD)).isoformat()
    )
    return [
        (day.date(), opens.to_pydatetime(), closes.to_pydatetime())
        for day, opens, closes in zip(calendar.sessions, calendar.opens, calendar.closes, strict=True)
    ]
