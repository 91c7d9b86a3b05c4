"""The shapes of what control answers: strategies, commands, runs, decisions. JSON-ready, as in data/views.py."""

from __future__ import annotations

from typing import Literal, TypedDict

DesiredName = Literal["active", "opening_paused", "paused", "stopped"]
ActionName = Literal["pause", "resume", "stop"]
ScopeName = Literal["all", "opening"]
CommandStateName = Literal["requested", "acknowledged", "enforced", "not_enforced", "failed", "overruled"]
# What a strategy's bot is doing: `late` a run that was expected never came, `overrunning` a run takes too long.
BotStateName = Literal["running", "idle", "error", "late", "overrunning", "silent", "unknown"]


class RemainingOrder(TypedDict):
    """A working order that keeps a stop from being enforced, and what to do about it."""

    perm_id: int
    client_id: int | None
    symbol: str
    what: str  # SELL 1 AAPL 2026-12-18 190 P LMT 2.35
    advice: str


class CommandView(TypedDict):
    """`GET /api/commands/{id}` and the answer to pause, resume and stop."""

    id: str  # a UUID
    number: int
    strategy: str  # bot/strategy, or "*": every one
    symbol: str | None
    action: ActionName
    scope: ScopeName
    reason: str | None
    actor: str
    origin: str | None
    requested_at: str
    state: CommandStateName
    acknowledged_at: str | None
    settled_at: str | None
    detail: str | None  # one sentence: why not, what remains, what to do
    remaining: list[RemainingOrder]


class ShortView(TypedDict):
    """An open short option of a strategy: pausing and stopping leave it, and it can still be assigned."""

    con_id: int
    local_symbol: str
    symbol: str
    quantity: float
    expiry: str | None
    strike: float | None
    right: Literal["C", "P"] | None


class CommandAnswer(TypedDict):
    """What pause, resume and stop answer: the command and what it does not do."""

    command: CommandView
    is_new: bool  # False: the same command was given before (200)
    effect: str  # one sentence: what happens
    positions: str  # one sentence: that positions are never closed
    shorts: list[ShortView]


class SymbolState(TypedDict):
    symbol: str
    desired: DesiredName
    command: CommandView | None


class StrategyFigures(TypedDict):
    """What a strategy earned and risks, in the account's base currency, from its own executions and positions."""

    as_of: str | None
    currency: str | None
    pnl_day: float | None
    pnl_total: float | None
    pnl_since: str | None  # its first execution
    premium: float | None
    fees: float | None
    capital_at_risk: float | None
    exposure: float | None  # signed market value of what it holds, shares and options
    trades: int
    win_rate: float | None  # percent of closed contracts; with its rule in docs
    left_out: int  # closed contracts that notes leave out: they and their trades are in neither; money counts all
    positions: int
    reason: str | None  # why one of them is None
    sparkline: list[float | None]  # total P&L at the close of up to 30 trading days, then now


class StrategyView(TypedDict):
    """One card: state, figures, runs, the last decisions in words."""

    name: str  # bot/strategy
    bot: str
    title: str
    adapter: Literal["wrapper", "in_process"] | None
    account: str | None
    symbols: list[str]
    created_at: str
    is_listed: bool
    can_pause_opening: bool
    desired: DesiredName
    command: CommandView | None  # the newest one for all of it
    symbol_states: list[SymbolState]  # single symbols that are paused
    bot_state: BotStateName
    bot_words: str | None  # why: the bot's own words or one sentence
    bot_seen_at: str | None
    last_run: str | None
    last_run_outcome: str | None
    next_run: str | None
    allocation: float | None  # a fraction of 1
    figures: StrategyFigures | None
    decisions: list[str]  # the last ones, newest first


class KillView(TypedDict):
    is_killed: bool
    command: CommandView | None  # of strategy "*"
    is_enforced: bool
    pending: list[str]  # strategies that are not yet enforced


class AgentView(TypedDict):
    state: Literal["running", "away"]
    heartbeat_at: str | None
    reason: str | None  # away: what that means for commands


