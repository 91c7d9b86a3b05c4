"""Every market and account write. One :class:`Flush` is one transaction: rows, revisions, then one NOTIFY per topic.

A flush is first encoded to JSON-ready rows, which is also what the poller's spool keeps on disk while the database is
away; writing the same rows again changes nothing.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from data.db import DatabaseError, literal
from data.flex.merging import merge_late
from data.model import (
    BarAnswer,
    BarCoverage,
    Contract,
    Execution,
    Flush,
    Order,
    Outage,
    PollerStatus,
    Portfolio,
    Position,
    Source,
    Topic,
)
from data.queries import statement

Row = dict[str, Any]
Rows = dict[str, Any]  # what `encode` makes of a Flush: an account and lists of rows by kind

SAMPLED_EVERY = timedelta(minutes=1)
EXCHANGE_ZONE = ZoneInfo("America/New_York")
PORTFOLIO_VALUES = [f.name for f in fields(Portfolio) if f.name not in {"account", "as_of"}]
POSITION_VALUES = [f.name for f in fields(Position) if f.name not in {"account", "contract", "as_of", "greeks_as_of"}]
_position_values = attrgetter(*POSITION_VALUES)
# A heartbeat alone is no news: these change all the time and are read with the row, not announced.
QUIET_STATUS = {"heartbeat_at", "last_datum_at", "feed_proven_at", "queue_depth", "spool_bytes", "market_data_lines"}


class WrongSourceError(DatabaseError):
    """The database belongs to another source than the gateway's account."""


class Sessions:
    """Trading days: an instant belongs to the first session that has not closed yet (as SQL's session_date_of)."""

    def __init__(self, closes: Sequence[tuple[datetime, date]]) -> None:
        self._closes = [close for close, _ in closes]
        self._dates = [day for _, day in closes]

    @classmethod
    def load(cls, conn: psycopg.Connection[Any]) -> Sessions:
        with conn.transaction():
            return cls(conn.execute("SELECT closes, session_date FROM market_sessions ORDER BY closes").fetchall())

    def date_of(self, instant: datetime) -> date:
        index = bisect_right(self._closes, instant)
        return self._dates[index] if index < len(self._dates) else instant.astimezone(EXCHANGE_ZONE).date()

    def last_close(self, instant: datetime) -> datetime:
        """The close of the last session that was over at `instant`; the first one known where there is none."""
        return self._closes[max(bisect_right(self._closes, instant) - 1, 0)]


