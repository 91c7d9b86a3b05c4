"""How a fresh demo account begins: a wheel seller's book with a history behind it, reproducible for a seed."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

from data.simulator import chains
from data.simulator.account import Account, Holding
from data.simulator.instruments import Instrument, by_con_id, option, stock
from data.simulator.market import Market
from data.simulator.orders import Order
from data.simulator.valuation import market_value
from data.simulator.world import World

HOUSE_CLIENT = 11
"""The client id under which the house trader's orders go; no real bot's default."""

SHARES = (("KO", 200), ("F", 500), ("T", 400), ("AAPL", 100), ("XLE", 100), ("INTC", 200), ("SOFI", 300), ("SGOV", 300))
COVERED_CALLS = (("KO", 2), ("F", 5), ("T", 4), ("AAPL", 1), ("XLE", 1), ("INTC", 2), ("SOFI", 2))
SHORT_PUTS = (
    ("NVDA", 1), ("AMD", 1), ("KO", 2), ("F", 5), ("T", 4), ("XLE", 1), ("TLT", 2), ("INTC", 2), ("SOFI", 3),
    ("DIS", 1), ("IWM", 1), ("PLTR", 1),
)  # fmt: skip
START_CASH = Decimal("92000.00")


def pick(market: Market, today: date, symbol: str, right: str, days: int, delta: float) -> Instrument:
    """The listed contract nearest to ``days`` to expiry and to an absolute ``delta``."""
    target = today + timedelta(days=days)
    expiry = min(
        (x for x in chains.expirations(today) if x > f"{today:%Y%m%d}"),
        key=lambda x: abs((option(symbol, x, 1.0, "C").expiry_date - target).days),
    )
    spot = market.stocks[symbol].last
    # Out of the money only, and not the whole list: a wheel's strikes lie within a quarter of the price.
    near = [
        k
        for k in market.listing.strikes(symbol)
        if (spot * 0.75 <= k <= spot if right == "P" else spot <= k <= spot * 1.25)
    ]
    contracts = [option(symbol, expiry, strike, right) for strike in near]
    return min(contracts, key=lambda c: abs(abs(market.view(c).greeks.delta) - delta))


def open_books(world: World) -> None:
    """Give every empty account its starting book, and a morning's trades to the first look."""
    for number, account in enumerate(world.accounts.values()):
        if account.holdings or account.cash:
            continue
        draw = random.Random(f"{world.seed}/genesis/{number}")
        account.deposit(START_CASH)
        account.deposited_total = Decimal(0)
        _old_positions(world, account, draw)
        account.roll(_closing_values(world, account))
        _todays_trades(world, account, draw)
    world.events.clear()


def _old_positions(world: World, account: Account, draw: random.Random) -> None:
    """Positions from earlier sessions: they carry a cost but no executions of today."""
    market, today = world.market, world.session

    def hold(instrument: Instrument, quantity: int, price: float) -> None:
        cost = Decimal(str(round(price, 2))) * quantity * instrument.multiplier
        account.holdings[instrument.con_id] = Holding(quantity, cost.quantize(Decimal("0.01")) + Decimal("1.00"))

    for symbol, quantity in SHARES:
        spot = market.stocks[symbol].last
        hold(stock(symbol), quantity, spot * (1 + draw.uniform(-0.09, 0.04)) if symbol != "SGOV" else spot - 0.11)
    for book, right in ((COVERED_CALLS, "C"), (SHORT_PUTS, "P")):
        for symbol, quantity in book:
            contract = pick(market, today, symbol, right, draw.choice((9, 16, 23, 30, 37)), draw.uniform(0.14, 0.34))
            mark = float(market.mark(contract))
            # Sold weeks ago: most have decayed, some have gone against the seller.
            hold(contract, -quantity, max(mark * draw.uniform(0.8, 2.2), mark + 0.03))


def _closing_values(world: World, account: Account) -> dict[int, Decimal]:
    """What the holdings were worth at the previous close: the day's P&L starts there."""
    found = {}
    for con_id, holding in account.holdings.items():
        instrument = by_con_id(con_id)
        close = Decimal(str(world.market.close(instrument)))
        found[con_id] = market_value(instrument, holding.quantity, close)
    return found


def _todays_trades(world: World, account: Account, draw: random.Random) -> None:
    """A handful of fills spread over the last hours: openings, a close at a profit, shares bought and sold."""
    market, now = world.market, world.moment
    plan = [("QQQ", "P", 30, 0.18), ("DIS", "P", 30, 0.25), ("JPM", "P", 37, 0.2), ("MSFT", "P", 30, 0.15)]
    for age, (symbol, right, days, delta) in zip((3.6, 2.9, 1.7, 0.6), plan, strict=True):
        contract = pick(market, world.session, symbol, right, days, delta)
        _trade(world, account, contract, "SELL", 1, now - age * 3600, draw)
    closed = 0
    for con_id in list(account.holdings):
        holding = account.holdings[con_id]
        instrument = by_con_id(con_id)
        mark = market.mark(instrument)
        profit = -holding.cost - mark * -holding.quantity * 100
        if instrument.right == "P" and holding.quantity < 0 and profit > 25 and con_id in account.day and closed < 2:
            _trade(world, account, instrument, "BUY", -holding.quantity, now - (2.3 - closed) * 3600, draw)
            closed += 1
    _trade(world, account, stock("XLE"), "BUY", 20, now - 1.1 * 3600, draw)


def _trade(
    world: World,
    account: Account,
    instrument: Instrument,
    action: str,
    quantity: int,
    moment: float,
    draw: random.Random,
) -> None:
    """Book a past fill; the price is near today's mark."""
    spread = 0.04 if instrument.is_option else 0.004
    factor = Decimal(str(round(1 + draw.uniform(-spread, spread), 4)))
    price = (world.market.mark(instrument) * factor).quantize(Decimal("0.01"))
    order = Order(
        account=account.account_id,
        client_id=HOUSE_CLIENT,
        order_id=world.next_order_id,
        perm_id=world.new_perm_id(),
        con_id=instrument.con_id,
        symbol=instrument.symbol,
        action=action,
        quantity=quantity,
        order_type="LMT",
        limit=float(price),
        ref=f"wheel:{instrument.symbol}",
        placed_at=moment,
    )
    world.next_order_id += 1
    world.orders[order.perm_id] = order
    present, world.moment = world.moment, moment
    world.fill(order, quantity, max(price, Decimal("0.01")))
    world.moment = present
