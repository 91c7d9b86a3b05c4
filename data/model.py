"""The words this program speaks: frozen records that travel from the broker's wire to the database and the page.

No I/O here. Times are timezone-aware UTC. ``None`` means "not known" and is never written as zero.
Money that is summed (fills, fees) is :class:`~decimal.Decimal`; sampled values (prices, Greeks, net liquidation) are floats.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal


class Source(StrEnum):
    """Where a database's numbers come from. The three never share a database."""

    DEMO = "demo"
    PAPER = "paper"
    LIVE = "live"


class Role(StrEnum):
    """Database roles: who may write what. `docs/architecture.md` has the table."""

    OWNER = "mtz_owner"
    POLLER = "mtz_poller"
    IMPORTER = "mtz_importer"
    WEB = "mtz_web"
    AGENT = "mtz_agent"


class Topic(StrEnum):
    """What a revision counts and a NOTIFY names."""

    PORTFOLIO = "portfolio"
    POSITIONS = "positions"
    TRADES = "trades"
    STRATEGIES = "strategies"
    STATUS = "status"
    NOTES = "notes"


class GatewayState(StrEnum):
    """The state of the link to the broker, as far as the gateway has told us why."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    SILENT = "silent"  # socket open, heartbeats unanswered
    BROKER_UNREACHABLE = "broker_unreachable"  # 1100: the gateway lost IBKR's servers
    RESTARTING = "restarting"  # the daily restart, or the gateway went down in an orderly way
    OTHER_LOGIN = "other_login"  # 10197, or logged out by another session of the same user
    WAITING_FOR_LOGIN = "waiting_for_login"  # port open, no answer to the handshake: two-factor or weekly log-in
    CLIENT_ID_IN_USE = "client_id_in_use"  # 326
    REFUSED = "refused"  # nothing listens, or the gateway doesn't trust this address
    UNKNOWN_ACCOUNT = "unknown_account"
    WRONG_SOURCE = "wrong_source"  # the database belongs to another source
    DISCONNECTED = "disconnected"


class Freshness(StrEnum):
    """How far the numbers may be trusted to be of now."""

    LIVE = "live"
    DELAYED = "delayed"
    FROZEN = "frozen"
    STALE = "stale"
    CLOSED = "closed"
    OFFLINE = "offline"


class MarketPhase(StrEnum):
    PRE = "pre"
    OPEN = "open"
    POST = "post"
    CLOSED = "closed"


class ExecutionKind(StrEnum):
    TRADE = "trade"
    COMBO = "combo"  # the BAG line of a spread; its legs carry the money, so it is never summed
    ASSIGNMENT = "assignment"
    EXERCISE = "exercise"
    EXPIRY = "expiry"
    CORPORATE = "corporate"  # what a corporate action booked; statements alone tell


@dataclass(frozen=True, slots=True)
class Contract:
    con_id: int
    symbol: str
    local_symbol: str
    sec_type: str
    currency: str
    trading_class: str | None = None
    exchange: str | None = None
    expiry: date | None = None
    strike: float | None = None
    right: str | None = None  # "C" or "P"
    multiplier: float = 1.0


@dataclass(frozen=True, slots=True)
class Portfolio:
    """One account's figures at `as_of`, in the account's base currency."""

    account: str
    as_of: datetime  # when the newest datum in it came from the broker; heartbeats don't count
    currency: str | None
    net_liquidation: float | None = None
    cash: float | None = None
    available_funds: float | None = None
    buying_power: float | None = None
    excess_liquidity: float | None = None
    initial_margin: float | None = None
    maintenance_margin: float | None = None
    cushion: float | None = None  # a fraction of 1
    gross_position_value: float | None = None
    daily_pnl: float | None = None
    unrealized_pnl: float | None = None
    realized_pnl: float | None = None
    # The broker's own, after the next expiration and at the next change of its margin; the newest alone is stored.
    post_expiration_margin: float | None = None
    post_expiration_excess: float | None = None
    look_ahead_initial_margin: float | None = None
    look_ahead_maintenance_margin: float | None = None
    look_ahead_available_funds: float | None = None
    look_ahead_excess_liquidity: float | None = None
    look_ahead_next_change: datetime | None = None
    # Owed and not paid yet; and what there is in each currency, with its rate to the base currency, as the broker wrote them.
    accrued_dividends: float | None = None
    accrued_interest: float | None = None
    cash_by_currency: dict[str, tuple[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """One contract held by one account. `quantity` 0 means closed: the row goes, its realized P&L stays in samples."""

    account: str
    contract: Contract
    as_of: datetime
    quantity: float
    avg_cost: float | None = None  # per unit of the contract: includes the multiplier for options
    market_price: float | None = None
    market_value: float | None = None
    unrealized_pnl: float | None = None
    realized_pnl: float | None = None
    daily_pnl: float | None = None
    delta: float | None = None
    gamma: float | None = None
    theta: float | None = None  # per day, per unit of underlying
    vega: float | None = None
    implied_vol: float | None = None
    underlying_price: float | None = None
    greeks_as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill as the broker reported it. A correction has the same `base_exec_id` and a higher `revision`."""

    account: str
    exec_id: str
    base_exec_id: str
    revision: int
    contract: Contract
    time: datetime
    side: str  # "BOT" or "SLD"
    quantity: Decimal
    price: Decimal
    kind: ExecutionKind = ExecutionKind.TRADE
    order_id: int | None = None
    perm_id: int | None = None
    client_id: int | None = None
    order_ref: str | None = None
    exchange: str | None = None
    commission: Decimal | None = None
    commission_currency: str | None = None
    realized_pnl: Decimal | None = None
    source: str = "api"  # or "statement"


