"""What is answered of strategies, their figures and decisions; see data/control_views.py."""

from __future__ import annotations

from typing import Literal

from dashboard.api.command_schemas import Command
from dashboard.api.schemas import Answer

Desired = Literal["active", "opening_paused", "paused", "stopped"]


class SymbolState(Answer):
    symbol: str
    desired: Desired
    command: Command | None


class Figures(Answer):
    """In the account's base currency `currency`. Null: not known, and `reason` says why. `win_rate` is a percentage."""

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
    """`residual_day` and `residual_total` are the account's own P&L less the sum of all strategies and `unattributed`."""

    account: str | None
    items: list[Strategy]
    unattributed: Figures | None
    residual_day: float | None
    residual_total: float | None
    kill: Kill
    agent: Agent
