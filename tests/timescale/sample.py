"""A small history with every awkward hour in it, the same for every database."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from data.model import (
    Contract,
    Execution,
    Flush,
    GatewayState,
    Outage,
    PollerStatus,
    Portfolio,
    PortfolioSample,
    Position,
    PositionSample,
    Source,
)
from data.store import Sessions, Store

ACCOUNTS = ("DU1", "DU2")
STOCK = Contract(1, "KO", "KO", "STK", "USD")
PUT = Contract(2, "KO", "KO 260116P60", "OPT", "USD", "KO", "SMART", date(2026, 1, 16), 60.0, "P", 100.0)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Each is sampled for a few minutes from here on.
MOMENTS = (
    utc("2025-10-31 13:29"),  # Friday's open, in daylight-saving time
    utc("2025-10-31 19:58"),  # its close at 20:00
    utc("2025-11-02 05:58"),  # Sunday: the clocks go back at 06:00
    utc("2025-11-03 01:59"),  # overnight before Monday
    utc("2025-11-03 14:28"),  # Monday's open, in standard time
    utc("2025-11-03 20:58"),  # its close at 21:00
    utc("2025-11-03 23:58"),  # midnight UTC inside a trading day
    utc("2025-11-26 20:59"),  # Wednesday's close before the holiday
    utc("2025-11-27 15:00"),  # Thanksgiving belongs to Friday
    utc("2025-11-28 17:58"),  # Friday closes early, at 18:00
    utc("2025-11-29 12:00"),  # the weekend belongs to Monday
    utc("2025-12-01 14:59"),
    utc("2026-03-06 20:58"),  # Friday's close, in standard time
    utc("2026-03-08 06:58"),  # Sunday: the clocks go forward at 07:00
    utc("2026-03-09 13:29"),  # Monday's open, in daylight-saving time
    utc("2026-03-09 19:58"),  # its close at 20:00
)
MIDDLE = utc("2025-11-28 17:59")  # a threshold inside a session
FIRST, LAST = MOMENTS[0], MOMENTS[-1] + timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Row:
    """One instant's sample of one account; None is unknown."""

    account: str
    ts: datetime
    worth: float | None
    daily: float | None
    cash: float | None
    price: float | None


def rows(seed: int = 1, moments: Sequence[datetime] = MOMENTS) -> list[Row]:
    """Samples some seconds apart, unknown here and there and always at the edges of some buckets."""
    rng = random.Random(seed)

    def some(value: float, unknown: bool) -> float | None:
        return None if unknown or rng.random() < 0.15 else value

    found: list[Row] = []
    for account in ACCOUNTS:
        worth = rng.uniform(9e4, 1.1e5)
        for moment in moments:
            ts = moment
            empty = rng.random() < 0.2  # now and then nothing is known for a while
            while ts < moment + timedelta(minutes=4):
                worth += rng.gauss(0, 40)
                edge = empty or ts.second < 8 or ts.second > 50
                found.append(
                    Row(
                        account, ts, some(worth, edge and rng.random() < 0.7), some(worth - 1e5, edge),
                        some(rng.uniform(1e3, 9e3), False), some(rng.uniform(50, 70), edge),
                    )
                )  # fmt: skip
                ts += timedelta(milliseconds=rng.choice([5_000, 7_250, 21_000, 50_000]))
    return found


def introduce(store: Store) -> None:
    """What is no history: accounts, contracts, positions, fills, an outage, the poller's state. All times are fixed."""
    for number, account in enumerate(ACCOUNTS):
        store.claim_source(Source.PAPER, account)
        fills = tuple(
            Execution(
                account, f"f{number}{i}.01", f"f{number}{i}", 1, PUT, LAST - timedelta(days=i), "SLD" if i % 2 else "BOT",
                Decimal(1), Decimal("2.51"), perm_id=7, client_id=1, commission=Decimal("1.05"),
            )
            for i in range(4)
        )  # fmt: skip
        store.flush(
            Flush(
                account,
                contracts=(STOCK, PUT),
                portfolio=_portfolio(Row(account, LAST, 1e5, 12.5, 5e3, None)),
                positions=(_position(Row(account, LAST, None, 1.5, None, 61.0), STOCK),),
                executions=fills,
                outages=(Outage(account, "feed", MIDDLE, MIDDLE + timedelta(minutes=3), "The line was cut."),),
            )
        )
        store.write_status(
            PollerStatus(
                account, LAST, FIRST, GatewayState.CONNECTED, None, FIRST, "127.0.0.1:4002", 30,
                last_datum_at=LAST, feed_proven_at=LAST,
            )
        )  # fmt: skip