class Store:
    """The writer on one connection (role `mtz_poller`, autocommit off or on: each call is its own transaction)."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn = conn
        self.sessions = Sessions.load(conn)
        self._contracts: dict[int, Row] = {}
        self._baselines: set[tuple[str, str | None]] = set()
        self._status: Row = {}

    def require_source(self, source: Source, account: str) -> None:
        """Find that the database is `source`'s or nobody's; writes nothing.

        Raises:
            WrongSourceError: it belongs to another source.
        """
        row = self._conn.execute("SELECT source, account FROM database_source").fetchone()
        if row is not None and row[0] != source.value:
            raise WrongSourceError(
                f"This database holds {row[0]} data (account {row[1]}), but the gateway's account {account} is {source}: "
                "nothing was written. Use another database (DATABASE_URL or MTZ_DATA_DIR), or the gateway it belongs to."
            )

    def claim_source(self, source: Source, account: str) -> None:
        """Bind the database to `source` and introduce the account, which the gateway has named.

        Raises:
            WrongSourceError: it belongs to another source.
        """
        with self._conn.transaction():
            self._execute("claim", source=source.value, account=account)
            self.require_source(source, account)
            self._execute("account", account=account, source=source.value)

    def flush(self, batch: Flush) -> dict[Topic, int]:
        """Write `batch` in one transaction; return the new revision of each topic it touched."""
        return self.write(encode(batch, self.sessions))

    def write(self, rows: Rows) -> dict[Topic, int]:
        """Write encoded rows (see :func:`encode`) in one transaction."""
        account, topics = rows["account"], _topics(rows)
        contracts = [c for c in rows["contracts"] if self._contracts.get(c["con_id"]) != c]
        with self._conn.transaction():
            revisions: dict[Topic, int] = {}
            if topics:
                found = self._execute("bump", account=account, topics=topics).fetchall()
                revisions = {Topic(topic): revision for topic, revision in found}
            else:  # housekeeping waits for whoever began before it moved on: be counted before the first row is looked at
                self._conn.execute("SELECT pg_current_xact_id()")
            with self._conn.pipeline():
                self._write_rows("contracts", contracts)
                self._write_portfolio(account, rows)
                self._write_positions(account, rows, revisions.get(Topic.POSITIONS, 0))
                self._write_dividends(account, rows.get("dividends"), revisions.get(Topic.POSITIONS, 0))
                self._write_executions(account, rows["executions"], revisions.get(Topic.TRADES, 0))
                self._write_orders(rows["orders"])
                self._write_rows("portfolio_samples", rows["portfolio_samples"])
                self._write_rows("position_samples", rows["position_samples"])
                self._write_outages(rows["outages"])
                self._write_rows("cash_states", rows.get("cash_states", ()))  # the spool may be of an earlier version
                if topics:
                    self._execute("notify", account=account, topics=topics)
        self._contracts |= {c["con_id"]: c for c in contracts}
        return revisions

    def write_status(self, status: PollerStatus) -> None:
        """Write the poller's own row; the topic is announced only when more than the heartbeat changed."""
        row = _jsonable(asdict(status))
        news = {key: value for key, value in row.items() if key not in QUIET_STATUS}
        with self._conn.transaction():
            self._write_rows("status", [row])
            if news != self._status:
                self._execute("bump", account=status.account, topics=[Topic.STATUS.value])
                self._execute("notify", account=status.account, topics=[Topic.STATUS.value])
        self._status = news

    def write_bars(self, contract: Contract, bars: Sequence[Row], coverage: BarCoverage | None) -> None:
        """Write bars (see :func:`bar_rows`), and how far they reach when they are the answer's last ones."""
        row = _contract_row(contract)
        with self._conn.transaction(), self._conn.pipeline():
            # Not waited for the disk: what a crash takes is taken together with its coverage, and is asked for again.
            self._conn.execute("SET LOCAL synchronous_commit = off")
            if self._contracts.get(contract.con_id) != row:
                self._write_rows("contracts", [row])
            self._write_rows("price_bars", bars)
            if coverage is not None:
                self._write_rows("bar_coverage", [_jsonable(asdict(coverage))])
        self._contracts[contract.con_id] = row

    def stored_close(self, series: BarCoverage, ts: datetime) -> float | None:
        """The close of one stored bar of a series; None where there is none."""
        row = self._conn.execute(
            "SELECT close FROM price_bars WHERE con_id = %s AND what = %s AND resolution = %s AND ts = %s",
            [series.con_id, series.what, series.resolution, ts],
        ).fetchone()
        return row[0] if row else None

    def bar_coverage(self) -> dict[tuple[int, str, str], BarCoverage]:
        """What is known of every series of bars, by contract, what and resolution."""
        with self._conn.transaction():
            rows = self._conn.execute(
                "SELECT con_id, what, resolution, first_ts, last_ts, asked_at, problem FROM bar_coverage"
            ).fetchall()
        found = (BarCoverage(*row) for row in rows)
        return {(c.con_id, c.what, c.resolution): c for c in found}

    def note_poller_gap(self, account: str, now: datetime) -> None:
        """At start: the span since an earlier poller's last sign of life is an outage; so is what it left open. Where there was
        none, since the last sample of an account that was given a past."""
        with self._conn.transaction():
            row = self._conn.execute(
                "SELECT coalesce((SELECT heartbeat_at FROM poller_status WHERE account = %(account)s),"
                "                (SELECT max(ts) + %(sampled)s FROM portfolio_snapshots WHERE account = %(account)s))",
                {"account": account, "sampled": SAMPLED_EVERY},
            ).fetchone()
            self._execute("close_outages", account=account, kinds=["gateway", "feed", "database", "poller"], ended=now)
            if row and row[0] and row[0] < now:
                gap = Outage(account, "poller", row[0], now, "The poller was not running.")
                self._write_rows("outages", [_jsonable(asdict(gap))])

    def held(self, account: str) -> list[int]:
        """The con_ids of the stored positions: a new poller asks whether they are still held."""
        with self._conn.transaction():
            rows = self._conn.execute("SELECT con_id FROM positions_latest WHERE account = %s", [account]).fetchall()
        return [row[0] for row in rows]

    def only_account(self) -> str | None:
        """The account of this database where it has one alone: its poller can tell its state before a gateway answers."""
        with self._conn.transaction():
            rows = self._conn.execute("SELECT account FROM accounts LIMIT 2").fetchall()
        return rows[0][0] if len(rows) == 1 else None

    # -- one kind of row each -------------------------------------------------

    def _execute(self, name: str, **parameters: Any) -> psycopg.Cursor[Any]:
        return self._conn.execute(literal(statement(name)), parameters)

    def _write_rows(self, name: str, rows: Sequence[Row]) -> None:
        if rows:
            self._execute(name, rows=_dumps(rows))

    def _write_portfolio(self, account: str, rows: Rows) -> None:
        portfolio = rows["portfolio"]
        if portfolio is None:
            return
        self._write_rows("portfolio_latest", [portfolio])
        key = (account, portfolio["currency"])
        if portfolio["net_liquidation"] is not None and key not in self._baselines:
            self._execute("baseline", **{k: portfolio[k] for k in ("account", "currency", "as_of", "net_liquidation")})
            self._baselines.add(key)

    def _write_positions(self, account: str, rows: Rows, revision: int) -> None:
        self._write_rows("positions_latest", [row | {"changed_revision": revision} for row in rows["positions"]])
        if rows["removed"]:
            self._execute("positions_removed", account=account, con_ids=rows["removed"])

    def _write_dividends(self, account: str, rows: Sequence[Row] | None, revision: int) -> None:
        if rows:
            self._execute("dividend_outlooks", rows=_dumps(rows), account=account, revision=revision)

    def _write_executions(self, account: str, rows: Sequence[Row], revision: int) -> None:
        if not rows:
            return
        bases = sorted({row["base_exec_id"] for row in rows})
        self._write_rows("executions", [row | {"changed_revision": revision} for row in rows])
        self._execute("executions_superseded", account=account, base_exec_ids=bases, revision=revision)
        self._execute("executions_effective", account=account, base_exec_ids=bases)
        merge_late(self._conn, account, revision, rows)

    def _write_orders(self, rows: Sequence[Row]) -> None:
        latest = {row["perm_id"]: row for row in rows}
        self._write_rows("orders", list(latest.values()))
        self._write_rows("order_events", rows)

    def _write_outages(self, rows: Sequence[Row]) -> None:
        """One that begins, changes its reason and ends within a flush is one row, as it was at last."""
        self._write_rows("outages", list({(row["kind"], row["started"]): row for row in rows}.values()))


