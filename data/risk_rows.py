"""The rows behind risk that no revision counts: betas of stored bars, moves of positions, dividends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from data import rows
from data.analytics.greeks import SESSIONS
from data.risk_views import NextDividend, RiskOptions

BETAS_FOR = timedelta(minutes=15)
"""A beta moves with a day's close."""


class RiskRows:
    """`fetch` reads a named query, `state` refuses an account that isn't known. `options` are the settings'."""

    def __init__(
        self,
        fetch: Callable[..., Sequence[Any]],
        state: Callable[[str], Any],
        clock: Callable[[], datetime],
        options: RiskOptions,
    ) -> None:
        self.options = options
        self._fetch, self._state, self._clock = fetch, state, clock
        self._betas: tuple[frozenset[str], datetime, Sequence[Any]] | None = None

    def betas(self, symbols: Iterable[str]) -> Sequence[Any]:
        """Rows of the query `betas` for these symbols and the benchmark, at most a quarter of an hour old."""
        wanted, now = frozenset(symbols), self._clock()
        known = self._betas
        if known is not None and known[0] == wanted and known[2] and timedelta() <= now - known[1] < BETAS_FOR:
            return known[2]
        found = self._fetch("betas", symbols=sorted(wanted), benchmark=self.options.benchmark, sessions=SESSIONS)
        self._betas = (wanted, now, found)
        return found

    def moves(self, account: str, back: timedelta) -> tuple[Sequence[Any], Sequence[Any]]:
        """How positions moved since `back` ago, and the executions that may explain it."""
        self._state(account)
        now = self._clock()
        asked = {"account": account, "since": now - back, "now": now}
        return self._fetch("position_moves", **asked), self._fetch("moving_executions", **asked)

    def next_dividend(self, symbol: str, currency: str) -> NextDividend | None:
        """Of a stock or fund, as the broker said last; None where it was never asked or didn't answer."""
        for row in self._fetch("dividend_outlook", symbol=symbol, currency=currency):
            return {
                "ex_date": rows.day(row["next_date"]),
                "amount": row["next_amount"],
                "past_12_months": row["past_12_months"],
                "next_12_months": row["next_12_months"],
                "as_of": rows.stamp(row["as_of"]),
            }
        return None
