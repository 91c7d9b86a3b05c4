"""The broker's wire objects as the model's records. Pure: what is not known becomes None here and nowhere else.

The objects come from the client library and are read by attribute only; the library is not imported.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from data.model import BarWhat, Contract, DividendOutlook, Execution, ExecutionKind, Order, Portfolio, PriceBar, Source

UNSET_INTEGER = 2147483647
HUGE = 1e300
"""TWS writes the largest double there is, 1.797e308, for "not computed"."""
BASE = "BASE"
EXCHANGE_ZONE = ZoneInfo("America/New_York")


def known(value: float | None) -> float | None:
    """The value; None for NaN and for the largest double."""
    if value is None or math.isnan(value) or abs(value) > HUGE:
        return None
    return float(value)


def price(value: float | None) -> float | None:
    """A price; -1 means that there is none."""
    found = known(value)
    return None if found == -1 else found


def decimal(value: float | None) -> Decimal | None:
    """Money for sums: the shortest decimal that is this float, which is what stood on the wire."""
    found = known(value)
    if found is None:
        return None
    return Decimal(int(found)) if found.is_integer() else Decimal(repr(found))


def contract(wire: Any) -> Contract:
    """A contract. Adjusted options keep the multiplier they are sent with."""
    sec_type = wire.secType or ""
    is_option = sec_type in ("OPT", "FOP", "WAR", "IOPT")
    # An option without a multiplier is a standard one; everything else trades in ones.
    multiplier = known(float(wire.multiplier)) if wire.multiplier else None
    return Contract(
        con_id=combo_id(wire.symbol, wire.currency) if sec_type == "BAG" else wire.conId,
        symbol=wire.symbol,
        local_symbol=wire.localSymbol or wire.symbol,
        sec_type=sec_type,
        currency=wire.currency,
        trading_class=wire.tradingClass or None,
        exchange=wire.primaryExchange or wire.exchange or None,
        expiry=expiry(wire.lastTradeDateOrContractMonth),
        strike=(known(wire.strike) or None) if is_option else None,
        right=right(wire.right),
        multiplier=multiplier or (100.0 if sec_type == "OPT" else 1.0),
    )


def combo_id(symbol: str, currency: str) -> int:
    """An id of our own for combinations, below zero: the broker gives all those of a currency the same one."""
    return -1 - zlib.crc32(f"{symbol}/{currency}".encode())


PAPER_PREFIXES = ("DU", "DF")


def source_of(account: str) -> Source:
    """Paper or live, by the account's id."""
    return Source.PAPER if account.upper().startswith(PAPER_PREFIXES) else Source.LIVE


def expiry(text: str) -> date | None:
    """The last trade date; None for a mere month (futures) or nothing."""
    head = (text or "").split(" ")[0]
    try:
        return datetime.strptime(head, "%Y%m%d").date() if len(head) == 8 else None  # noqa: DTZ007
    except ValueError:
        return None


def right(text: str) -> str | None:
    """ "C" or "P"; stocks have `0`, `?` or nothing."""
    return {"C": "C", "CALL": "C", "P": "P", "PUT": "P"}.get((text or "").upper())


def dividends(symbol: str, currency: str, wire: Any, now: datetime) -> DividendOutlook:
    """Tick 59: past and next twelve months, next date, next amount; what is empty is not known."""
    following = wire.nextDate
    return DividendOutlook(
        symbol,
        currency,
        now,
        past_12_months=known(wire.past12Months),
        next_12_months=known(wire.next12Months),
        next_date=following.date() if isinstance(following, datetime) else following,
        next_amount=known(wire.nextAmount),
    )


# -- Greeks


@dataclass(frozen=True, slots=True)
class Greeks:
    """The model's Greeks per unit of the underlying; theta per day."""

    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None
    implied_vol: float | None
    underlying_price: float | None


def greeks(wire: Any) -> Greeks | None:
    """An option computation; None where nothing of it is known.

    -1 and -2 stand for "not computed"; ib_insync leaves -2 in vega and theta.
    """
    found = Greeks(
        delta=_unless(wire.delta, -2, lowest=-1.0, highest=1.0),
        gamma=_unless(wire.gamma, -2),
        theta=_unless(wire.theta, -2),
        vega=_unless(wire.vega, -2, lowest=0.0),
        implied_vol=_unless(wire.impliedVol, -1, lowest=0.0),
        underlying_price=_unless(wire.undPrice, -1, lowest=0.0),
    )
    return None if found == Greeks(None, None, None, None, None, None) else found


def _unless(value: float | None, sentinel: float, lowest: float = -math.inf, highest: float = math.inf) -> float | None:
    found = known(value)
    if found is None or found == sentinel or not lowest <= found <= highest:
        return None
    return found


# -- account values

