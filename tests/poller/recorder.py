"""A listener that writes down what it hears, and a session run in the test's own loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from data.ibkr.events import BarStore
from data.ibkr.session import Session, SessionOptions
from data.model import DividendOutlook, Execution, GatewayState, MarketPhase, Order, Portfolio, Position

WAIT_S = 30.0


class Recorder:
    """The newest record of each kind, and the history of what a test may ask about."""

    def __init__(self) -> None:
        self.states: list[tuple[GatewayState, str | None]] = []
        self.account: str | None = None
        self.portfolios: list[Portfolio] = []
        self.positions: dict[int, Position] = {}
        self.closed: list[Position] = []
        self.held: list[frozenset[int]] = []
        self.executions: dict[str, Execution] = {}
        self.execution_calls = 0
        self.orders: dict[int, Order] = {}
        self.dividends: dict[str, DividendOutlook] = {}
        self.market: list[tuple[MarketPhase | None, datetime | None]] = []
        self.proven: list[datetime] = []
        self.proven_in: set[GatewayState | None] = set()
        self.implausible: list[str] = []
        self.info: dict[str, Any] = {}
        self.infos: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self._moved = asyncio.Event()

    def _note(self, what: str) -> None:
        self.calls.append(what)
        self._moved.set()

    @property
    def state(self) -> GatewayState | None:
        return self.states[-1][0] if self.states else None

    @property
    def reason(self) -> str:
        return (self.states[-1][1] or "") if self.states else ""

    def reason_of(self, state: GatewayState) -> str:
        return next((reason or "" for found, reason in reversed(self.states) if found is state), "")

    def has_been(self, state: GatewayState, since: int = 0) -> bool:
        return any(found is state for found, _ in self.states[since:])

    async def until(self, condition: Callable[[], Any], what: str = "") -> Any:
        """Wait for calls until the condition holds; its value."""
        deadline = asyncio.get_running_loop().time() + WAIT_S
        while not (value := condition()):
            left = deadline - asyncio.get_running_loop().time()
            assert left > 0, f"waited {WAIT_S} s for {what or 'a condition'}; states: {self.states}, info: {self.infos}"
            self._moved.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, 0.25)):
                    await self._moved.wait()
        return value

    async def connected(self, since: int = 0) -> None:
        await self.until(lambda: len(self.states) > since and self.state is GatewayState.CONNECTED, "a connection")

    # -- the listener

    def on_state(self, state: GatewayState, reason: str | None) -> None:
        self.states.append((state, reason))
        self._note(f"state {state}")

    def on_account(self, account: str) -> None:
        self.account = account
        self._note("account")

    def on_portfolio(self, portfolio: Portfolio) -> None:
        self.portfolios.append(portfolio)
        self._note("portfolio")

    def on_position(self, position: Position) -> None:
        if position.quantity:
            self.positions[position.contract.con_id] = position
        else:
            self.positions.pop(position.contract.con_id, None)
            self.closed.append(position)
        self._note("position")

    def on_held(self, con_ids: frozenset[int]) -> None:
        self.held.append(con_ids)
        self._note("held")

    def on_execution(self, execution: Execution) -> None:
        self.executions[execution.exec_id] = execution
        self.execution_calls += 1
        self._note("execution")

    def on_order(self, order: Order) -> None:
        self.orders[order.perm_id] = order
        self._note("order")

    def on_dividends(self, outlook: DividendOutlook) -> None:
        self.dividends[outlook.symbol] = outlook
        self._note("dividends")

    def on_market(self, phase: MarketPhase | None, next_phase_at: datetime | None) -> None:
        self.market.append((phase, next_phase_at))
        self._note("market")

    def on_feed_proven(self, at: datetime) -> None:
        self.proven.append(at)
        self.proven_in.add(self.state)
        self._note("proven")

    def on_implausible(self, what: str) -> None:
        self.implausible.append(what)
        self._note("implausible")

    def on_info(self, **facts: Any) -> None:
        given = {name: value for name, value in facts.items() if value is not None}
        self.info.update(given)
        self.infos.append(given)
        self._note("info")


@contextlib.asynccontextmanager
async def running(
    host: str, port: int, client_id: int = 30, bars: BarStore | None = None, **options: Any
) -> AsyncIterator[Recorder]:
    """A session at work, ended at the end."""
    recorder = Recorder()
    settings = {"heartbeat_s": 0.5, "silence_s": 2.0, "reconcile_s": 3.0, "backoff_cap_s": 1.0, **options}
    session = Session(SessionOptions(host, port, client_id, **settings), recorder, bars)
    task = asyncio.ensure_future(session.run())
    try:
        yield recorder
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
