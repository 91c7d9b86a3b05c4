"""ThetaGang 2's own records, its SQLite database: intents, rejections, skips and errors become rows of `decisions`.

Read with mode=ro and one short SELECT at a time: a long read makes the bot fail at its start or lose an intent. A run that
hasn't ended is read again, since a cursor over ids isn't safe. `runs.config_text` may hold a password and is never read.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from data.db import literal
from data.queries import statement
from data.strategies.thetagang import configuration, wording
from data.strategies.thetagang.attribution import CASH, REGIME, TAIL, BotFacts, OrderFacts, whose

BUSY_S = 0.2
NEWEST_RUNS = 100
UNSET = 1e300  # ib_async's "not set" is the largest double

Row = dict[str, Any]


class DecisionReader:
    """Reads what is new; remembers which files and runs hold nothing new any more."""

    def __init__(self) -> None:
        self._stamps: dict[Path, tuple[int, int]] = {}
        self._finished: dict[Path, set[int]] = {}

    def read(self, conn: psycopg.Connection[Any], bot: str) -> int | None:
        """Bring the newest runs' decisions into the database; how many rows are new or know more.

        None: this bot keeps no records. A file that can't be read now is read the next time.
        """
        found = facts_of(conn, bot)
        if found is None or found[0].family != "thetagang2":
            return None
        facts, account, config = found
        path = _records_path(config)
        if path is None or not path.exists():
            return None
        stamp = (path.stat().st_mtime_ns, path.stat().st_size)
        if self._stamps.get(path) == stamp:
            return 0
        try:
            with closing(_open(path)) as records:
                rows = list(self._rows(records, path, config, facts, account))
        except sqlite3.Error:
            return 0
        count = store(conn, rows)
        self._stamps[path] = stamp
        return count

    def _rows(
        self, records: sqlite3.Connection, path: Path, config: Path, facts: BotFacts, account: str | None
    ) -> Iterator[Row]:
        finished = self._finished.setdefault(path, set())
        for run in _runs(records, config):
            if run["id"] in finished:
                continue
            events = _select(records, "SELECT * FROM events WHERE run_id = ? ORDER BY id", run["id"])
            orders = _orders(records, run["id"])
            base = {"bot": facts.bot, "account": account, "client_id": None}
            for intent in _select(records, "SELECT * FROM order_intents WHERE run_id = ? ORDER BY id", run["id"]):
                yield base | _intent(run, intent, orders, facts)
            is_explained = any(event["event_type"] == "run_incomplete_orders" for event in events)
            for event in events:
                if event["event_type"] == "run_end" and is_explained:
                    finished.add(run["id"])
                elif (told := _event(event)) is not None:
                    yield base | _key(run, "event", event) | told | _strategy_of_event(told, orders, facts)
            if any(event["event_type"] == "run_end" for event in events):
                finished.add(run["id"])


def facts_of(conn: psycopg.Connection[Any], bot: str) -> tuple[BotFacts, str | None, Path] | None:
    """A wrapped bot as attribution needs it, its account and its configuration's path."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            "SELECT family, client_id, account, config_path FROM bots WHERE bot = %s AND adapter = 'wrapper'", [bot]
        ).fetchone()
        strategies = cursor.execute("SELECT name, symbols FROM strategies WHERE bot = %s", [bot]).fetchall()
    if row is None or row["config_path"] is None:
        return None
    symbols = {found["name"].partition("/")[2]: frozenset(found["symbols"]) for found in strategies}
    return BotFacts(bot, row["family"], row["client_id"], symbols), row["account"], Path(row["config_path"])


def store(conn: psycopg.Connection[Any], rows: list[Row]) -> int:
    """Write decisions, idempotent by source_key; how many were new or changed."""
    if not rows:
        return 0
    with conn.transaction():
        count = conn.execute(literal(statement("decisions")), {"rows": Jsonb(rows)}).rowcount
        if count:
            conn.execute(literal(statement("strategies_changed")))
    return count


def _records_path(config: Path) -> Path | None:
    try:
        return configuration.read(config).records_path
    except configuration.ConfigurationError:
        return None


def _open(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S, isolation_level=None)
    conn.row_factory = sqlite3.Row
    return conn


def _select(records: sqlite3.Connection, sql: str, *parameters: Any) -> list[Row]:
    return [dict(row) for row in records.execute(sql, parameters).fetchall()]


