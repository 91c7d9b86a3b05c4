"""What the model costs, and what the payoff of a book of twelve options does: computed here, and asked of the pricing process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import psutil

from bench.common import Row, percentile
from dashboard.pricing import Pricer
from data.pricing import options, wire

DAY = date(2026, 1, 5)
MARKET = options.Market(DAY, 100.0, 0.04, ((DAY + timedelta(days=20), 0.8),))
PUTS = [options.Option("P", 90.0 + n, DAY + timedelta(days=10 + 10 * n), True) for n in range(12)]
CALLS = [options.Option("C", 95.0 + 2.5 * n, DAY + timedelta(days=10 + 10 * n), True) for n in range(12)]
SPOTS = [70.0 + n * 0.5 for n in range(121)]
TIMES = 15


def run() -> Iterator[Row]:
    marks = [(option, round(options.value(option, MARKET, 0.3), 4)) for option in (*PUTS, *CALLS)]
    yield Row(
        "pricing: an American option with a dividend, at any spot", _each(lambda n: _surface(n, marks)), "ms", 2.5
    )
    yield Row("pricing: an implied volatility from the European one", _each(lambda n: _implied(n, marks)), "ms", 5.0)
    pricer = Pricer()
    try:
        started = time.perf_counter()
        pricer(_asked(0, marks))
        yield Row("pricing: the process's start and first payoff", (time.perf_counter() - started) * 1000, "ms")
        spent = []
        for n in range(1, TIMES):
            started = time.perf_counter()
            pricer(_asked(n, marks))
            spent.append((time.perf_counter() - started) * 1000)
        yield Row("pricing: payoff of 12 options on 3 days by the process, p95", percentile(spent, 0.95), "ms", 400.0)
        (child,) = [p for p in psutil.Process().children() if "data.pricing" in p.cmdline()]
        yield Row("pricing: memory of the process", child.memory_info().rss / 2**20, "MB", 200.0)
    finally:
        pricer.close()


def _each(work: Callable[[int], object]) -> float:
    """Milliseconds of processor time: other programs don't count."""
    started = time.process_time()
    for n in range(TIMES * 4):
        work(n)
    return (time.process_time() - started) * 1000 / (TIMES * 4)


Marks = list[tuple[options.Option, float]]


def _surface(n: int, marks: Marks) -> None:
    value = options.values(marks[n % len(marks)][0], MARKET, 0.3, (70.0, 130.0))
    for spot in SPOTS:
        value(spot)


def _implied(n: int, marks: Marks) -> None:
    found = options.implied(*(marks[n % len(marks)][0], MARKET, marks[n % len(marks)][1]), (70.0, 130.0))
    assert found.volatility, found


def _asked(n: int, marks: Marks) -> wire.Request:
    """Others than the time before: an answer that is known isn't computed again."""
    last = PUTS[0].expiry
    return {
        "legs": [
            {
                "quantity": "-1", "multiplier": "100", "cost": "-150", "mark": mark, "forward": None,
                "option": {"right": o.right, "strike": o.strike, "expiry": o.expiry.isoformat(), "is_american": True},
            }
            for o, mark in marks[::2]
        ],
        "day": DAY.isoformat(), "spot": 100.0 + n / 1000, "rate": MARKET.rate,
        "dividends": [(day.isoformat(), amount) for day, amount in MARKET.dividends],
        "days": [DAY.isoformat(), (DAY + timedelta(days=5)).isoformat(), last.isoformat()], "spots": SPOTS,
    }  # fmt: skip
