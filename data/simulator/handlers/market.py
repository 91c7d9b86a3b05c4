"""Market data: lines and snapshots, ticks with Greeks, and the limit on lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from data.simulator.calendar import Phase
from data.simulator.client import Client, Handler, Subscription
from data.simulator.handlers.contracts import Terms, find_one, known, read_terms
from data.simulator.instruments import BY_SYMBOL, Instrument, dividends
from data.simulator.market import OptionView, Quote, mix
from data.simulator.messages import Message
from data.simulator.orders import Leg
from data.simulator.wire import Fields

BID_SIZE, BID, ASK, ASK_SIZE, LAST, LAST_SIZE = range(6)
HIGH, LOW, VOLUME, CLOSE, OPEN = 6, 7, 8, 9, 14
MODEL = 13
# Delayed data come under tick types of their own.
DELAYED = {0: 69, 1: 66, 2: 67, 3: 70, 4: 68, 5: 71, 6: 72, 7: 73, 8: 74, 9: 75, 14: 76, 10: 80, 11: 81, 12: 82, 13: 83}
LIVE, FROZEN, DELAYED_TYPE, DELAYED_FROZEN = 1, 2, 3, 4


def read_legs(fields: Fields) -> list[Leg]:
    """The short form of a combination's legs."""
    return [
        Leg(fields.integer(), fields.integer(), fields.text(), fields.text()) for _ in range(min(fields.integer(), 32))
    ]


def request(client: Client, fields: Fields) -> None:
    """reqMktData."""
    fields.integer()
    req_id = fields.integer()
    terms = read_terms(fields)
    legs = read_legs(fields) if terms.sec_type == "BAG" else []
    if fields.flag():
        fields.skip(3)
    generic = frozenset(int(x) for x in fields.text().split(",") if x.strip().isdigit())
    snapshot = fields.flag()
    instrument = _instrument(client, req_id, terms, legs)
    if instrument is None or not _permitted(client, req_id, snapshot):
        return
    subscription = Subscription(req_id, instrument, generic, snapshot, legs)
    client.send(81, req_id, 0.01, "a60001", 3)
    client.send(58, 1, req_id, data_type(client))
    push(client, subscription)
    if snapshot:
        client.send(57, 1, req_id)
    else:
        client.subscriptions.market[req_id] = subscription


def _instrument(client: Client, req_id: int, terms: Terms, legs: list[Leg]) -> Instrument | None:
    if terms.sec_type != "BAG":
        return find_one(client, req_id, terms)
    if not legs or any(known(leg.con_id) is None for leg in legs):
        client.error(req_id, 200, "No security definition has been found for the request")
        return None
    return Instrument(0, terms.symbol, "BAG")


def _permitted(client: Client, req_id: int, snapshot: bool) -> bool:
    gateway = client.gateway
    if gateway.forced_data_type in (DELAYED_TYPE, DELAYED_FROZEN) and client.market_data_type < DELAYED_TYPE:
        client.error(
            req_id,
            10089,
            "Requested market data requires additional subscription for API. See link in 'Market Data Connections' "
            "dialog for more details.Delayed market data is available.",
        )
        return False
    if snapshot or req_id in client.subscriptions.market:
        return True
    # Lines belong to the account, not to a connection: everybody's count.
    if sum(len(other.subscriptions.market) for other in gateway.clients.values()) >= gateway.options.line_limit:
        client.error(req_id, 101, "Max number of tickers has been reached")
        return False
    return True


def cancel(client: Client, fields: Fields) -> None:
    """cancelMktData; an unknown id is an error, as in TWS."""
    fields.integer()
    req_id = fields.integer()
    if client.subscriptions.market.pop(req_id, None) is None:
        client.error(req_id, 300, f"Can't find EId with tickerId:{req_id}")


def set_data_type(client: Client, fields: Fields) -> None:
    """reqMarketDataType: what the client will take if there is no live data."""
    fields.integer()
    client.market_data_type = fields.integer()


def data_type(client: Client) -> int:
    """What kind of data the client gets now: live wherever there is live data."""
    gateway = client.gateway
    if gateway.forced_data_type:
        return gateway.forced_data_type
    closed = gateway.world.hours.phase(gateway.world.moment) is Phase.CLOSED
    return FROZEN if closed and client.market_data_type in (FROZEN, DELAYED_FROZEN) else LIVE


def push(client: Client, subscription: Subscription) -> None:
    """Send the ticks of one line that changed."""
    delayed = data_type(client) in (DELAYED_TYPE, DELAYED_FROZEN)
    market = client.gateway.world.market
    instrument = subscription.instrument
    if subscription.legs:
        ticks: Iterable[tuple[int, Message]] = _combination_ticks(client, subscription.legs)
    elif instrument.is_option:
        ticks = _option_ticks(client, subscription, market.view(instrument))
    else:
        ticks = _stock_ticks(client, subscription, market.quote(instrument))
    for tick_type, body in ticks:
        if subscription.sent.get(tick_type) != body:
            subscription.sent[tick_type] = body
            shown = DELAYED.get(tick_type, tick_type) if delayed else tick_type
            _send(client, subscription.req_id, shown, body)


