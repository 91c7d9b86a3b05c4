"""Historical bars. Days since the world began are recorded; the past before them is a fixed random walk.

The walk is a function of (seed, symbol, day) only, so that the same question always gets the same answer, and it is tied
to the prices of the world's first day. Inside a day the path is a bridge from its open to its close.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from datetime import time as daytime
from functools import lru_cache
from itertools import pairwise

from data.simulator.calendar import DAY, Hours, close_time, local, previous_session, sessions, timestamp
from data.simulator.calendar import is_session as trades_on
from data.simulator.instruments import BY_SYMBOL
from data.simulator.market import Market, at_the_money
from data.simulator.paths import STEP, Paths

BAR_SECONDS = {
    "1 secs": 1, "5 secs": 5, "10 secs": 10, "15 secs": 15, "30 secs": 30, "1 min": 60, "2 mins": 120, "3 mins": 180,
    "5 mins": 300, "10 mins": 600, "15 mins": 900, "20 mins": 1200, "30 mins": 1800, "1 hour": 3600, "2 hours": 7200,
    "3 hours": 10800, "4 hours": 14400, "8 hours": 28800, "1 day": 86400, "1 week": 604800, "1 W": 604800,
    "1 month": 2592000, "1 M": 2592000,
}  # fmt: skip
DURATIONS = {"S": 1, "D": 86400, "W": 604800, "M": 30 * 86400, "Y": 365 * 86400}
MONTH, YEAR = timedelta(days=30), timedelta(days=365)
LONGEST = 20_000
"""Bars in one answer at most; a request that needs more is refused, as TWS refuses unreasonable ones."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Open, high, low, close in USD; volume in shares; ``start`` in seconds since the epoch."""

    start: float
    open: float
    high: float
    low: float
    close: float
    volume: int
    average: float
    count: int


