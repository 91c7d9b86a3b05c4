"""Bots and strategies as rows, and the strategy agent's hand: what a page shows is exactly what the test says has happened."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from data.db import connect, literal
from data.model import Role
from data.queries import statement
from data.strategies.desired import AGENT_LOCK_KEY
from tests.web.samples import ACCOUNT

SPARK_DAYS = 30
SNAPSHOTS = """
INSERT INTO strategy_snapshots (account, strategy, ts, as_of, session_date, currency, pnl_day, pnl_total, premium, fees,
                                capital_at_risk, exposure, trades, closed, wins, positions)
SELECT %(account)s, %(name)s, m.closes - interval '1 minute', m.closes - interval '1 minute', m.session_date, 'USD',
       %(slope)s * cos(n / 3.0), %(slope)s * (n + 4 * sin(n / 3.0)), 20.0 * n, 0.6 * n, 50000, -1200, n, n, n - n / 4, 2
  FROM (SELECT session_date, closes, cast(row_number() OVER (ORDER BY session_date) AS integer) AS n
          FROM (SELECT session_date, closes FROM market_sessions WHERE closes < now() ORDER BY session_date DESC LIMIT %(days)s) x) m
"""


class Bots:
    """Writes as the agent does; each call is one transaction that tells everybody."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn = conn

    def sql(self, text: str, values: Any = None) -> list[Any]:
        """Run one statement, announce it; its rows."""
        with self._conn.transaction():
            cursor = self._conn.execute(text.encode(), values)
            found = cursor.fetchall() if cursor.description else []
            self._conn.execute(literal(statement("strategies_changed")))
        return found

    def bot(self, name: str, adapter: str = "wrapper", **values: Any) -> None:
        columns = {"bot": name, "adapter": adapter, "account": ACCOUNT} | values
        self.sql(
            f"INSERT INTO bots ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))}) ON CONFLICT DO NOTHING",
            list(columns.values()),
        )

    def strategy(self, name: str, symbols: tuple[str, ...] = (), *, opening: bool = True, **values: Any) -> None:
        bot = name.partition("/")[0]
        self.bot(bot)
        columns = {"name": name, "bot": bot, "symbols": list(symbols), "can_pause_opening": opening} | values
        self.sql(
            f"INSERT INTO strategies ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})",
            list(columns.values()),
        )

    def figures(self, name: str, **values: Any) -> None:
        base = {
            "account": ACCOUNT, "strategy": name, "currency": "USD", "pnl_day": 42.5, "pnl_total": 1234.5,
            "premium": 800.0, "fees": 12.5, "capital_at_risk": 50_000.0, "exposure": -1200.0, "trades": 20, "closed": 8,
            "wins": 6, "positions": 2,
        } | values  # fmt: skip
        sets = ", ".join(f"{column} = excluded.{column}" for column in base)
        self.sql(
            f"INSERT INTO strategy_latest (as_of, session_date, pnl_since, {', '.join(base)})"
            f" VALUES (now(), session_date_of(now()), now() - interval '90 days', {', '.join(['%s'] * len(base))})"
            f" ON CONFLICT (account, strategy) DO UPDATE SET as_of = now(), {sets}",
            list(base.values()),
        )

    def past(self, name: str, slope: float = 30.0, days: int = SPARK_DAYS) -> None:
        """A total P&L at the close of each of the last trading days."""
        self.sql(SNAPSHOTS, {"account": ACCOUNT, "name": name, "slope": slope, "days": days})

    def run(self, bot: str, minutes_ago: float = 5.0, outcome: str | None = "ok", words: str | None = None) -> None:
        self.sql(
            "INSERT INTO bot_runs (bot, started_at, ended_at, outcome, words)"
            " VALUES (%s, now() - make_interval(secs => %s), CASE WHEN %s::text IS NULL THEN NULL ELSE now() - make_interval(secs => %s) END, %s, %s)",
            [bot, minutes_ago * 60, outcome, minutes_ago * 60 - min(20.0, minutes_ago * 30), outcome, words],
        )

    def decision(self, strategy: str, key: str, **values: Any) -> None:
        bot = strategy.partition("/")[0]
        columns = {"bot": bot, "source_key": key, "account": ACCOUNT, "strategy": strategy, "kind": "skip"} | values
        self.sql(
            f"INSERT INTO decisions (ts, {', '.join(columns)}) VALUES (now(), {', '.join(['%s'] * len(columns))})",
            list(columns.values()),
        )

    # -- the agent's part ------------------------------------------------------------------------------------------

    def newest(self, strategy: str) -> int:
        """The number of the newest command of a strategy."""
        found = self.sql("SELECT max(id) FROM commands WHERE strategy = %s", [strategy])
        assert found[0][0] is not None, f"no command for {strategy}"
        return int(found[0][0])

    def acknowledge(self, strategy: str) -> None:
        number = self.newest(strategy)
        self.sql(
            "INSERT INTO command_progress (command, state, claimed_by, acknowledged_at) VALUES (%s, 'acknowledged', 'agent', now())"
            " ON CONFLICT (command) DO UPDATE SET state = 'acknowledged', acknowledged_at = now()",
            [number],
        )
        self.sql(
            "INSERT INTO strategy_states (strategy, symbol, desired, command)"
            " SELECT strategy, coalesce(symbol, ''), CASE WHEN action = 'stop' THEN 'stopped' WHEN action = 'resume' THEN 'active'"
            "        WHEN scope = 'opening' THEN 'opening_paused' ELSE 'paused' END, id FROM commands WHERE id = %s"
            " ON CONFLICT (strategy, symbol) DO UPDATE SET desired = excluded.desired, command = excluded.command, since = now()",
            [number],
        )

    def settle(self, strategy: str, state: str = "enforced", detail: str | None = None, remaining: Any = ()) -> None:
        """Acknowledge and settle the newest command of a strategy."""
        self.acknowledge(strategy)
        self.sql(
            "UPDATE command_progress SET state = %s, settled_at = now(), detail = %s, remaining = %s WHERE command = %s",
            [state, detail, json.dumps(list(remaining)), self.newest(strategy)],
        )

    def forget_commands(self) -> None:
        """A test begins with every strategy active and nothing asked for."""
        with self._conn.transaction():
            for table in ("strategy_states", "command_progress", "commands"):
                self._conn.execute(f"DELETE FROM {table}".encode())
            self._conn.execute(literal(statement("strategies_changed")))