def _send(client: Client, req_id: int, tick_type: int, body: Message) -> None:
    kind, *values = body
    if kind == 21:
        client.send(21, req_id, tick_type, *values)
    elif kind == 1:
        client.send(1, 6, req_id, tick_type, *values, 0)
    else:
        client.send(kind, 6, req_id, tick_type, *values)


def _price(value: float, size: int = 0) -> Message:
    return (1, value, size)


def _book(quote: Quote) -> Iterator[tuple[int, Message]]:
    # A bid of zero is sent as -1: there is none.
    yield BID, _price(quote.bid if quote.bid > 0 else -1.0, quote.bid_size if quote.bid > 0 else 0)
    yield ASK, _price(quote.ask, quote.ask_size)
    yield LAST, _price(quote.last, quote.last_size)
    yield BID_SIZE, (2, quote.bid_size if quote.bid > 0 else 0)
    yield ASK_SIZE, (2, quote.ask_size)
    yield LAST_SIZE, (2, quote.last_size)
    yield VOLUME, (2, quote.volume)
    yield CLOSE, _price(quote.close)


def _stock_ticks(client: Client, subscription: Subscription, quote: Quote) -> Iterator[tuple[int, Message]]:
    symbol, generic = subscription.instrument.symbol, subscription.generic
    state = client.gateway.world.market.stocks[symbol]
    yield from _book(quote)
    yield HIGH, _price(round(state.high, 2))
    yield LOW, _price(round(state.low, 2))
    yield OPEN, _price(round(state.open, 2))
    calls, puts = int(mix(symbol, "calls") * 2e5), int(mix(symbol, "puts") * 2e5)
    if 100 in generic:
        yield 29, (2, calls)
        yield 30, (2, puts)
    if 101 in generic:
        yield 27, (2, calls * 9)
        yield 28, (2, puts * 9)
    if 104 in generic:
        yield 23, (45, round(BY_SYMBOL[symbol].volatility, 6))
    if 106 in generic:
        yield 24, (45, round(state.level, 5))
    if 456 in generic:
        yield 59, (46, dividend_text(client, symbol))


def dividend_text(client: Client, symbol: str) -> str:
    """Tick 59: sums of the past and the next twelve months, next date, next amount; empty fields where none is known."""
    today = client.gateway.world.session
    year = timedelta(days=365)
    past = sum(float(amount) for _, amount in dividends(symbol, today - year, today))
    coming = dividends(symbol, today, today + year)
    if not coming:
        return ",,,"
    day, amount = coming[0]
    return f"{past:.2f},{sum(float(a) for _, a in coming):.2f},{day:%Y%m%d},{amount}"


def _option_ticks(client: Client, subscription: Subscription, view: OptionView) -> Iterator[tuple[int, Message]]:
    option, generic = subscription.instrument, subscription.generic
    quote = view.quote
    yield from _book(quote)
    for tick_type, price in ((10, quote.bid), (11, quote.ask), (12, quote.last), (MODEL, view.greeks.price)):
        yield tick_type, computation(view, price)
    # An option's own volume and open interest come under the tick of its right; the other one stays zero.
    is_call = option.right == "C"
    if 100 in generic:
        yield 29, (2, quote.volume if is_call else 0)
        yield 30, (2, 0 if is_call else quote.volume)
    if 101 in generic:
        interest = client.gateway.world.market.open_interest(option)
        yield 27, (2, interest if is_call else 0)
        yield 28, (2, 0 if is_call else interest)
    if 106 in generic:
        yield 24, (45, round(view.vol, 5))


def computation(view: OptionView, price: float) -> Message:
    """Greeks at a price: the model's, with the volatility moved along vega (exact enough within the spread)."""
    greeks = view.greeks
    if price <= 0:
        return (21, 0, -1, -2, -1, -1, -2, -2, -2, round(view.spot, 4))
    shift = (price - greeks.price) / greeks.vega if greeks.vega > 0.01 else 0.0
    return (
        21,
        0,
        round(max(view.vol + min(max(shift, -0.2), 0.2), 0.01), 6),
        round(greeks.delta, 6),
        round(price, 6),
        round(view.dividends, 6),
        round(greeks.gamma, 6),
        round(greeks.vega / 100, 6),
        round(greeks.theta / 365, 6),
        round(view.spot, 4),
    )


def _combination_ticks(client: Client, legs: list[Leg]) -> Iterator[tuple[int, Message]]:
    bid = ask = 0.0
    for leg in legs:
        instrument = known(leg.con_id)
        assert instrument is not None
        quote = client.gateway.world.market.quote(instrument)
        low, high = (quote.bid, quote.ask) if leg.sign > 0 else (quote.ask, quote.bid)
        bid, ask = bid + leg.sign * low, ask + leg.sign * high
    yield BID, _price(round(bid, 2), 1)
    yield ASK, _price(round(ask, 2), 1)


HANDLERS: dict[int, Handler] = {1: request, 2: cancel, 59: set_data_type}
