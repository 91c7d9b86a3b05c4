"""Whose order it was: by its orderRef, else by clientId and shape. Pure.

ThetaGang 2 refers to regime and tail orders only; the wheel's, the VIX hedge's and the cash fund's carry nothing, and 1.16
and its forks never set one. A combination is a roll, an option the wheel's, an option on VIX the hedge's, shares of the cash
fund cash management, other shares a rebalance. The exact join (`how` "join") is the bot's own record of the order: a row of
`decisions` with its permId.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

How = Literal["order_ref", "shape"]

WHEEL = "wheel"
REGIME = "regime_rebalance"
VIX = "vix_call_hedge"
TAIL = "tail_hedge"
CASH = "cash_management"
VIX_SYMBOL = "VIX"
BY_HAND = 0  # orders made in TWS itself come with client 0, as those of a bot that connects as client 0
REFERENCES = (("tg:regime-rebalance:", REGIME), ("tg:tail-hedge:", TAIL), ("tg:tail-harvest:", TAIL))


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What is known of an order at the broker.

    `sec_type` STK, OPT, FOP, FUT, BAG …; a combination is BAG, whatever its legs. `symbol`: of the underlying.
    `client_id` None: not told. `action` BUY or SELL.
    """

    sec_type: str
    symbol: str
    action: str
    client_id: int | None = None
    order_ref: str | None = None
    perm_id: int | None = None
    order_id: int | None = None


@dataclass(frozen=True, slots=True)
class BotFacts:
    """What is known of a bot: its row of `bots`, and its strategies with the symbols that each trades (`strategies.symbols`).

    Strategies are named without the bot. Those of MoneyTrailz's framework and its legacy stock strategies trade options or
    shares as the wheel does, and nothing tells them apart: an order that fits several belongs to none of them.
    """

    bot: str
    family: str | None
    client_id: int | None
    strategies: dict[str, frozenset[str]] = field(default_factory=dict)


def whose(order: OrderFacts, bot: BotFacts) -> tuple[str, How] | None:
    """The strategy of `bot` (its full name, bot/strategy) that placed `order`, and how that is known.

    None: another's, or it can't be told.
    """
    found, how = candidates(order, bot)
    if how == "shape" and order.client_id == BY_HAND:
        return None
    return (f"{bot.bot}/{next(iter(found))}", how) if len(found) == 1 else None


def whose_of(order: OrderFacts, bots: Iterable[BotFacts]) -> tuple[str, How] | None:
    """The same among several bots; None where two of them claim it."""
    found = [claim for bot in bots if (claim := whose(order, bot)) is not None]
    return found[0] if len(found) == 1 else None


def candidates(order: OrderFacts, bot: BotFacts) -> tuple[frozenset[str], How]:
    """The strategies of `bot` that may have placed `order`; empty: it is another's."""
    if order.client_id is not None and order.client_id != bot.client_id:
        return frozenset(), "shape"
    if order.order_ref:
        return frozenset(by_reference(order.order_ref, bot.strategies)), "order_ref"
    if order.client_id is None:
        return frozenset(), "shape"
    return frozenset(by_shape(order, bot)), "shape"


def by_reference(order_ref: str, strategies: Collection[str]) -> set[str]:
    """What a reference of ThetaGang 2's names; another's reference names nothing."""
    return {name for start, name in REFERENCES if order_ref.startswith(start) and name in strategies}


def by_shape(order: OrderFacts, bot: BotFacts) -> set[str]:
    """The strategies that send orders of this shape on this symbol."""
    known = bot.strategies
    if order.sec_type == "STK":
        if order.symbol in known.get(CASH, ()):
            return {CASH}
        # ThetaGang 2's regime orders carry a reference: shares without one are the wheel's.
        fits = {WHEEL} if WHEEL in known else set()
        return (fits | _others(order, known)) - {VIX, TAIL, CASH, REGIME}
    if order.sec_type in ("OPT", "FOP", "BAG"):
        if order.symbol == VIX_SYMBOL and VIX in known:
            return {VIX}
        fits = {WHEEL} if WHEEL in known else set()
        return (fits | _others(order, known)) - {VIX, TAIL, CASH, REGIME}
    return set()


def _others(order: OrderFacts, known: dict[str, frozenset[str]]) -> set[str]:
    """Strategies outside the standard ones that name the symbol."""
    standard = {WHEEL, REGIME, VIX, TAIL, CASH}
    return {name for name, symbols in known.items() if name not in standard and order.symbol in symbols}


class Claim(Enum):
    """Whether a working order belongs to a strategy that is to be stopped."""

    OWN = "own"  # the bot's client placed it: the agent cancels it
    FOREIGN = (
        "foreign"  # it is what the strategy trades, but another client's or placed by hand: named, never cancelled
    )
    UNCLEAR = "unclear"  # the bot's client placed it, and it may be this strategy's or another's
    NONE = "none"


def claim(order: OrderFacts, bot: BotFacts, strategy: str, others: Collection[int] = ()) -> Claim:
    """Whether `order` belongs to `strategy` (named without the bot) of `bot`.

    `others`: client ids of the other bots that are known, whose orders are their own.
    """
    if strategy in (found := candidates(order, bot)[0]):
        return Claim.OWN if len(found) == 1 else Claim.UNCLEAR
    if order.client_id == bot.client_id or order.client_id in others:
        return Claim.NONE
    as_ours = OrderFacts(order.sec_type, order.symbol, order.action, bot.client_id, order.order_ref)
    looks_alike = strategy in candidates(as_ours, bot)[0]
    return Claim.FOREIGN if looks_alike and order.symbol in bot.strategies.get(strategy, ()) else Claim.NONE
