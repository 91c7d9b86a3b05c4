"""The book of 100,000 executions: folded from nothing and kept up fill by fill, in memory and in the database."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bench.common import Row, database, percentile
from data.book.book import Book
from data.book.keeping import Keeper
from data.book.sources import Fill, Terms
from data.db import connect, make_engine
from data.model import Role
from data.reads import Reads
from data.trade_filter import Wanted

ACCOUNT = "DU1"
FILLS, SYMBOLS, MORE, PAGES = 100_000, 25, 200, 40
COPY_FILLS = (
    "COPY executions (account, base_exec_id, revision, effective, exec_id, changed_revision, source, kind, con_id, ts, session_date,"
    " side, quantity, price, perm_id, commission, commission_currency) FROM STDIN"
)
REVISION = (
    "INSERT INTO revisions AS r (account, topic, revision) VALUES (%s, 'trades', %s)"
    " ON CONFLICT (account, topic) DO UPDATE SET revision = excluded.revision"
)
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
    yield from _kept()


def _kept() -> Iterator[Row]:
    """The same by the agent's keeper: from the executions in the database to the tables that the pages read."""
    with database() as url, connect(url, None, "bench", autocommit=True) as owner:
        fills = lives(FILLS + MORE)
        terms = {fill.terms.con_id: fill.terms for fill in fills}
        owner.execute("INSERT INTO accounts (account, source) VALUES (%s, 'demo')", [ACCOUNT])
        with owner.cursor() as cursor:
            with cursor.copy(
                'COPY contracts (con_id, symbol, local_symbol, sec_type, expiry, strike, "right", multiplier, currency) FROM STDIN'
            ) as copy:
                for t in terms.values():
                    copy.write_row(
                        (
                            t.con_id,
                            t.symbol,
                            t.local_symbol,
                            t.sec_type,
                            t.expiry,
                            t.strike,
                            t.right,
                            t.multiplier,
                            t.currency,
                        )
                    )
            with cursor.copy(COPY_FILLS) as copy:
                for number, fill in enumerate(fills):
                    copy.write_row(fill_row(fill, max(1, number - FILLS + 2)))
        owner.execute("ANALYZE")
        with connect(url, Role.AGENT, "bench", autocommit=True) as agent:
            keeper = Keeper(agent)
            times = []
            for revision in range(1, MORE + 2):
                owner.execute(REVISION, [ACCOUNT, revision])
                start = time.perf_counter()
                keeper.look()
                times.append(time.perf_counter() - start)
            yield Row(f"{FILLS:,} executions read, folded and written the first time", times[0], "s")
            yield Row("… one more execution: p95", 1000 * percentile(times[1:], 0.95), "ms")
        engine = make_engine(url, Role.WEB, "bench")
        reads = Reads(engine, url)
        of_one = Wanted(symbol="S3")
        pages: dict[str, Callable[[], object]] = {
            "round trips": lambda: reads.trading.round_trips(ACCOUNT, of_one, limit=100),
            "wheel cycles": lambda: reads.cycles(ACCOUNT, symbol="S3", limit=100),
        }
        for name, ask in pages.items():
            took = []
            for _ in range(PAGES):
                start = time.perf_counter()
                ask()
                took.append(1000 * (time.perf_counter() - start))
            yield Row(f"a page of 100 {name} of one symbol: p95", percentile(took, 0.95), "ms", 100)
        engine.dispose()


def fill_row(fill: Fill, revision: int) -> tuple[object, ...]:
    side = "BOT" if fill.quantity > 0 else "SLD"
    return (
        ACCOUNT, fill.key, 1, True, fill.key, revision, "api", fill.kind, fill.terms.con_id, fill.ts, fill.day, side,
        abs(fill.quantity), fill.price, fill.order and int(fill.order[1:]), fill.fee, fill.fee and "USD",
    )  # fmt: skip
