"""A statement against what the database says: fills, positions, cash by currency, fees, realised P&L, net asset value. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from data.flex.records import Statement, Trade
from data.reconciliation.diagnosis import Check
from data.reconciliation.known import Known, KnownFill
from data.reconciliation.money import BASE, flow_row, line_row
from data.reconciliation.sheet import ONE, ROUNDED, ZERO, Sheet, Sum, alike, equal
from data.reconciliation.trades import trade_row
from data.reconciliation.worth import change_row, nav_row, time_weighted

FEE_DIGITS = Decimal("0.0001")
MARKS = Decimal("0.01")
"""How far the last sample of a day may be from the statement's value before it is more than the marks: a share of it."""
NO_MONEY = "combo"


def against_checks(statement: Statement, known: Known, sheet: Sheet) -> Iterator[Check]:
    trades = {trade.key: trade for trade in statement.trades}
    yield from _fills(statement, trades, known, sheet)
    yield from _flows(statement, known, sheet)
    yield from _fees(statement, known, sheet)
    yield from _cash(statement, known, sheet)
    yield from _positions(statement, known, sheet)
    yield from _realized(statement, known, sheet)
    yield from _nav(statement, known, sheet)
    yield from _return(statement, known, sheet)


def fill_row(sheet: Sheet, fill: KnownFill) -> str:
    return sheet.say(
        f"fill:{fill.key}", f"execution {fill.key} of {fill.time:%Y-%m-%d}: {abs(fill.quantity):f} {fill.name}"
    )


def _fills(statement: Statement, trades: Mapping[str, Trade], known: Known, sheet: Sheet) -> Iterator[Check]:
    """Each fill that the API reported is in the statement, and both say the same."""
    if "Trades" not in statement.sections:
        return
    for fill in known.live:
        row = fill_row(sheet, fill)
        trade = trades.get(fill.trade or "")
        if trade is None:
            yield Check(
                "fill_missing", sheet.words[row], f"{fill.quantity:f} at {fill.price:f}", None, "database", "statement",
                {sheet.put(row, "quantity", fill.quantity): None}, unit="text",
            )  # fmt: skip
            continue
        theirs = trade_row(sheet, trade)
        for field, here, there, share, tolerance, unit in (
            ("quantity", fill.quantity, trade.quantity, ONE, ZERO, "shares"),
            ("price", fill.price, trade.price, ONE, FEE_DIGITS, "price"),
            ("commission", fill.fee, trade.commission, -ONE, ROUNDED, "money"),
        ):
            if (
                here is None
                or there is None
                or (field == "commission" and fill.fee_currency != (trade.commission_currency or trade.currency))
            ):
                continue
            yield equal(
                f"fill_{field}",
                ("database", here, {sheet.put(row, field, here): ONE}),
                ("statement", there * share, {sheet.put(theirs, field, there): share}),
                title=sheet.words[theirs], unit=unit, tolerance=tolerance, currency=trade.currency if unit != "shares" else None,
            )  # fmt: skip
        for field, ours, broker in (
            ("con_id", str(fill.con_id), str(trade.contract.con_id)),
            ("time", _second(fill), f"{trade.time:%Y-%m-%d %H:%M:%S}"),
            ("currency", fill.currency, trade.currency),
            ("commission_currency", fill.fee_currency, trade.commission_currency),
        ):
            if ours is None or broker is None:
                continue
            yield alike(
                f"fill_{field}",
                sheet.words[theirs],
                ("database", ours, f"{row}/{field}"),
                ("statement", broker, f"{theirs}/{field}"),
            )


def _second(fill: KnownFill) -> str:
    return f"{fill.time:%Y-%m-%d %H:%M:%S}"


def _flows(statement: Statement, known: Known, sheet: Sheet) -> Iterator[Check]:
    ours = {flow.key: flow for flow in known.flows}
    for each in statement.cash_transactions:
        flow = ours.get(each.key)
        row = flow_row(sheet, each)
        if flow is None:
            yield Check("flow_missing", sheet.words[row], None, f"{each.amount:f} {each.currency}", "database", "statement",
                        {f"{row}/amount": None}, unit="text")  # fmt: skip
            continue
        mine = sheet.say(f"known-flow:{each.key}", f"{sheet.words[row]} in the database")
        yield equal(
            "flow_amount",
            ("database", flow.amount, {sheet.put(mine, "amount", flow.amount): ONE}),
            ("statement", each.amount, {sheet.put(row, "amount", each.amount): ONE}),
            title=sheet.words[row], currency=each.currency,
        )  # fmt: skip
        for field, here, there in (
            ("currency", flow.currency, each.currency), ("kind", flow.kind, each.kind),
            ("day", f"{flow.time:%Y-%m-%d %H:%M:%S}", f"{each.time:%Y-%m-%d %H:%M:%S}"),
        ):  # fmt: skip
            yield alike(
                f"flow_{field}",
                sheet.words[row],
                ("database", here, f"{mine}/{field}"),
                ("statement", there, f"{row}/{field}"),
            )


