"""Messages to the client, as tuples of fields in the order that protocol versions 157 to 176 have."""

from __future__ import annotations

from decimal import Decimal

from data.simulator.calendar import ZONE_NAME, Hours, zoned
from data.simulator.instruments import BY_SYMBOL, OPTION_EXCHANGES, Instrument, by_con_id, stock
from data.simulator.orders import Execution, Order
from data.simulator.valuation import Line
from data.simulator.wire import UNSET

Message = tuple[object, ...]
ORDER_TYPES = "ACTIVETIM,ADJUST,ALERT,ALGO,COND,DAY,GTC,LMT,MIDPX,MKT,STP,STPLMT,WHATIF"
MARKET_RULE = "26"
"""Cents at every price. TWS has a rule per exchange and penny class; the simulated options all trade in cents."""


def contract_fields(instrument: Instrument, exchange: str) -> list[object]:
    """Con id, symbol, type, expiry, strike, right, multiplier, exchange, currency, local symbol, trading class."""
    return [
        instrument.con_id,
        instrument.symbol,
        instrument.sec_type,
        instrument.expiry,
        instrument.strike,
        # TWS writes 0 or ? or nothing for what has no right.
        instrument.right if instrument.is_option else "0",
        instrument.multiplier if instrument.is_option else "",
        exchange,
        "USD",
        instrument.local_symbol,
        instrument.trading_class,
    ]


def order_contract(con_id: int, symbol: str, exchange: str) -> list[object]:
    """The contract of an order or a fill; a con id of 0 stands for a combination."""
    if con_id:
        return contract_fields(by_con_id(con_id), exchange)
    # TWS gives combinations a con id of its own (28812380 for USD combinations, say); clients do not use it.
    return [28812380, symbol, "BAG", "", 0, "?", "", exchange, "USD", symbol, "COMB"]


def _average(line: Line) -> Decimal:
    return line.average_cost.quantize(Decimal("1e-8"))


def portfolio(line: Line, account: str) -> Message:
    """updatePortfolio; the exchange field carries the primary exchange."""
    return (
        7,
        8,
        *contract_fields(line.instrument, line.instrument.primary_exchange or "AMEX"),
        line.quantity,
        line.price,
        line.value,
        _average(line),
        line.unrealized,
        line.realized,
        account,
    )


def position(line: Line, account: str) -> Message:
    """position; TWS leaves the exchange empty here."""
    return (61, 3, account, *contract_fields(line.instrument, ""), line.quantity, _average(line))


def position_multi(req_id: int, line: Line, account: str) -> Message:
    """positionMulti."""
    return (71, 1, req_id, account, *contract_fields(line.instrument, ""), line.quantity, _average(line), "")


def order_status(order: Order) -> Message:
    """orderStatus."""
    return (
        3,
        order.order_id,
        order.status,
        order.filled,
        order.remaining,
        order.average_price,
        order.perm_id,
        order.parent_id,
        order.last_price,
        order.client_id,
        order.why_held,
        0,
    )


def execution(req_id: int, item: Execution) -> Message:
    """execDetails."""
    return (
        11,
        req_id,
        item.order_id,
        *order_contract(item.con_id, item.symbol, item.exchange),
        item.exec_id,
        zoned(item.moment),
        item.account,
        item.exchange,
        item.side,
        item.quantity,
        item.price,
        item.perm_id,
        item.client_id,
        item.liquidation,
        item.cumulative,
        item.average_price,
        item.ref,
        "",
        "",
        "",
        item.last_liquidity,
    )


def commission_report(item: Execution) -> Message:
    """commissionReport; a fill that closed nothing has the sentinel for its P&L."""
    realized: object = UNSET if item.realized is None else item.realized
    return (59, 1, item.exec_id, item.commission, "USD", realized, UNSET, "")


def contract_details(req_id: int, instrument: Instrument, hours: Hours, moment: float, version: int) -> Message:
    """contractDetails."""
    spec = BY_SYMBOL[instrument.symbol]
    trading, liquid = hours.texts(moment)
    exchanges = ",".join(
        OPTION_EXCHANGES if instrument.is_option else ("SMART", "AMEX", "NYSE", "ARCA", "NASDAQ", "BATS")
    )
    head: list[object] = [
        *([8] if version < 164 else []),
        req_id,
        instrument.symbol,
        instrument.sec_type,
        instrument.expiry,
        instrument.strike,
        instrument.right,
        "SMART",
        "USD",
        instrument.local_symbol,
        instrument.trading_class,
        instrument.trading_class,
        instrument.con_id,
        0.01,
        *([100] if version < 164 else []),
        instrument.multiplier if instrument.is_option else "",
        ORDER_TYPES,
        exchanges,
        1,
        stock(instrument.symbol).con_id if instrument.is_option else 0,
        spec.name,
        instrument.primary_exchange,
        instrument.expiry[:6],
        spec.industry,
        spec.industry,
        spec.sector,
        ZONE_NAME,
        trading,
        liquid,
        "",
        "",
        0,
        2 if instrument.is_option else 1,
        instrument.symbol if instrument.is_option else "",
        "STK" if instrument.is_option else "",
        ",".join([MARKET_RULE] * (exchanges.count(",") + 1)),
        instrument.expiry,
        "" if instrument.is_option else spec.stock_type,
    ]
    sizes: list[object] = [1, 1, 1 if instrument.is_option else 100] if version >= 164 else []
    # Version 163 alone has one size field, the suggested increment; from 164 on there are three.
    return (10, *head, *([100] if version == 163 else []), *sizes)
