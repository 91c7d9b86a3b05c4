"""The shapes of every answer: what `Reads` returns is what REST sends, `/ws` pushes and the page shows.

JSON-ready: times are ISO 8601 UTC strings ending in Z, unknown is None, money and prices are numbers.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

FreshnessName = Literal["live", "delayed", "frozen", "stale", "closed", "offline"]
PhaseName = Literal["pre", "open", "post", "closed"]
SourceName = Literal["demo", "paper", "live"]


class PortfolioView(TypedDict):
    """`GET /api/portfolio/` and `portfolio.update`. Amounts are in `currency`; `cushion` and `daily_pnl_pct` are
    fractions of 1 and percent respectively: 0.42 and 1.25 mean 0.42 and 1.25 %."""

    account: str
    source: SourceName
    currency: str | None
    as_of: str | None
    freshness: FreshnessName
    gateway_state: str
    gateway_reason: str | None
    market_phase: PhaseName | None
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
    suspected_transfers: float  # the sum of what is left out of total P&L until a statement tells of it


class PositionView(TypedDict):
    con_id: int
    symbol: str
    local_symbol: str
    sec_type: str
    trading_class: str | None
    expiry: str | None  # YYYY-MM-DD
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


class PositionsView(TypedDict):
    """`GET /api/portfolio/positions` and `positions.update` (there `items` holds the changed rows only)."""

    account: str
    revision: int
    as_of: str | None
    full: bool  # items is the whole list; False: changes only, `removed` names what is gone
    items: list[PositionView]
    removed: list[int]


class TradeView(TypedDict):
    """One effective execution; `realized_pnl` and `commission` are None until the broker reports them."""

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
    correction: int  # 0: as first reported; n: the broker corrected it n times
    note: str
    tags: list[str]
    excluded: bool  # left out of statistics


class TradesView(TypedDict):
    account: str
    revision: int
    total: int | None  # how many the filter has, where asked by offset
    items: list[TradeView]
    next_before: str | None  # the cursor of the next page, None at the end


class MetricView(TypedDict):
    """One card: its value, its change where it has one, how old it is, where it comes from and by which rule."""

    key: str
    title: str
    value: float | None
    unit: Literal["money", "percent", "fraction", "count"]
    change: float | None
    change_unit: NotRequired[Literal["money", "percent"]]
    as_of: str | None
    source: str  # one phrase: where the number comes from
    rule: str  # one sentence: how it is made
    reason: str | None  # why value is None, else None


class SummaryView(TypedDict):
    """`GET /api/portfolio/summary`: the ten cards of the Overview, in order."""

    account: str
    currency: str | None
    as_of: str | None
    freshness: FreshnessName
    items: list[MetricView]


class ComponentView(TypedDict):
    state: str
    reason: str | None
    since: str | None
    age_s: float | None  # seconds since its last sign of life


class HealthView(TypedDict):
    """`GET /api/portfolio/health` and `status.update`: each part with its age."""

    account: str
    source: SourceName
    freshness: FreshnessName
    as_of: str | None
    age_s: float | None
    database: ComponentView
    poller: ComponentView
    gateway: ComponentView
    gateway_address: str
    market_phase: PhaseName | None
    next_phase_at: str | None
    market_data_type: int | None
    market_data_lines: int
    queue_depth: int
    spool_bytes: int
    implausible: int
    other_clients_fills: bool | None
    last_error: str | None
    last_error_at: str | None


class OutageView(TypedDict):
    kind: str
    started: str
    ended: str | None
    reason: str


ResolutionName = Literal["1m", "1h", "1d"]


class HistoryPoint(TypedDict):
    """One bucket. `time` is its start in seconds since the epoch, UTC; of a day its session date at midnight UTC."""

    time: int
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    pnl: float | None  # the change of `close` since the bucket before, without deposits and withdrawals
    return_pct: float | None  # time-weighted, since the close of the span's first bucket


class FlowView(TypedDict):
    time: int
    kind: str
    amount: float  # signed, in `currency`
    currency: str
    description: str | None
    suspected: bool  # by what cash and net liquidation did: no statement tells of it yet


class HistoryView(TypedDict):
    """`GET /api/analytics/equity`: net liquidation over any span, at most `points` buckets of `step_s` seconds."""

    account: str
    currency: str | None
    resolution: ResolutionName  # the stored level it was read from
    step_s: int  # a bucket's length; of days 86,400 x trading days
    since: str  # the span that was answered; `until` is excluded
    until: str
    first: str | None  # the oldest and the newest instant of which anything is stored
    last: str | None
    # What is before the seam comes from statements, a value a day; from it on from samples. None: all of one kind.
    seam: str | None
    items: list[HistoryPoint]
    flows: list[FlowView]  # deposits and withdrawals in the span
    outages: list[OutageView]


class PositionHistoryView(TypedDict):
    """`GET /api/analytics/positions/{con_id}`: a position's market price (OHLC) and unrealised P&L (`pnl`)."""

    account: str
    con_id: int
    symbol: str
    currency: str | None
    resolution: ResolutionName
    step_s: int
    since: str
    until: str
    first: str | None
    last: str | None
    items: list[HistoryPoint]  # return_pct: of the price
    outages: list[OutageView]


class BarView(TypedDict):
    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float | None


class BarsView(TypedDict):
    """`GET /api/analytics/bars/{symbol}`: the broker's bars of an instrument."""

    symbol: str
    con_id: int
    currency: str
    resolution: ResolutionName
    step_s: int
    since: str
    until: str
    first: str | None
    last: str | None
    items: list[BarView]
    problem: str | None  # why bars are missing: the broker's refusal, or that nobody asked yet


class IndicatorPoint(TypedDict):
    """None where the window is not full yet. Volatilities are annualised fractions: 0.25 is 25 %."""

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
    implied_vol: float | None  # of the bar's trading day where only days are kept


class IndicatorsView(TypedDict):
    """`GET /api/analytics/indicators/{symbol}`: the technical panel, one point a bar."""

    symbol: str
    con_id: int
    currency: str
    resolution: ResolutionName
    step_s: int
    since: str
    until: str
    items: list[IndicatorPoint]
    problem: str | None