def encode(batch: Flush, sessions: Sessions) -> Rows:
    """`batch` as JSON-ready rows, each with its trading day."""
    contracts = {c.con_id: c for c in _contracts(batch)}
    made: dict[int, Row] = {}  # most samples are of the very records that are the latest ones

    def position_row(position: Position) -> Row:
        row = made.get(id(position))
        if row is None:
            row = made[id(position)] = _position_row(position)
        return row

    return {
        "account": batch.account,
        "contracts": [_contract_row(c) for c in contracts.values()],
        "portfolio": _portfolio_row(batch.portfolio, sessions) if batch.portfolio else None,
        "positions": [position_row(p) | {"greeks_as_of": _iso(p.greeks_as_of)} for p in batch.positions],
        "removed": list(batch.removed),
        "executions": [_execution_row(e, sessions) for e in _merged(batch.executions)],
        "orders": [_order_row(o) for o in batch.orders],
        "portfolio_samples": [
            _portfolio_row(s.portfolio, sessions) | {"ts": _iso(s.ts), "session_date": _day(s.ts, sessions)}
            for s in batch.portfolio_samples
        ],
        "position_samples": [
            position_row(s.position)
            | {"ts": _iso(s.ts), "session_date": _day(s.ts, sessions), "currency": s.position.contract.currency}
            for s in batch.position_samples
        ],
        "outages": [_jsonable(asdict(o)) for o in batch.outages],
        "dividends": [_jsonable(asdict(d)) for d in batch.dividends],
        "cash_states": [_jsonable(asdict(s)) | {"session_date": _day(s.ts, sessions)} for s in batch.cash_states],
    }


