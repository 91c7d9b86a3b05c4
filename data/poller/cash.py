"""When cash or accruals changed, by what the broker says of them: a record for each change that stood."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from data.model import CashState, Portfolio

STOOD = timedelta(seconds=5)
"""The values of one push come one by one, and what is back at once was a glitch."""
WHOLE = timedelta(seconds=1)
"""So long after it came a push is whole: net liquidation may come ahead of the cash that it is made of."""


@dataclass(frozen=True, slots=True)
class Seen:
    at: datetime
    portfolio: Portfolio


class CashWatch:
    """Sees every state of one account that is believed. Outlives connections, so that what came while one was lost is a change too."""

    def __init__(self) -> None:
        self._newest: Portfolio | None = None
        self._told: tuple[object, ...] | None = None  # what the last record said
        self._changed: Seen | None = None  # another state, which hasn't stood long enough
        self._before: Seen | None = None  # when net liquidation was last told while that held
        self._fresh: Seen | None = None  # will be `_before` once it is whole

    def observe(self, portfolio: Portfolio, now: datetime) -> None:
        """A new state. Without its net liquidation or its cash there is nothing to be said of it."""
        if portfolio.net_liquidation is None or portfolio.cash_by_currency is None:
            return
        last, self._newest = self._newest, portfolio
        self._keep_whole(now)
        state = _state(portfolio)
        if state == self._told:
            self._changed = None
            if last is None or portfolio.net_liquidation != last.net_liquidation:
                self._fresh = Seen(now, portfolio)
            elif self._before is not None:  # the day's P&L may run ahead of it, but it holds still
                self._before = replace(self._before, at=now)
        elif self._changed is None or state != _state(self._changed.portfolio):
            self._fresh, self._changed = None, Seen(now, portfolio)

    def take(self, now: datetime) -> CashState | None:
        """The record of a change that has stood, once. As of what is known by now of net liquidation and the day's P&L."""
        self._keep_whole(now)
        changed, newest, before = self._changed, self._newest, self._before
        if changed is None or newest is None or newest.net_liquidation is None or now - changed.at < STOOD:
            return None
        self._told, self._changed = _state(newest), None
        self._before = self._fresh = Seen(now, newest)
        return CashState(
            newest.account, changed.at, newest.cash_by_currency or {}, newest.accrued_dividends, newest.accrued_interest,
            newest.net_liquidation, newest.daily_pnl,
            before.at if before else None,
            before.portfolio.net_liquidation if before else None,
            before.portfolio.daily_pnl if before else None,
        )  # fmt: skip

    def _keep_whole(self, now: datetime) -> None:
        if self._fresh is not None and now - self._fresh.at >= WHOLE:
            self._before, self._fresh = self._fresh, None


def _state(portfolio: Portfolio) -> tuple[object, ...]:
    balances = {currency: balance for currency, (balance, _) in (portfolio.cash_by_currency or {}).items()}
    return balances, portfolio.accrued_dividends, portfolio.accrued_interest
