"""A year for the charts: equity half-hourly, of the last sessions every minute, a deposit, an outage, a share's bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from data.db import connect
from data.model import Role
from tests.web.samples import ACCOUNT

DEPOSIT = 10_000.0
REASON = "The gateway was restarted by its owner."
MINUTES_OF = 6  # sessions, the newest, that have a sample a minute

# What the equity is at a moment: a slow rise with waves, and the deposit.
SAMPLES = """
INSERT INTO portfolio_snapshots (account, ts, as_of, session_date, currency, net_liquidation, daily_pnl)
SELECT %(account)s, t, t, session_date_of(t), 'USD',
       100000 + 0.0004 * extract(epoch FROM t - %(first)s::timestamptz) + 400 * sin(extract(epoch FROM t) / 30000.0)
       + CASE WHEN t >= %(paid)s::timestamptz THEN %(deposit)s ELSE 0 END, 0
  FROM market_sessions m
 CROSS JOIN LATERAL generate_series(
           m.opens, least(m.closes, now() - interval '1 minute'),
           CASE WHEN m.session_date >= %(minutes_from)s THEN interval '1 minute' ELSE interval '30 minutes' END) AS t
 WHERE m.session_date BETWEEN %(since)s AND %(until)s
   AND NOT (t > %(away)s AND t < %(back)s)
ON CONFLICT DO NOTHING
"""
NEWEST = """
INSERT INTO portfolio_snapshots (account, ts, as_of, session_date, currency, net_liquidation, daily_pnl)
SELECT %(account)s, t, t, session_date_of(t), 'USD', 104000 + extract(minute FROM t), 0
  FROM generate_series(date_trunc('minute', now()) - interval '40 minutes', now() - interval '1 minute', interval '1 minute') AS t
ON CONFLICT DO NOTHING
"""
POSITION = """
INSERT INTO position_snapshots (account, con_id, ts, as_of, session_date, currency, quantity, market_price, unrealized_pnl)
SELECT account, 1, ts, ts, session_date, 'USD', 100, net_liquidation / 200, net_liquidation - 104000
  FROM portfolio_snapshots WHERE account = %(account)s
"""
BARS = """
INSERT INTO price_bars (con_id, what, resolution, ts, session_date, open, high, low, close, volume)
SELECT 1, w.what, '1d', cast(m.session_date AS timestamp) AT TIME ZONE 'UTC', m.session_date,
       w.scale * (500 + n), w.scale * (503 + n), w.scale * (498 + n), w.scale * (501 + n + 4 * sin(n)), 1e6
  FROM (SELECT session_date, row_number() OVER (ORDER BY session_date) AS n
          FROM market_sessions WHERE session_date BETWEEN %(since)s AND %(until)s) m
 CROSS JOIN (VALUES ('trades', 1.0), ('implied_vol', 0.0004)) AS w (what, scale)
"""
COVERAGE = """
INSERT INTO bar_coverage (con_id, what, resolution, first_ts, last_ts, asked_at)
SELECT con_id, what, resolution, min(ts), max(ts), now() FROM price_bars GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Year:
    paid: datetime
    away: datetime
    back: datetime


def write_year(url: str) -> Year:
    """The account and the share with con_id 1 must be there. Written as the owner: nothing here is how a poller writes."""
    with connect(url, Role.OWNER, "test") as conn:
        found = conn.execute(
            "SELECT session_date, opens FROM market_sessions WHERE closes < now() ORDER BY session_date DESC LIMIT 252"
        ).fetchall()
        year = Year(
            found[100][1] + timedelta(hours=1), found[2][1] + timedelta(hours=1), found[2][1] + timedelta(hours=3)
        )
        values = {
            "account": ACCOUNT, "first": found[-1][1], "since": found[-1][0], "until": found[0][0], "deposit": DEPOSIT,
            "minutes_from": found[MINUTES_OF - 1][0], "paid": year.paid, "away": year.away, "back": year.back,
        }  # fmt: skip
        for statement in (SAMPLES, NEWEST, POSITION, BARS, COVERAGE):
            conn.execute(statement, values)
        conn.execute(
            "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, base_amount, source)"
            " VALUES (%s, 'd1', %s, session_date_of(%s), 'deposit', %s, 'USD', %s, 'demo')",
            (ACCOUNT, year.paid, year.paid, DEPOSIT, DEPOSIT),
        )
        conn.execute(
            "INSERT INTO outages (account, kind, started, ended, reason) VALUES (%s, 'gateway', %s, %s, %s)",
            (ACCOUNT, year.away, year.back, REASON),
        )
    return year
