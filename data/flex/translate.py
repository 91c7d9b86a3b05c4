"""Rows as ibflex read them → :mod:`data.flex.records`. Pure; raises :class:`~data.flex.safety.FlexError` for what can't be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from data.flex.cleaning import OTHER, Row
from data.flex.records import (
    CashBalance,
    CashTransaction,
    ClosedLot,
    ConversionRate,
    CorporateAction,
    DividendAccrual,
    NavDay,
    OpenLot,
    OpenPosition,
    OptionEvent,
    Trade,
    Transfer,
)
from data.flex.safety import FlexError
from data.model import Contract, ExecutionKind

ZERO = Decimal(0)
BASE = "BASE"
POSTED = time(16, 20)  # when the broker books expiries and assignments, where a file names the day alone
EXECUTION_KINDS = {
    "A": ExecutionKind.ASSIGNMENT,
    "Ex": ExecutionKind.EXERCISE,
    "AEx": ExecutionKind.EXERCISE,
    "MEx": ExecutionKind.EXERCISE,
    "Ep": ExecutionKind.EXPIRY,
}
EVENT_KINDS = {
    "Assignment": "assignment",
    "Exercise": "exercise",
    "Expiration": "expiry",
    "Cash Settlement": "cash_settlement",
    "Sell": "trade",
    "Buy": "trade",
}
CASH_KINDS = {
    "Broker Interest Paid": "interest",
    "Broker Interest Received": "interest",
    "Bond Interest Paid": "interest",
    "Bond Interest Received": "interest",
    "Withholding Tax": "tax",
    "Other Fees": "fee",
    "Advisor Fees": "fee",
    "Commission Adjustments": "fee",
    "Dividends": "dividend",
    "Payment In Lieu Of Dividends": "dividend",
}
OCC = re.compile(r"([A-Z0-9]{1,6}) *\d{6}[CP]\d{8}")
NAV_PARTS = {
    "cash": "cash", "stock": "stock", "options": "options", "bonds": "bonds", "funds": "funds", "commodities": "commodities",
    "crypto": "crypto", "dividendAccruals": "dividend_accruals", "interestAccruals": "interest_accruals",
}  # fmt: skip
# Of the cash report: balances, not what moved them; securities lent against cash have a count of their own.
STANDS = re.compile(r"(starting|ending|avg|slb)_")
SEGMENTS = re.compile(r"(Sec|Com|Paxos|IBUKL|MTD|YTD|Long|Short)$")


def contract(row: Row, currency: str | None = None) -> Contract:
    """Raises FlexError: it has no contract id."""
    its = row.value
    tag = type(its).__name__
    if not (its.conid or "").isdigit():
        raise FlexError(f"a {tag} has no contract id: tick the field Conid of its section in the Flex query")
    sec_type = row.raw.get("assetCategory") or OTHER
    symbol = its.symbol or its.description or its.conid
    derived = sec_type in ("OPT", "FOP", "WAR", "FSOPT", "FSFOP")
    occ = OCC.fullmatch(symbol)
    underlying = its.underlyingSymbol or (occ[1] if occ else symbol.split()[0])
    return Contract(
        con_id=int(its.conid),
        symbol=underlying if derived else symbol,
        local_symbol=symbol,
        sec_type={"FSOPT": "OPT", "FSFOP": "FOP"}.get(sec_type, sec_type),
        currency=currency or its.currency or "",
        trading_class=occ[1] if occ and derived else None,
        exchange=its.listingExchange,
        expiry=its.expiry,
        strike=None if its.strike is None else float(its.strike),
        right=None if its.putCall is None else its.putCall.value,
        multiplier=float(_multiplier(its)),
    )


def _multiplier(its: Any) -> Decimal:
    return its.multiplier if its.multiplier else Decimal(1)


def _need(row: Row, *names: str) -> None:
    for name in names:
        if getattr(row.value, name) is None:
            tag = type(row.value).__name__
            raise FlexError(f"a {tag} has no {name}: tick that field of its section in the Flex query")


class Keys:
    """Names for rows that never change: the broker's id, else what the row says, with its number among rows that say the same."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def of(self, identity: str | None, *says: object) -> str:
        words = identity or "|".join("" if word is None else str(word) for word in says)
        number = self._seen[words] = self._seen.get(words, 0) + 1
        return f"{words}#{number}" if number > 1 else words


