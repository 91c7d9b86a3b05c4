"""Orders and executions: placing and cancelling, what is open, completed and filled, and who is told."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from data.simulator import matching, messages
from data.simulator.account import Account, cents, commission
from data.simulator.calendar import ZONE, Phase
from data.simulator.client import Client, Handler
from data.simulator.handlers.contracts import find_one, known, read_terms
from data.simulator.instruments import by_con_id
from data.simulator.order_messages import completed_order, open_order
from data.simulator.orders import Execution, Leg, Order
from data.simulator.valuation import value_account
from data.simulator.wire import Fields
from data.simulator.world import RejectedError


def sees(client: Client, client_id: int) -> bool:
    """Whether a client is told of another's orders and fills: its own always, everybody's if it is the master."""
    return client.client_id in (client_id, client.gateway.options.master_client_id)


# -- placing


def place(client: Client, fields: Fields) -> None:
    """placeOrder, new or a change of a working order."""
    order_id = fields.integer()
    terms = read_terms(fields)
    fields.skip(2)  # security id and its type
    order, what_if = _read_order(client, fields, order_id, terms.sec_type == "BAG")
    order.symbol, order.exchange = terms.symbol, terms.exchange or "SMART"
    if terms.sec_type == "BAG":
        if len(order.legs) < 2 or any(known(leg.con_id) is None for leg in order.legs):
            client.error(order_id, 200, "No security definition has been found for the request")
            return
    else:
        instrument = find_one(client, order_id, terms)
        if instrument is None:
            return
        order.con_id, order.symbol = instrument.con_id, instrument.symbol
    try:
        if what_if:
            _answer_what_if(client, order)
        else:
            _take(client, order)
    except RejectedError as reason:
        client.error(order_id, reason.code, reason.text)


def _read_order(client: Client, fields: Fields, order_id: int, is_combination: bool) -> tuple[Order, bool]:
    """The order's own fields, as far as they matter here; the rest is read past."""
    assert client.client_id is not None
    order = Order("", client.client_id, order_id, 0, 0, "", fields.text(), 0, "")
    order.quantity = fields.integer()
    order.order_type = fields.text()
    order.limit, order.aux, order.tif, order.oca_group = fields.number(), fields.number(), fields.text(), fields.text()
    order.account, order.open_close = fields.text(), fields.text()
    fields.integer()  # origin
    order.ref, order.transmit, order.parent_id = fields.text(), fields.flag(), fields.integer()
    fields.skip(4)  # block, sweep, display size, trigger method
    order.outside_rth = fields.flag()
    fields.skip(1)  # hidden
    if is_combination:
        order.legs = _read_combination(fields)
    order.tif = order.tif or "DAY"
    order.account = order.account or next(iter(client.gateway.world.accounts))
    if order.order_type not in ("LMT", "STP LMT", "MIDPRICE") or (order.order_type == "MIDPRICE" and not order.limit):
        order.limit = None
    if not order.order_type.startswith("STP"):
        order.aux = None
    what_if = _read_rest(client, fields, order)
    return order, what_if


def _read_combination(fields: Fields) -> list[Leg]:
    legs = []
    for _ in range(min(fields.integer(), 32)):
        leg = Leg(fields.integer(), fields.integer(), fields.text(), fields.text(), fields.integer())
        fields.skip(3)  # short-sale slot, location, exemption
        legs.append(leg)
    fields.skip(min(fields.integer(), 32))  # prices per leg
    fields.skip(2 * min(fields.integer(), 32))  # routing parameters
    return legs


def _read_rest(client: Client, fields: Fields, order: Order) -> bool:
    """Read on to the algorithm and the what-if flag; returns the flag."""
    fields.skip(7)  # shares allocation, discretionary amount, good after, good till, advisor group, method, percentage
    fields.skip(1 if client.version < 177 else 0)  # advisor profile
    fields.skip(1 + 3 + 4)  # model; short sale; OCA type, rule 80A, settling firm, all or none
    fields.skip(2 + 3 + 6 + 1)  # minimum, percent offset; deprecated; auction to stock range; override
    fields.skip(2)  # volatility and its type
    fields.skip(1 + 8 if fields.text() else 1)  # delta-neutral type, its price, and eight more fields if it is set
    fields.skip(4 + 2)  # continuous update, reference type, trailing stop and percent; scale sizes
    increment = fields.number()
    fields.skip(7 if increment is not None and increment > 0 else 0)
    fields.skip(3)  # scale table, active start and stop
    fields.skip(1 if fields.text() else 0)  # hedge type and parameter
    fields.skip(4)  # smart routing, clearing account and intent, not held
    fields.skip(3 if fields.flag() else 0)  # delta neutral contract
    order.algo = fields.text()
    if order.algo:
        order.algo_params = [(fields.text(), fields.text()) for _ in range(min(fields.integer(), 64))]
    fields.skip(1)  # algorithm id
    return fields.flag()