def _runs(records: sqlite3.Connection, config: Path) -> list[Row]:
    """The newest real runs with this configuration, by way of the wrapper or from before it; the oldest first."""
    effective = config.with_name(f"{config.stem}.mtz{config.suffix}")
    rows = _select(
        records,
        "SELECT id, started_at FROM runs WHERE dry_run = 0 AND config_path IN (?, ?) ORDER BY id DESC LIMIT ?",
        str(effective), str(config), NEWEST_RUNS,
    )  # fmt: skip
    return rows[::-1]


def _orders(records: sqlite3.Connection, run_id: int) -> dict[int, Row]:
    """Of one run: intent → its order's id, permId and last status; and by order id, negative, for events that name that."""
    placed = _select(
        records, "SELECT intent_id, order_id, symbol, sec_type, action, order_ref FROM orders WHERE run_id = ?", run_id
    )
    permanent = {
        row["order_id"]: row["perm_id"]
        for row in _select(
            records, "SELECT order_id, perm_id FROM order_statuses WHERE run_id = ? AND perm_id > 0 ORDER BY id", run_id
        )
    }
    found: dict[int, Row] = {}
    for row in placed:
        order = row | {"perm_id": permanent.get(row["order_id"])}
        if row["intent_id"] is not None:
            found[row["intent_id"]] = order
        if row["order_id"] is not None:
            found[-row["order_id"]] = order
    return found


def _intent(run: Row, intent: Row, orders: Mapping[int, Row], facts: BotFacts) -> Row:
    contract = _json(intent["payload_json"]).get("contract") or {}
    order = orders.get(intent["id"], {})
    placed = OrderFacts(
        intent["sec_type"] or "", intent["symbol"], intent["action"] or "", facts.client_id, intent["order_ref"] or None
    )
    claim = whose(placed, facts)
    return _key(run, "intent", intent) | {
        "kind": "intent",
        "strategy": claim[0] if claim else None,
        "symbol": intent["symbol"],
        "con_id": intent["con_id"] or None,
        "contract": wording.contract(contract | {"secType": intent["sec_type"], "symbol": intent["symbol"]}),
        "action": intent["action"],
        "quantity": intent["quantity"],
        "limit_price": _price(intent["limit_price"]),
        "reason": wording.intent(placed, is_cash=bool(claim and claim[0].endswith(f"/{CASH}"))),
        "order_id": order.get("order_id"),
        "perm_id": order.get("perm_id"),
        "client_id": facts.client_id if order else None,
        "order_ref": intent["order_ref"] or None,
    }


def _event(event: Row) -> Row | None:
    """An event as a decision; None: it is none, or is told otherwise."""
    payload = _json(event["payload"])
    symbol = event["symbol"] or payload.get("symbol") or None
    told = wording.event(event["event_type"], payload)
    if told is None:
        return None
    kind, reason = told
    order_id = payload.get("order_id")
    return {
        "kind": kind,
        "symbol": symbol,
        "reason": reason,
        "action": payload.get("action"),
        "order_id": order_id if isinstance(order_id, int) and order_id > 0 else None,
        "detail": {"event": event["event_type"]},
    }


def _strategy_of_event(told: Row, orders: Mapping[int, Row], facts: BotFacts) -> Row:
    """Whose an event is: its order's, else the strategy's that such events come from."""
    if (order := orders.get(-(told["order_id"] or 0))) is not None:
        placed = OrderFacts(
            order["sec_type"] or "", order["symbol"], order["action"] or "", facts.client_id, order["order_ref"] or None
        )
        claim = whose(placed, facts)
        return {
            "strategy": claim[0] if claim else None,
            "perm_id": order["perm_id"],
            "client_id": facts.client_id,
            "order_ref": order["order_ref"] or None,
        }
    name = {"tail_hedge_evaluation": TAIL, "regime_rebalance_gate": REGIME}.get(told["detail"]["event"])
    return {"strategy": f"{facts.bot}/{name}" if name else None}


def _key(run: Row, kind: str, row: Row) -> Row:
    """The decision's own name: a database that was begun anew counts from 1 again, so the run's start is part of it."""
    moment = datetime.fromisoformat(row["created_at"]).replace(tzinfo=UTC)
    return {"source_key": f"{run['started_at']}:{kind}:{row['id']}", "ts": moment.isoformat()}


def _json(text: str | None) -> Row:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _price(value: float | None) -> float | None:
    return None if value is None or abs(value) > UNSET else value
