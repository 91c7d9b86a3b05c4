"""What the API takes and answers, as pydantic models: they are the documentation at `/docs` and, in tests, the judge.

The answers themselves are encoded from the views of :mod:`data.views`; a test holds that both say the same.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

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


class TradesQuery(AccountQuery):
    limit: int = Field(50, ge=1, le=1000, description="How many at most.")
    before: str | None = Field(None, max_length=100, description="`next_before` of the page before.")


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


class Trades(Answer):
    """Newest first. `next_before` asks for the next page, null at the end."""

    account: str
    revision: int
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


class Strategy(Answer):
    name: str
    created_at: str


class Strategies(Answer):
    items: list[Strategy]