def trade(row: Row, zone: ZoneInfo, keys: Keys) -> Trade:
    its = row.value
    _need(row, "quantity", "tradePrice", "currency", "assetCategory")
    codes = tuple(code.value for code in its.notes)
    kind = next((EXECUTION_KINDS[code] for code in codes if code in EXECUTION_KINDS), ExecutionKind.TRADE)
    is_booked = row.raw.get("transactionType") == "BookTrade" or kind is not ExecutionKind.TRADE
    moment, day = _trade_time(row, zone, is_booked)
    is_cancel = row.raw.get("transactionType") in ("TradeCancel", "FracShareCancel") or "Ca" in codes
    its_contract = contract(row)
    return Trade(
        key=keys.of(its.tradeID and f"t{its.tradeID}{_revision(its.ibExecID)}", "trade", its_contract.con_id, moment.isoformat(), its.quantity, its.tradePrice, its.ibExecID,
                    *codes),
        contract=its_contract,
        time=moment,
        trade_date=day,
        kind=kind,
        quantity=its.quantity,
        price=its.tradePrice,
        currency=its.currency,
        trade_id=its.tradeID,
        exec_id=None if is_cancel else its.ibExecID,
        transaction_id=its.transactionID,
        order_id=its.ibOrderID,
        order_ref=its.orderReference,
        exchange=its.exchange,
        multiplier=_multiplier(its),
        is_booked=is_booked,
        is_conversion=its_contract.sec_type == "CASH" and "AFx" in codes,
        cancels=(its.origTradeID or its.relatedTradeID or OTHER) if is_cancel else None,
        report_date=its.reportDate,
        proceeds=its.proceeds,
        commission=its.ibCommission,
        commission_currency=its.ibCommissionCurrency or (its.currency if its.ibCommission is not None else None),
        taxes=its.taxes,
        net_cash=its.netCash,
        cost=its.cost,
        realized_pnl=its.fifoPnlRealized,
        rate_to_base=its.fxRateToBase,
        codes=(*codes, *([OTHER] if "notes" in row.other else [])),
    )  # fmt: skip


def _revision(exec_id: str | None) -> str:
    """A correction may have the trade id of what it corrects: the last number of its execution id tells them apart."""
    last = (exec_id or "").rpartition(".")[2]
    return f".{int(last)}" if last.isdigit() and int(last) > 1 else ""


def _trade_time(row: Row, zone: ZoneInfo, is_booked: bool) -> tuple[datetime, date]:
    """When, and the broker's trade date."""
    its = row.value
    if its.dateTime is not None and row.has_time("dateTime"):
        moment = row.time("dateTime", zone)
        assert moment is not None
        return moment, its.tradeDate or moment.astimezone(zone).date()
    day = its.tradeDate or (its.dateTime and its.dateTime.date()) or its.reportDate
    if day is None:
        raise FlexError("a Trade has no date: tick the field Date/Time of the section Trades in the Flex query")
    at = its.tradeTime or (POSTED if is_booked else time(12))
    return datetime.combine(day, at, zone).astimezone(UTC), day


def closed_lot(row: Row, zone: ZoneInfo, keys: Keys, closing: Trade | None) -> ClosedLot | None:
    """None where the trade that closed it can't be told. `closing`: the trade that stands before it."""
    its = row.value
    opened = row.time("openDateTime", zone)
    closed = row.time("dateTime", zone)
    if closing is None or opened is None or not its.quantity or its.conid != str(closing.contract.con_id):
        return None
    quantity = abs(its.quantity)
    codes = {code.value for code in its.notes}
    return ClosedLot(
        key=keys.of(None, closing.key, opened.isoformat(), quantity, its.cost),
        trade=closing.key,
        con_id=closing.contract.con_id,
        opened=opened,
        closed=closed or closing.time,
        quantity=quantity,
        cost=its.cost,
        realized_pnl=its.fifoPnlRealized,
        currency=its.currency or closing.currency,
        multiplier=_multiplier(its) if its.multiplier else closing.multiplier,
        is_wash_sale="LD" in codes,
    )