def _take(client: Client, order: Order) -> None:
    world = client.gateway.world
    existing = world.find_order(order.client_id, order.order_id)
    if existing is None:
        matching.check(world, order)
        _check_funds(client, order)
        world.place(order)
        _release_parent(client, order)
        _warn_if_held(client, order)
        return
    if not existing.is_working:
        raise RejectedError(103, "Duplicate order id")
    if (existing.con_id, existing.action) != (order.con_id, order.action):
        raise RejectedError(105, "Order being modified does not match original order")
    matching.check(world, order)
    existing.limit, existing.aux, existing.order_type = order.limit, order.aux, order.order_type
    existing.quantity = max(order.quantity, existing.filled)
    existing.tif, existing.transmit, existing.outside_rth = order.tif, order.transmit, order.outside_rth
    if existing.remaining <= 0:
        world.end_order(existing, "Filled", f"Filled Size: {existing.filled}")
    else:
        world.announce(existing)


def _release_parent(client: Client, order: Order) -> None:
    """An order that is transmitted sends its parent along."""
    if order.transmit and order.parent_id:
        parent = client.gateway.world.find_order(order.client_id, order.parent_id)
        if parent is not None:
            parent.transmit = True


def _warn_if_held(client: Client, order: Order) -> None:
    if client.gateway.world.hours.phase(client.gateway.world.moment) is not Phase.OPEN and not order.outside_rth:
        client.error(
            order.order_id,
            399,
            "Order Message:\nWarning: your order will not be placed at the exchange until the next session.",
        )


def _try_out(client: Client, order: Order) -> tuple[Account, Account]:
    """The account before an order, and a copy after all of it is filled at the quote."""
    world = client.gateway.world
    before = world.accounts[order.account]
    after = Account.load(before.dump())
    for leg in matching.legs_of(order):
        instrument = by_con_id(leg.con_id)
        quantity = order.sign * leg.sign * order.quantity
        after.trade(instrument, quantity, world.market.mark(instrument), commission(instrument, quantity))
    return before, after


def _check_funds(client: Client, order: Order) -> None:
    """Refuse what the account cannot carry, unless the order lowers the margin."""
    market = client.gateway.world.market
    before, after = (value_account(account, market) for account in _try_out(client, order))
    if after.available_funds < 0 and after.available_funds < before.available_funds:
        raise RejectedError(
            201,
            "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY "
            f"WITH LOAN VALUE [{after.equity_with_loan:.2f} USD] MUST EXCEED THE INITIAL MARGIN "
            f"[{after.initial_margin:.2f} USD]",
        )


def _answer_what_if(client: Client, order: Order) -> None:
    matching.check(client.gateway.world, order)
    market = client.gateway.world.market
    before, after = (value_account(account, market) for account in _try_out(client, order))
    first = (before.initial_margin, before.maintenance_margin, before.equity_with_loan)
    then = (after.initial_margin, after.maintenance_margin, after.equity_with_loan)
    fee = sum(
        (commission(by_con_id(leg.con_id), leg.sign * order.quantity) for leg in matching.legs_of(order)), Decimal(0)
    )
    changes = tuple(cents(b - a) for a, b in zip(first, then, strict=True))
    order.status = "PreSubmitted"
    state = ("PreSubmitted", *first, *changes, *then, fee, "", "", "USD", "")
    client.send(*open_order(order, client.version, state))


