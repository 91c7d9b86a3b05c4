"""Pages of the decision ledger over 50,000 decisions and as many orders, one in twenty an orphan; and what figures cost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from bench.common import Row, database, percentile
from bench.storage import ACCOUNT, batch
from data.db import connect, make_engine
from data.model import Role, Source
from data.reads import Reads
from data.store import Store
from data.strategies.attributing import Attributor
from data.strategies.figures.keeping import Keeper

ROWS = 50_000
PAGES = 40
FILL = (
    "INSERT INTO bots (bot, adapter, client_id) VALUES ('bot', 'wrapper', 1)",
    "INSERT INTO strategies (name, bot) SELECT 'bot/s' || n, 'bot' FROM generate_series(0, 19) n",
    "INSERT INTO decisions (bot, source_key, account, strategy, ts, kind, symbol, bid, ask, perm_id, reason, action, quantity)"
    " SELECT 'bot', n::text, %(account)s, 'bot/s' || n %% 20, now() - n * interval '2 minutes',"
    "        CASE WHEN n %% 3 = 0 THEN 'skip' ELSE 'intent' END, 'S' || n %% 25, 2.4, 2.6,"
    "        CASE WHEN n %% 20 <> 0 THEN n END, 'no credit above minimum', 'SELL', 1"
    "   FROM generate_series(1, %(rows)s) n",
    "INSERT INTO orders (account, perm_id, as_of, con_id, symbol, sec_type, action, order_type, quantity, client_id, status,"
    "                    filled, avg_fill_price)"
    " SELECT %(account)s, n, now() - n * interval '2 minutes', 1000 + n %% 100, 'S' || n %% 25, 'OPT', 'SELL', 'LMT', 1, 1,"
    "        'Filled', 1, 2.45"
    "   FROM generate_series(1, %(rows)s) n",
    "INSERT INTO executions (account, base_exec_id, revision, effective, exec_id, changed_revision, source, kind, con_id, ts,"
    "                        session_date, side, quantity, price, perm_id, client_id, commission, order_ref)"
    " SELECT %(account)s, 'e' || n, 1, true, 'e' || n || '.01', 1, 'api', 'trade', 1000 + n %% 100,"
    "        now() - n * interval '2 minutes', (now() - n * interval '2 minutes')::date,"
    "        CASE WHEN n %% 2 = 0 THEN 'BOT' ELSE 'SLD' END, 1, 2.45, n, 1, 1.05, 'bot:s' || n %% 20 || ':x'"
    "   FROM generate_series(1, %(rows)s) n",
)
FILTERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("", {}),
    (" of one strategy", {"strategy": "bot/s7"}),
    (" of one symbol", {"symbol": "S3"}),
    (" of orphans", {"kind": "orphan"}),
    (" of what is not there", {"strategy": "bot/s7", "kind": "error"}),
)


def run() -> Iterator[Row]:
    with database() as url:
        with connect(url, Role.POLLER, "bench") as conn:
            store = Store(conn)
            store.claim_source(Source.DEMO, ACCOUNT)
            store.flush(batch(100, 1))
        with connect(url, None, "bench", autocommit=True) as conn:
            for words in FILL:
                conn.execute(words, {"account": ACCOUNT, "rows": ROWS})
            conn.execute("ANALYZE")
        yield from _pages(url)
        yield from _figures(url)


def _pages(url: str) -> Iterator[Row]:
    engine = make_engine(url, Role.WEB, "bench")
    reads = Reads(engine, url)
    for name, wanted in FILTERS:
        took, before = [], None
        for _ in range(PAGES):
            start = time.perf_counter()
            page = reads.decisions(ACCOUNT, limit=100, before=before, **wanted)
            took.append(1000 * (time.perf_counter() - start))
            before = page["next_before"]
        yield Row(
            f"a page of the decision ledger{name}, {ROWS:,} decisions and orders: p95",
            percentile(took, 0.95),
            "ms",
            100,
        )
    engine.dispose()


def _figures(url: str) -> Iterator[Row]:
    with connect(url, Role.AGENT, "bench", autocommit=True) as conn:
        attributor, keeper = Attributor(conn), Keeper(conn)
        start = time.perf_counter()
        attributor.look()
        yield Row(f"attributing {ROWS:,} orders and fills the first time", time.perf_counter() - start, "s")
        start = time.perf_counter()
        keeper.look()
        yield Row(f"figures of 20 strategies from {ROWS:,} fills, the first time", time.perf_counter() - start, "s")
        took = []
        with connect(url, Role.POLLER, "bench") as poller:
            store = Store(poller)
            for step in range(20):
                store.flush(batch(100, step + 2))
                start = time.perf_counter()
                attributor.look()
                keeper.look()
                took.append(1000 * (time.perf_counter() - start))
        yield Row("… and again at every tick: p95", percentile(took, 0.95), "ms", 500)