def option_event(row: Row, keys: Keys) -> OptionEvent:
    its = row.value
    _need(row, "date", "quantity")
    kind = EVENT_KINDS.get(row.raw.get("transactionType", ""), OTHER)
    its_contract = contract(row)
    return OptionEvent(
        key=keys.of(None, "event", its_contract.con_id, its.date, kind, its.quantity, its.tradePrice, its.tradeID),
        contract=its_contract,
        day=its.date,
        kind=kind,
        quantity=its.quantity,
        price=its.tradePrice,
        proceeds=its.proceeds,
        realized_pnl=its.realizedPnl,
        currency=its_contract.currency,
        trade_id=its.tradeID,
    )


def cash_transaction(row: Row, zone: ZoneInfo, keys: Keys) -> CashTransaction:
    its = row.value
    _need(row, "amount", "currency")
    moment = _moment(row, "dateTime", zone, its.reportDate)
    words = row.raw.get("type", "")
    kind = CASH_KINDS.get(words, OTHER)
    if words.startswith("Deposits"):
        kind = "deposit" if its.amount >= 0 else "withdrawal"
    return CashTransaction(
        key=keys.of(
            its.transactionID and f"c{its.transactionID}",
            "cash",
            moment.isoformat(),
            words,
            its.amount,
            its.currency,
            its.description,
        ),
        time=moment,
        report_date=its.reportDate,
        kind=kind,
        type=words,
        amount=its.amount,
        currency=its.currency,
        rate_to_base=its.fxRateToBase,
        description=its.description,
        symbol=its.underlyingSymbol or its.symbol,
        con_id=int(its.conid) if (its.conid or "").isdigit() else None,
        transaction_id=its.transactionID,
    )


def corporate_action(row: Row, zone: ZoneInfo, keys: Keys) -> CorporateAction:
    its = row.value
    moment = _moment(row, "dateTime", zone, its.reportDate)
    its_contract = contract(row)
    return CorporateAction(
        key=keys.of(
            its.transactionID, "action", its_contract.con_id, moment.isoformat(), its.quantity, its.actionDescription
        ),
        action_id=its.actionID,
        contract=its_contract,
        time=moment,
        report_date=its.reportDate,
        type=OTHER if its.type is None else its.type.value,
        description=its.actionDescription or its.description,
        quantity=its.quantity or ZERO,
        proceeds=its.proceeds or its.amount or ZERO,
        value=its.value,
        realized_pnl=its.fifoPnlRealized,
        currency=its_contract.currency,
        rate_to_base=its.fxRateToBase,
        multiplier=_multiplier(its),
    )


def transfer(row: Row, zone: ZoneInfo, keys: Keys) -> Transfer:
    its = row.value
    moment = _moment(row, "dateTime", zone, its.date or its.reportDate)
    sign = -1 if row.raw.get("direction") == "OUT" else 1
    quantity, cash = (its.quantity or ZERO), (its.cashTransfer or ZERO)
    value = its.positionAmount
    its_contract = contract(row) if quantity else None
    return Transfer(
        key=keys.of(
            its.transactionID and f"x{its.transactionID}", "transfer", its.conid, moment.isoformat(), quantity, cash
        ),
        contract=its_contract,
        time=moment,
        quantity=sign * abs(quantity),
        price=its.transferPrice or (abs(value / quantity / _multiplier(its)) if value and quantity else None),
        cash=sign * abs(cash),
        value=value,
        currency=its.currency or "",
        rate_to_base=its.fxRateToBase,
        description=its.description,
    )


