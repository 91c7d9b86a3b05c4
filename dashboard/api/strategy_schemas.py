"""What is answered of strategies, their figures and decisions; see data/control_views.py."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.command_schemas import PRINTABLE, Command, Short
from dashboard.api.schemas import AccountQuery, Answer
from data.strategy_ledger import MAX_DECISIONS

Desired = Literal["active", "opening_paused", "paused", "stopped"]


class SymbolState(Answer):
    symbol: str
    desired: Desired
    command: Command | None


class Figures(Answer):
    """In the account's base currency `currency`. Null: not known, and `reason` says why. `win_rate` is a percentage.

    `trades` and `win_rate` leave out what notes leave out of statistics, `left_out` closed contracts; sums of money count everything.
    """

    as_of: str | None
    currency: str | None
    pnl_day: float | None
    pnl_total: float | None
    pnl_since: str | None
    premium: float | None
    fees: float | None
    capital_at_risk: float | None
    exposure: float | None
    trades: int
    win_rate: float | None
    left_out: int
    positions: int
    reason: str | None
    sparkline: list[float | None]


class Strategy(Answer):
    name: str
    bot: str
    title: str
    adapter: Literal["wrapper", "in_process"] | None
    account: str | None
    symbols: list[str]
    created_at: str
    is_listed: bool
    can_pause_opening: bool
    desired: Desired
    command: Command | None
    symbol_states: list[SymbolState]
    bot_state: Literal["running", "idle", "error", "late", "overrunning", "silent", "unknown"]
    bot_words: str | None
    bot_seen_at: str | None
    last_run: str | None
    last_run_outcome: str | None
    next_run: str | None
    allocation: float | None
    figures: Figures | None
    decisions: list[str]


class Kill(Answer):
    is_killed: bool
    command: Command | None
    is_enforced: bool
    pending: list[str]


class Agent(Answer):
    state: Literal["running", "away"]
    heartbeat_at: str | None
    reason: str | None


class Strategies(Answer):
    """`residual_day` and `residual_total` are the account's own P&L less the sum of all strategies, `unattributed` and, in
    total, `income_total` (dividends, interest, taxes and fees of the account)."""

    account: str | None
    items: list[Strategy]
    unattributed: Figures | None
    income_total: float | None
    residual_day: float | None
    residual_total: float | None
    kill: Kill
    agent: Agent


class Day(Answer):
    session_date: str
    pnl_total: float | None
    pnl_day: float | None
    premium: float | None
    fees: float | None
    capital_at_risk: float | None
    exposure: float | None


class Run(Answer):
    run_id: str
    bot: str
    started_at: str
    ended_at: str | None
    outcome: Literal["ok", "failed", "refused", "killed", "vanished"] | None
    exit_code: int | None
    version: str | None
    is_preview: bool
    words: str | None
    has_output: bool


class StrategyDetail(Answer):
    """`history` are the closes of the last year, oldest first; `shorts` can still be assigned, whatever is commanded."""

    account: str | None
    strategy: Strategy
    shorts: list[Short]
    history: list[Day]
    runs: list[Run]
    agent: Agent


Kind = Literal["intent", "skip", "rejection", "error", "note", "orphan"]


class DecisionsQuery(AccountQuery):
    strategy: str | None = Field(None, max_length=200, pattern=PRINTABLE, description="bot/strategy.")
    symbol: str | None = Field(None, max_length=32, pattern=PRINTABLE, description="The underlying's symbol.")
    kind: Kind | None = Field(None, description="`orphan`: an order of a bot's client id without a decision.")
    limit: int = Field(50, ge=1, le=MAX_DECISIONS, description="How many at most.")
    before: str | None = Field(None, max_length=100, description="`next_before` of the page before.")


class Decision(Answer):
    """`mid` is the middle of bid and ask at the decision; `slippage` is per unit against it, positive is worse."""

    id: int
    time: str
    bot: str
    strategy: str | None
    kind: Kind
    symbol: str | None
    contract: str | None
    action: str | None
    quantity: float | None
    limit_price: float | None
    mid: float | None
    reason: str | None
    order_ref: str | None
    perm_id: int | None
    order_status: str | None
    filled: float | None
    fill_price: float | None
    slippage: float | None
    commission: float | None


class Decisions(Answer):
    """Newest first. `not_recorded` are bots that keep no record of their decisions: their orders are orphans."""

    items: list[Decision]
    next_before: str | None
    not_recorded: list[str]


class CompareQuery(AccountQuery):
    names: str = Field(
        max_length=800, pattern=PRINTABLE, description="Two to four, with commas between: bot/one,bot/other."
    )
    since: str | None = Field(None, alias="from", pattern=r"^\d{4}-\d{2}-\d{2}$", description="The first trading day.")
    until: str | None = Field(None, alias="to", pattern=r"^\d{4}-\d{2}-\d{2}$", description="The last trading day.")


class Point(Answer):
    session_date: str
    return_pct: float | None


class Compared(Answer):
    """Percentages are of `base`. `premium`, `fees`, `trades` and `win_rate` are those of the span; the last two are without what notes
    leave out of statistics, `left_out` closed contracts."""

    strategy: str
    currency: str | None
    base: float | None
    base_name: str
    pnl: float | None
    return_pct: float | None
    volatility_pct: float | None
    sharpe: float | None
    max_drawdown_pct: float | None
    premium: float | None
    fees: float | None
    trades: int
    win_rate: float | None
    left_out: int
    reason: str | None
    points: list[Point]


class Comparison(Answer):
    """Over the trading days that all of them have; `correlation` is of their daily returns, in the order of `items`."""

    account: str | None
    base: str
    risk_free_pct: float
    since: str | None
    until: str | None
    items: list[Compared]
    correlation: list[list[float | None]]
    days: int
    problem: str | None


class OrderPath(BaseModel):
    perm_id: int = Field(ge=1, le=2**63 - 1, description="The broker's permanent number of the order.")


class AssignBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    strategy: str | None = Field(max_length=200, pattern=PRINTABLE, description="bot/strategy; null: nobody's.")


class Assigned(Answer):
    """From now on; what was sampled before stays. `is_new` false: the same was said before."""

    account: str
    perm_id: int
    strategy: str | None
    before: str | None
    is_new: bool
