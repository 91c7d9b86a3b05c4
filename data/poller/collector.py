"""Between the broker's events and the database: the newest of everything, what changed, and which samples are due.

Lives in the event loop's thread. While the writer is busy or the database hangs nothing queues up here but samples,
fills and order events: of the latest rows only the newest is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from data.model import (
    CashState,
    DividendOutlook,
    Execution,
    Flush,
    GatewayState,
    MarketPhase,
    Order,
    Outage,
    PollerStatus,
    Portfolio,
    PortfolioSample,
    Position,
    PositionSample,
)  # fmt: skip
from data.poller.cash import CashWatch
from data.poller.options import PollerOptions

FEED_STATES = {GatewayState.SILENT, GatewayState.BROKER_UNREACHABLE, GatewayState.OTHER_LOGIN}  # the socket is open
FEED_ALIVE_S = 15.0  # an answered heartbeat proves this long a span
KNOWN_EXECUTIONS = 20_000  # the database knows the older ones: they would be written again, not doubled
CLOCK_SET_BACK = timedelta(minutes=1)  # what is this much older isn't late: the clock is another one
HELD_SAMPLES = 20_000  # a hanging database holds back this many at the most; beyond, samples go first


@dataclass(slots=True)
class Pending:
    """What the next flush will hold."""

    portfolio: bool = False
    positions: set[int] = field(default_factory=set)
    removed: set[int] = field(default_factory=set)
    dividends: set[tuple[str, str]] = field(default_factory=set)
    executions: list[Execution] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    portfolio_samples: list[PortfolioSample] = field(default_factory=list)
    position_samples: list[PositionSample] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    cash_states: list[CashState] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)


class Collector:
    """The session's listener. `wake` is called when there is something to flush."""

    def __init__(self, options: PollerOptions, now: Callable[[], datetime], wake: Callable[[], None]) -> None:
        self._options = options
        self._now = now
        self._wake = wake
        self._pending = Pending()
        self._portfolio: Portfolio | None = None
        self._cash = CashWatch()
        self._positions: dict[int, Position] = {}
        self._executions: dict[tuple[str, int], Execution] = {}
        self._orders: dict[int, Order] = {}
        self._dividends: dict[tuple[str, str], DividendOutlook] = {}
        self._portfolio_sampled: datetime | None = None
        self._portfolio_unsampled = False
        self._sampled: dict[int, datetime] = {}
        self._unsampled: set[int] = set()
        self._outage: Outage | None = None
        self._is_complete = False  # the broker has listed all positions
        self.stored: frozenset[int] = frozenset()  # positions that the database has from before
        started = now()
        address = f"{options.host}:{options.port}"
        self.account: str | None = None  # until the gateway has named it nothing is stored
        self.status = PollerStatus(
            "", started, started, GatewayState.CONNECTING, None, started, address, options.client_id
        )  # fmt: skip

    # -- the listener ---------------------------------------------------------

    def on_account(self, account: str) -> None:
        self.account = account
        self._wake()

    def on_state(self, state: GatewayState, reason: str | None) -> None:
        if (state, reason) == (self.status.gateway_state, self.status.gateway_reason):
            return
        now = self._now()
        self.status = replace(self.status, gateway_state=state, gateway_reason=reason, gateway_since=now)
        self._note_outage(state, reason, now)
        self._wake()

    def on_portfolio(self, portfolio: Portfolio) -> None:
        if self._portfolio is not None and _is_older(portfolio.as_of, self._portfolio.as_of):
            return
        self._portfolio = portfolio
        self._cash.observe(portfolio, _milliseconds(self._now()))
        self._pending.portfolio = self._portfolio_unsampled = True
        self._datum(portfolio.as_of)

    def on_position(self, position: Position) -> None:
        con_id = position.contract.con_id
        if position.quantity == 0:
            self._close(con_id, position)
        else:
            self._positions[con_id] = position
            self._pending.removed.discard(con_id)
            self._pending.positions.add(con_id)
            self._unsampled.add(con_id)
        self._datum(position.as_of)

    def on_held(self, con_ids: frozenset[int]) -> None:
        self._is_complete = True
        for con_id in set(self._positions) - con_ids:
            self._close(con_id, None)
        # Rows of an earlier poller, and of positions that were closed while the database was away.
        self._pending.removed |= self.stored - con_ids
        self._wake()

    def on_execution(self, execution: Execution) -> None:
        key = (execution.base_exec_id, execution.revision)
        if self._executions.get(key) == execution:
            return
        self._executions[key] = execution
        if len(self._executions) > KNOWN_EXECUTIONS:
            del self._executions[next(iter(self._executions))]
        self._pending.executions.append(execution)
        self._datum(self._now())

    def on_order(self, order: Order) -> None:
        known = self._orders.get(order.perm_id)
        if known is not None and replace(known, as_of=order.as_of) == order:
            return
        self._orders[order.perm_id] = order
        self._pending.orders.append(order)
        self._wake()

    def on_dividends(self, outlook: DividendOutlook) -> None:
        key = (outlook.symbol, outlook.currency)
        self._dividends[key] = outlook
        self._pending.dividends.add(key)
        self._wake()

    def on_market(self, phase: MarketPhase | None, next_phase_at: datetime | None) -> None:
        self.status = replace(self.status, market_phase=phase, next_phase_at=next_phase_at)
        self._wake()

    def on_feed_proven(self, at: datetime) -> None:
        self.status = replace(self.status, feed_proven_at=at)

    def on_implausible(self, what: str) -> None:
        count = self.status.implausible + 1
        self.status = replace(self.status, implausible=count, last_error=what, last_error_at=self._now())

    def on_info(
        self,
        *,
        server_version: int | None = None,
        market_data_type: int | None = None,
        market_data_lines: int | None = None,
        other_clients_fills: bool | None = None,
        error: str | None = None,
    ) -> None:
        given = {
            "server_version": server_version,
            "market_data_type": market_data_type,
            "market_data_lines": market_data_lines,
            "other_clients_fills": other_clients_fills,
            "last_error": error,
            "last_error_at": self._now() if error else None,
        }
        self.status = replace(self.status, **{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]

    # -- what the service asks --------------------------------------------------

    def refresh(self) -> None:
        """The database missed flushes: write every latest row again, and remove those of what is not held any more."""
        self._pending.portfolio = self._portfolio is not None
        self._pending.positions |= set(self._positions)
        self._pending.dividends |= set(self._dividends)
        if self._is_complete:
            self._pending.removed |= self.stored - set(self._positions)
        self._wake()

    def forget_samples(self) -> None:
        """Another poller sampled this span."""
        self._pending.portfolio_samples.clear()
        self._pending.position_samples.clear()
        self._pending.cash_states.clear()

    def note(self, outage: Outage) -> None:
        """A span without stored data that the writer knows of."""
        self._pending.outages.append(outage)
        self._wake()

    def error(self, sentence: str) -> None:
        self.status = replace(self.status, last_error=sentence, last_error_at=self._now())

    def take(self, now: datetime) -> Flush | None:
        """Everything pending as one flush, or None."""
        self._sample(now)
        if (state := self._cash.take(now)) is not None:
            self._pending.cash_states.append(state)
        if not self._pending or self.account is None:
            return None
        pending, self._pending = self._pending, Pending()
        return Flush(
            self.account,
            portfolio=self._portfolio if pending.portfolio else None,
            positions=tuple(self._positions[c] for c in sorted(pending.positions) if c in self._positions),
            removed=tuple(sorted(pending.removed)),
            executions=tuple(pending.executions),
            orders=tuple(pending.orders),
            portfolio_samples=tuple(pending.portfolio_samples),
            position_samples=tuple(pending.position_samples),
            dividends=tuple(self._dividends[key] for key in sorted(pending.dividends)),
            outages=tuple(replace(o, account=self.account) for o in pending.outages),
            cash_states=tuple(pending.cash_states),
        )

    def queue_depth(self) -> int:
        pending = self._pending
        return len(pending.portfolio_samples) + len(pending.position_samples) + len(pending.executions)

    # -- inside -----------------------------------------------------------------

    def _datum(self, as_of: datetime) -> None:
        if self.status.last_datum_at is None or not _is_older(as_of, self.status.last_datum_at):
            self.status = replace(self.status, last_datum_at=as_of)
        self._wake()

    def _close(self, con_id: int, last: Position | None) -> None:
        known = self._positions.pop(con_id, None)
        last = last or (replace(known, quantity=0.0, as_of=self._now(), market_value=0.0) if known else None)
        if last is not None and known is not None:
            self._pending.position_samples.append(PositionSample(_milliseconds(self._now()), last))
        self._pending.positions.discard(con_id)
        self._unsampled.discard(con_id)
        self._pending.removed.add(con_id)

    def _note_outage(self, state: GatewayState, reason: str | None, now: datetime) -> None:
        kind = "feed" if state in FEED_STATES else "gateway"
        connected = state is GatewayState.CONNECTED
        if self._outage is not None and (connected or self._outage.kind != kind):
            self._pending.outages.append(replace(self._outage, ended=now))
            self._outage = None
        if not connected and state is not GatewayState.CONNECTING:
            if self._outage is None:
                self._outage = Outage("", kind, _milliseconds(now), None, reason or state.value)
            self._outage = replace(self._outage, reason=reason or state.value)
            self._pending.outages.append(self._outage)

    def _feed_alive(self, now: datetime) -> bool:
        proven = self.status.feed_proven_at
        alive = proven is not None and (now - proven).total_seconds() <= FEED_ALIVE_S
        return alive and self.status.gateway_state is GatewayState.CONNECTED

    def _sample(self, now: datetime) -> None:
        """One portfolio row a second and one row in five for each position when it changed; each minute while alive."""
        alive, ts = self._feed_alive(now), _milliseconds(now)
        options = self._options
        if self.queue_depth() > HELD_SAMPLES:
            self._pending.position_samples = self._pending.position_samples[::2]
            self._pending.portfolio_samples = self._pending.portfolio_samples[::2]
        if self._portfolio is not None and _due(
            self._portfolio_sampled, now, options.portfolio_sample_s if self._portfolio_unsampled else None,
            options.minute_sample_s if alive else None,
        ):  # fmt: skip
            self._pending.portfolio_samples.append(PortfolioSample(ts, self._portfolio))
            self._portfolio_sampled, self._portfolio_unsampled = now, False
        for con_id, position in self._positions.items():
            changed = options.position_sample_s if con_id in self._unsampled else None
            if _due(self._sampled.get(con_id), now, changed, options.minute_sample_s if alive else None):
                self._pending.position_samples.append(PositionSample(ts, position))
                self._sampled[con_id] = now
                self._unsampled.discard(con_id)


def _due(last: datetime | None, now: datetime, changed_every: float | None, alive_every: float | None) -> bool:
    """Whether a sample is due: its spacing is kept after a change, or after none while the feed is proven alive."""
    spacing = min((s for s in (changed_every, alive_every) if s is not None), default=None)
    if spacing is None:
        return False
    # A clock that jumped back must not stop the sampling until it has caught up.
    return last is None or now < last or now - last >= timedelta(seconds=spacing)


def _is_older(as_of: datetime, than: datetime) -> bool:
    return timedelta() < than - as_of < CLOCK_SET_BACK


def _milliseconds(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