def accrual(row: Row, keys: Keys, *, is_open: bool) -> DividendAccrual:
    its = row.value
    _need(row, "netAmount", "currency")
    day = None if is_open else its.date or its.reportDate
    con_id = contract(row).con_id
    return DividendAccrual(
        key=keys.of(None, "open" if is_open else "change", con_id, day, its.exDate, its.payDate, its.netAmount,
                    *(code.value for code in its.code)),
        con_id=con_id,
        symbol=its.underlyingSymbol or its.symbol or "",
        day=day,
        ex_date=its.exDate,
        pay_date=its.payDate,
        quantity=its.quantity,
        gross=its.grossAmount,
        tax=its.tax,
        net=its.netAmount,
        currency=its.currency,
        is_open=is_open,
        rate_to_base=its.fxRateToBase,
    )  # fmt: skip


def nav_day(row: Row, base: str | None) -> NavDay:
    its = row.value
    _need(row, "reportDate", "total")
    parts = {ours: getattr(its, theirs) for theirs, ours in NAV_PARTS.items()}
    known = sum((amount for amount in parts.values() if amount is not None), ZERO)
    return NavDay(its.reportDate, its.currency or base or "", its.total, **parts, other=its.total - known)


def conversion_rate(row: Row) -> ConversionRate:
    its = row.value
    _need(row, "reportDate", "fromCurrency", "toCurrency", "rate")
    return ConversionRate(its.reportDate, its.fromCurrency, its.toCurrency, its.rate)


def cash_balance(row: Row) -> CashBalance:
    its = row.value
    _need(row, "currency")
    currency = BASE if its.currency == "BASE_SUMMARY" else its.currency
    parts = {name: amount for name, amount in amounts(its).items() if not STANDS.match(name)}
    return CashBalance(currency, its.startingCash, its.endingCash, parts)


def amounts(its: Any) -> Mapping[str, Decimal]:
    """Every amount of a row of sums that isn't a segment's or another span's, by its name in snake case."""
    found = {}
    for one in fields(its):
        amount = getattr(its, one.name)
        if isinstance(amount, Decimal) and not SEGMENTS.search(one.name):
            found[snake(one.name)] = amount
    return found


def positions(rows: Iterable[Row], last_day: date, zone: ZoneInfo) -> tuple[OpenPosition, ...]:
    """One for each contract: its summary, with its lots where the file has them; of lots alone their sum."""
    sums: dict[int, Row] = {}
    lots: dict[int, list[Row]] = {}
    for row in rows:
        _need(row, "position")
        con_id = contract(row).con_id
        if row.raw.get("levelOfDetail") == "LOT":
            lots.setdefault(con_id, []).append(row)
        else:
            sums[con_id] = row
    found = []
    for con_id in sums.keys() | lots.keys():
        its = sums.get(con_id)
        parts = lots.get(con_id, [])
        found.append(_position([its] if its else parts, parts, last_day, zone))
    return tuple(sorted(found, key=lambda one: one.contract.con_id))


def _position(told: list[Row], lots: list[Row], last_day: date, zone: ZoneInfo) -> OpenPosition:
    first = told[0]
    its = first.value

    def total(name: str) -> Decimal | None:
        values = [getattr(row.value, name) for row in told]
        return None if None in values else sum(values, ZERO)

    its_contract = contract(first)
    return OpenPosition(
        contract=its_contract,
        day=its.reportDate or last_day,
        quantity=total("position") or ZERO,
        mark=its.markPrice,
        value=total("positionValue"),
        cost=total("costBasisMoney"),
        unrealized_pnl=total("fifoPnlUnrealized"),
        currency=its_contract.currency,
        rate_to_base=its.fxRateToBase,
        multiplier=_multiplier(its),
        lots=tuple(
            OpenLot(its_contract.con_id, opened, lot.value.position, lot.value.costBasisMoney)
            for lot in lots
            if (opened := lot.time("openDateTime", zone)) is not None
        ),
    )


def _moment(row: Row, name: str, zone: ZoneInfo, otherwise: date | None) -> datetime:
    found = row.time(name, zone)
    if found is not None:
        return found
    if otherwise is None:
        raise FlexError(
            f"a {type(row.value).__name__} has no date: tick the field Date/Time of its section in the Flex query"
        )
    return datetime.combine(otherwise, time(), zone).astimezone(UTC)


def day_end(day: date, zone: ZoneInfo) -> datetime:
    """The first instant after a report date."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), name)
