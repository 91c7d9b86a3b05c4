"""Historical bars of what is held and of the benchmark, asked for beside the live data and one request at a time.

:class:`BarFeed` outlives the connections: the pace that the broker asks for knows nothing of reconnects.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from data.ibkr import barplan, client, translate
from data.ibkr.barplan import SHOWN, SIZES, Key, Series, Situation, key_of
from data.ibkr.events import BarStore
from data.ibkr.pacing import WINDOW_S, Pacer
from data.model import BarAnswer, BarCoverage, Contract, PriceBar

log = logging.getLogger("mtz.ibkr")
LOOK_S = 1.0
ANSWER_S = 60.0
UNANSWERED_FOR = timedelta(minutes=10)
SOON = timedelta(minutes=1)
UNKNOWN_FOR = timedelta(hours=3)
"""How long a contract that the broker doesn't know is left alone."""
NO_BARS = "The broker answered without any bar."


@dataclass(frozen=True, slots=True)
class Gateway:
    """What the feed needs of a connection.

    `details` gives a contract's details, or None; `is_ready`: the account is whole and the broker reachable; `is_open`:
    the market is, as far as is known.
    """

    ib: Any
    held: Callable[[], Sequence[Contract]]
    details: Callable[[Any], Awaitable[Any]]
    is_ready: Callable[[], bool]
    is_open: Callable[[], bool]
    complain: Callable[[str], None]


