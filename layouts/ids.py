"""Every component id. The browser's files use the same words."""

from __future__ import annotations

# -- the path of the data ------------------------------------------------------------------------------------------------
CONFIG = "config"  # what the browser must know of the rules: limits and which cards carry a sign
POLLED = "polled"  # messages as a callback answered them, not yet judged
POLLED_EQUITY = "polled-equity"
FAST = "fast-interval"
SLOW = "slow-interval"
ASK = "ask"  # a counter: read everything now
ASK_EQUITY = "ask-equity"
KNOWN = "known-revisions"  # what the browser holds: a callback answers what is newer
ACCOUNT = "account"
ACCOUNTS = "accounts"

# Accepted messages, one store a topic: never older than what was there.
PORTFOLIO = "portfolio-message"
SUMMARY = "summary-message"
STATUS = "status-message"
POSITIONS = "positions-message"
TRADES = "trades-message"
EQUITY = "equity-message"

# -- every page ------------------------------------------------------------------------------------------------------------
LOCATION = "location"
MAIN = "main"
BADGE = "badge"
PICKER = "account-picker"
PICKER_BOX = "account-box"
PILL = "connection"
PILL_TEXT = "connection-text"
PILL_WHY = "connection-why"
DATUM_AGE = "datum-age"
MARKET = "market"
THEME = "theme"
ANNOUNCE = "announce"
PROBLEM = "problem"
NAV_OVERVIEW = "nav-overview"
NAV_ABOUT = "nav-about"
PAGE_OVERVIEW = "page-overview"
PAGE_ABOUT = "page-about"
PAGE_MISSING = "page-missing"

# -- Overview ----------------------------------------------------------------------------------------------------------------
WAITING = "waiting"
CONTENT = "overview-content"
CHART = "equity-chart"
CHART_NOTE = "equity-note"
CHART_EMPTY = "equity-empty"
CHART_GAPS = "equity-gaps"
CHART_TABLE = "equity-table"
CHART_TABLE_BUTTON = "equity-table-button"
POSITIONS_GRID = "positions-grid"
POSITIONS_NOTE = "positions-note"
POSITIONS_EMPTY = "positions-empty"
POSITIONS_CSV = "positions-csv"
TRADES_GRID = "trades-grid"
TRADES_NOTE = "trades-note"
TRADES_EMPTY = "trades-empty"
TRADES_CSV = "trades-csv"


def card(part: str, key: str) -> str:
    """A metric card's part: `value`, `unit`, `change`, `reason`, `age`, `why` (the button) or `rule` (its popover's text)."""
    return f"card-{part}-{key}"


def grid_box(grid: str) -> str:
    """The box that gives a table its height."""
    return f"{grid}-box"
