"""Figures of every strategy, computed when positions, fills or the account's own figures have news, and sampled once a minute."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.rows import dict_row

from data.db import literal
from data.model import Freshness
from data.queries import statement
from data.strategies.figures.book import NONE
from data.strategies.figures.computing import Figures, compute_all
from data.strategies.figures.ledger import Conn, Ledger, exact
from data.strategies.figures.marks import Rates
from data.strategies.figures.valuing import Valuer

Row = dict[str, Any]
SAMPLE_EVERY = timedelta(minutes=1)
DIGITS = 6
SAMPLED = (
    "account", "strategy", "as_of", "session_date", "currency", "pnl_day", "pnl_total", "premium", "fees",
    "capital_at_risk", "exposure", "trades", "closed", "wins", "positions",
)  # fmt: skip
# What a look hangs on: nothing is computed while none of these moves.
STATE = """
SELECT a.account, session_date_of(now()) AS day, now() AS now,
       (SELECT jsonb_object_agg(r.topic, r.revision) FROM revisions r
         WHERE r.account = a.account AND r.topic IN ('trades', 'positions', 'portfolio', 'notes')) AS revisions,
       (SELECT b.folded_at FROM book_state b WHERE b.account = a.account) AS folded_at
  FROM accounts a
 ORDER BY a.account
"""
ACCOUNT = """
SELECT coalesce(p.currency, a.base_currency) AS currency, p.session_date, p.daily_pnl,
       p.net_liquidation - a.baseline_net_liquidation
           - (SELECT CASE WHEN count(*) = count(f.base_amount) THEN coalesce(sum(f.base_amount), 0) END
                FROM cash_flows f
               WHERE f.account = a.account AND f.ts > a.baseline_at AND f.kind IN ('deposit', 'withdrawal'))
           - (SELECT coalesce(sum(o.amount), 0) FROM open_transfers o WHERE o.account = a.account AND o.ts > a.baseline_at) AS total,
       (SELECT CASE WHEN count(*) = count(f.base_amount) THEN coalesce(sum(f.base_amount), 0) END
          FROM cash_flows f
         WHERE f.account = a.account AND f.ts > a.baseline_at AND f.kind NOT IN ('deposit', 'withdrawal')) AS income
  FROM accounts a
  LEFT JOIN portfolio_latest p USING (account)
 WHERE a.account = %s