TAGS = {
    "net_liquidation": "NetLiquidation",
    "cash": "TotalCashValue",
    "available_funds": "AvailableFunds",
    "buying_power": "BuyingPower",
    "excess_liquidity": "ExcessLiquidity",
    "initial_margin": "InitMarginReq",
    "maintenance_margin": "MaintMarginReq",
    "gross_position_value": "GrossPositionValue",
    "post_expiration_margin": "PostExpirationMargin",
    "post_expiration_excess": "PostExpirationExcess",
    "look_ahead_initial_margin": "LookAheadInitMarginReq",
    "look_ahead_maintenance_margin": "LookAheadMaintMarginReq",
    "look_ahead_available_funds": "LookAheadAvailableFunds",
    "look_ahead_excess_liquidity": "LookAheadExcessLiquidity",
    "accrued_dividends": "AccruedDividend",
}
Values = Mapping[tuple[str, str], str]
"""(tag, currency) → text, as the broker sends account values."""


def base_currency(values: Values) -> str | None:
    """The currency that the account's sums are in; None until it was said."""
    found = [currency for tag, currency in values if tag == "NetLiquidation" and currency not in ("", BASE)]
    return found[0] if len(found) == 1 else _named_base(values, found)


def _named_base(values: Values, found: list[str]) -> str | None:
    """Several currencies have a sum: the base is the one whose exchange rate is 1."""
    rates = [currency for currency in found if number(values.get(("ExchangeRate", currency))) == 1.0]
    return rates[0] if len(rates) == 1 else None


def number(text: str | None) -> float | None:
    """An account value as a number; None for text, nothing, sentinels."""
    try:
        return known(float(text)) if text else None
    except ValueError:
        return None


def portfolio(account: str, values: Values, pnl: Any | None, as_of: datetime) -> Portfolio:
    """The account's figures. The row in the base currency is taken; BASE stands beside it and is never added."""
    currency = base_currency(values)

    def amount(tag: str) -> float | None:
        for key in ((tag, currency), (tag, BASE)):
            found = number(values.get((key[0], key[1]))) if key[1] else None
            if found is not None:
                return found
        return None

    return Portfolio(
        account=account,
        as_of=as_of,
        currency=currency,
        cushion=number(values.get(("Cushion", ""))),
        look_ahead_next_change=_moment(values.get(("LookAheadNextChange", ""))),
        # In the ledger it is BASE that is the sum over all currencies.
        unrealized_pnl=_first(known(pnl.unrealizedPnL) if pnl else None, number(values.get(("UnrealizedPnL", BASE)))),
        realized_pnl=_first(known(pnl.realizedPnL) if pnl else None, number(values.get(("RealizedPnL", BASE)))),
        daily_pnl=known(pnl.dailyPnL) if pnl else None,
        # The ledger has it too, for each currency alone and for BASE as the sum.
        accrued_interest=_first(number(values.get(("AccruedCash", BASE))), amount("AccruedCash")),
        cash_by_currency=cash_by_currency(values, currency),
        **{name: amount(tag) for name, tag in TAGS.items()},
    )


def cash_by_currency(values: Values, base: str | None) -> dict[str, tuple[str, str]] | None:
    """Each currency's balance and its rate to the base currency; None where the ledger isn't whole."""
    found = {}
    for (tag, currency), text in values.items():
        if tag != "CashBalance" or currency in ("", BASE):
            continue
        rate = "1" if currency == base else values.get(("ExchangeRate", currency))
        if rate is None or number(text) is None or number(rate) is None:
            return None
        found[currency] = (text, rate)
    return found or None


def _moment(text: str | None) -> datetime | None:
    """Seconds since the epoch; 0 where no change is near."""
    seconds = number(text)
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _first(*found: float | None) -> float | None:
    return next((value for value in found if value is not None), None)


# -- executions


def split_exec_id(exec_id: str) -> tuple[str, int]:
    """The id without its revision, and the revision: a correction ends `.02` where the original ends `.01`."""
    base, dot, revision = exec_id.rpartition(".")
    if not dot or not revision.isdigit():
        return exec_id, 0
    return base, int(revision)