def _fees(statement: Statement, known: Known, sheet: Sheet) -> Iterator[Check]:
    """Commissions by currency."""
    if "Trades" not in statement.sections:
        return
    ours: dict[str, Sum] = defaultdict(Sum)
    theirs: dict[str, Sum] = defaultdict(Sum)
    for fill in known.fills:
        if fill.fee:
            ours[fill.fee_currency or fill.currency].add(
                sheet.put(fill_row(sheet, fill), "commission", fill.fee), fill.fee
            )
    for flow in known.flows:
        if flow.is_of_trade:
            ours[flow.currency].add(sheet.put(f"known-flow:{flow.key}", "amount", flow.amount), -flow.amount, -ONE)
    for trade in statement.trades:
        if trade.commission and not trade.is_conversion:  # those are cash flows
            currency, row = trade.commission_currency or trade.currency, trade_row(sheet, trade)
            theirs[currency].add(sheet.put(row, "commission", trade.commission), -trade.commission, -ONE)
            if trade.taxes:  # the book's fee has both
                theirs[currency].add(sheet.put(row, "taxes", trade.taxes), -trade.taxes, -ONE)
    for currency in sorted(ours.keys() | theirs.keys()):
        here, there = ours.get(currency, Sum()), theirs.get(currency, Sum())
        yield equal(
            "fees", ("database", here.total, here.terms), ("statement", there.total, there.terms),
            title=f"commissions in {currency}", place=(("commission_currency", currency),), rank=3, currency=currency,
        )  # fmt: skip


def _cash(statement: Statement, known: Known, sheet: Sheet) -> Iterator[Check]:
    """Ending cash by currency: the statement's beginning with what the database says that moved it."""
    if not {"Trades", "CashTransactions"} <= statement.sections.keys():
        return
    moved: dict[str, Sum] = defaultdict(Sum)
    for fill in known.fills:
        row = fill_row(sheet, fill)
        share = -fill.price * fill.multiplier
        moved[fill.currency].add(sheet.put(row, "quantity", fill.quantity), fill.money, share)
        moved[fill.currency].terms[sheet.put(row, "price", fill.price)] = -fill.quantity * fill.multiplier
        if fill.bought is not None:
            moved[fill.bought].add(sheet.put(row, "quantity", fill.quantity), fill.quantity)
        if fill.fee:
            moved[fill.fee_currency or fill.currency].add(sheet.put(row, "commission", fill.fee), -fill.fee, -ONE)
    for flow in known.flows:
        moved[flow.currency].add(sheet.put(f"known-flow:{flow.key}", "amount", flow.amount), flow.amount)
    for line in statement.cash:
        if line.currency == BASE or line.starting is None or line.ending is None:
            continue
        found = moved.get(line.currency, Sum())
        row = line_row(sheet, line.currency)
        yield equal(
            "cash",
            ("database", line.starting + found.total, found.terms | {sheet.put(row, "starting", line.starting): ONE}),
            ("statement", line.ending, {sheet.put(row, "ending", line.ending): ONE}),
            title=f"ending cash in {line.currency}", place=(("currency", line.currency),), rank=3, currency=line.currency,
        )  # fmt: skip