class StrategiesView(TypedDict):
    """`GET /api/strategies/` and `strategy.update`."""

    account: str | None  # whose figures these are
    items: list[StrategyView]
    unattributed: StrategyFigures | None  # of orders that belong to no strategy
    income_total: float | None  # dividends, interest, taxes and fees of the account, which no strategy earned
    residual_day: float | None  # the account's day P&L less the sum of all these
    residual_total: float | None  # the same of its total P&L, less `income_total`
    kill: KillView
    agent: AgentView


class RunView(TypedDict):
    run_id: str
    bot: str
    started_at: str
    ended_at: str | None
    outcome: str | None
    exit_code: int | None
    version: str | None
    is_preview: bool
    words: str | None
    has_output: bool


class StrategyDay(TypedDict):
    """A strategy at the close of a trading day."""

    session_date: str
    pnl_total: float | None
    pnl_day: float | None
    premium: float | None
    fees: float | None
    capital_at_risk: float | None
    exposure: float | None


class StrategyDetailView(TypedDict):
    """`GET /api/strategies/{bot}/{strategy}`."""

    account: str | None
    strategy: StrategyView
    shorts: list[ShortView]  # open short options: stopping leaves them, and they can be assigned
    history: list[StrategyDay]  # of the last year, oldest first
    runs: list[RunView]  # its bot's newest
    agent: AgentView


class DecisionView(TypedDict):
    """One line of the decision ledger: intent → order → status → fill, or why not."""

    id: int
    time: str
    bot: str
    strategy: str | None
    kind: Literal["intent", "skip", "rejection", "error", "note", "orphan"]
    symbol: str | None
    contract: str | None
    action: str | None
    quantity: float | None
    limit_price: float | None
    mid: float | None  # at the decision
    reason: str | None
    order_ref: str | None
    perm_id: int | None
    order_status: str | None
    filled: float | None
    fill_price: float | None
    slippage: float | None  # per unit against mid: positive is worse than mid
    commission: float | None


class DecisionsView(TypedDict):
    items: list[DecisionView]
    next_before: str | None
    not_recorded: list[str]  # bots that keep no record of their decisions


class AssignedView(TypedDict):
    """`POST /api/orders/{perm_id}/strategy`: whose order it is from now on."""

    account: str
    perm_id: int
    strategy: str | None  # None: nobody's
    before: str | None
    is_new: bool  # False: the same was said before


class ComparedPoint(TypedDict):
    session_date: str
    return_pct: float | None  # since the span's first day, which is 0


class ComparedView(TypedDict):
    """One of the compared strategies; None: not known, and `reason` says why."""

    strategy: str
    currency: str | None
    base: float | None  # what its returns are of, in `currency`
    base_name: str  # mean capital at risk, or allocated capital where hardly any of it is at risk
    pnl: float | None  # of the span
    return_pct: float | None
    volatility_pct: float | None  # a year's, of daily returns
    sharpe: float | None  # a year's, above the risk-free rate
    max_drawdown_pct: float | None  # ≤ 0
    premium: float | None
    fees: float | None
    trades: int
    win_rate: float | None
    left_out: int  # closed contracts of the span that are in neither
    reason: str | None
    points: list[ComparedPoint]


class CompareView(TypedDict):
    """Two to four strategies side by side over the trading days that all of them have."""

    account: str | None
    base: str  # the bases' names
    risk_free_pct: float  # a year's; a setting
    since: str | None
    until: str | None
    items: list[ComparedView]
    correlation: list[list[float | None]]  # of daily returns, in the order of `items`
    days: int  # how many daily returns that is
    problem: str | None


class PreviewOrder(TypedDict):
    """An order that a bot would send now; a member of `preview_results.orders`."""

    symbol: str
    what: str  # SELL 1 AAPL 2026-12-18 190 P LMT 2.35
    cash: float | None  # what its fill at the limit brings (+) or costs (−), before fees
    assignment: float | None  # what an assignment would cost (−) or bring (+); None: none possible, or not known
    note: str | None


class PreviewView(TypedDict):
    """A bot's own dry run that was asked for."""

    id: str  # a UUID
    bot: str
    actor: str
    requested_at: str
    state: Literal["requested", "running", "done", "failed"]
    started_at: str | None
    ended_at: str | None
    orders: list[PreviewOrder]
    words: str | None  # the end of the bot's own output
    problem: str | None  # failed: why, one sentence