def flows_and_bars(conn: Any) -> None:
    """Written by others than the poller."""
    for i, owed in enumerate((12.5, 0.0, 3.25)):
        conn.execute(
            "INSERT INTO cash_states (account, ts, session_date, cash_by_currency, accrued_dividends, accrued_interest, net_liquidation,"
            ' daily_pnl) VALUES (\'DU1\', %s, session_date_of(%s), \'{"USD": ["100.25", "1"]}\', %s, 0, 100000, 5)',
            [MOMENTS[i], MOMENTS[i], owed],
        )
    conn.execute(
        "INSERT INTO suspected_transfers (account, ts, session_date, amount) VALUES ('DU1', %s, session_date_of(%s), 987.65)",
        [MOMENTS[2], MOMENTS[2]],
    )
    for i, kind in enumerate(("deposit", "withdrawal", "dividend")):
        conn.execute(
            "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, base_amount, source)"
            " VALUES (%s, %s, %s, session_date_of(%s), %s, %s, 'USD', %s, 'statement')",
            ["DU1", f"f{i}", MOMENTS[i], MOMENTS[i], kind, Decimal("100.50"), None if i else Decimal("100.50")],
        )
    for resolution, step in (("1m", timedelta(minutes=1)), ("1h", timedelta(hours=1)), ("1d", timedelta(days=1))):
        for what in ("trades", "implied_vol"):
            for i, moment in enumerate(MOMENTS):
                ts = moment if step < timedelta(days=1) else datetime.combine(moment.date(), datetime.min.time(), UTC)
                conn.execute(
                    "INSERT INTO price_bars VALUES (%s, %s, %s, %s, session_date_of(%s), %s, %s, %s, %s, %s)"
                    " ON CONFLICT DO NOTHING",
                    [
                        STOCK.con_id,
                        what,
                        resolution,
                        ts,
                        ts,
                        60.0 + i,
                        61.5 + i,
                        59.25 + i,
                        60.1 + i,
                        None if i % 3 else 1e6,
                    ],
                )
        conn.execute(
            "INSERT INTO bar_coverage VALUES (%s, 'trades', %s, %s, %s, %s, NULL)",
            [STOCK.con_id, resolution, FIRST, LAST, LAST],
        )


def bots(conn: Any) -> None:
    """What bots and commands leave behind, in few words: the tables are the same on every flavour."""
    for words in (
        "INSERT INTO bots (bot, adapter, family, account, client_id, schedule, heartbeat_at, command, first_seen, last_seen)"
        " VALUES ('bot', 'wrapper', 'thetagang2', 'DU1', 1, '30 10 * * *', %(last)s, '[\"bot\"]', %(first)s, %(last)s)",
        "INSERT INTO strategies (name, created_at, bot, symbols, allocation)"
        " VALUES ('bot/wheel', %(first)s, 'bot', '{KO}', 0.5), ('bot/hedge', %(first)s, 'bot', '{}', NULL)",
        "INSERT INTO commands (command_id, strategy, symbol, action, actor, actor_kind, requested_at)"
        " VALUES ('00000000-0000-0000-0000-000000000001', 'bot/wheel', NULL, 'pause', 'local', 'local', %(first)s),"
        "        ('00000000-0000-0000-0000-000000000002', 'bot/wheel', 'KO', 'pause', 'local', 'local', %(last)s)",
        "INSERT INTO strategy_states (strategy, desired, command, since) SELECT strategy, 'paused', id, %(first)s FROM commands"
        " WHERE symbol IS NULL",
        "INSERT INTO bot_runs (run_id, bot, started_at, ended_at, outcome)"
        " VALUES ('00000000-0000-0000-0000-000000000003', 'bot', %(first)s, %(last)s, 'ok')",
        "INSERT INTO decisions (bot, source_key, account, strategy, ts, kind, symbol, bid, ask, perm_id, reason)"
        " VALUES ('bot', '1', 'DU1', 'bot/wheel', %(first)s, 'intent', 'KO', 2.4, 2.6, 7, 'sold'),"
        "        ('bot', '2', 'DU1', 'bot/wheel', %(last)s - interval '1 second', 'skip', 'KO', NULL, NULL, NULL, 'no credit')",
        "INSERT INTO orders (account, perm_id, as_of, symbol, sec_type, action, order_type, quantity, client_id, status)"
        " VALUES ('DU1', 8, %(first)s, 'KO', 'STK', 'BUY', 'LMT', 1, 1, 'Cancelled')",
        "INSERT INTO strategy_latest (account, strategy, as_of, session_date, currency, pnl_day, trades, closed, wins, positions)"
        " VALUES ('DU1', 'bot/wheel', %(last)s, '2026-03-09', 'USD', 1.5, 4, 1, 1, 1)",
        "INSERT INTO agent_status (heartbeat_at, started_at, host, pid) VALUES (%(last)s, %(first)s, 'here', 1)",
        "INSERT INTO previews (preview_id, bot, actor, requested_at)"
        " VALUES ('00000000-0000-0000-0000-000000000004', 'bot', 'local', %(first)s)",
        "UPDATE executions SET strategy = 'bot/wheel' WHERE side = 'SLD'",
        "INSERT INTO round_trips (account, trip, con_id, direction, opened, opened_on, closed, closed_on, quantity, peak, gross,"
        " fees, net, carried, strategy, chain, cycle, executions)"
        " SELECT 'DU1', n::text, con_id, -1, %(first)s, '2025-10-01', CASE WHEN n = 1 THEN %(last)s::timestamptz END,"
        "        CASE WHEN n = 1 THEN date '2026-03-31' END, n - 2, 1, 150, 1, 149, 0, 'bot/wheel', n::text, n::text, ARRAY[n::text]"
        "   FROM (SELECT con_id, row_number() OVER (ORDER BY con_id) AS n FROM contracts WHERE symbol = 'KO') AS c",
        "INSERT INTO wheel_cycles (account, cycle, symbol, currency, stage, strategy, opened, opened_on, closed, closed_on, trips,"
        " rolls, shares, premium, fees, dividends, cash, secured_seconds, secured_now, bound_until)"
        " SELECT account, cycle, 'KO', 'USD', 'put', strategy, opened, opened_on, closed, closed_on, 1, 0, 0, gross, fees, 0, net,"
        "        86400, 5850, opened FROM round_trips",
        "INSERT INTO book_state (account, revision, folded_at) VALUES ('DU1', 1, %(last)s)",
        "INSERT INTO statements (account, base_currency, first_day, last_day, generated_at, imported_at, content_hash, file_name,"
        " sections, result) VALUES ('DU1', 'USD', '2025-09-01', '2025-09-30', %(first)s, %(first)s, 'x', 'x.xml', '{}', '{}')",
        "INSERT INTO statement_nav (account, day, statement, currency, total, other)"
        " SELECT account, day, id, 'USD', 99000, 0 FROM statements, (VALUES (date '2025-09-30'), ('2025-10-01'), ('2025-10-04')) AS d (day)",
        "INSERT INTO reconciliations (statement, account, made_at, open_breaks, report)"
        " SELECT id, account, imported_at, 1, '{\"breaks\": []}' FROM statements",
        "INSERT INTO dividend_outlooks VALUES ('KO', 'USD', 1.94, 2.04, '2026-06-12', 0.51, %(last)s)",
        "INSERT INTO dividends_told VALUES ('KO', 'USD', '2026-06-12', 0.51, %(last)s)",
        "INSERT INTO position_moves (account, con_id, ts, session_date, quantity_before, quantity)"
        " SELECT DISTINCT 'DU1', e.con_id, %(first)s::timestamptz, date '2025-10-01', 0, 1 FROM executions e WHERE e.account = 'DU1'",
        "INSERT INTO notes (account, subject, key, note, tags, excluded, version, author, updated_at)"
        " VALUES ('DU1', 'round_trip', '1', 'rolled late', '{late}', true, 2, 'anna', %(last)s),"
        "        ('DU1', 'underlying', 'KO', '', '{dividend}', false, 1, 'anna', %(first)s)",
    ):
        conn.execute(words, {"first": FIRST, "last": LAST})


