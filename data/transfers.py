"""Suspected transfers in the database: computed again from what cash did whenever that, the fills or the positions have news."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg

from data.analytics.transfers import Cash, Moved, Paid, Suspected, Worth, suspected
from data.db import literal
from data.model import Topic
from data.queries import statement

Conn = psycopg.Connection[Any]
LOOK_BACK = timedelta(days=7)
"""What is older stands as it was found."""

NEWS = """
SELECT a.account, (SELECT max(s.ts) FROM cash_states s WHERE s.account = a.account),
       (SELECT max(m.ts) FROM position_moves m WHERE m.account = a.account),
       (SELECT r.revision FROM revisions r WHERE r.account = a.account AND r.topic = 'trades')
  FROM accounts a
"""
# The last one before the span is what its first is compared with. Where a poller had just begun, the last sample of the one before
# says what the account was worth.
STATES = """
SELECT s.ts, s.net_liquidation, s.daily_pnl, s.cash_by_currency, s.accrued_dividends + coalesce(s.accrued_interest, 0),
       coalesce(s.before_ts, x.ts),
       CASE WHEN s.before_ts IS NULL THEN x.net_liquidation ELSE s.before_net_liquidation END,
       CASE WHEN s.before_ts IS NULL THEN x.daily_pnl ELSE s.before_daily_pnl END
  FROM cash_states s
  LEFT JOIN LATERAL (SELECT p.ts, p.net_liquidation, p.daily_pnl
                       FROM portfolio_snapshots p
                      WHERE s.before_ts IS NULL AND p.account = s.account AND p.net_liquidation IS NOT NULL
                        AND p.ts < s.ts AND p.ts > s.ts - interval '1 hour'
                      ORDER BY p.ts DESC
                      LIMIT 1) AS x ON true
 WHERE s.account = %(account)s
   AND s.ts >= coalesce((SELECT max(b.ts) FROM cash_states b WHERE b.account = %(account)s AND b.ts < %(since)s), '-infinity')
 ORDER BY s.ts
"""
# The line of a combo carries no money; its legs do.
PAID = """
SELECT e.ts, c.currency, CASE e.side WHEN 'BOT' THEN -1 ELSE 1 END * e.quantity * e.price * c.multiplier::numeric, e.con_id
  FROM executions e
  JOIN contracts c USING (con_id)
 WHERE e.account = %(account)s AND e.effective AND e.kind <> 'combo' AND e.ts > %(since)s
 UNION ALL
SELECT e.ts, e.commission_currency, -e.commission, e.con_id
  FROM executions e
 WHERE e.account = %(account)s AND e.effective AND e.kind <> 'combo' AND e.ts > %(since)s AND e.commission IS NOT NULL
"""
MOVED = "SELECT ts, con_id FROM position_moves WHERE account = %(account)s AND ts > %(since)s"


class Watcher:
    """Keeps the table suspected_transfers through `conn` (role agent, autocommit). Raises psycopg.Error."""

    def __init__(self, conn: Conn) -> None:
        self._conn = conn
        self._known: dict[str, tuple[Any, ...]] = {}

    def look(self) -> bool:
        """Compute what has news and write what changed; whether something did."""
        changed = False
        for account, *news in self._conn.execute(NEWS).fetchall():
            newest = news[0]
            if newest is None or tuple(news) == self._known.get(account):
                continue
            changed = self._compute(account, newest - LOOK_BACK) or changed
            self._known[account] = tuple(news)
        return changed

    def _compute(self, account: str, since: datetime) -> bool:
        conn, where = self._conn, {"account": account, "since": since}
        with conn.transaction():
            conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            states = [_cash(row) for row in conn.execute(STATES, where)]
            span = {"account": account, "since": states[0].worth.ts}
            paid = [Paid(*row) for row in conn.execute(PAID, span)]
            moved = [Moved(*row) for row in conn.execute(MOVED, span)]
            found = suspected(states, paid, moved)
            rows = json.dumps([_row(account, each) for each in found])
            changed = conn.execute(
                literal(statement("suspected_transfers")), {"rows": rows, **span}
            ).rowcount  # fmt: skip
        if changed:  # on its own: the poller moves that counter too, and a snapshot would forbid it
            with conn.transaction():
                topics = {"account": account, "topics": [Topic.PORTFOLIO.value]}
                conn.execute(literal(statement("bump")), topics)
                conn.execute(literal(statement("notify")), topics)
        return bool(changed)


def _cash(row: tuple[Any, ...]) -> Cash:
    ts, net, daily, balances, accrued, before_ts, before_net, before_daily = row
    return Cash(
        Worth(ts, _exact(net), _known(daily)),
        {currency: (Decimal(balance), Decimal(rate)) for currency, (balance, rate) in balances.items()},
        _known(accrued),
        Worth(before_ts, _exact(before_net), _known(before_daily)) if before_ts else None,
    )


def _exact(value: float) -> Decimal:
    return Decimal(repr(value))


def _known(value: float | None) -> Decimal | None:
    return None if value is None else _exact(value)


def _row(account: str, each: Suspected) -> dict[str, str]:
    return {"account": account, "ts": each.ts.isoformat(), "amount": str(each.amount)}
