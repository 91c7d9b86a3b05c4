"""What is passed on to the listener: only what changed, only what is plausible. Outlives the connections."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from data.ibkr.events import Listener
from data.ibkr.plausible import Plausibility
from data.ibkr.translate import classify
from data.model import Execution, GatewayState, Order, Portfolio, Position

REFRESH = timedelta(seconds=10)
"""Data that came but say the same are passed on this often, so that their age is true."""
KEEP_EXECUTIONS = timedelta(days=7)


class Outlet:
    """The last known good state of one account, and the listener who hears of what is new in it."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.state: GatewayState | None = None
        self.account: str | None = None
        self._reason: str | None = None
        self._portfolio: Portfolio | None = None
        self._positions: dict[int, Position] = {}
        self._executions: dict[str, Execution] = {}
        self._orders: dict[int, Order] = {}
        self._plausibility = Plausibility()
        self._disbelief = ""
        self._others_seen = False

    def say(self, state: GatewayState, reason: str | None = None) -> None:
        """The link's state, once for each change."""
        if (state, reason) != (self.state, self._reason):
            self.state, self._reason = state, reason
            self.listener.on_state(state, reason)

    @property
    def doubts(self) -> bool:
        """Whether the account's latest figures were not believed."""
        return bool(self._disbelief)

    def watch(self, account: str) -> None:
        """The account is known."""
        if account != self.account:
            self.account = account
            self.listener.on_account(account)

    def portfolio(self, new: Portfolio, holds_positions: bool, is_new_datum: bool) -> None:
        """The account's figures, if they may be believed."""
        wrong = self._plausibility.judge(new, holds_positions, time.monotonic(), is_new_datum)
        if wrong is not None:
            if wrong != self._disbelief:
                self.listener.on_implausible(wrong)
            self._disbelief = wrong
            return
        self._disbelief = ""
        last = self._portfolio
        if last is None or new.as_of - last.as_of >= REFRESH or replace(new, as_of=last.as_of) != last:
            self._portfolio = new
            self.listener.on_portfolio(new)

    def position(self, new: Position) -> None:
        """A position; Greeks that this connection has not heard yet are those of the last one, with their own time."""
        con_id = new.contract.con_id
        last = self._positions.get(con_id)
        if new.greeks_as_of is None and last is not None and last.greeks_as_of is not None:
            new = _with_greeks_of(new, last)
        if last is None and not new.quantity:
            return
        if last is None or new.as_of - last.as_of >= REFRESH or replace(new, as_of=last.as_of) != last:
            self._positions[con_id] = new
            self.listener.on_position(new)

    def held(self, con_ids: frozenset[int]) -> None:
        """The complete list: what was held and is not in it has vanished unseen."""
        now = datetime.now(UTC)
        for con_id, last in list(self._positions.items()):
            if con_id in con_ids:
                continue
            if last.quantity:
                gone = replace(
                    last, quantity=0.0, as_of=now, avg_cost=None, market_price=None, market_value=None,
                    unrealized_pnl=None, daily_pnl=None,
                )  # fmt: skip
                self.listener.on_position(gone)
            del self._positions[con_id]
        self.listener.on_held(con_ids)

    def forget(self, con_id: int) -> None:
        """A closed position has said all it had to say."""
        last = self._positions.get(con_id)
        if last is not None and not last.quantity:
            del self._positions[con_id]

    def executions(self, new: Iterable[Execution], own_client: int) -> None:
        """Fills as they are known now: each is passed on when first seen and whenever more of it is known."""
        every = {**self._executions, **{x.exec_id: x for x in new if x.account == self.account}}
        if not every:
            return
        oldest = max(x.time for x in every.values()) - KEEP_EXECUTIONS
        for item in classify(x for x in every.values() if x.time >= oldest):
            last = self._executions.get(item.exec_id)
            if last is not None and last.commission is not None and item.commission is None:
                continue  # a fresh connection that has heard of the fill but not of its commission yet
            if item != last:
                self._executions[item.exec_id] = item
                self.listener.on_execution(item)
                self._note_others(item, own_client)
        for exec_id in [k for k, x in self._executions.items() if x.time < oldest]:
            del self._executions[exec_id]

    def _note_others(self, item: Execution, own_client: int) -> None:
        if not self._others_seen and item.order_id is not None and item.client_id not in (None, own_client):
            self._others_seen = True
            self.listener.on_info(other_clients_fills=True)

    def order(self, new: Order) -> None:
        """An order's state."""
        last = self._orders.get(new.perm_id)
        if new.account != self.account or (last is not None and replace(new, as_of=last.as_of) == last):
            return
        self._orders[new.perm_id] = new
        self.listener.on_order(new)

    def open_orders(self, perm_ids: frozenset[int]) -> None:
        """The complete list of what works: an order that is not in it has ended, how is known by its fills alone."""
        for last in list(self._orders.values()):
            if last.perm_id in perm_ids:
                continue
            if last.status not in ENDED:
                filled = sum(
                    (x.quantity for x in self._executions.values() if x.perm_id == last.perm_id),
                    start=last.quantity * 0,
                )
                status = "Filled" if filled and filled >= last.quantity else "Unknown"
                self.listener.on_order(replace(last, status=status, as_of=datetime.now(UTC)))
            del self._orders[last.perm_id]


ENDED = frozenset({"Filled", "Cancelled", "ApiCancelled", "Inactive"})


def _with_greeks_of(new: Position, last: Position) -> Position:
    return replace(
        new, delta=last.delta, gamma=last.gamma, theta=last.theta, vega=last.vega, implied_vol=last.implied_vol,
        underlying_price=last.underlying_price, greeks_as_of=last.greeks_as_of,
    )  # fmt: skip
