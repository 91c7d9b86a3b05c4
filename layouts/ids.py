"""Every component id, once. Assets in `dashboard/assets` use the same words."""

from __future__ import annotations

# The shell
LOCATION = "location"
PAGE_OVERVIEW = "page-overview"
PAGE_ABOUT = "page-about"
PAGE_MISSING = "page-missing"
NAV_OVERVIEW = "nav-overview"
NAV_ABOUT = "nav-about"
BADGE = "badge"
ACCOUNT_PICKER = "account-picker"
ACCOUNT_FIELD = "account-field"
PILL = "pill"
PILL_TEXT = "pill-text"
PILL_SAID = "pill-said"  # for screen readers: changes with the state, not with the seconds
LAST_DATUM = "last-datum"
SESSION = "session"
THEME_SWITCH = "theme-switch"
NOTICE = "notice"


def why_connection(part: str) -> str:
    """A line of the connection's popover."""
    return f"connection-{part}"


# Where the numbers come in: each store holds the view of its name (data/views.py)
PORTFOLIO = "portfolio-store"
POSITIONS = "positions-store"
TRADES = "trades-store"
STATUS = "status-store"
SUMMARY = "summary-store"
EQUITY = "equity-store"
ACCOUNTS = "accounts-store"  # {"accounts": [...], "source": ..., "trouble": sentence or None}
ACCOUNT = "account-store"  # the account on the page
VIEW_STORES = (PORTFOLIO, POSITIONS, TRADES, STATUS, SUMMARY)

# What asks for them while the socket is down, and for what the socket doesn't carry
POLL = "poll"
POLL_EQUITY = "poll-equity"
BEAT = "beat"  # {"n", "positions": known revision, "trades": known revision}
BEAT_DONE = "beat-done"  # the n that was answered
EQUITY_BEAT = "equity-beat"

# The Overview
PAINTED = "painted"  # one output for the callbacks that paint
CARDS = "cards"
EQUITY_CHART = "equity-chart"
EQUITY_NOTE = "equity-note"
EQUITY_OUTAGES = "equity-outages"
EQUITY_TABLE = "equity-table"
EQUITY_TABLE_BUTTON = "equity-table-button"
EQUITY_EMPTY = "equity-empty"
POSITIONS_GRID = "positions-grid"
POSITIONS_EMPTY = "positions-empty"
POSITIONS_COUNT = "positions-count"
TRADES_BODY = "trades-body"
TRADES_ZONE = "trades-zone"
TRADES_EMPTY = "trades-empty"
EXPORT_POSITIONS = "export-positions"
EXPORT_TRADES = "export-trades"


def card(key: str, part: str) -> str:
    """A part of a metric card: value, note, age, source, rule, reason."""
    return f"card-{key}-{part}"