@dataclass(frozen=True, slots=True)
class Order:
    account: str
    perm_id: int
    as_of: datetime
    contract: Contract
    action: str
    order_type: str
    quantity: Decimal
    status: str
    order_id: int | None = None
    client_id: int | None = None
    order_ref: str | None = None
    limit_price: float | None = None
    stop_price: float | None = None
    tif: str | None = None
    filled: Decimal | None = None
    remaining: Decimal | None = None
    avg_fill_price: float | None = None


@dataclass(frozen=True, slots=True)
class Outage:
    """A span without proven data. `ended` None: it goes on."""

    account: str
    kind: str  # gateway | feed | database | poller
    started: datetime
    ended: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class PollerStatus:
    """What the poller says of itself. `heartbeat_at` proves the poller, `last_datum_at` proves the data."""

    account: str
    heartbeat_at: datetime
    started_at: datetime
    gateway_state: GatewayState
    gateway_reason: str | None
    gateway_since: datetime
    gateway_address: str
    client_id: int
    server_version: int | None = None
    last_datum_at: datetime | None = None
    feed_proven_at: datetime | None = None  # last answered heartbeat
    market_data_type: int | None = None  # 1 live, 2 frozen, 3 delayed, 4 delayed-frozen
    market_phase: MarketPhase | None = None
    next_phase_at: datetime | None = None
    queue_depth: int = 0
    spool_bytes: int = 0
    implausible: int = 0
    market_data_lines: int = 0
    other_clients_fills: bool | None = None  # None: not seen yet
    last_error: str | None = None
    last_error_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PortfolioSample:
    ts: datetime
    portfolio: Portfolio


@dataclass(frozen=True, slots=True)
class PositionSample:
    ts: datetime
    position: Position


@dataclass(frozen=True, slots=True)
class CashState:
    """Cash or accruals changed at `ts`, and that stood. `before_ts`: when the account was last told of before; None: never."""

    account: str
    ts: datetime
    cash_by_currency: dict[str, tuple[str, str]]
    accrued_dividends: float | None
    accrued_interest: float | None
    net_liquidation: float
    daily_pnl: float | None
    before_ts: datetime | None = None
    before_net_liquidation: float | None = None
    before_daily_pnl: float | None = None


@dataclass(frozen=True, slots=True)
class DividendOutlook:
    """What the broker's ticker says of an underlying's dividends, per share, at `as_of`; None: it says nothing."""

    symbol: str
    currency: str
    as_of: datetime
    past_12_months: float | None = None
    next_12_months: float | None = None
    next_date: date | None = None  # the ex-date
    next_amount: float | None = None


BarWhat = Literal["trades", "implied_vol"]
BarResolution = Literal["1m", "1h", "1d"]


@dataclass(frozen=True, slots=True)
class PriceBar:
    """`ts` is the bar's start; a day's is its session date at midnight UTC. Implied volatility: 0.25 is 25 % a year."""

    ts: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float | None = None


@dataclass(frozen=True, slots=True)
class BarCoverage:
    """The span for which the broker was asked for an instrument's bars, and what it answered last."""

    con_id: int
    what: BarWhat
    resolution: BarResolution
    first_ts: datetime | None  # None: it had none yet
    last_ts: datetime | None
    asked_at: datetime
    problem: str | None = None  # the broker's refusal


@dataclass(frozen=True, slots=True)
class BarAnswer:
    """One answer of the broker: what is new in a series, and how far it is covered with that.

    `continues`: it begins with the last bar that is stored already, which has to be about the same price.
    """

    contract: Contract
    coverage: BarCoverage
    bars: tuple[PriceBar, ...] = ()
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Flush:
    """Everything one transaction of the poller writes. Empty members mean "nothing new"."""

    account: str
    portfolio: Portfolio | None = None
    positions: tuple[Position, ...] = ()
    removed: tuple[int, ...] = ()  # con_ids that are no longer held
    executions: tuple[Execution, ...] = ()
    orders: tuple[Order, ...] = ()
    portfolio_samples: tuple[PortfolioSample, ...] = ()
    position_samples: tuple[PositionSample, ...] = ()
    outages: tuple[Outage, ...] = ()
    dividends: tuple[DividendOutlook, ...] = ()
    cash_states: tuple[CashState, ...] = ()
    contracts: tuple[Contract, ...] = field(default=())