def strategy_samples(samples: Sequence[Row], sessions: Sessions) -> list[dict[str, Any]]:
    """A sample of two strategies at each row's instant, JSON-ready: see expected.strategy."""
    return [
        {
            "account": row.account, "strategy": name, "ts": row.ts.isoformat(), "as_of": row.ts.isoformat(),
            "session_date": sessions.date_of(row.ts).isoformat(), "currency": "USD", "pnl_total": row.worth,
            "pnl_day": row.daily, "premium": row.cash, "fees": row.price, "capital_at_risk": None, "exposure": row.price,
            "trades": 3, "closed": 2, "wins": 1, "positions": 1,
        }
        for row in samples
        for name in ("", "bot/wheel")
    ]  # fmt: skip


def batches(samples: Sequence[Row], accounts: Sequence[str] = ACCOUNTS, size: int = 500) -> Iterator[Flush]:
    """Flushes of samples: each row is one of the portfolio and one of each of two positions."""
    for account in accounts:
        mine = [row for row in samples if row.account == account]
        for start in range(0, len(mine), size):
            part = mine[start : start + size]
            yield Flush(
                account,
                portfolio_samples=tuple(PortfolioSample(row.ts, _portfolio(row)) for row in part),
                position_samples=tuple(
                    PositionSample(row.ts, _position(row, contract)) for row in part for contract in (STOCK, PUT)
                ),
            )


def _portfolio(row: Row) -> Portfolio:
    return Portfolio(
        row.account, row.ts, "USD", net_liquidation=row.worth, cash=row.cash, daily_pnl=row.daily,
        cushion=row.cash / 1e4 if row.cash else None,
    )  # fmt: skip


def _position(row: Row, contract: Contract) -> Position:
    return Position(
        row.account, contract, row.ts, -1.0 if contract is PUT else 100.0, avg_cost=2.5, market_price=row.price,
        market_value=row.price, unrealized_pnl=row.daily, delta=row.cash and row.cash / 1e4,
    )  # fmt: skip
