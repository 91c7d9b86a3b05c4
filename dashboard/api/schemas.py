"""What the API takes and answers, as pydantic models: they are the documentation at `/docs` and, in tests, the judge.

The answers themselves are encoded from the views of :mod:`data.views`; a test holds that both say the same.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from data.resolution import INDICATOR_POINTS, MAX_POINTS, MIN_POINTS, POINTS

Freshness = Literal["live", "delayed", "frozen", "stale", "closed", "offline"]
Phase = Literal["pre", "open", "post", "closed"]
Source = Literal["demo", "paper", "live"]


class Query(BaseModel):
    """Query parameters; what isn't named is refused."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The framework asks for the schema at every request: make it once."""
        known = _SCHEMAS.get(cls)
        if known is None or args or kwargs:
            known = super().model_json_schema(*args, **kwargs)
            if not args and not kwargs:
                _SCHEMAS[cls] = known
        return known


_SCHEMAS: dict[type[Query], dict[str, Any]] = {}


class NoQuery(Query):
    pass


class AccountQuery(Query):
    account: str | None = Field(None, max_length=64, description="May be left out when there is one account.")


Resolution = Literal["1m", "1h", "1d"]


class WindowQuery(Query):
    """A span of history. Both sides open: the current trading day, or of bars everything; one side open: up to what is stored."""

    since: str | None = Field(
        None, alias="from", max_length=40, description="A trading day (2026-01-05), or an instant with its zone (2026-01-05T14:30:00Z)."
    )  # fmt: skip
    until: str | None = Field(
        None, alias="to", max_length=40, description="A trading day, which is included, or an instant, which is not."
    )
    resolution: Literal["auto", "1m", "1h", "1d"] = Field(
        "auto", description="The stored level to read; `auto` is the finest that fits into `points`."
    )
    points: int = Field(
        POINTS,
        ge=MIN_POINTS,
        le=MAX_POINTS,
        description="How many buckets at most; fewer where they would be more than 100 kB.",
    )
    frame: Literal["1D", "1W", "1M", "3M", "YTD", "1Y", "All"] | None = Field(
        None,
        description="A span by name, of whole trading days up to the newest; counts where `from` and `to` are left out.",
    )


class HistoryQuery(WindowQuery, AccountQuery):
    pass


class IndicatorsQuery(WindowQuery):
    points: int = Field(INDICATOR_POINTS, ge=MIN_POINTS, le=MAX_POINTS, description="How many bars at most.")


class SymbolPath(BaseModel):
    symbol: str = Field(max_length=40, description="As the broker writes it, for example SPY.")


class ContractPath(BaseModel):
    con_id: int = Field(ge=0, le=2**63 - 1, description="The broker's number of the contract.")


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


class Portfolio(Answer):
    """One account's figures, in `currency`. `cushion` is a fraction of 1, `daily_pnl_pct` a percentage."""

    account: str
    source: Source
    currency: str | None
    as_of: str | None
    freshness: Freshness
    gateway_state: str
    gateway_reason: str | None
    market_phase: Phase | None
    net_liquidation: float | None
    cash: float | None
    available_funds: float | None
    buying_power: float | None
    excess_liquidity: float | None
    initial_margin: float | None
    maintenance_margin: float | None
    cushion: float | None
    gross_position_value: float | None
    daily_pnl: float | None
    daily_pnl_pct: float | None
    unrealized_pnl: float | None
    realized_pnl: float | None
    total_pnl: float | None
    total_pnl_since: str | None
    suspected_transfers: float


class Position(Answer):
    con_id: int
    symbol: str
    local_symbol: str
    sec_type: str
    trading_class: str | None
    expiry: str | None
    strike: float | None
    right: Literal["C", "P"] | None
    multiplier: float
    currency: str
    quantity: float
    avg_cost: float | None
    market_price: float | None
    market_value: float | None
    unrealized_pnl: float | None
    realized_pnl: float | None
    daily_pnl: float | None
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None
    implied_vol: float | None
    underlying_price: float | None
    strategy: str | None  # null: not tracked by a bot
    cycle: str | None  # the wheel cycle it is of
    stage: Literal["put", "shares", "covered", "call", "other", "closed"] | None
    non_standard: bool  # an adjusted deliverable: what would be a guess is null
    dte: int | None  # by the date in New York
    pnl_of_cost: float | None  # percent of what was paid or received
    pnl_of_max_profit: float | None  # percent of the premium kept, of short options
    break_even: float | None
    moneyness: Literal["itm", "atm", "otm"] | None
    distance_pct: float | None  # to the strike; negative: in the money
    distance_sigma: float | None
    intrinsic: float | None  # per unit of the underlying
    extrinsic: float | None
    early_assignment: Literal["risk", "none", "unknown"] | None  # of short options
    early_assignment_reason: str | None
    as_of: str


