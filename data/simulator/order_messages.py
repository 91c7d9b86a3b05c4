"""openOrder and completedOrder: the longest messages of the protocol, field by field for versions 157 to 176."""

from __future__ import annotations

from collections.abc import Sequence

from data.simulator.calendar import zoned
from data.simulator.messages import Message, order_contract
from data.simulator.orders import Order
from data.simulator.wire import UNSET


def open_order(order: Order, version: int, state: Sequence[object] | None = None) -> Message:
    """openOrder in full. ``state`` replaces the order state (status, margins, commission) of a what-if answer."""
    return (
        5,
        order.order_id,
        *_terms(order),
        order.client_id,
        order.perm_id,
        *(order.outside_rth, False, 0, ""),  # hidden, discretionary amount, good after time
        "",  # the deprecated share allocation
        *_allocation(),
        0,  # auction strategy
        *_box(),
        *(False, False, False),  # block order, sweep to fill, all or none
        *("", 1),  # minimum quantity, OCA type
        *(False, False, ""),  # electronic only, firm quote only, NBBO cap: all deprecated
        *(order.parent_id, 0),  # parent, trigger method
        *("", 0, "None", ""),  # volatility, its type, delta neutral type and price
        # TWS writes "None" as the delta-neutral type, and that makes clients read eight more fields.
        *(0, "", "", "", "?", False, 0, ""),
        *(False, 0, "", ""),  # continuous update, reference price type, trailing stop price and percent
        *("", ""),  # basis points and their type
        *_combination(order),
        *("", "", "", ""),  # scale sizes and increment, hedge type
        *(False, "", "IB", False, False),  # smart routing, clearing account and intent, not held, delta neutral
        *_algo(order),
        *(False, state is not None),  # solicited, what-if
        *(state if state is not None else _state(order)),
        *(False, False, 0),  # randomize size and price, number of conditions
        *("None", "", "", "", "", "", "", 0),  # adjusted order: type, prices, trailing unit
        *("", "", "", ""),  # soft dollar tier, cash quantity
        *(False, False, False, False),  # hedge price, OMS container, discretion to limit, price management
        *([""] if version >= 159 else []),  # duration; IBKR's own client reads it from 158 on
        *([""] if version >= 160 else []),  # post to ATS
        *([False] if version >= 162 else []),  # auto-cancel parent
        *([""] * 5 if version >= 170 else []),  # pegged orders
    )


def completed_order(order: Order, version: int) -> Message:
    """completedOrder; it carries neither an order id nor a client id."""
    return (
        101,
        *_terms(order),
        order.perm_id,
        *(order.outside_rth, False, 0, ""),
        *_allocation(),
        *_box(),
        *(False, False, "", 1),  # sweep to fill, all or none, minimum quantity, OCA type
        0,  # trigger method
        *("", 0, "None", ""),
        *(0, False, 0, ""),  # four more fields for the delta-neutral type, not eight
        *(False, 0, "", ""),
        *_combination(order),
        *("", "", "", ""),
        *("", "IB", False, False),
        *_algo(order),
        *(False, order.status),
        *(False, False, 0),
        *("", ""),  # trailing stop price, limit price offset
        *("", False, False, ""),  # cash quantity, hedge price, OMS container, auto-cancel date
        *(order.filled, 0, False),  # filled, reference future, auto-cancel parent
        "Not an insider or substantial shareholder",
        *(False, False, 0),  # imbalance only, route to BBO, parent's permanent id
        *(zoned(order.completed_at), order.completed_text),
        *([""] * 5 if version >= 170 else []),
    )


def _terms(order: Order) -> tuple[object, ...]:
    """Contract and terms, up to the order reference."""
    return (
        *order_contract(order.con_id, order.symbol, order.exchange),
        order.action,
        order.quantity,
        order.order_type,
        order.limit or 0.0,
        order.aux or 0.0,
        order.tif,
        order.oca_group,
        order.account,
        order.open_close,
        0,  # origin: a customer
        order.ref,
    )


def _allocation() -> tuple[object, ...]:
    """Advisor group, method, percentage and profile (gone from 177 on), model, and the short-sale fields."""
    return ("", "", "", "", "", "", "", "", "", 0, "", -1)


def _box() -> tuple[object, ...]:
    """Starting, reference, delta, range low and high, display size."""
    return ("", "", "", "", "", 0)


def _state(order: Order) -> tuple[object, ...]:
    """Status, nine margin figures that are not known, commission and its range, its currency, a warning."""
    return (order.status, *[UNSET] * 9, UNSET, UNSET, UNSET, "", "")


def _combination(order: Order) -> list[object]:
    fields: list[object] = [",".join(f"{leg.sign}|{leg.con_id}" for leg in order.legs), len(order.legs)]
    for leg in order.legs:
        fields += [leg.con_id, leg.ratio, leg.action, leg.exchange, leg.open_close, 0, "", -1]
    return [*fields, 0, 0]  # no prices per leg, no routing parameters


def _algo(order: Order) -> list[object]:
    if not order.algo:
        return [""]
    return [order.algo, len(order.algo_params), *(word for pair in order.algo_params for word in pair)]
