"""A statement's trades against themselves: what each row computes, what its closed lots say, what its option event says. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

from data.flex.records import ClosedLot, Statement, Trade
from data.model import ExecutionKind
from data.reconciliation.diagnosis import Check
from data.reconciliation.sheet import ONE, ROUNDED, ZERO, Sheet, alike, equal

DELIVERIES = frozenset({ExecutionKind.ASSIGNMENT, ExecutionKind.EXERCISE})


def trade_row(sheet: Sheet, trade: Trade) -> str:
    """The name of a trade's row."""
    name = trade.contract.local_symbol or trade.contract.symbol
    words = f"trade {trade.trade_id or trade.key} of {trade.trade_date}: {abs(trade.quantity):f} {name}"
    return sheet.say(f"trade:{trade.key}", words)


def trade_checks(statement: Statement, sheet: Sheet) -> Iterator[Check]:
    """Proceeds, net cash and realised P&L of every trade."""
    lots: dict[str, list[ClosedLot]] = defaultdict(list)
    for lot in statement.closed_lots:
        lots[lot.trade].append(lot)
    has_costs = _has_costs(statement, lots)
    for trade in statement.trades:
        row = trade_row(sheet, trade)
        yield from _proceeds(trade, row, sheet)
        yield from _net_cash(trade, row, sheet)
        yield from _result(trade, row, sheet)
        if found := lots.get(trade.key):
            yield from _lots(trade, row, found, has_costs, sheet)
    yield from _events(statement, sheet)


def _proceeds(trade: Trade, row: str, sheet: Sheet) -> Iterator[Check]:
    if trade.proceeds is None:
        return
    quantity, price, multiplier = trade.quantity, trade.price, trade.multiplier
    computed = -quantity * price * multiplier
    yield equal(
        "trade_proceeds",
        ("proceeds", trade.proceeds, {sheet.put(row, "proceeds", trade.proceeds): ONE}),
        ("− quantity × price × multiplier", computed, {
            sheet.put(row, "quantity", quantity): -price * multiplier,
            sheet.put(row, "price", price): -quantity * multiplier,
            sheet.put(row, "multiplier", multiplier): -quantity * price,
        }),
        title=sheet.words[row], currency=trade.currency,
    )  # fmt: skip


def _net_cash(trade: Trade, row: str, sheet: Sheet) -> Iterator[Check]:
    if trade.net_cash is None or trade.proceeds is None:
        return
    if trade.contract.sec_type == "CASH" and not trade.net_cash:  # of conversions the broker says nothing there
        return
    fees = [("commission", trade.commission if _fee_is_own(trade) else None), ("taxes", trade.taxes)]
    computed = trade.proceeds + sum((amount for _, amount in fees if amount is not None), ZERO)
    yield equal(
        "trade_net_cash",
        ("net cash", trade.net_cash, {sheet.put(row, "net_cash", trade.net_cash): ONE}),
        ("proceeds + commission + taxes", computed, {
            sheet.put(row, "proceeds", trade.proceeds): ONE,
            **{sheet.put(row, name, amount): ONE for name, amount in fees if amount is not None},
        }),
        title=sheet.words[row], currency=trade.currency,
    )  # fmt: skip


def _result(trade: Trade, row: str, sheet: Sheet) -> Iterator[Check]:
    """Of a trade that closes: realised = proceeds + fees + cost, the cost of what it closed being negative for a long."""
    if None in (trade.realized_pnl, trade.cost, trade.proceeds) or trade.contract.sec_type == "CASH":
        return
    if trade.contract.strike is not None and trade.kind in DELIVERIES and not trade.realized_pnl:
        return  # the premium goes to the shares
    assert trade.realized_pnl is not None
    assert trade.cost is not None
    assert trade.proceeds is not None
    own = trade.commission if _fee_is_own(trade) else None
    parts = {"proceeds": trade.proceeds, "commission": own or ZERO, "taxes": trade.taxes or ZERO, "cost": trade.cost}
    yield equal(
        "trade_realized",
        ("realised P&L", trade.realized_pnl, {sheet.put(row, "realized_pnl", trade.realized_pnl): ONE}),
        ("proceeds + commission + taxes + cost basis", sum(parts.values(), ZERO),
         {sheet.put(row, name, amount): ONE for name, amount in parts.items()}),
        title=sheet.words[row], currency=trade.currency,
    )  # fmt: skip


def _lots(trade: Trade, row: str, lots: list[ClosedLot], has_costs: bool, sheet: Sheet) -> Iterator[Check]:
    """What the lots that it closed say together."""
    names = [sheet.say(f"lot:{lot.key}", f"closed lot of {lot.opened:%Y-%m-%d} in {sheet.words[row]}") for lot in lots]
    if trade.realized_pnl is not None and all(lot.realized_pnl is not None for lot in lots):
        total = sum((lot.realized_pnl or ZERO for lot in lots), ZERO)
        yield equal(
            "lots_realized",
            ("realised P&L", trade.realized_pnl, {sheet.put(row, "realized_pnl", trade.realized_pnl): ONE}),
            ("its closed lots", total, {
                sheet.put(name, "realized_pnl", lot.realized_pnl): ONE for name, lot in zip(names, lots, strict=True)
            }),
            title=sheet.words[row], rank=1, currency=trade.currency, tolerance=ROUNDED * max(1, len(lots)),
        )  # fmt: skip
    yield from _lots_add_up(trade, row, lots, names, has_costs, sheet)
    for name, lot in zip(names, lots, strict=True):
        yield alike(
            "lots_contract",
            sheet.words[name],
            ("its contract", str(lot.con_id), f"{name}/con_id"),
            ("its trade's", str(trade.contract.con_id), f"{row}/con_id"),
        )


