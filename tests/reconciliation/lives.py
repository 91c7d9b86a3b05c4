"""A month of an account's life as a statement whose sections agree, and what a database that agrees with it says."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from data.flex.records import (
    CashBalance,
    CashTransaction,
    ClosedLot,
    ConversionRate,
    DividendAccrual,
    NavDay,
    OpenLot,
    OpenPosition,
    Statement,
    Trade,
)
from data.model import Contract, ExecutionKind
from data.reconciliation.known import Known, KnownFill, KnownFlow
from data.reconciliation.worth import time_weighted

FIRST = date(2026, 1, 5)
DAYS = [FIRST + timedelta(days=n) for n in range(5)]
RATE = Decimal("1.0874")
CENT = Decimal("0.01")
ZERO = Decimal(0)
CONTRACTS = (
    Contract(1, "KO", "KO", "STK", "USD"),
    Contract(2, "KO", "KO    260220P00060000", "OPT", "USD", "KO", "SMART", date(2026, 2, 20), 60.0, "P", 100.0),
    Contract(3, "SAP", "SAP", "STK", "EUR"),
)
SECTIONS = ("Trades", "CashTransactions", "CashReport", "OpenPositions", "EquitySummaryInBase", "ChangeInNAV", "ConversionRates",
            "OpenDividendAccruals")  # fmt: skip
KINDS = {"deposit": "deposits", "withdrawal": "withdrawals", "dividend": "dividends", "tax": "withholding_tax",
         "interest": "broker_interest", "fee": "other_fees"}  # fmt: skip


def rate_of(currency: str) -> Decimal:
    return RATE if currency == "EUR" else Decimal(1)


def life(seed: int) -> Statement:
    """Trades that open and close, first in first out, in two currencies; every kind of cash transaction; a dividend owed."""
    chance = random.Random(seed)
    trades: list[Trade] = []
    lots: list[ClosedLot] = []
    held: dict[int, list[OpenLot]] = defaultdict(list)
    for number in range(chance.randint(6, 14)):
        trade, closed = _trade(chance, number, held)
        trades.append(trade)
        lots += closed
    flows = [
        _flow(chance, n, kind, currency)
        for n, (kind, currency) in enumerate((k, c) for k in KINDS for c in ("USD", "EUR"))
    ]
    return _statement(chance, trades, lots, flows, held)


def _trade(chance: random.Random, number: int, held: dict[int, list[OpenLot]]) -> tuple[Trade, list[ClosedLot]]:
    contract = chance.choice(CONTRACTS)
    day = DAYS[min(4, number // 3)]
    at = datetime(day.year, day.month, day.day, 15, number, 7, tzinfo=UTC)
    multiplier, price = Decimal(int(contract.multiplier)), Decimal(chance.randint(101, 9999)) / 100
    have = sum((lot.quantity for lot in held[contract.con_id]), ZERO)
    is_closing = bool(have) and chance.random() < 0.5
    quantity = Decimal(chance.choice((-3, -2, 2, 3, 5)))
    if have and not is_closing:
        quantity = abs(quantity) if have > 0 else -abs(quantity)
    if is_closing:
        quantity = (
            -have if chance.random() < 0.4 else (-1 if have > 0 else 1) * Decimal(chance.randint(1, int(abs(have))))
        )
    proceeds = -quantity * price * multiplier
    fee = -Decimal(chance.randint(35, 500)) / 100
    net = proceeds + fee
    cost, lots = -net, []
    if is_closing:
        lots = _close(chance, contract, at, f"T{number}", quantity, net, held)
        cost = sum((lot.cost or ZERO for lot in lots), ZERO)
    else:
        held[contract.con_id].append(OpenLot(contract.con_id, at, quantity, -net))
    return Trade(
        f"T{number}", contract, at, day, ExecutionKind.TRADE, quantity, price, contract.currency, trade_id=f"T{number}",
        exec_id=f"0001.{number}", multiplier=multiplier, report_date=day, proceeds=proceeds, commission=fee,
        commission_currency=contract.currency, taxes=ZERO, net_cash=net, cost=cost if not is_closing else -cost,
        realized_pnl=net - cost if is_closing else ZERO, rate_to_base=rate_of(contract.currency),
    ), lots  # fmt: skip


def _close(
    chance: random.Random, contract: Contract, at: datetime, trade: str, quantity: Decimal, net: Decimal,
    held: dict[int, list[OpenLot]],
) -> list[ClosedLot]:  # fmt: skip
    """`cost` of a lot: what it cost (short: negative, what it brought)."""
    del chance
    left, brought, found = abs(quantity), net, []
    while left:
        lot = held[contract.con_id].pop(0)
        taken = min(left, abs(lot.quantity))
        whole = lot.cost or ZERO
        cost = whole if taken == abs(lot.quantity) else (whole * taken / abs(lot.quantity)).quantize(CENT)
        share = brought if taken == left else (brought * taken / left).quantize(CENT)
        if taken < abs(lot.quantity):
            rest = lot.quantity - (taken if lot.quantity > 0 else -taken)
            held[contract.con_id].insert(0, replace(lot, quantity=rest, cost=whole - cost))
        found.append(
            ClosedLot(
                f"{trade}.{len(found)}",
                trade,
                contract.con_id,
                lot.opened,
                at,
                taken,
                cost,
                share - cost,
                contract.currency,
            )
        )
        left, brought = left - taken, brought - share
    return found


def _flow(chance: random.Random, number: int, kind: str, currency: str) -> CashTransaction:
    amount = Decimal(chance.randint(100, 99999)) / 100
    day = chance.choice(DAYS)
    return CashTransaction(
        f"C{number}", datetime(day.year, day.month, day.day, 14, tzinfo=UTC), day, kind, kind.title(),
        -amount if kind in ("withdrawal", "tax", "fee") else amount, currency, rate_of(currency), f"{kind} {number}",
        transaction_id=f"C{number}",
    )  # fmt: skip


def _statement(
    chance: random.Random,
    trades: list[Trade],
    lots: list[ClosedLot],
    flows: list[CashTransaction],
    held: dict[int, list[OpenLot]],
) -> Statement:
    cash = tuple(_line(currency, trades, flows) for currency in ("USD", "EUR"))
    starting = sum(((line.starting or ZERO) * rate_of(line.currency) for line in cash), ZERO)
    ending = sum(((line.ending or ZERO) * rate_of(line.currency) for line in cash), ZERO)
    base = CashBalance("BASE", starting, ending, {"other": ending - starting})
    positions = tuple(
        _position(chance, contract, held[contract.con_id]) for contract in CONTRACTS if held[contract.con_id]
    )
    owed = DividendAccrual("A1", 1, "KO", None, DAYS[0], DAYS[4], Decimal(5), Decimal("2.40"), Decimal("0.36"), Decimal("2.04"), "USD",
                           is_open=True, rate_to_base=Decimal(1))  # fmt: skip
    values = {
        kind: sum((p.value * rate_of(p.currency) for p in positions if p.contract.sec_type == kind and p.value), ZERO)
        for kind in ("STK", "OPT")
    }
    total = ending + sum(values.values(), ZERO) + owed.net
    nav = [NavDay(day, "USD", v + 2, cash=v, stock=Decimal(1), options=Decimal(1), dividend_accruals=ZERO)
           for day in DAYS[:4] if (v := Decimal(chance.randint(90_000, 110_000)))]  # fmt: skip
    nav.append(
        NavDay(
            DAYS[4], "USD", total, cash=ending, stock=values["STK"], options=values["OPT"], dividend_accruals=owed.net
        )
    )
    moved = {"deposits_withdrawals": _base(flows, "deposit", "withdrawal"), "dividends": _base(flows, "dividend"),
             "withholding_tax": _base(flows, "tax"), "interest": _base(flows, "interest")}  # fmt: skip
    rest = total - starting - sum(moved.values(), ZERO)
    made = Statement(
        "U1", "USD", DAYS[0], DAYS[4], datetime(2026, 1, 10, tzinfo=UTC), "x", trades=tuple(trades), closed_lots=tuple(lots),
        cash_transactions=tuple(flows), accruals=(owed,), nav=tuple(nav), rates=(ConversionRate(DAYS[4], "EUR", "USD", RATE),),
        positions=positions, cash=(*cash, base), contracts=CONTRACTS,
        nav_change={"starting_value": starting, "ending_value": total, "mtm": rest, **moved},
        sections=dict.fromkeys(SECTIONS, frozenset()),
    )  # fmt: skip
    found = time_weighted(made)
    assert found is not None
    return replace(made, nav_change={**made.nav_change, "twr": found[0].quantize(Decimal("1E-9"))})


def _base(flows: list[CashTransaction], *kinds: str) -> Decimal:
    return sum((each.amount * rate_of(each.currency) for each in flows if each.kind in kinds), ZERO)


def _line(currency: str, trades: list[Trade], flows: list[CashTransaction]) -> CashBalance:
    mine = [trade for trade in trades if trade.currency == currency]
    parts = {
        "net_trades_sales": sum((t.proceeds for t in mine if t.proceeds and t.quantity < 0), ZERO),
        "net_trades_purchases": sum((t.proceeds for t in mine if t.proceeds and t.quantity > 0), ZERO),
        "commissions": sum((t.commission for t in mine if t.commission), ZERO),
        **{
            part: sum((f.amount for f in flows if f.kind == kind and f.currency == currency), ZERO)
            for kind, part in KINDS.items()
        },
    }
    starting = Decimal(100_000)
    return CashBalance(currency, starting, starting + sum(parts.values(), ZERO), parts)


def _position(chance: random.Random, contract: Contract, lots: list[OpenLot]) -> OpenPosition:
    quantity = sum((lot.quantity for lot in lots), ZERO)
    multiplier, mark = Decimal(int(contract.multiplier)), Decimal(chance.randint(101, 9999)) / 100
    value, cost = quantity * mark * multiplier, sum((lot.cost or ZERO for lot in lots), ZERO)
    return OpenPosition(contract, DAYS[4], quantity, mark, value, cost, value - cost, contract.currency, rate_of(contract.currency),
                        multiplier, tuple(lots))  # fmt: skip


def agreed(statement: Statement) -> Known:
    """The database that agrees with a statement: the API reported every fill, and the account was sampled."""
    fills = tuple(
        KnownFill(
            t.key, t.key, t.contract.con_id, t.contract.local_symbol, t.time, t.quantity, t.price, t.multiplier, t.currency,
            -(t.commission or ZERO), t.commission_currency, symbol=t.contract.symbol,
        )
        for t in statement.trades
    )  # fmt: skip
    realized: dict[int, Decimal] = defaultdict(Decimal)
    for trade in statement.trades:
        realized[trade.contract.con_id] += trade.realized_pnl or ZERO
    return Known(
        live=fills,
        fills=fills,
        flows=tuple(KnownFlow(f.key, f.time, f.kind, f.amount, f.currency) for f in statement.cash_transactions),
        held={p.contract.con_id: p.quantity for p in statement.positions},
        realized=realized,
        nav={day.day: day.total for day in statement.nav},
    )
