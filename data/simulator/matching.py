"""Which orders are taken, and when they trade.

A marketable order trades at the opposite quote. A limit order between the quotes trades with a chance per second that
grows towards the far side, as market makers meet a fair price after a while. Larger orders fill in parts.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from data.simulator.calendar import Phase
from data.simulator.instruments import Instrument, by_con_id
from data.simulator.market import mix
from data.simulator.orders import SUPPORTED_TYPES, Leg, Order

if TYPE_CHECKING:
    from data.simulator.world import World

PART = 5
"""Contracts (or round lots) that one fill takes at most."""
QUEUE_RATE, MIDDLE_RATE = 0.012, 0.5
"""Fills per second of an order that joins the best quote, and what it gains on the whole way to the other side."""


def check(world: World, order: Order) -> None:
    """Raises RejectedError for an order that TWS would not take."""
    from data.simulator.world import RejectedError

    if order.account not in world.accounts:
        raise RejectedError(435, "You must specify an account.")
    if order.order_type not in SUPPORTED_TYPES:
        raise RejectedError(387, "Unsupported order type for this exchange and security type.")
    if order.action not in ("BUY", "SELL") or order.quantity <= 0:
        raise RejectedError(321, "Error validating request.-'bN' : cause - The size value cannot be zero.")
    if order.order_type in ("LMT", "STP LMT") and order.limit is None:
        raise RejectedError(321, "Error validating request.-'bN' : cause - Limit price is required")
    if order.order_type.startswith("STP") and order.aux is None:
        raise RejectedError(321, "Error validating request.-'bN' : cause - Stop price is required")
    for price in (order.limit, order.aux):
        if price is not None and abs(price * 100 - round(price * 100)) > 1e-6:
            raise RejectedError(110, "The price does not conform to the minimum price variation for this contract.")


def legs_of(order: Order) -> list[Leg]:
    """An order as legs: itself, if it is no combination."""
    return order.legs or [Leg(order.con_id, 1, "BUY")]


def match_all(world: World) -> None:
    """Give every working order its chance."""
    for order in [o for o in world.orders.values() if o.is_working and o.transmit]:
        _advance(world, order)


def _advance(world: World, order: Order) -> None:
    if order.parent_id and not _parent_filled(world, order):
        return
    if not _may_trade(world, order):
        return
    if order.order_type.startswith("STP") and not order.triggered:
        if not _triggered(world, order):
            return
        order.triggered = True
    if order.status != "Submitted":
        # One step as PreSubmitted and one as Submitted before the first fill: clients see the usual sequence.
        order.status = "Submitted"
        world.announce(order)
        return
    _try_fill(world, order)


def _parent_filled(world: World, order: Order) -> bool:
    parent = world.find_order(order.client_id, order.parent_id)
    return parent is None or parent.status == "Filled"


def _may_trade(world: World, order: Order) -> bool:
    phase = world.hours.phase(world.moment)
    if phase is Phase.OPEN:
        return all(not _expired(world, by_con_id(leg.con_id)) for leg in legs_of(order))
    # Outside regular hours only stocks trade, and only where the order says so.
    return phase is not Phase.CLOSED and order.outside_rth and not order.legs and not by_con_id(order.con_id).is_option


def _expired(world: World, instrument: Instrument) -> bool:
    return instrument.is_option and instrument.expiry_moment <= world.moment


def _triggered(world: World, order: Order) -> bool:
    assert order.aux is not None
    bid, ask = net_quote(world, order)
    last = (bid + ask) / 2
    return last >= order.aux if order.action == "BUY" else last <= order.aux


def net_quote(world: World, order: Order) -> tuple[float, float]:
    """Bid and ask of what the order trades, for one combination where it has legs."""
    bid = ask = 0.0
    for leg in legs_of(order):
        quote = world.market.quote(by_con_id(leg.con_id))
        if leg.sign > 0:
            bid, ask = bid + leg.sign * quote.bid, ask + leg.sign * quote.ask
        else:
            bid, ask = bid + leg.sign * quote.ask, ask + leg.sign * quote.bid
    return round(bid, 4), round(ask, 4)


def _fill_price(world: World, order: Order) -> float | None:
    """The price at which the order trades in this step, or None."""
    bid, ask = net_quote(world, order)
    far, near = (ask, bid) if order.action == "BUY" else (bid, ask)
    if order.order_type in ("MKT", "STP"):
        return far
    if order.order_type == "MIDPRICE" and order.limit is None:
        return round((bid + ask) / 2, 2)
    assert order.limit is not None
    limit = order.limit
    if order.sign * (limit - far) >= 0:
        return far
    # How far the limit has come from the near side (0: it joins the queue there) to the far side.
    progress = (limit - near) / (far - near) if far != near else 0.0
    if progress < -1e-9:
        return None
    chance = 1 - math.exp(-(QUEUE_RATE + MIDDLE_RATE * progress) * world.elapsed)
    return limit if mix(world.seed, order.perm_id, world.market.step_number) < chance else None


def _try_fill(world: World, order: Order) -> None:
    price = _fill_price(world, order) if world.fills else None
    if price is None:
        return
    largest = PART if order.legs or by_con_id(order.con_id).is_option else PART * 100
    quantity = min(order.remaining, largest)
    fill_at(world, order, quantity, Decimal(str(round(price, 2))))


def fill_at(world: World, order: Order, quantity: int, price: Decimal) -> None:
    """Fill an order (or a part) at a price, and share a net price among the legs."""
    world.fill(order, quantity, price, leg_prices(world, order, price) if order.legs else None)


def leg_prices(world: World, order: Order, net: Decimal) -> list[Decimal]:
    """Prices per leg at their marks, whole cents, the difference to the net price put on a leg that can carry it."""
    prices = [world.market.mark(by_con_id(leg.con_id)).quantize(Decimal("0.01")) for leg in order.legs]
    gap = net - sum((leg.sign * price for leg, price in zip(order.legs, prices, strict=True)), Decimal(0))
    # A leg of ratio one takes the rest exactly; the dearest is the least likely to go below zero.
    single = [n for n, leg in enumerate(order.legs) if leg.ratio == 1] or [0]
    carrier = max(single, key=lambda n: prices[n])
    prices[carrier] += gap / order.legs[carrier].sign
    return prices
