"""Every component id. The browser's files use the same words."""

from __future__ import annotations

from enum import StrEnum

# -- the path of the data ------------------------------------------------------------------------------------------------
CONFIG = "config"  # what the browser must know of the rules: limits and which cards carry a sign
POLLED = "polled"  # messages as a callback answered them, not yet judged
FAST = "fast-interval"
ASK = "ask"  # a counter: read everything now
KNOWN = "known-revisions"  # what the browser holds: a callback answers what is newer
ACCOUNT = "account"

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
PAGE_OVERVIEW = "page-overview"
PAGE_STRATEGIES = "page-strategies"
PAGE_REPORTS = "page-reports"
PAGE_POSITIONS = "page-positions"
PAGE_TRADES = "page-trades"
PAGE_ABOUT = "page-about"
PAGE_MISSING = "page-missing"

# -- Overview ----------------------------------------------------------------------------------------------------------------
WAITING = "waiting"
CONTENT = "overview-content"
TODAY_NOTE = "today-note"
TODAY_FREE = "today-free"
TODAY_FREE_FIGURE = "today-free-figure"
TODAY_FREE_WHY = "today-free-why"
TODAY_FAILED = "today-failed"
TODAY_PROBLEM = "today-problem"
TODAY_AGE = "today-age"
TODAY_STATE = "today-state"
TODAY_LINES = "today-lines"
TODAY_UNKNOWN = "today-unknown"
BENCHMARK_WHY = "equity-benchmark-why"
POSITIONS_GRID = "positions-grid"
POSITIONS_NOTE = "positions-note"
POSITIONS_EMPTY = "positions-empty"
POSITIONS_CSV = "positions-csv"
TRADES_GRID = "trades-grid"
TRADES_NOTE = "trades-note"
TRADES_EMPTY = "trades-empty"
TRADES_CSV = "trades-csv"

# -- Trades -------------------------------------------------------------------------------------------------------------------
JOURNAL_SUMMARY = "journal-summary"
JOURNAL_NOTE = "journal-note"
JOURNAL_VIEWS = "journal-views"
JOURNAL_FILTERS = "journal-filters"
JOURNAL_CSV = "journal-csv"
JOURNAL_PROBLEM = "journal-problem"
JOURNAL_UNKEPT = "journal-unkept"
JOURNAL_EMPTY = "journal-empty"
JOURNAL_TEXT = "journal-text"
JOURNAL_SYMBOL = "journal-symbol"
JOURNAL_WHEN = "journal-when"
JOURNAL_DAYS = "journal-days"
JOURNAL_TYPE = "journal-type"
JOURNAL_SIDE = "journal-side"
JOURNAL_STATE = "journal-state"
JOURNAL_STRATEGY = "journal-strategy"
JOURNAL_TAG = "journal-tag"
JOURNAL_NOTED = "journal-noted"
JOURNAL_CLEAR = "journal-clear"
RESULTS = "results"
RESULTS_UNIT = "results-unit"
RESULTS_NOTE = "results-note"
RESULTS_PROBLEM = "results-problem"
PREMIUM = "premium"
PREMIUM_VIEW = "premium-view"
PREMIUM_NOTE = "premium-note"
TRADE_DIALOG = "trade-dialog"
TRADE_TITLE = "trade-dialog-title"
TRADE_FACTS = "trade-dialog-facts"
TRADE_NOTE = "trade-dialog-note"
TRADE_CLOSE = "trade-dialog-close"
ROWS_DIALOG = "rows-dialog"
ROWS_TITLE = "rows-dialog-title"
ROWS_SUM = "rows-dialog-sum"
ROWS_LIST = "rows-dialog-list"
ROWS_CLOSE = "rows-dialog-close"