@contextmanager
def bots(url: str) -> Iterator[Bots]:
    """As the database's owner, since one hand does here what several processes do."""
    with connect(url, Role.OWNER, "test", autocommit=True) as conn:
        yield Bots(conn)


HEARTBEAT = """
INSERT INTO agent_status (heartbeat_at, started_at, host, pid) VALUES (now(), now(), 'test', 1)
ON CONFLICT (singleton) DO UPDATE SET heartbeat_at = now()
"""


@contextmanager
def leading(url: str) -> Iterator[None]:
    """A strategy agent leads as long as this lasts: it holds the agents' lock and gives signs of life."""
    stopping = threading.Event()

    def beat(conn: psycopg.Connection[Any]) -> None:
        while not stopping.wait(1.0):
            conn.execute(HEARTBEAT)

    with connect(url, Role.AGENT, "test", autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", [AGENT_LOCK_KEY])
        conn.execute(HEARTBEAT)
        heart = threading.Thread(target=beat, args=(conn,))
        heart.start()
        try:
            yield
        finally:
            stopping.set()
            heart.join()


def furnish(hand: Bots) -> None:
    """A wheel, a hedge and an in-process momentum strategy, each with its past."""
    hand.bot("thetagang", family="thetagang2", schedule="30 10 * * 1-5", longest_run_s=900)
    hand.bot("tracker", "in_process")
    hand.strategy("thetagang/wheel", ("AAPL", "KO", "SPY", "XLE"), title="Wheel", allocation=0.6)
    hand.strategy("thetagang/hedge", ("SPX",), opening=False, title="Tail hedge", allocation=0.05)
    hand.strategy("tracker/momentum", ("QQQ",), title="Momentum", bot_status="idle")
    hand.sql("UPDATE bots SET heartbeat_at = now() WHERE bot = 'tracker'")
    left_out = '{"2026-01-05": {"trades": 2, "closed": 1, "wins": 0}}'
    hand.figures("thetagang/wheel", trades=22, closed=9, left_out=left_out)
    hand.figures(
        "thetagang/hedge", pnl_day=-18.25, pnl_total=-412.0, closed=0, wins=0, capital_at_risk=None, positions=1
    )
    for name, slope in (("thetagang/wheel", 41.0), ("thetagang/hedge", -13.7)):
        hand.past(name, slope)
    hand.run("thetagang", 35)
    hand.decision(
        "thetagang/wheel",
        "1",
        symbol="AAPL",
        contract="AAPL 2026-12-18 190 P",
        reason="did not roll AAPL 190P: no credit above minimum",
    )
    hand.decision(
        "thetagang/wheel",
        "2",
        kind="intent",
        symbol="KO",
        contract="KO 2026-12-18 60 P",
        action="SELL",
        quantity=1,
        limit_price=0.62,
    )
