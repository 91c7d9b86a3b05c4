"""Which working orders belong to a strategy that is to be stopped, and what to say of one that stays."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

import psycopg
from psycopg.rows import dict_row

from data.control_views import RemainingOrder
from data.strategies.attributing import by_name
from data.strategies.base import Bot
from data.strategies.thetagang.attribution import BY_HAND, BotFacts, Claim, OrderFacts, candidates, claim

Conn = psycopg.Connection[Any]
CANCEL_IN_TWS = "in TWS: Orders, right click on it, Cancel"


class How(Enum):
    CANCEL = "cancel"  # the bot's own client id may cancel it
    NAME = "name"  # somebody else's: it is named
    NAME_UNCLEAR = "name_unclear"  # whose it is can't be told: it is named


@dataclass(frozen=True, slots=True)
class Working:
    """A working order as the poller stored it. `strategy`: whose it is known to be; `is_decided`: also where that is nobody."""

    account: str
    perm_id: int
    client_id: int | None
    order_id: int | None
    order_ref: str | None
    symbol: str
    sec_type: str
    action: str
    quantity: Any
    order_type: str
    limit_price: float | None
    expiry: date | None
    strike: float | None
    right: str | None
    strategy: str | None
    is_decided: bool

    @property
    def facts(self) -> OrderFacts:
        return OrderFacts(
            self.sec_type, self.symbol, self.action, self.client_id, self.order_ref, self.perm_id, self.order_id
        )

    @property
    def what(self) -> str:
        """As people read it: SELL 1 AAPL 2026-12-18 190 P LMT 2.35."""
        words = [self.action, f"{float(self.quantity):g}", self.symbol]
        if self.expiry is not None and self.strike is not None:
            words += [self.expiry.isoformat(), f"{self.strike:g}", self.right or ""]
        elif self.sec_type != "STK":
            words.append("combination" if self.sec_type == "BAG" else self.sec_type)
        words += [self.order_type, f"{self.limit_price:g}" if self.limit_price is not None else ""]
        return " ".join(word for word in words if word)


def working(conn: Conn, account: str, perm_ids: Iterable[int]) -> list[Working]:
    """The stored orders of these permIds. An attribution by hand or record counts before the order's own column."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "SELECT o.account, o.perm_id, o.client_id, o.order_id, o.order_ref, o.symbol, o.sec_type, o.action, o.quantity, "
            "       o.order_type, o.limit_price, c.expiry, c.strike, c.right, "
            "       CASE WHEN a.id IS NOT NULL THEN a.strategy ELSE coalesce(o.strategy, d.strategy) END AS strategy, "
            "       a.id IS NOT NULL OR coalesce(o.strategy, d.strategy) IS NOT NULL AS is_decided "
            "  FROM orders o LEFT JOIN contracts c ON c.con_id = o.con_id "
            "  LEFT JOIN LATERAL (SELECT x.id, x.strategy FROM attributions x WHERE x.account = o.account "
            "       AND x.perm_id = o.perm_id ORDER BY x.id DESC LIMIT 1) a ON true "
            "  LEFT JOIN LATERAL (SELECT x.strategy FROM decisions x WHERE x.account = o.account AND x.perm_id = o.perm_id "
            "       AND x.strategy IS NOT NULL ORDER BY x.id DESC LIMIT 1) d ON true "
            " WHERE o.account = %s AND o.perm_id = ANY (%s) ORDER BY o.perm_id",
            [account, list(perm_ids)],
        ).fetchall()
    return [Working(**row) for row in rows]


def known_working(conn: Conn, account: str) -> list[int]:
    """What worked when the poller last heard of it: for when it can't be asked."""
    rows = conn.execute(
        "SELECT perm_id FROM orders WHERE account = %s "
        "   AND status NOT IN ('Filled', 'Cancelled', 'ApiCancelled', 'Inactive', 'Unknown')",
        [account],
    ).fetchall()
    return [row[0] for row in rows]


