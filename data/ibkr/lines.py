"""The market data lines of one connection: taken and given back as the budget says."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from data.ibkr import client
from data.ibkr.budget import Candidate, LineBudget
from data.model import Contract

UNAVAILABLE_S = 900.0
"""How long a contract without a line (no subscription, no definition) is left alone."""
OPTIONS = ("OPT", "FOP")
LOT = 8


@dataclass(slots=True)
class _Line:
    contract: Any
    request: int
    ticker: Any
    seen: Any = None  # the computation that was passed on last


@dataclass(slots=True)
class Borrowed:
    """A line that serves one question for a while; `moved` is set when its ticker has heard something, or it was refused."""

    contract: Any
    request: int
    ticker: Any
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    is_refused: bool = False


class Lines:
    """Only options get a line: what is needed of other contracts comes with P&L single, which needs none."""

    def __init__(self, ib: Any, budget: LineBudget) -> None:
        self._ib = ib
        self._budget = budget
        self._lines: dict[int, _Line] = {}
        # The library keeps a ticker for each contract object for ever: so there is one for each contract.
        self._contracts: dict[int, Any] = {}
        self._unavailable: dict[int, float] = {}
        self._borrowed: Borrowed | None = None

    def __len__(self) -> int:
        return len(self._lines) + self._lent

    @property
    def _lent(self) -> int:
        return int(self._borrowed is not None)

    def arrange(self, held: Sequence[tuple[Contract, float]]) -> bool:
        """Take and give back lines so that the positions (contract, quantity) are served as planned.

        Lines are taken in small lots, so that a refusal is heard before the account's last line is gone.

        Returns:
            Whether there are more to take in a moment.
        """
        now = time.monotonic()
        contracts = {c.con_id: c for c, _ in held if c.sec_type in OPTIONS}
        candidates = [
            Candidate(c.con_id, quantity < 0, c.expiry or date.max)
            for c, quantity in held
            if c.sec_type in OPTIONS and self._unavailable.get(c.con_id, 0.0) <= now
        ]
        wanted = self._budget.plan(candidates, now, self._lent)
        # Given back first: together they never exceed the budget.
        for con_id in [c for c in self._lines if c not in wanted]:
            self._stop(con_id)
        missing = [c for c in wanted if c not in self._lines]
        for con_id in missing[:LOT]:
            self._start(contracts[con_id])
        return len(missing) > LOT

    def _start(self, contract: Contract) -> None:
        exchange = "SMART" if contract.sec_type == "OPT" else contract.exchange or ""
        wire = self._contracts.setdefault(contract.con_id, client.wire_contract(contract.con_id, exchange))
        request, ticker = client.start_line(self._ib, wire)
        self._lines[contract.con_id] = _Line(wire, request, ticker, ticker.modelGreeks)

    def _stop(self, con_id: int) -> None:
        line = self._lines.pop(con_id)
        client.stop_line(self._ib, line.contract, line.request, line.ticker)

    def restart(self) -> None:
        """The gateway has forgotten every line."""
        for con_id in list(self._lines):
            self._stop(con_id)
        if self._borrowed is not None:
            self._borrowed.is_refused = True
            self._borrowed.moved.set()
            self.give_back(self._borrowed)

    def borrow(self, contract: Any, generic: str) -> Borrowed | None:
        """A line within the budget to ask something else, one at a time: where all are taken an option gives up its own.

        None where there is none to be had now. The library keeps a ticker for each contract object: give the same one again.
        """
        if self._borrowed is not None or self._budget.limit < 1:
            return None
        while len(self._lines) >= self._budget.limit:
            self._stop(next(reversed(self._lines)))
        request, ticker = client.start_line(self._ib, contract, generic)
        self._borrowed = Borrowed(contract, request, ticker)
        return self._borrowed

    def give_back(self, borrowed: Borrowed) -> None:
        """The question is answered, or given up."""
        if self._borrowed is borrowed:
            self._borrowed = None
            client.stop_line(self._ib, borrowed.contract, borrowed.request, borrowed.ticker)

    def borrowed_refused(self, request: int, is_last: bool) -> bool:
        """The borrowed line was refused; `is_last`: because there is none left. False if the request is another one's."""
        borrowed = self._borrowed
        if borrowed is None or borrowed.request != request:
            return False
        self._borrowed, borrowed.is_refused = None, True
        client.forget_line(self._ib, borrowed.request, borrowed.ticker)
        borrowed.moved.set()
        if is_last:
            self._yield()
        return True

    def fresh_greeks(self, tickers: Iterable[Any]) -> Iterable[tuple[int, Any]]:
        """(con_id, computation) of those tickers whose model has spoken anew."""
        for ticker in tickers:
            if self._borrowed is not None and ticker is self._borrowed.ticker:
                self._borrowed.moved.set()
            line = self._lines.get(ticker.contract.conId)
            if line is not None and ticker.modelGreeks is not None and ticker.modelGreeks is not line.seen:
                line.seen = ticker.modelGreeks
                yield ticker.contract.conId, ticker.modelGreeks

    @property
    def data_type(self) -> int | None:
        """What most lines deliver: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen; None before anything came."""
        types = Counter(line.ticker.marketDataType for line in self._lines.values() if line.ticker.time is not None)
        return int(types.most_common(1)[0][0]) if types else None

    def no_line_left(self, request: int) -> bool:
        """Error 101: this one was refused, and others are given back at once. False if it is not one of ours."""
        con_id = self._owner(request)
        if con_id is None:
            return False
        line = self._lines.pop(con_id)
        client.forget_line(self._ib, line.request, line.ticker)
        self._yield()
        return True

    def _yield(self) -> None:
        keep = self._budget.refused(len(self._lines), time.monotonic())
        for held in list(self._lines)[keep:]:
            self._stop(held)

    def not_available(self, request: int) -> bool:
        """No data for this contract: it is left alone for a while. False if the request is not one of ours."""
        con_id = self._owner(request)
        if con_id is None:
            return False
        line = self._lines.pop(con_id)
        client.forget_line(self._ib, line.request, line.ticker)
        self._unavailable[con_id] = time.monotonic() + UNAVAILABLE_S
        return True

    def _owner(self, request: int) -> int | None:
        return next((con_id for con_id, line in self._lines.items() if line.request == request), None)