# -- control: on every page --------------------------------------------------------------------------------------------
KILL = "kill-button"
KILL_BANNER = "kill-banner"
KILL_TITLE = "kill-title"
KILL_SENTENCE = "kill-sentence"
KILL_AGE = "kill-age"
KILL_PENDING = "kill-pending"
KILL_RELEASE = "kill-release"
TOAST = "toast"
WHY = "why-popover"
CARD_TEMPLATE = "strategy-card-template"
MINI_TEMPLATE = "strategy-mini-template"

# -- Overview's and Strategies' cards ----------------------------------------------------------------------------------
MINIS = "strategy-minis"
MINIS_PANEL = "strategy-minis-panel"
STRATEGY_CARDS = "strategy-cards"
STRATEGIES_EMPTY = "strategies-empty"
STRATEGIES_NOTE = "strategies-note"
AGENT_NOTE = "agent-note"
REST = "strategies-rest"
SUM = "strategies-sum"

# -- the dialog that asks before a command -----------------------------------------------------------------------------
DIALOG = "command-dialog"
DIALOG_TITLE = "command-dialog-title"
DIALOG_EFFECT = "command-dialog-effect"
DIALOG_KEPT = "command-dialog-kept"
DIALOG_SHORTS = "command-dialog-shorts"
DIALOG_SYMBOL_BOX = "command-dialog-symbol-box"
DIALOG_SYMBOL = "command-dialog-symbol"
DIALOG_SYMBOLS = "command-dialog-symbols"
DIALOG_REASON = "command-dialog-reason"
DIALOG_PROBLEM = "command-dialog-problem"
DIALOG_CANCEL = "command-dialog-cancel"
DIALOG_CONFIRM = "command-dialog-confirm"

# -- a bot's dry run ---------------------------------------------------------------------------------------------------
PREVIEW = "preview-dialog"
PREVIEW_TITLE = "preview-dialog-title"
PREVIEW_STATE = "preview-dialog-state"
PREVIEW_ORDERS = "preview-dialog-orders"
PREVIEW_OUTPUT_BOX = "preview-dialog-output-box"
PREVIEW_OUTPUT = "preview-dialog-output"
PREVIEW_PROBLEM = "preview-dialog-problem"
PREVIEW_AGAIN = "preview-dialog-again"
PREVIEW_CLOSE = "preview-dialog-close"

# -- the comparison ----------------------------------------------------------------------------------------------------
COMPARE_PICK = "compare-pick"
COMPARE_NOTE = "compare-note"
COMPARE_CHART = "compare-chart"
COMPARE_PLOT = "compare-plot"
COMPARE_LEGEND = "compare-legend"
COMPARE_EMPTY = "compare-empty"
COMPARE_POINTS = "compare-points"
COMPARE_TABLE = "compare-table"
COMPARE_TABLE_BUTTON = "compare-table-button"
COMPARE_FIGURES = "compare-figures"
COMPARE_CORRELATION = "compare-correlation"
COMPARE_PROBLEM = "compare-problem"

# -- the decision ledger -----------------------------------------------------------------------------------------------
LEDGER_GRID = "ledger-grid"
LEDGER_NOTE = "ledger-note"
LEDGER_EMPTY = "ledger-empty"
LEDGER_PROBLEM = "ledger-problem"
LEDGER_NOT_RECORDED = "ledger-not-recorded"
LEDGER_STRATEGY = "ledger-strategy"
LEDGER_KIND = "ledger-kind"
LEDGER_SYMBOL = "ledger-symbol"
LEDGER_OLDER = "ledger-older"
DECISION = "decision-dialog"
DECISION_TITLE = "decision-dialog-title"
DECISION_FACTS = "decision-dialog-facts"
DECISION_ASSIGN_BOX = "decision-dialog-assign-box"
DECISION_STRATEGY = "decision-dialog-strategy"
DECISION_PROBLEM = "decision-dialog-problem"
DECISION_CLOSE = "decision-dialog-close"
DECISION_ASSIGN = "decision-dialog-assign"