def _lots_add_up(
    trade: Trade, row: str, lots: list[ClosedLot], names: list[str], has_costs: bool, sheet: Sheet
) -> Iterator[Check]:
    """Quantity and cost of what a trade closed; a trade that opens too (a position turned round) closes a part only."""
    pairs = list(zip(names, lots, strict=True))
    if "O" in trade.codes:
        return
    sign = _side(trade)
    yield equal(
        "lots_quantity",
        ("quantity", sign * trade.quantity, {sheet.put(row, "quantity", trade.quantity): sign}),
        ("its closed lots", sum((lot.quantity for lot in lots), ZERO),
         {sheet.put(name, "quantity", lot.quantity): ONE for name, lot in pairs}),
        title=sheet.words[row], unit="shares", tolerance=ZERO, rank=1,
    )  # fmt: skip
    if has_costs and trade.cost is not None and all(lot.cost is not None for lot in lots):
        total = sum((lot.cost or ZERO for lot in lots), ZERO)
        sign = _cost_sign(trade, total, ROUNDED * len(lots))
        yield equal(
            "lots_cost",
            ("cost", trade.cost, {sheet.put(row, "cost", trade.cost): ONE}),
            ("its closed lots", sign * total, {sheet.put(name, "cost", lot.cost): sign for name, lot in pairs}),
            title=sheet.words[row], rank=1, currency=trade.currency, tolerance=ROUNDED * max(1, len(lots)),
        )  # fmt: skip


def _side(trade: Trade) -> Decimal:
    """1 bought, -1 sold: by the most of its figures, so that one that is wrong doesn't turn the trade round."""
    before_fees = (
        None if trade.net_cash is None else trade.net_cash - (trade.commission or ZERO) - (trade.taxes or ZERO)
    )
    signs = [trade.quantity > 0, *(amount < 0 for amount in (trade.proceeds, before_fees) if amount)]
    return ONE if 2 * sum(signs) > len(signs) or (2 * sum(signs) == len(signs) and signs[0]) else -ONE


def _cost_sign(trade: Trade, of_lots: Decimal, near: Decimal) -> Decimal:
    """The broker gives lots' cost without a sign, a trade's with one; what was sold for less than its fee has the other."""
    usual = _side(trade) * (ONE if of_lots >= 0 else -ONE)
    costs = [amount for amount in (trade.cost, _implied_cost(trade)) if amount is not None]
    is_usual, is_other = (any(abs(cost - sign * of_lots) <= near for cost in costs) for sign in (usual, -usual))
    return -usual if is_other and not is_usual else usual


def _implied_cost(trade: Trade) -> Decimal | None:
    """What its result says that it cost."""
    if trade.realized_pnl is None or trade.net_cash is None:
        return None
    return trade.realized_pnl - trade.net_cash


def _has_costs(statement: Statement, lots: Mapping[str, list[ClosedLot]]) -> bool:
    """Whether lots cost what their trades say in most cases of this statement: with other settings they leave the fees out."""
    agree = differ = 0
    for trade in statement.trades:
        found = lots.get(trade.key)
        if trade.cost and found and "O" not in trade.codes and all(lot.cost is not None for lot in found):
            total = sum((lot.cost or ZERO for lot in found), ZERO)
            is_same = abs(abs(trade.cost) - abs(total)) <= ROUNDED * len(found)
            agree, differ = agree + is_same, differ + (not is_same)
    return agree >= differ or differ == 1


def _events(statement: Statement, sheet: Sheet) -> Iterator[Check]:
    """An exercise, assignment or expiry is a trade too: both say the same."""
    trades = {trade.trade_id: trade for trade in statement.trades if trade.trade_id}
    for event in statement.option_events:
        trade = trades.get(event.trade_id) if event.trade_id else None
        if trade is None or trade.contract.con_id != event.contract.con_id:
            continue
        row, mine = trade_row(sheet, trade), f"event:{event.key}"
        sheet.say(mine, f"{event.kind} of {event.day}: {event.contract.local_symbol}")
        for field, here, there, unit in (
            ("quantity", event.quantity, trade.quantity, "shares"),
            ("realized_pnl", event.realized_pnl, trade.realized_pnl, "money"),
        ):
            if here is None or there is None:
                continue
            yield equal(
                f"event_{field}",
                ("option event", here, {sheet.put(mine, field, here): ONE}),
                ("trade", there, {sheet.put(row, field, there): ONE}),
                title=sheet.words[mine], rank=1, unit=unit, tolerance=ROUNDED if unit == "money" else ZERO,
                currency=event.currency if unit == "money" else None,
            )  # fmt: skip


def _fee_is_own(trade: Trade) -> bool:
    return trade.commission_currency in (None, trade.currency)
