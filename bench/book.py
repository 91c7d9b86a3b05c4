"""The book of 100,000 executions: folded from nothing, and kept up fill by fill."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bench.common import Row, percentile
from data.book.book import Book
from data.book.sources import Fill, Terms

FILLS, SYMBOLS, MORE = 100_000, 25, 200
START = datetime(2024, 1, 2, 15, tzinfo=UTC)


def lives(count: int) -> list[Fill]:
    """Short options sold in parts, rolled, bought back, expired or assigned with the shares called away later."""
    chance = random.Random(7)  # noqa: S311 - the same every time
    found: list[Fill] = []
    now = START

    def fill(
        terms: Terms, at: datetime, quantity: int, price: str, kind: str = "trade", order: int | None = None
    ) -> None:
        fee = Decimal("0.65") if kind == "trade" else None
        key = f"e{len(found):07d}"
        found.append(
            Fill(key, terms, at, at.date(), Decimal(quantity), Decimal(price), kind, fee, None, order and f"o{order}")
        )

    while len(found) < count:
        now += timedelta(seconds=chance.randrange(60, 900))
        symbol = f"S{chance.randrange(SYMBOLS)}"
        strike, right = chance.randrange(80, 120), chance.choice("PPPC")
        expiry = (now + timedelta(days=30)).date()
        number = len(found) + 1000
        terms = Terms(number, symbol, f"{symbol} {number}", "OPT", "USD", Decimal(100), Decimal(strike), right, expiry)
        parts = chance.randrange(1, 4)
        for _ in range(parts):
            fill(terms, now, -1, "1.25", order=number)
        end, later = chance.random(), now + timedelta(days=chance.randrange(1, 30))
        if end < 0.5:
            for _ in range(parts):
                fill(terms, later, 1, "0.25", order=number + 1)
        elif end < 0.7:
            out = Terms(
                -number, symbol, f"{symbol} {-number}", "OPT", "USD", Decimal(100), Decimal(strike), right, expiry
            )
            fill(terms, later, parts, "2.00", order=number + 1)
            fill(out, later, -parts, "2.50", order=number + 1)
            fill(out, later + timedelta(days=20), parts, "0", "expiry")
        elif end < 0.9 or right == "C":
            fill(terms, later, parts, "0", "expiry")
        else:
            shares = Terms(1 + int(symbol[1:]), symbol, symbol, "STK", "USD")
            fill(terms, later, parts, "0", "assignment")
            fill(shares, later, 100 * parts, str(strike), "assignment")
            fill(shares, later + timedelta(days=9), -100 * parts, str(strike + 1), order=number + 2)
    return sorted(found[:count], key=lambda f: (f.ts, f.key))


def run() -> Iterator[Row]:
    fills = lives(FILLS + MORE)
    known, coming = fills[:FILLS], fills[FILLS:]
    start = time.perf_counter()
    book = Book(known)
    counts = len(book.trips), len(book.chains), len(book.cycles)
    took = time.perf_counter() - start
    yield Row(f"{FILLS:,} executions folded into {counts[0]:,} round trips, chains and cycles", took, "s", 5)
    gc.collect()
    times = []
    for fill in coming:
        start = time.perf_counter()
        for underlying in book.update([fill]):
            book.live(underlying)
        times.append(1000 * (time.perf_counter() - start))
    yield Row(
        "… one more execution, with the chains and cycles of its underlying: p95", percentile(times, 0.95), "ms", 20
    )
    yield Row("… slowest", max(times), "ms")
