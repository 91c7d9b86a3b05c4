"""The wheel: sell puts, take what is assigned, sell calls on it, buy back what has earned most of its premium.

Each rule answers with one idea or none, from the books and the quotes as they are now; who asks when, and how far the
account may go, is the caller's (:mod:`data.simulator.trader` while somebody watches, :mod:`data.simulator.history` for the
past).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from data.simulator.account import CENT, Account, Holding
from data.simulator.genesis import HOUSE_CLIENT, pick
from data.simulator.instruments import UNDERLYINGS, Instrument, Underlying, by_con_id
from data.simulator.market import mix
from data.simulator.orders import Order
from data.simulator.world import World

DAY = 86400.0
PUT_SIZE = 6000
"""About how much stock the puts of one order may bring, USD; of dearer stocks it is one contract at a time."""
SYMBOLS: tuple[Underlying, ...] = tuple(u for u in UNDERLYINGS if u.has_options and u.price < 300)


class Idea(NamedTuple):
    """What to trade: ``quantity`` shares or contracts."""

    contract: Instrument
    action: str
    quantity: int


def short_options(account: Account) -> Iterator[tuple[Instrument, Holding]]:
    """The options that the account has sold."""
    for con_id, holding in account.holdings.items():
        contract = by_con_id(con_id)
        if contract.is_option and holding.quantity < 0:
            yield contract, holding


def worth(world: World, contract: Instrument, holding: Holding) -> Decimal:
    """What it costs to buy a short option back, at its mark."""
    return world.market.mark(contract) * 100 * -holding.quantity


def earned(world: World, account: Account, left: Decimal, days: float = 1.0, but: Collection[str] = ()) -> Idea | None:
    """Buy back an option that has less than ``left`` of its premium left, and more than ``days`` to go; not puts on ``but``."""
    for contract, holding in short_options(account):
        if contract.right == "P" and contract.symbol in but:
            continue
        if (
            worth(world, contract, holding) < -holding.cost * left
            and contract.expiry_moment - world.moment > days * DAY
        ):
            return Idea(contract, "BUY", -holding.quantity)
    return None


def lost(world: World, account: Account, times: Decimal, days: float, but: Collection[str] = ()) -> Idea | None:
    """Buy back a put (not on ``but``) that costs ``times`` its premium, with more than ``days`` in which it could get worse."""
    for contract, holding in short_options(account):
        is_far = contract.expiry_moment - world.moment > days * DAY and contract.symbol not in but
        if contract.right == "P" and is_far and worth(world, contract, holding) > -holding.cost * times:
            return Idea(contract, "BUY", -holding.quantity)
    return None


def cover(world: World, account: Account) -> Idea | None:
    """Sell calls on shares that carry none."""
    for con_id, holding in account.holdings.items():
        shares = by_con_id(con_id)
        if shares.is_option or holding.quantity < 100 or shares.symbol == "SGOV":
            continue
        sold = sum(-h.quantity for c, h in short_options(account) if c.symbol == shares.symbol and c.right == "C")
        free = holding.quantity // 100 - sold
        if free > 0:
            return Idea(pick(world.market, world.session, shares.symbol, "C", 30, 0.3), "SELL", free)
    return None


def sell_put(
    world: World, account: Account, turn: int, symbols: Sequence[Underlying] = SYMBOLS, size: int = PUT_SIZE
) -> Idea | None:
    """Sell a put 30 to 45 days out, 20 to 30 delta, on one of ``symbols``; ``turn`` decides which."""
    spec = symbols[int(mix(world.seed, turn, "symbol") * len(symbols))]
    days = 30 + int(mix(world.seed, turn, "days") * 15)
    contract = pick(world.market, world.session, spec.symbol, "P", days, 0.2 + 0.1 * mix(world.seed, turn, "delta"))
    if account.quantity(contract.con_id) > 0 or world.market.quote(contract).bid < 0.05:
        return None
    return Idea(contract, "SELL", max(1, min(5, int(size / (contract.strike * 100)))))


def take_off(world: World, account: Account) -> Idea | None:
    """Buy back the short option that has earned the largest share of its premium."""
    shorts = [(worth(world, c, h) / -h.cost, c, -h.quantity) for c, h in short_options(account) if h.cost]
    if not shorts:
        return None
    _, contract, quantity = min(shorts, key=lambda item: item[0])
    return Idea(contract, "BUY", quantity)


def order_of(
    world: World, account_id: str, idea: Idea, price: float, ref: str | None = None, client: int = HOUSE_CLIENT
) -> Order:
    """An idea as a limit order, of the house unless it is said whose; not yet placed."""
    return Order(
        account=account_id,
        client_id=client,
        order_id=world.next_order_id,
        perm_id=0,
        con_id=idea.contract.con_id,
        symbol=idea.contract.symbol,
        action=idea.action,
        quantity=idea.quantity,
        order_type="LMT",
        limit=max(price, float(CENT)),
        ref=f"wheel:{idea.contract.symbol}" if ref is None else ref,
    )