def bar_rows(answer: BarAnswer, sessions: Sessions) -> list[Row]:
    """An answer's bars as JSON-ready rows. A day bar's date is its session; shorter ones lie in theirs."""
    series, is_day = answer.coverage, answer.coverage.resolution == "1d"
    return [
        {
            "con_id": series.con_id,
            "what": series.what,
            "resolution": series.resolution,
            "ts": bar.ts.isoformat(),
            "session_date": bar.ts.date().isoformat() if is_day else _day(bar.ts, sessions),
            "open": bar.open,
            "high": bar.high,
            "low": bar.low,
            "close": bar.close,
            "volume": bar.volume,
        }
        for bar in answer.bars
    ]


def _merged(executions: Iterable[Execution]) -> Iterable[Execution]:
    """One record for each report: of several the last, with what an earlier one knew of its money."""
    found: dict[tuple[str, int], Execution] = {}
    for new in executions:
        old = found.get((new.base_exec_id, new.revision))
        if old is not None:
            new = replace(
                new,
                commission=old.commission if new.commission is None else new.commission,
                commission_currency=new.commission_currency or old.commission_currency,
                realized_pnl=old.realized_pnl if new.realized_pnl is None else new.realized_pnl,
            )
        found[new.base_exec_id, new.revision] = new
    return found.values()


def _topics(rows: Rows) -> list[str]:
    touched = {
        Topic.PORTFOLIO: rows["portfolio"] is not None,
        Topic.POSITIONS: bool(rows["positions"] or rows["removed"] or rows.get("dividends")),
        Topic.TRADES: bool(rows["executions"]),
        Topic.STATUS: bool(rows["outages"]),
    }
    return [topic.value for topic, yes in touched.items() if yes]


def _contracts(batch: Flush) -> Iterable[Contract]:
    yield from batch.contracts
    for order in batch.orders:
        if order.contract.con_id:
            yield order.contract
    for execution in batch.executions:
        yield execution.contract
    for sample in batch.position_samples:
        yield sample.position.contract
    for position in batch.positions:
        yield position.contract


def _portfolio_row(portfolio: Portfolio, sessions: Sessions) -> Row:
    row = {name: getattr(portfolio, name) for name in PORTFOLIO_VALUES}
    day, change = _day(portfolio.as_of, sessions), _iso(portfolio.look_ahead_next_change)
    return {
        "account": portfolio.account,
        "as_of": _iso(portfolio.as_of),
        "session_date": day,
        **row,
        "look_ahead_next_change": change,
    }


def _position_row(position: Position) -> Row:
    row: Row = dict(zip(POSITION_VALUES, _position_values(position), strict=True))
    row |= {"account": position.account, "con_id": position.contract.con_id, "as_of": _iso(position.as_of)}
    return row


def _execution_row(execution: Execution, sessions: Sessions) -> Row:
    row = asdict(execution)
    contract, time = row.pop("contract"), row.pop("time")
    return _jsonable(row | {"con_id": contract["con_id"], "ts": time, "session_date": sessions.date_of(time)})


def _order_row(order: Order) -> Row:
    row = asdict(order)
    contract = row.pop("contract")
    words = {"con_id": contract["con_id"] or None, "symbol": contract["symbol"], "sec_type": contract["sec_type"]}
    return _jsonable(row | words)


def _day(instant: datetime, sessions: Sessions) -> str:
    return sessions.date_of(instant).isoformat()


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _dumps(rows: Sequence[Row]) -> str:
    """JSON; NaN and infinity, which are not numbers anybody may see, become unknown."""
    try:
        return json.dumps(rows, allow_nan=False)
    except ValueError:
        return json.dumps(
            [{k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()} for row in rows]
        )


@lru_cache(maxsize=8192)
def _contract_row(contract: Contract) -> Row:
    return _jsonable(asdict(contract))


def _jsonable(row: Mapping[str, Any]) -> Row:
    """Times, days and decimals as text: JSON has no words of its own for them, and text keeps each cent."""
    return {
        key: value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, Decimal) else value
        for key, value in row.items()
    }