class BarFeed:
    """Keeps the stored bars complete while a connection lasts: :meth:`keep` is one connection's job."""

    def __init__(self, store: BarStore, benchmark: str, limit: int) -> None:
        self._store, self._benchmark, self._limit = store, benchmark, limit
        self._pacer = Pacer(limit)
        self._underlyings: dict[tuple[str, str], Contract] = {}
        self._unknown: dict[tuple[str, str], datetime] = {}
        self._later: dict[Key, datetime] = {}
        self._remembers = False
        self._reachable_since = _now()
        self._requests: deque[int] = deque(maxlen=64)
        self._problem: tuple[int, str] | None = None

    async def keep(self, gateway: Gateway) -> None:
        """Ask for what is missing whenever it is due, until cancelled."""
        self._requests.clear()
        was_ready = False
        while self._limit > 0:
            is_ready = gateway.is_ready()
            if is_ready and not was_ready:
                self._reachable_since = _now()
            was_ready = is_ready
            if not is_ready or not await self._step(gateway):
                await asyncio.sleep(LOOK_S)

    def heard(self, request: int, code: int, text: str) -> bool:
        """An error of the gateway; whether it is about a request of this feed."""
        if request not in self._requests:
            return False
        if request == self._requests[-1]:
            self._problem = (code, text)
        return True

    async def _step(self, gateway: Gateway) -> bool:
        """Ask for one series; False where nothing may be asked for now."""
        coverage = self._store.coverage()
        if coverage is None:
            return False
        self._remember(coverage)
        contracts = {c.con_id: c for c in await self._contracts(gateway)}
        at = self._situation(gateway)
        due = barplan.next_due(contracts, coverage, at)
        if due is None:
            return False
        con_id, series = due
        contract, known = contracts[con_id], coverage.get(key_of(con_id, series))
        span = barplan.duration(series, known, at)
        group = (con_id, series.what)
        request = (*group, series.resolution, span)
        if self._pacer.wait(time.monotonic(), group, request) > 0:
            return False
        self._pacer.sent(time.monotonic(), group, request)
        await self._fetch(gateway, contract, series, known, span)
        return True

    def _situation(self, gateway: Gateway) -> Situation:
        now = _now()
        settled = self._store.last_close(now - barplan.SETTLED) + barplan.SETTLED
        self._later = {key: until for key, until in self._later.items() if until > now}
        return Situation(now, gateway.is_open(), settled, self._reachable_since, self._later)

    def _remember(self, coverage: barplan.Coverage) -> None:
        """What was asked before this program was started again counts too."""
        if not self._remembers:
            self._remembers = True
            ages = [(_now() - known.asked_at).total_seconds() for known in coverage.values()]
            self._pacer.remember(time.monotonic() - age for age in ages if 0 <= age < WINDOW_S)

    # -- one request

    async def _fetch(
        self, gateway: Gateway, contract: Contract, series: Series, known: BarCoverage | None, span: str
    ) -> None:
        key = key_of(contract.con_id, series)
        try:
            found = await self._ask(gateway.ib, contract, series, span)
        except TimeoutError:
            log.info("%s: no answer to a request for bars (%s) in %g s", contract.symbol, key, ANSWER_S)
            self._later[key] = _now() + UNANSWERED_FOR
            return
        now = _now()
        bars = translate.bars(found, series.what, now)
        problem = None if bars else self._refusal(known)
        if problem is not None and "pacing violation" in problem.lower():
            log.warning("The broker finds that bars are asked for too often: %s", problem)
            self._pacer.violated(time.monotonic())
            return
        if bars:
            self._pacer.answered()
        if not await self._store.store(_answer(contract, series, known, bars, now, problem)):
            self._later[key] = _now() + SOON

    async def _ask(self, ib: Any, contract: Contract, series: Series, span: str) -> list[Any]:
        """The library's bars; empty where there are none, with the reason in :attr:`_problem`."""
        self._problem = None
        exchange = contract.exchange or "" if contract.sec_type == "IND" else "SMART"
        wire = client.wire_contract(contract.con_id, exchange)
        request, answer = client.ask_bars(ib, wire, span, SIZES[series.resolution], SHOWN[series.what])
        self._requests.append(request)
        try:
            # Not wait_for: on Python 3.11 it may swallow the cancellation that ends a connection.
            async with asyncio.timeout(ANSWER_S):
                return await answer
        except TimeoutError:
            client.give_up_bars(ib, request)
            raise

    def _refusal(self, known: BarCoverage | None) -> str | None:
        """The broker's sentence; None where it only has nothing newer than what is known."""
        if self._problem is None:
            return None if known and known.last_ts else NO_BARS
        code, text = self._problem
        if known is not None and known.last_ts is not None and "no data" in text.lower():
            return None
        return f"{text.strip()[:300]} ({code})"

    # -- which contracts

    async def _contracts(self, gateway: Gateway) -> list[Contract]:
        """The benchmark, the stocks held and the underlyings of the options held, as far as they are known."""
        held = gateway.held()
        stocks = [contract for contract in held if contract.sec_type == "STK"]
        for contract in stocks:
            self._underlyings.setdefault((contract.symbol, contract.currency), contract)
        benchmark = await self._underlying(gateway, self._benchmark, "USD", client.stock(self._benchmark))
        under = [
            await self._underlying(gateway, contract.symbol, contract.currency, contract.con_id)
            for contract in held
            if contract.sec_type == "OPT"
        ]
        return [contract for contract in (benchmark, *stocks, *under) if contract is not None]

    async def _underlying(self, gateway: Gateway, symbol: str, currency: str, by: Any) -> Contract | None:
        """The instrument of that symbol: asked for once, by a contract to look for or by an option's id."""
        name = (symbol, currency)
        if name in self._underlyings or self._unknown.get(name, _now()) > _now():
            return self._underlyings.get(name)
        details = await (self._details_under(gateway, by) if isinstance(by, int) else gateway.details(by))
        if details:
            self._underlyings[name] = translate.contract(details[0].contract)
        elif details is None:  # not answered in time
            self._unknown[name] = _now() + SOON
        else:
            self._unknown[name] = _now() + UNKNOWN_FOR
            gateway.complain(
                f"The broker knows no {symbol} in {currency} to fetch price bars of: its charts stay empty."
            )
        return self._underlyings.get(name)

    @staticmethod
    async def _details_under(gateway: Gateway, option: int) -> Any:
        """The details of an option's underlying."""
        details = await gateway.details(client.wire_contract(option))
        if not details:
            return details
        con_id = details[0].underConId
        return await gateway.details(client.wire_contract(con_id, "")) if con_id else []


def _answer(
    contract: Contract, series: Series, known: BarCoverage | None, bars: tuple[PriceBar, ...], now: datetime,
    problem: str | None,
) -> BarAnswer:  # fmt: skip
    """What is new in an answer. The last bar known belongs to it: it may have been forming. An answer that doesn't reach back
    to it leaves a hole, and one after a split leaves older bars of another scale: the series begins with the answer."""
    first, last = (known.first_ts, known.last_ts) if known is not None else (None, None)
    if bars and (last is None or bars[0].ts > last):
        first = None
    if last is not None:
        bars = tuple(bar for bar in bars if bar.ts >= last)
    coverage = BarCoverage(
        contract.con_id,
        series.what,
        series.resolution,
        first_ts=first or (bars[0].ts if bars else None),
        last_ts=bars[-1].ts if bars else last,
        asked_at=now,
        problem=problem,
    )
    return BarAnswer(contract, coverage, bars, continues=last is not None and series.what == "trades")


def _now() -> datetime:
    return datetime.now(UTC)