class Positions(Answer):
    account: str
    revision: int
    as_of: str | None
    full: bool
    items: list[Position]
    removed: list[int]


class Trade(Answer):
    id: int
    exec_id: str
    time: str
    session_date: str
    account: str
    con_id: int
    symbol: str
    local_symbol: str
    sec_type: str
    expiry: str | None
    strike: float | None
    right: Literal["C", "P"] | None
    multiplier: float
    currency: str
    side: Literal["BOT", "SLD"]
    quantity: float
    price: float
    kind: str
    exchange: str | None
    order_id: int | None
    perm_id: int | None
    client_id: int | None
    order_ref: str | None
    commission: float | None
    commission_currency: str | None
    realized_pnl: float | None
    strategy: str | None
    correction: int
    note: str
    tags: list[str]
    excluded: bool


class Trades(Answer):
    """`next_before` asks for the next page, null at the end; `total`, how many the filter has, is told by `offset`."""

    account: str
    revision: int
    total: int | None
    items: list[Trade]
    next_before: str | None


class Metric(Answer):
    key: str
    title: str
    value: float | None
    unit: Literal["money", "percent", "fraction", "count"]
    change: float | None
    change_unit: Literal["money", "percent"] | None = None
    as_of: str | None
    source: str
    rule: str
    reason: str | None


class Summary(Answer):
    account: str
    currency: str | None
    as_of: str | None
    freshness: Freshness
    items: list[Metric]


class Component(Answer):
    state: str
    reason: str | None
    since: str | None
    age_s: float | None


class Health(Answer):
    account: str
    source: Source
    freshness: Freshness
    as_of: str | None
    age_s: float | None
    database: Component
    poller: Component
    gateway: Component
    gateway_address: str
    market_phase: Phase | None
    next_phase_at: str | None
    market_data_type: int | None
    market_data_lines: int
    queue_depth: int
    spool_bytes: int
    implausible: int
    other_clients_fills: bool | None
    last_error: str | None
    last_error_at: str | None


class ServiceHealth(Answer):
    """`status` is "ok" when every part works, else "failing"; of several accounts the worst is shown."""

    status: Literal["ok", "failing"]
    database: Component
    poller: Component
    gateway: Component


class Outage(Answer):
    kind: str
    started: str
    ended: str | None
    reason: str


class Flow(Answer):
    """A deposit (positive) or withdrawal (negative) in `currency`; `suspected`: by what cash did, no statement tells of it yet."""

    time: int
    kind: str
    amount: float
    currency: str
    description: str | None
    suspected: bool


class Point(Answer):
    """One bucket. `time` is its start in seconds since the epoch; of a day its session date at midnight UTC."""

    time: int
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    pnl: float | None
    return_pct: float | None


class History(Answer):
    """`pnl` and `return_pct` (time-weighted, since the first bucket) leave deposits and withdrawals out. `resolution` is the
    stored level that was read, `step_s` a bucket's length (of days 86,400 x trading days), `first` and `last` the oldest and the
    newest instant of which anything is stored; `since` to `until`, which is excluded, is the span that was answered. Before `seam` each day's value
    is a statement's ("statement"), from it on a sample's ("live"); null: all of one kind."""

    account: str
    currency: str | None
    resolution: Resolution
    step_s: int
    since: str
    until: str
    first: str | None
    last: str | None
    seam: str | None
    items: list[Point]
    flows: list[Flow]
    outages: list[Outage]


class PositionHistory(Answer):
    """Open to close are of the market price, `return_pct` is the price's, `pnl` the unrealised P&L."""

    account: str
    con_id: int
    symbol: str
    currency: str | None
    resolution: Resolution
    step_s: int
    since: str
    until: str
    first: str | None
    last: str | None
    items: list[Point]
    outages: list[Outage]


class Bar(Answer):
    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float | None


class Bars(Answer):
    """`problem` says why bars are missing, else null."""

    symbol: str
    con_id: int
    currency: str
    resolution: Resolution
    step_s: int
    since: str
    until: str
    first: str | None
    last: str | None
    items: list[Bar]
    problem: str | None


class Indicator(Answer):
    """Null where the window is not full yet. Volatilities are annualised fractions: 0.25 is 25 %."""

    time: int
    close: float
    sma_20: float | None
    ema_50: float | None
    bb_upper: float | None
    bb_middle: float | None
    bb_lower: float | None
    rsi_14: float | None
    macd: float | None
    macd_signal: float | None
    macd_hist: float | None
    atr_14: float | None
    realized_vol_20: float | None
    implied_vol: float | None


class Indicators(Answer):
    """One item a bar. `problem` says why bars are missing, else null."""

    symbol: str
    con_id: int
    currency: str
    resolution: Resolution
    step_s: int
    since: str
    until: str
    items: list[Indicator]
    problem: str | None
