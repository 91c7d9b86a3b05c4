"""What a session tells its listener: model records only, in the event loop's thread, never blocking."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from data.model import (
    BarAnswer,
    BarCoverage,
    DividendOutlook,
    Execution,
    GatewayState,
    MarketPhase,
    Order,
    Portfolio,
    Position,
)


class Listener(Protocol):
    """Who hears the broker. Each call carries the whole current record, so that the newest one wins."""

    def on_state(self, state: GatewayState, reason: str | None) -> None:
        """The link's state changed; CONNECTED is said once everything was downloaded and the numbers may be trusted."""

    def on_account(self, account: str) -> None:
        """The gateway has said which account is watched; before any other record of it."""

    def on_portfolio(self, portfolio: Portfolio) -> None:
        """The account's figures changed; `as_of` is the newest datum's arrival."""

    def on_position(self, position: Position) -> None:
        """A position changed; quantity 0: it is closed."""

    def on_held(self, con_ids: frozenset[int]) -> None:
        """The complete list after a (re)connect: what is not in it is not held any more."""

    def on_execution(self, execution: Execution) -> None:
        """A fill, its correction, or the same fill with its commission."""

    def on_order(self, order: Order) -> None:
        """An order's status changed."""

    def on_dividends(self, outlook: DividendOutlook) -> None:
        """What the broker says of an underlying's dividends, also where it says nothing."""

    def on_market(self, phase: MarketPhase | None, next_phase_at: datetime | None) -> None:
        """The session's phase by the gateway's own trading hours; None: not known."""

    def on_feed_proven(self, at: datetime) -> None:
        """A heartbeat was answered: the link lives. Moves no `as_of`."""

    def on_implausible(self, what: str) -> None:
        """A value was not believed and not passed on."""

    def on_info(
        self,
        *,
        server_version: int | None = None,
        market_data_type: int | None = None,
        market_data_lines: int | None = None,
        other_clients_fills: bool | None = None,
        error: str | None = None,
    ) -> None:
        """Facts for the status row; only what is given is meant."""


class BarStore(Protocol):
    """Who keeps the broker's bars, and says what it has. In the event loop's thread."""

    def coverage(self) -> Mapping[tuple[int, str, str], BarCoverage] | None:
        """What is stored, by contract, what and resolution; None: bars can't be stored now, so that none are asked for."""

    def last_close(self, at: datetime) -> datetime:
        """The close of the last exchange session that was over at an instant."""

    async def store(self, answer: BarAnswer) -> bool:
        """Store an answer, whenever nothing more urgent is to be stored; whether it was."""