def utc(moment: datetime) -> datetime:
    """Aware UTC; a time without a zone is taken for UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def execution(fill: Any) -> Execution:
    """A fill, with its commission where the report has come."""
    wire, report = fill.execution, fill.commissionReport
    base, revision = split_exec_id(wire.execId)
    commission, currency, realized = _report(report)
    kind = ExecutionKind.COMBO if fill.contract.secType == "BAG" else ExecutionKind.TRADE
    return Execution(
        account=wire.acctNumber,
        exec_id=wire.execId,
        base_exec_id=base,
        revision=revision,
        contract=contract(fill.contract),
        time=utc(wire.time),
        side=wire.side,
        quantity=decimal(wire.shares) or Decimal(0),
        price=decimal(wire.price) or Decimal(0),
        kind=kind,
        # Manual orders have an id of 0, below, or the largest integer: the perm id is their name.
        order_id=wire.orderId if 0 < wire.orderId < UNSET_INTEGER else None,
        perm_id=wire.permId or None,
        client_id=wire.clientId if 0 <= wire.clientId < UNSET_INTEGER else None,
        order_ref=wire.orderRef or None,
        exchange=wire.exchange or None,
        commission=commission,
        commission_currency=currency,
        realized_pnl=realized,
    )


def _report(report: Any) -> tuple[Decimal | None, str | None, Decimal | None]:
    """Commission, its currency, realized P&L.

    A report that has not come has no id; what it doesn't know (the realized P&L of an opening fill) is NaN.
    """
    if not report or not report.execId:
        return None, None, None
    commission = decimal(report.commission)
    currency = report.currency or None
    return commission, currency if commission is not None else None, decimal(report.realizedPNL)


def classify(executions: Iterable[Execution]) -> list[Execution]:
    """Name the broker's own bookings among an account's executions.

    They have no order and an option price of 0. A stock leg at the strike on the same day makes it an assignment (or
    an exercise, if the option was held long). Without one, an option that ends on its last day is an expiry. Before
    that day it stays a trade: what it was is only known when the statement says it, and positions close it anyway.
    """
    found = list(executions)
    legs = {(x.contract.symbol, _day(x), x.price) for x in found if _is_booked(x) and x.contract.sec_type == "STK"}
    kinds: dict[tuple[str, date, Decimal], ExecutionKind] = {}
    result = []
    for item in found:
        kind = _option_kind(item, legs)
        if kind in (ExecutionKind.ASSIGNMENT, ExecutionKind.EXERCISE):
            kinds[_strike_key(item)] = kind
        result.append(replace(item, kind=kind))
    # The stock leg bears the name of its option's end.
    return [
        replace(x, kind=kinds[key])
        if _is_booked(x) and x.contract.sec_type == "STK" and (key := (x.contract.symbol, _day(x), x.price)) in kinds
        else x
        for x in result
    ]


def _option_kind(item: Execution, legs: set[tuple[str, date, Decimal]]) -> ExecutionKind:
    if not _is_booked(item) or item.price != 0 or item.contract.sec_type not in ("OPT", "FOP"):
        return item.kind
    if item.contract.strike is not None and _strike_key(item) in legs:
        return ExecutionKind.ASSIGNMENT if item.side == "BOT" else ExecutionKind.EXERCISE
    if item.contract.expiry is not None and _day(item) >= item.contract.expiry:
        return ExecutionKind.EXPIRY
    return item.kind


def _strike_key(item: Execution) -> tuple[str, date, Decimal]:
    return item.contract.symbol, _day(item), decimal(item.contract.strike) or Decimal(0)


def _is_booked(item: Execution) -> bool:
    return item.order_id is None and item.kind is not ExecutionKind.COMBO


def _day(item: Execution) -> date:
    return item.time.astimezone(EXCHANGE_ZONE).date()


# -- orders


def order(account: str, trade: Any, as_of: datetime) -> Order | None:
    """An order's state; None for what has no perm id yet."""
    wire, status = trade.order, trade.orderStatus
    perm_id = wire.permId or status.permId
    if not perm_id:
        return None
    return Order(
        account=wire.account or account,
        perm_id=perm_id,
        as_of=as_of,
        contract=contract(trade.contract),
        action=wire.action,
        order_type=wire.orderType,
        quantity=decimal(wire.totalQuantity) or Decimal(0),
        status=status.status,
        order_id=wire.orderId if 0 < wire.orderId < UNSET_INTEGER else None,
        client_id=wire.clientId if 0 <= wire.clientId < UNSET_INTEGER else None,
        order_ref=wire.orderRef or None,
        limit_price=known(wire.lmtPrice) if wire.orderType in LIMITED else None,
        stop_price=known(wire.auxPrice) if wire.orderType in STOPPED else None,
        tif=wire.tif or None,
        filled=decimal(status.filled),
        remaining=decimal(status.remaining),
        avg_fill_price=known(status.avgFillPrice) or None,
    )


# The library fills the prices that an order type has not with 0.0 or the largest double.
LIMITED = frozenset({"LMT", "STP LMT", "LOC", "LOO", "LIT", "REL", "MIDPRICE", "TRAIL LIMIT", "PEG MID"})
STOPPED = frozenset({"STP", "STP LMT", "TRAIL", "MIT", "LIT", "TRAIL LIMIT", "STP PRT"})


# -- bars

FUTURE = timedelta(days=1)


def bars(wire: Iterable[Any], what: BarWhat, now: datetime) -> tuple[PriceBar, ...]:
    """Historical bars in order of time, each start once; those that lack a price or lie in the future are left out."""
    found: dict[datetime, PriceBar] = {}
    for item in wire:
        # A day comes as a date, everything shorter as an instant.
        is_day = not isinstance(item.date, datetime)
        ts = datetime.combine(item.date, time(), UTC) if is_day else utc(item.date)
        prices = [p for p in map(known, (item.open, item.high, item.low, item.close)) if p is not None and p > 0]
        volume = known(float(item.volume)) if what == "trades" else None
        if ts <= now + FUTURE and len(prices) == 4:
            open_, high, low, close = prices
            # -1 stands for "no volume".
            found[ts] = PriceBar(ts, open_, high, low, close, volume if volume is None or volume >= 0 else None)
    return tuple(found[ts] for ts in sorted(found))