@dataclass(frozen=True, slots=True)
class Owners:
    """What is needed to tell whose an order is."""

    facts: BotFacts
    others: frozenset[int]  # client ids of other bots
    stopped: frozenset[str]  # those of its strategies that are stopped, without the bot's name

    def judge(self, order: Working, strategy: str) -> How | None:
        """What a stop of `strategy` (its full name) does with `order`; None: it is not concerned."""
        is_own_client = order.client_id is not None and order.client_id == self.facts.client_id
        if order.is_decided:
            return (How.CANCEL if is_own_client else How.NAME) if order.strategy == strategy else None
        named = by_name(order.order_ref, {strategy})
        if named is not None:
            return How.CANCEL if is_own_client else How.NAME
        # Another bot's runs, or somebody by hand, may have placed it just as well.
        is_shared = self.facts.client_id in {*self.others, BY_HAND}
        if is_own_client and self.facts.strategies.keys() <= self.stopped:
            # Every strategy of the bot is stopped: it is one of theirs, whichever.
            return How.NAME_UNCLEAR if is_shared else How.CANCEL
        match claim(order.facts, self.facts, strategy.partition("/")[2], self.others):
            case Claim.OWN:
                return How.NAME_UNCLEAR if is_shared else How.CANCEL
            case Claim.UNCLEAR:
                is_stopped = candidates(order.facts, self.facts)[0] <= self.stopped
                return How.CANCEL if is_stopped and not is_shared else How.NAME_UNCLEAR
            case Claim.FOREIGN:
                return How.NAME
        return None


def owners(conn: Conn, bot: Bot, stopped: Collection[str]) -> Owners:
    """`stopped`: full names of the bot's strategies that are stopped."""
    symbols = conn.execute("SELECT name, symbols FROM strategies WHERE name = ANY (%s)", [list(bot.strategies)])
    facts = BotFacts(
        bot.name, bot.family, bot.client_id, {row[0].partition("/")[2]: frozenset(row[1]) for row in symbols}
    )
    rows = conn.execute("SELECT client_id FROM bots WHERE bot <> %s AND client_id IS NOT NULL", [bot.name]).fetchall()
    short = frozenset(name.partition("/")[2] for name in stopped)
    return Owners(facts, frozenset(row[0] for row in rows), short)


def remaining(order: Working, how: How, bot: Bot, refusals: Mapping[int, str], why_not: str | None) -> RemainingOrder:
    """What is said of an order that still works. `why_not`: why nothing could be cancelled."""
    return {
        "perm_id": order.perm_id,
        "client_id": order.client_id,
        "symbol": order.symbol,
        "what": order.what,
        "advice": _advice(order, how, bot, refusals.get(order.perm_id), why_not),
    }


def _advice(order: Working, how: How, bot: Bot, refusal: str | None, why_not: str | None) -> str:
    if how is How.NAME_UNCLEAR:
        return (
            f"{bot.name}'s client id placed it, but for which strategy can't be told: cancel it {CANCEL_IN_TWS}, "
            "or say in the decision ledger whose it is."
        )
    if how is How.NAME:
        who = "by hand" if order.client_id in (None, BY_HAND) else f"by API client {order.client_id}"
        own = "" if order.is_decided else " If it isn't this strategy's, say so in the decision ledger."
        return f"Placed {who}, so that the agent can't cancel it: cancel it {CANCEL_IN_TWS}.{own}"
    if refusal is not None:
        return f"The gateway refused to cancel it: {refusal}. Cancel it {CANCEL_IN_TWS}."
    if why_not is not None:
        return f"{why_not} It is tried again; at once: cancel it {CANCEL_IN_TWS}."
    return f"It was cancelled, but still works at the broker: if it stays, cancel it {CANCEL_IN_TWS}."


def sentence(found: Sequence[RemainingOrder]) -> str:
    """What remains, for `detail`."""
    count = "One working order remains" if len(found) == 1 else f"{len(found)} working orders remain"
    return f"{count} at the broker; nothing new is sent. It is looked at again until none is left."
