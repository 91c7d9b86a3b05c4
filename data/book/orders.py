"""Executions folded into orders: partial fills and the legs of a combo are one order. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from data.book.sources import NO_MONEY, OPENING, ZERO, Fill, Terms, place


@dataclass(frozen=True, slots=True)
class Leg:
    """What an order did in one contract. `quantity` is signed; `money` before fees, in the contract's currency."""

    terms: Terms
    quantity: Decimal
    money: Decimal

    @property
    def average_price(self) -> Decimal | None:
        """By quantity; None where it bought as much as it sold."""
        units = self.quantity * self.terms.multiplier
        return -self.money / units if units else None


@dataclass(frozen=True, slots=True)
class FilledOrder:
    """`id` is the order's, or the execution's own where the broker names none (a booking). `fees` by currency."""

    id: str
    first: datetime
    last: datetime
    strategy: str | None
    legs: tuple[Leg, ...]
    fees: dict[str, Decimal]
    fills: tuple[Fill, ...]

    @property
    def is_combo(self) -> bool:
        return len(self.legs) > 1


def orders(fills: Iterable[Fill]) -> list[FilledOrder]:
    """Orders by their first fill. The BAG line of a combo carries no money and no quantity: its legs do."""
    parts: dict[str, list[Fill]] = defaultdict(list)
    for fill in fills:
        if fill.kind not in (NO_MONEY, OPENING) and fill.quantity:
            parts[f"order {fill.order}" if fill.order is not None else f"fill {fill.key}"].append(fill)
    found = [_order(sorted(those, key=place)) for those in parts.values()]
    return sorted(found, key=lambda order: (order.first, order.id))


def _order(fills: list[Fill]) -> FilledOrder:
    first = fills[0]
    terms: dict[int, Terms] = {}
    quantity: dict[int, Decimal] = defaultdict(lambda: ZERO)
    money: dict[int, Decimal] = defaultdict(lambda: ZERO)
    fees: dict[str, Decimal] = {}
    for fill in fills:
        con_id, currency = fill.terms.con_id, fill.fee_currency or fill.terms.currency
        terms[con_id] = fill.terms
        quantity[con_id] += fill.quantity
        money[con_id] += fill.money
        if fill.fee:
            fees[currency] = fees.get(currency, ZERO) + fill.fee
    legs = tuple(Leg(terms[con_id], quantity[con_id], money[con_id]) for con_id in sorted(terms))
    strategies = {fill.strategy for fill in fills}
    strategy = strategies.pop() if len(strategies) == 1 else None
    return FilledOrder(first.order or first.key, first.ts, fills[-1].ts, strategy, legs, fees, tuple(fills))