class Question(StrEnum):
    """What the browser asks by a callback: a store with the question, a store with its answer."""

    COMMAND = "command"
    KILL = "kill"  # of its own: it never waits behind another command
    SHORTS = "shorts"
    COMPARE = "compare"
    LEDGER = "ledger"
    ASSIGN = "assign"
    PREVIEW = "preview"
    PREVIEWED = "previewed"

    @property
    def ask(self) -> str:
        return f"{self}-ask"

    @property
    def answer(self) -> str:
        return f"{self}-answer"


# -- Positions -----------------------------------------------------------------------------------------------------------
BOOK_SUMMARY = "book-summary"
BOOK_GRID = "book-grid"
BOOK_NOTE = "book-note"
BOOK_PROBLEM = "book-problem"
BOOK_EMPTY = "book-empty"
BOOK_CSV = "book-csv"
BOOK_TEXT = "book-text"
BOOK_DTE = "book-dte"
BOOK_STRATEGY = "book-strategy"
BOOK_CLEAR = "book-clear"
BOOK_FOLD = "book-fold"
EXPIRIES = "expiries"
EXPIRIES_NOTE = "expiries-note"
EXPIRIES_PROBLEM = "expiries-problem"
LADDER = "ladder"
LADDER_NOTE = "ladder-note"
LADDER_BROKER = "ladder-broker"
GREEKS = "greeks"
GREEKS_NOTE = "greeks-note"
GREEKS_PROBLEM = "greeks-problem"
GREEKS_WINDOW = "greeks-window"

# -- Reports -----------------------------------------------------------------------------------------------------------
REPORTS_NOTE = "reports-note"
REPORTS_PROBLEM = "reports-problem"
BREAKS = "breaks"
BREAKS_NOTE = "breaks-note"
BRIDGE = "bridge"
UPLOAD = "upload"
UPLOADS = "uploads"
STATEMENTS = "statements"
STATEMENTS_EMPTY = "statements-empty"

# -- the drawer of a position ------------------------------------------------------------------------------------------
DRAWER = "position-drawer"
DRAWER_FACTS = "drawer-facts"
DRAWER_HOLDING = "drawer-holding"
DRAWER_SYMBOL = "drawer-symbol"
DRAWER_SHOW_HOLDING = "drawer-show-holding"
DRAWER_SHOW_SYMBOL = "drawer-show-symbol"
DRAWER_LEGS = "drawer-legs"
DRAWER_PAYOFF = "drawer-payoff"
DRAWER_WHEEL = "drawer-wheel"
DRAWER_MANAGE = "drawer-manage"
DRAWER_SHOW_PAYOFF = "drawer-show-payoff"
DRAWER_SHOW_WHEEL = "drawer-show-wheel"
DRAWER_SHOW_MANAGE = "drawer-show-manage"


# -- charts of history -------------------------------------------------------------------------------------------------
class Chart(StrEnum):
    """The stem of every id of a chart."""

    EQUITY = "equity"
    HOLDING = "holding"
    SYMBOL = "symbol"


def chart(part: str, key: str) -> str:
    """A chart's part, for example `chart` (the plot's component), `legend`, `note`, `empty`, `gaps`, `table` or a button."""
    return f"{key}-{part}"


def card(part: str, key: str) -> str:
    """A metric card's part: `value`, `unit`, `change`, `reason`, `age`, `why` (the button) or `rule` (its popover's text)."""
    return f"card-{part}-{key}"


def journal_grid(name: str) -> str:
    """The table of a list of trades."""
    return f"{name}-grid"


def column_choice(name: str) -> str:
    """The list of a table's columns; `name` is the stem of the table's ids."""
    return f"{name}-columns"


def column_reset(name: str) -> str:
    """The button that brings a table's columns back."""
    return f"{name}-reset"


def grid_box(grid: str) -> str:
    """The box that gives a table its height."""
    return f"{grid}-box"