def _positions(statement: Statement, known: Known, sheet: Sheet) -> Iterator[Check]:
    """What the last sample of the last day has against the open positions."""
    if known.held is None or "OpenPositions" not in statement.sections:
        return
    theirs = {held.contract.con_id: held.quantity for held in statement.positions}
    names = {held.contract.con_id: held.contract.local_symbol for held in statement.positions}
    for con_id in sorted(theirs.keys() | known.held.keys()):
        name = names.get(con_id) or known.names.get(con_id) or str(con_id)
        here, there = known.held.get(con_id, ZERO), theirs.get(con_id, ZERO)
        mine = sheet.say(f"sample:{con_id}", f"last sample of {name} on {statement.last_day}")
        row = sheet.say(f"position:{con_id}", f"open position {name}")
        yield equal(
            "position",
            ("database", here, {sheet.put(mine, "quantity", here): ONE}),
            ("statement", there, {sheet.put(row, "quantity", there): ONE}),
            title=f"{name} at the end of {statement.last_day}", place=(("con_id", str(con_id)),), rank=2, unit="shares", tolerance=ZERO,
        )  # fmt: skip


def _realized(statement: Statement, known: Known, sheet: Sheet) -> Iterator[Check]:
    """Realised P&L by contract: the book's closed lots against the statement's trades."""
    if known.realized is None or "Trades" not in statement.sections:
        return
    theirs: dict[int, Sum] = defaultdict(Sum)
    unsaid = {trade.contract.con_id for trade in statement.trades if trade.realized_pnl is None}
    names: dict[int, str] = dict(known.names)
    symbols: dict[int, str] = {}
    of_fills: dict[str, dict[str, Decimal | None]] = defaultdict(dict)  # whose premium may be the shares'
    for fill in known.fills:
        row, symbols[fill.con_id] = fill_row(sheet, fill), fill.symbol
        of_fills[fill.symbol] |= {f"{row}/{field}": None for field in ("quantity", "price", "commission")}
    for trade in statement.trades:
        con_id = trade.contract.con_id
        names[con_id] = trade.contract.local_symbol
        if trade.realized_pnl is not None:
            theirs[con_id].add(
                sheet.put(trade_row(sheet, trade), "realized_pnl", trade.realized_pnl), trade.realized_pnl
            )
    for con_id in sorted((known.realized.keys() | theirs.keys()) - unsaid):
        here = known.realized.get(con_id, ZERO)
        if here is None:
            continue
        mine = sheet.say(f"book:{con_id}", f"the book's closed lots of {names.get(con_id, con_id)}")
        yield equal(
            "realized",
            ("database", here, of_fills[symbols.get(con_id, "")] | {sheet.put(mine, "realized_pnl", here): ONE}),
            ("statement", theirs[con_id].total, theirs[con_id].terms),
            title=f"realised P&L of {names.get(con_id, con_id)}", place=(("con_id", str(con_id)),), rank=3,
            tolerance=ROUNDED * max(1, theirs[con_id].rows),
        )  # fmt: skip


def _nav(statement: Statement, known: Known, sheet: Sheet) -> Iterator[Check]:
    """The last sample of each day: marks differ, more than a share of the value doesn't come from them."""
    for day in statement.nav:
        here = known.nav.get(day.day)
        if here is None:
            continue
        mine = sheet.say(f"sample:nav:{day.day}", f"last sample of the account on {day.day}")
        yield equal(
            "nav",
            ("database", here, {sheet.put(mine, "total", here): ONE}),
            ("statement", day.total, {sheet.put(nav_row(sheet, day.day), "total", day.total): ONE}),
            title=sheet.words[nav_row(sheet, day.day)], rank=3, currency=day.currency, tolerance=abs(day.total) * MARKS,
        )  # fmt: skip


def _return(statement: Statement, known: Known, sheet: Sheet) -> Iterator[Check]:
    """The time-weighted return linked over the last samples of the days, where every day has one."""
    reported = statement.nav_change.get("twr")
    days = [day for day in statement.nav if statement.first_day <= day.day <= statement.last_day]
    if reported is None or any(day.day not in known.nav for day in days):
        return
    sampled = tuple(replace(day, total=known.nav[day.day]) for day in days)
    found = time_weighted(replace(statement, nav=sampled))
    if found is None:
        return
    samples: dict[str, Decimal | None] = {f"sample:nav:{day.day}/total": None for day in days}
    flows = {
        f"flow:{each.key}/{word}": None
        for each in statement.cash_transactions
        for word in ("amount", "rate_to_base", "kind", "currency", "day")
    }
    yield equal(
        "return",
        ("database", found[0], samples | flows | {f"{change_row(sheet)}/starting_value": None}),
        ("statement", reported, {sheet.put(change_row(sheet), "twr", reported): ONE}),
        title="time-weighted return", rank=4, unit="percent", tolerance=MARKS * 100,
    )  # fmt: skip