def cancel(client: Client, fields: Fields) -> None:
    """cancelOrder: only one's own."""
    fields.integer()
    order_id = fields.integer()
    assert client.client_id is not None
    order = client.gateway.world.find_order(client.client_id, order_id)
    if order is None:
        client.error(order_id, 10147, f"OrderId {order_id} that needs to be cancelled is not found.")
    elif not order.is_working:
        client.error(order_id, 161, f"Cancel attempted when order is not in a cancellable state. State: {order.status}")
    else:
        client.gateway.world.cancel(order)


def cancel_all(client: Client, _fields: Fields) -> None:
    """reqGlobalCancel: every working order, whoever placed it."""
    for order in list(client.gateway.world.orders.values()):
        if order.is_working:
            client.gateway.world.cancel(order)


# -- asking


def own_open_orders(client: Client, _fields: Fields) -> None:
    """reqOpenOrders."""
    _send_open(client, [o for o in client.gateway.world.orders.values() if o.client_id == client.client_id])


def all_open_orders(client: Client, _fields: Fields) -> None:
    """reqAllOpenOrders: everybody's, once."""
    _send_open(client, list(client.gateway.world.orders.values()))


def auto_open_orders(client: Client, _fields: Fields) -> None:
    """reqAutoOpenOrders: only client 0 may have orders bound to it. There are no manual orders here to bind."""
    if client.client_id != 0:
        client.error(
            -1, 321, "Error validating request.-'bL' : cause - Only the default client (i.e 0) can auto bind orders"
        )


def _send_open(client: Client, orders: list[Order]) -> None:
    for order in orders:
        if order.is_working:
            client.send(*open_order(order, client.version))
            client.send(*messages.order_status(order))
    client.send(53, 1)


def completed_orders(client: Client, _fields: Fields) -> None:
    """reqCompletedOrders: everybody's of this session."""
    world = client.gateway.world
    since = min(world.session_start, world.midnight())
    for order in world.orders.values():
        if not order.is_working and order.completed_at >= since:
            client.send(*completed_order(order, client.version))
    client.send(102)


def executions(client: Client, fields: Fields) -> None:
    """reqExecutions: today's, of whoever the client may see, that pass its filter."""
    fields.integer()
    req_id, wanted_client, account = fields.integer(), fields.integer(), fields.text()
    since, symbol, sec_type, exchange, side = (fields.text() for _ in range(5))
    after = _filter_time(since)
    wanted = {"BUY": "BOT", "SELL": "SLD"}.get(side.upper(), "")
    for item in client.gateway.world.todays_executions():
        kind = by_con_id(item.con_id).sec_type if item.con_id else "BAG"
        asked = (wanted_client, account, symbol, sec_type, exchange, wanted)
        has = (item.client_id, item.account, item.symbol, kind, item.exchange, item.side)
        fits = all(not want or want == have for want, have in zip(asked, has, strict=True))
        if fits and item.moment >= after and _visible(client, item):
            send_execution(client, req_id, item)
    client.send(55, 1, req_id)


def _visible(client: Client, item: Execution) -> bool:
    # What the broker books itself (assignment, expiry) belongs to no client: everybody sees it.
    return item.order_id == 0 or sees(client, item.client_id)


def _filter_time(text: str) -> float:
    """The filter's time in New York unless it says UTC; what cannot be read filters nothing."""
    parts = text.replace("-", " ").split()
    if len(parts) < 2:
        return 0.0
    try:
        moment = datetime.strptime(parts[0] + parts[1], "%Y%m%d%H:%M:%S").replace(tzinfo=ZONE)
    except ValueError:
        return 0.0
    return moment.timestamp()


def send_execution(client: Client, req_id: int, item: Execution) -> None:
    """A fill and its commission; a combination's summary costs nothing and has no report."""
    client.send(*messages.execution(req_id, item))
    if item.con_id:
        client.send(*messages.commission_report(item))


# -- telling


def push_execution(client: Client, item: Execution) -> None:
    """Tell a fill as it happens."""
    if _visible(client, item):
        send_execution(client, -1, item)


def push_order(client: Client, order: Order) -> None:
    """Tell an order's new state as it happens."""
    if sees(client, order.client_id):
        client.send(*open_order(order, client.version))
        client.send(*messages.order_status(order))


HANDLERS: dict[int, Handler] = {
    3: place,
    4: cancel,
    5: own_open_orders,
    7: executions,
    15: auto_open_orders,
    16: all_open_orders,
    58: cancel_all,
    99: completed_orders,
}