"""


@dataclass(slots=True)
class Account:
    """What is kept of one account between looks."""

    ledger: Ledger
    valuer: Valuer
    state: tuple[Any, ...] | None = None
    rows: dict[str, Row] | None = None
    sampled: dict[str, Row] = field(default_factory=dict)


class Keeper:
    """Keeps strategy_latest and strategy_snapshots through `conn` (role agent, autocommit). Raises psycopg.Error."""

    def __init__(self, conn: Conn) -> None:
        self._conn = conn
        self._accounts: dict[str, Account] = {}
        self._sampled: datetime | None = None

    def look(self) -> bool:
        """Compute what has news and write what changed; whether something did."""
        changed = False
        with self._conn.cursor(row_factory=dict_row) as cursor:
            states = cursor.execute(STATE).fetchall()
        for found in states:
            known = self._accounts.get(found["account"])
            if known is None:
                known = Account(Ledger(found["account"]), Valuer(found["account"]))
                self._accounts[found["account"]] = known
            # The clock is part of it for a minute after a fill: until then its position may be on the way.
            minute = found["now"].replace(second=0, microsecond=0)
            state = (found["day"], found["revisions"], found["folded_at"], minute)
            if state != known.state:
                changed = self._write(known, self._compute(known, found["day"], found["now"])) or changed
                known.state = state
        return changed

    def _compute(self, known: Account, day: date, now: datetime) -> dict[str, Row]:
        """Every strategy's row, all of one instant."""
        with self._conn.transaction():
            self._conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            known.ledger.refresh(self._conn, day)
            marks, residues = known.valuer.value(self._conn, known.ledger, day, now)
            with self._conn.cursor(row_factory=dict_row) as cursor:
                account = cursor.execute(ACCOUNT, [known.ledger.account]).fetchone()
        assert account is not None
        currency = account["currency"]
        if currency is None:
            return {}
        found = compute_all(known.ledger.books, marks, Rates(currency), residues)
        rows = {name: figures_row(known.ledger.account, name, day, figures) for name, figures in found.items()}
        daily = account["daily_pnl"] if account["session_date"] == day else None
        rows[NONE]["residual_day"] = _residual(daily, [f.pnl_day for f in found.values()])
        income = account["income"]
        rows[NONE]["income_total"] = _number(income)
        parts = [*(f.pnl_total for f in found.values()), income]
        rows[NONE]["residual_total"] = _residual(account["total"], parts)
        return rows

    def _write(self, known: Account, rows: dict[str, Row]) -> bool:
        if rows == known.rows:
            return False
        before = known.rows or {}
        news = [row for name, row in rows.items() if before.get(name) != row]
        with self._conn.transaction():
            self._conn.execute(literal(statement("strategy_latest")), {"rows": json.dumps(news)})
            self._conn.execute(
                "DELETE FROM strategy_latest WHERE account = %s AND NOT strategy = ANY (%s)",
                [known.ledger.account, list(rows)],
            )
            self._conn.execute(literal(statement("strategies_changed")))
        known.rows = rows
        return True

    def sample(self, alive: Mapping[str, Freshness], now: datetime | None = None) -> int:
        """Write a sample of each strategy of the accounts whose data are `alive`, once a minute; how many rows."""
        now = now or datetime.now(UTC)
        if self._sampled is not None and now - self._sampled < SAMPLE_EVERY:
            return 0
        ts = now.replace(microsecond=now.microsecond // 1000 * 1000).isoformat()
        rows = [
            {key: row[key] for key in SAMPLED} | {"ts": ts}
            for account, known in self._accounts.items()
            for name, row in (known.rows or {}).items()
            if row["as_of"] is not None and _is_due(alive.get(account), row, known.sampled.get(name))
        ]
        if rows:
            day = self._conn.execute("SELECT session_date_of(%s)", [now]).fetchone()
            assert day is not None
            for row in rows:
                row["session_date"] = day[0].isoformat()
            self._conn.execute(literal(statement("strategy_samples")), {"rows": json.dumps(rows)})
            self._sampled = now
            for known in self._accounts.values():
                known.sampled = dict(known.rows or {})
        return len(rows)


def _is_due(freshness: Freshness | None, row: Row, sampled: Row | None) -> bool:
    """While prices move each minute; of a closed market only what changed."""
    if freshness in (Freshness.CLOSED, Freshness.FROZEN):
        return row != sampled
    return freshness in (Freshness.LIVE, Freshness.DELAYED)


def figures_row(account: str, name: str, day: date, figures: Figures) -> Row:
    """A row of strategy_latest, JSON-ready."""
    return {
        "account": account,
        "strategy": name,
        "as_of": figures.as_of.isoformat() if figures.as_of else None,
        "session_date": day.isoformat(),
        "currency": figures.currency,
        "pnl_day": _number(figures.pnl_day),
        "pnl_total": _number(figures.pnl_total),
        "pnl_since": figures.since.isoformat() if figures.since else None,
        "premium": _number(figures.premium),
        "fees": _number(figures.fees),
        "capital_at_risk": _number(figures.capital_at_risk),
        "exposure": _number(figures.exposure),
        "trades": figures.trades,
        "closed": figures.closed,
        "wins": figures.wins,
        "left_out": {day.isoformat(): asdict(counts) for day, counts in figures.left_out.items()},
        "positions": figures.positions,
        "reason": figures.reason,
        "shorts": [
            {
                "con_id": short.terms.con_id,
                "local_symbol": short.terms.local_symbol,
                "symbol": short.terms.symbol,
                "quantity": float(short.quantity),
                "expiry": short.terms.expiry.isoformat() if short.terms.expiry else None,
                "strike": _number(short.terms.strike),
                "right": short.terms.right,
            }
            for short in figures.shorts
        ],
        "income_total": None,
        "residual_day": None,
        "residual_total": None,
    }


def _number(value: Decimal | None) -> float | None:
    return None if value is None else round(float(value), DIGITS)


def _residual(whole: float | None, parts: list[Decimal | None]) -> float | None:
    known = [part for part in parts if part is not None]
    if whole is None or len(known) < len(parts):
        return None
    return _number(exact(whole) - sum(known, Decimal(0)))