class History:
    """The past of a market."""

    def __init__(self, market: Market, hours: Hours, paths: Paths | None = None) -> None:
        """``paths``: what past sessions did inside, as far as it was kept."""
        self._market, self._hours, self._paths = market, hours, paths or Paths()

    def bars(self, symbol: str, end: float, span: float, size: int, regular: bool, what: str = "TRADES") -> list[Bar]:
        """Bars of ``size`` seconds that start in the ``span`` seconds before ``end``, oldest first.

        ``what`` is TWS's word; of volatilities (annualised, 0.25 is 25 %) the volume is 0.
        """
        of_day, digits = self._series(symbol, what)
        if size >= 86400:
            return self._daily(of_day, end, span, size)
        found: list[Bar] = []
        first = local(end - span).date()
        for day in sessions(previous_session(first), local(end).date()):
            draw = random.Random(f"{self._market.seed}/{symbol}/{day}/{size}/{regular}/{what}")
            closes = self._paths.closes(day, symbol) if digits == 2 else None
            found += self._intraday(of_day(day), day, end - span, end, size, regular, draw, digits, closes)
        return found

    def _series(self, symbol: str, what: str) -> tuple[Callable[[date], Bar], int]:
        """A day's bar by its date, and the digits of its prices."""
        if what == "OPTION_IMPLIED_VOLATILITY":
            return lambda day: self._implied(symbol, day), 6
        if what == "HISTORICAL_VOLATILITY":
            return lambda day: self._realized(symbol, day), 6
        return lambda day: self._day(symbol, day), 2

    @staticmethod
    def _daily(of_day: Callable[[date], Bar], end: float, span: float, size: int) -> list[Bar]:
        today = local(end).date()
        first = today - timedelta(days=max(round(span / 86400), 1))
        if span <= 86400 * 200:
            # IBKR counts days as sessions: "30 D" is thirty bars.
            wanted = round(span / 86400) if span % (30 * 86400) and span % 604800 else 0
            days = list(sessions(today - timedelta(days=max(wanted * 2, 10)), today))[-wanted:] if wanted else []
            days = days or list(sessions(first, today))
        else:
            days = list(sessions(first, today))
        bars = [of_day(day) for day in days]
        if size == 86400:
            return bars
        return _merge(bars, _week if size == 604800 else _month)

    def _close(self, symbol: str, day: date) -> float:
        """The day's closing price: as recorded, or walked back from the world's first day."""
        recorded = self._market.days.get(day.isoformat())
        if recorded:
            return recorded[symbol][3]
        if day >= self._hours.session_date(self._market.moment):
            return self._market.stocks[symbol].last
        steps = walk(self._market.seed, symbol)
        anchor = previous_session(self._market.first_session - DAY)
        vol = BY_SYMBOL[symbol].volatility
        first = self._market.first_closes[symbol]
        return round(first * math.exp(vol / math.sqrt(252) * (steps(day) - steps(anchor))), 2)

    def _day(self, symbol: str, day: date) -> Bar:
        state = self._market.stocks[symbol]
        start = timestamp(day, daytime(9, 30))
        draw = random.Random(f"{self._market.seed}/{symbol}/{day}/bar")
        volume = int(2e6 * (0.5 + draw.random()))
        if day >= self._hours.session_date(self._market.moment):
            return Bar(start, state.open, state.high, state.low, state.last, state.volume, state.last, 100)
        recorded = self._market.days.get(day.isoformat())
        if recorded:
            o, h, low, c, v = recorded[symbol][:5]
            return Bar(start, o, h, low, c, int(v), round((o + h + low + c) / 4, 2), int(v) // 120)
        close = self._close(symbol, day)
        before = self._close(symbol, previous_session(day - DAY))
        open_ = round(before + (close - before) * draw.uniform(-0.2, 0.4), 2)
        wide = before * BY_SYMBOL[symbol].volatility / math.sqrt(252) * 0.5
        high = round(max(open_, close) + wide * draw.random(), 2)
        low = round(max(min(open_, close) - wide * draw.random(), 0.01), 2)
        return Bar(start, open_, high, low, close, volume, round((open_ + close + high + low) / 4, 2), volume // 120)

    def _implied(self, symbol: str, day: date) -> Bar:
        """The day of the 30-day implied volatility; before the world began it rises after falls of the price."""
        start = timestamp(day, daytime(9, 30))
        if day >= self._hours.session_date(self._market.moment):
            return _vol_bar(start, *self._market.vol_bar(symbol))
        recorded = self._market.days.get(day.isoformat())
        if recorded and len(recorded[symbol]) > 5:
            return _vol_bar(start, *recorded[symbol][5:])
        steps, vol = walk(self._market.seed, symbol), BY_SYMBOL[symbol].volatility
        anchor = previous_session(self._market.first_session - DAY)

        def level(at: date) -> float:
            """Fades into the level with which the world began."""
            known = steps(anchor) - steps(anchor - MONTH)
            moved = steps(at) - steps(at - MONTH) - known * math.exp((at - anchor).days / 20)
            return round(at_the_money(symbol, MONTH / YEAR, vol * math.exp(-0.05 * moved)), 6)

        before, close = level(previous_session(day - DAY)), level(day)
        return _vol_bar(start, before, max(before, close), min(before, close), close)

    def _realized(self, symbol: str, day: date) -> Bar:
        """The volatility of the last 30 daily returns, annualised: one number a day."""
        closes, at = [], day
        for _ in range(31):
            closes.append(math.log(self._close(symbol, at)))
            at = previous_session(at - DAY)
        value = round(statistics.stdev(b - a for a, b in pairwise(closes)) * math.sqrt(252), 6)
        return _vol_bar(timestamp(day, daytime(9, 30)), value, value, value, value)

    def _intraday(
        self,
        bar: Bar,
        day: date,
        first: float,
        end: float,
        size: int,
        regular: bool,
        draw: random.Random,
        digits: int,
        closes: list[float] | None,
    ) -> list[Bar]:
        """A day's bar as a path of smaller ones, through the known ``closes`` of its session."""
        opening, closing = timestamp(day, daytime(9, 30)), timestamp(day, close_time(day))
        if not regular:
            opening, closing = timestamp(day, daytime(4)), timestamp(day, daytime(20))
        # Today's path ends now, at the last price.
        closing = min(closing, max(self._market.moment, opening + size))
        count = max(int((closing - opening) // size), 1)
        if not opening < end or closing <= first:
            return []
        if closes:
            starts = [opening + n * size for n in range(math.ceil((closing - opening) / size))]
            starts = [start for start in starts if first <= start < end]
            return _through(bar, closes, timestamp(day, daytime(9, 30)), starts, size)
        path = _bridge(bar, count, draw, digits)
        found = []
        for n in range(count):
            start = opening + n * size
            low, high = sorted((path[n], path[n + 1]))
            edge = (bar.high - bar.low) / count * draw.random()
            if first <= start < end:
                top, bottom = round(min(high + edge, bar.high), digits), round(max(low - edge, bar.low), digits)
                volume = max(bar.volume // count, 1) if bar.volume else 0
                average = round((top + bottom) / 2, digits)
                found.append(
                    Bar(
                        start, path[n], max(top, high), min(bottom, low), path[n + 1], volume, average, volume // 90 + 1
                    )
                )
        return found


def _vol_bar(start: float, open_: float, high: float, low: float, close: float) -> Bar:
    return Bar(start, open_, high, low, close, 0, round((open_ + high + low + close) / 4, 6), 0)


def _bridge(bar: Bar, count: int, draw: random.Random, digits: int) -> list[float]:
    """A path from the day's open to its close inside its range."""
    steps = [0.0]
    for _ in range(count):
        steps.append(steps[-1] + draw.gauss(0, 1))
    last, scale = steps[-1], (bar.high - bar.low) / (4 * math.sqrt(count))
    path = []
    for n, value in enumerate(steps):
        line = bar.open + (bar.close - bar.open) * n / count
        path.append(round(min(max(line + scale * (value - last * n / count), bar.low), bar.high), digits))
    return path


def _through(bar: Bar, closes: list[float], opening: float, starts: list[float], size: int) -> list[Bar]:
    """Bars through the closes of a session's steps; between two of them the price goes straight, outside it stands."""
    points = [bar.open, *closes]

    def price(moment: float) -> float:
        at = min(max((moment - opening) / STEP, 0.0), len(closes))
        n = min(int(at), len(closes) - 1)
        return round(points[n] + (points[n + 1] - points[n]) * (at - n), 2)

    volume, found = max(bar.volume * size // (len(closes) * STEP), 1), []
    for start in starts:
        since, until = math.ceil((start - opening) / STEP), int((start + size - opening) / STEP)
        prices = [price(start), *points[max(since, 0) : max(until + 1, 0)], price(start + size)]
        top, bottom = max(prices), min(prices)
        average = round((top + bottom) / 2, 2)
        found.append(Bar(start, prices[0], top, bottom, prices[-1], volume, average, volume // 90 + 1))
    return found


def _month(bar: Bar) -> tuple[int, int]:
    day = local(bar.start)
    return day.year, day.month


def _week(bar: Bar) -> tuple[int, int]:
    return local(bar.start).isocalendar()[:2]


def _merge(bars: list[Bar], key: Callable[[Bar], tuple[int, int]]) -> list[Bar]:
    """Days to weeks or months."""
    merged: dict[tuple[int, int], Bar] = {}
    for bar in bars:
        have = merged.get(key(bar))
        if have is None:
            merged[key(bar)] = bar
            continue
        high, low = max(have.high, bar.high), min(have.low, bar.low)
        volume, count = have.volume + bar.volume, have.count + bar.count
        merged[key(bar)] = Bar(have.start, have.open, high, low, bar.close, volume, have.average, count)
    return list(merged.values())


class _Walk:
    """A random walk over sessions since 2015, summed once and kept."""

    def __init__(self, seed: int, symbol: str) -> None:
        self._name = f"{seed}/{symbol}/walk"
        self._sums: dict[date, float] = {}
        self._last, self._sum = date(2015, 1, 1), 0.0

    def __call__(self, day: date) -> float:
        while self._last < day:
            self._last += DAY
            if trades_on(self._last):
                # Mean-reverting, so that ten years back is still a price of the same kind.
                self._sum = self._sum * 0.998 + random.Random(f"{self._name}/{self._last}").gauss(0, 1)
            self._sums[self._last] = self._sum
        return self._sums.get(day, 0.0)


@lru_cache(maxsize=64)
def walk(seed: int, symbol: str) -> _Walk:
    """The walk of a symbol for a seed."""
    return _Walk(seed, symbol)
