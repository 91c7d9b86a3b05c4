"""Whose order it was: what nobody has said by hand is found by its orderRef, by the bot's own records, by client id and shape.

The newest row of `attributions` for an order counts, and one by hand for ever. `orders.strategy` and `executions.strategy` are
copies of it, which move the revision of trades, so that everybody sees the change; samples that were taken before stay. What
the broker books by itself (an assignment, an exercise, an expiry) has no order: it is the strategy's that holds the option.
"""

from __future__ import annotations

import json
import socket
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from data import audit
from data.audit import Caller
from data.db import literal
from data.model import Topic
from data.queries import statement
from data.strategies.thetagang.attribution import BotFacts, OrderFacts, whose_of

Conn = psycopg.Connection[Any]
Row = dict[str, Any]
Order = tuple[str, int]  # account, permId

BY_HAND = "hand"
RANK = {None: 0, "shape": 1, "join": 2, "order_ref": 3, BY_HAND: 4}
OVERLAP = timedelta(minutes=5)  # what was written meanwhile, by a transaction that took long


@dataclass(frozen=True, slots=True)
class Finding:
    """What is found out about an order. `strategy` None: taken away by hand. `is_new`: it is no row of attributions yet."""

    account: str
    perm_id: int
    strategy: str | None
    how: str
    is_new: bool
    before: str | None = None  # whose it was until now


class Attributor:
    """Attributes on `conn` (role agent, autocommit); looks only at what is new since its last look. Raises psycopg.Error."""

    def __init__(self, conn: Conn) -> None:
        self._conn = conn
        self._caller = Caller("strategy agent", "agent", socket.gethostname())
        self._seen: list[Any] | None = None
        self._looked: datetime | None = None
        self._rules: dict[str, BotFacts] | None = None
        self._undecided: set[tuple[Order, Any]] = set()

    def look(self) -> int:
        """Attribute what can be; how many orders and bookings changed hands."""
        row = self._conn.execute(literal(statement("attribution_state"))).fetchone()
        assert row is not None
        now, *seen = row
        if seen == self._seen:
            return 0
        bots = self._bots()
        since = self._looked - OVERLAP if self._looked and bots == self._rules else None
        if since is None:  # other rules: look at everything again
            self._rules, self._undecided = bots, set()
        names = {f"{bot.bot}/{name}" for bot in bots.values() for name in bot.strategies}
        findings = [found for row in self._candidates(since) if (found := self._judge(row, bots, names)) is not None]
        changed = self._write(findings)
        while moved := self._bookings():
            changed += moved
        self._seen, self._looked = seen, now
        return changed

    def _candidates(self, since: datetime | None) -> list[Row]:
        with self._conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(literal(statement("attribution_candidates")), {"since": since}).fetchall()

    def _bots(self) -> dict[str, BotFacts]:
        found: dict[str, BotFacts] = {}
        rows = self._conn.execute(
            "SELECT s.name, s.symbols, b.bot, b.family, b.client_id FROM strategies s LEFT JOIN bots b USING (bot) ORDER BY s.name"
        )
        for name, symbols, bot, family, client_id in rows:
            bot = bot or name.partition("/")[0]
            facts = found.setdefault(bot, BotFacts(bot, family, client_id))
            facts.strategies[name.partition("/")[2]] = frozenset(symbols)
        return found

    def _judge(self, row: Row, bots: Mapping[str, BotFacts], names: set[str]) -> Finding | None:
        order = (row["account"], row["perm_id"])
        key = (order, (row["order_ref"], row["client_id"], row["joined"], row["is_combo"]))
        if row["how"] is None and key in self._undecided:
            return None
        found = _found(row, bots, names)
        known = row["how"]
        if known == BY_HAND or found is None or RANK[found[1]] <= RANK[known]:
            if known is None:
                self._undecided.add(key)
                return None
            is_applied = row["is_applied"]  # a fill that came after its order was attributed, or a word by hand
            return None if is_applied else Finding(*order, row["attributed"], known, is_new=False, before=row["cached"])
        return Finding(*order, found[0], found[1], is_new=True, before=row["attributed"] if known else None)

    def _write(self, findings: Sequence[Finding]) -> int:
        by_account: dict[str, list[Finding]] = defaultdict(list)
        for finding in findings:
            by_account[finding.account].append(finding)
        for account, mine in by_account.items():
            rows = [{"perm_id": f.perm_id, "strategy": f.strategy, "how": f.how} for f in mine]
            with self._conn.transaction():
                revision = self._bump(account)
                new = json.dumps([row for row, f in zip(rows, mine, strict=True) if f.is_new])
                self._conn.execute(literal(statement("attributions")), {"account": account, "rows": new})
                told = {"account": account, "rows": json.dumps(rows), "revision": revision}
                self._conn.execute(literal(statement("attribute_orders")), told)
                self._conn.execute(literal(statement("attribute_executions")), told)
                for f in mine:
                    if f.before is not None and f.before != f.strategy and f.how != BY_HAND:  # the web wrote that one's
                        detail = {"account": account, "from": f.before, "to": f.strategy, "how": f.how}
                        audit.write(self._conn, "order.reassigned", self._caller, f"order {f.perm_id}", detail)
                self._announce(account)
        return len(findings)

    def _bookings(self) -> int:
        """Give the oldest of the broker's own bookings to whom it concerns: the next hang on it; how many."""
        with self._conn.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(literal(statement("attribution_bookings"))).fetchall()
        by_account: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if row["ts"] == rows[0]["ts"]:
                by_account[row["account"]].append(row)
        for account, mine in by_account.items():
            with self._conn.transaction():
                revision = self._bump(account)
                told = {
                    "account": account,
                    "rows": json.dumps([{"id": r["id"], "strategy": r["holder"]} for r in mine]),
                }
                self._conn.execute(literal(statement("attribute_bookings")), told | {"revision": revision})
                self._announce(account)
        return sum(map(len, by_account.values()))

    def _bump(self, account: str) -> int:
        topics = [Topic.TRADES.value]
        row = self._conn.execute(literal(statement("bump")), {"account": account, "topics": topics}).fetchone()
        assert row is not None
        revision: int = row[1]
        return revision

    def _announce(self, account: str) -> None:
        self._conn.execute(literal(statement("notify")), {"account": account, "topics": [Topic.TRADES.value]})


def _found(row: Row, bots: Mapping[str, BotFacts], names: set[str]) -> tuple[str, str] | None:
    """The strategy by the best of the rules, and which that was."""
    named = by_name(row["order_ref"], names)
    if named is not None:
        return named, "order_ref"
    facts = OrderFacts(
        "BAG" if row["is_combo"] else row["sec_type"],
        row["symbol"],
        row["action"],
        row["client_id"],
        row["order_ref"],
        row["perm_id"],
        row["order_id"],
    )
    found = whose_of(facts, bots.values())
    if row["joined"] is not None and (found is None or found[1] != "order_ref"):
        return row["joined"], "join"
    return found


def by_name(order_ref: str | None, names: set[str]) -> str | None:
    """A reference BOT:STRATEGY or BOT:STRATEGY:… names a strategy of that name."""
    parts = (order_ref or "").split(":")
    name = "/".join(parts[:2])
    return name if len(parts) >= 2 and name in names else None


def attribute(conn: Conn) -> int:
    """Attribute once; how many orders and bookings changed hands. Who looks again and again keeps an :class:`Attributor`."""
    return Attributor(conn).look()
