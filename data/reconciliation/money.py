"""A statement's cash report against its trades and cash transactions, and the other way round. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

from data.flex.records import CashBalance, CashTransaction, Statement
from data.reconciliation.diagnosis import Check
from data.reconciliation.sheet import ONE, ROUNDED, ZERO, Sheet, Sum, equal
from data.reconciliation.trades import trade_row

BASE = "BASE"
SUBTOTALS = {"deposit_withdrawals": ("deposits", "withdrawals")}
"""Lines that are the sum of others, where those are there."""
KINDS = {
    "net_trades_sales": "trades", "net_trades_purchases": "trades", "commissions": "commission", "deposits": "transfer",
    "withdrawals": "transfer", "deposit_withdrawals": "transfer", "account_transfers": "transfer", "internal_transfers": "transfer",
    "dividends": "dividend", "payment_in_lieu": "dividend",
    "withholding_tax": "tax", "transaction_tax": "tax", "other_fees": "fee", "broker_fees": "fee",
    "client_fees": "fee", "advisor_fees": "fee", "fees_receivables": "fee", "broker_interest": "interest", "bond_interest": "interest",
    "insured_deposit_interest": "interest",
}  # fmt: skip
WORDS = {
    "trades": "what the trades cost and brought", "commission": "the trades' commissions", "transfer": "deposits and withdrawals",
    "dividend": "dividends", "tax": "taxes", "fee": "fees", "interest": "interest",
}  # fmt: skip
TRANSFERS = frozenset({"deposit", "withdrawal"})


def parts_of(line: CashBalance) -> dict[str, Decimal]:
    """What moved a balance, each once."""
    hidden = {name for name, others in SUBTOTALS.items() if any(line.parts.get(other) for other in others)}
    return {name: amount for name, amount in line.parts.items() if name not in hidden}


def money_checks(statement: Statement, sheet: Sheet) -> Iterator[Check]:
    """Each currency's line adds up; each kind of its movements is the sum of its rows; the base line is the sum of all."""
    lines = [line for line in statement.cash if line.currency != BASE]
    for line in statement.cash:
        yield from _adds_up(line, sheet)
    if lines:
        yield from _kinds(statement, lines, sheet)
        yield from _base(statement, lines, sheet)


def line_row(sheet: Sheet, currency: str) -> str:
    return sheet.say(f"cash:{currency}", f"cash report, {'base currency' if currency == BASE else currency}")


def flow_row(sheet: Sheet, each: CashTransaction) -> str:
    words = f"{each.type or each.kind} of {each.time:%Y-%m-%d}, {each.description or each.key}"
    return sheet.say(f"flow:{each.key}", words)


def _adds_up(line: CashBalance, sheet: Sheet) -> Iterator[Check]:
    if line.starting is None or line.ending is None or not line.parts:
        return
    row, parts = line_row(sheet, line.currency), parts_of(line)
    yield equal(
        "cash_report",
        ("ending cash", line.ending, {sheet.put(row, "ending", line.ending): ONE}),
        ("starting cash and what moved it", line.starting + sum(parts.values(), ZERO), {
            sheet.put(row, "starting", line.starting): ONE,
            **{sheet.put(row, name, amount): ONE for name, amount in parts.items()},
        }),
        title=sheet.words[row], rank=1, currency=line.currency,
    )  # fmt: skip


def _kinds(statement: Statement, lines: list[CashBalance], sheet: Sheet) -> Iterator[Check]:
    reported: dict[tuple[str, str], Sum] = defaultdict(Sum)
    for line in lines:
        row = line_row(sheet, line.currency)
        for name, amount in parts_of(line).items():
            if kind := KINDS.get(name):
                reported[line.currency, kind].add(sheet.put(row, name, amount), amount)
    rows = movements(statement, sheet)
    for place in sorted(reported.keys() | rows.keys()):
        currency, kind = place
        if kind not in WORDS or not _has(statement, kind):
            continue
        ours, theirs = rows.get(place, Sum()), reported.get(place, Sum())
        yield equal(
            "cash_kind",
            (f"rows: {WORDS[kind]}", ours.total, ours.terms),
            ("cash report", theirs.total, theirs.terms),
            title=f"{currency}: {WORDS[kind]}", place=(("currency", currency), ("kind", kind)), rank=2, currency=currency,
            tolerance=ROUNDED,
        )  # fmt: skip


def movements(statement: Statement, sheet: Sheet) -> Mapping[tuple[str, str], Sum]:
    """What the rows of trades, cash transactions and so on moved, by currency and kind."""
    found: dict[tuple[str, str], Sum] = defaultdict(Sum)
    for trade in statement.trades:
        row, currency = trade_row(sheet, trade), trade.currency
        if trade.proceeds is not None:
            found[currency, "trades"].add(sheet.put(row, "proceeds", trade.proceeds), trade.proceeds)
        if trade.contract.sec_type == "CASH":  # one currency for another
            found[trade.contract.symbol.partition(".")[0], "trades"].add(
                sheet.put(row, "quantity", trade.quantity), trade.quantity
            )
        if trade.commission is not None:
            paid_in = trade.commission_currency or currency
            found[paid_in, "commission"].add(sheet.put(row, "commission", trade.commission), trade.commission)
        if trade.taxes is not None:
            found[currency, "tax"].add(sheet.put(row, "taxes", trade.taxes), trade.taxes)
    for each in statement.cash_transactions:
        row = flow_row(sheet, each)
        kind = "transfer" if each.kind in TRANSFERS else each.kind
        found[each.currency, kind].add(sheet.put(row, "amount", each.amount), each.amount)
    for action in statement.corporate_actions:
        if action.proceeds:
            row = sheet.say(
                f"action:{action.key}",
                f"corporate action of {action.time:%Y-%m-%d}: {action.description or action.type}",
            )
            found[action.currency, "trades"].add(sheet.put(row, "proceeds", action.proceeds), action.proceeds)
    return found


def _has(statement: Statement, kind: str) -> bool:
    """Whether the statement has the rows that a kind is the sum of."""
    needed = {"trades": "Trades", "commission": "Trades"}.get(kind, "CashTransactions")
    return needed in statement.sections


def _base(statement: Statement, lines: list[CashBalance], sheet: Sheet) -> Iterator[Check]:
    """The base line's ending is that of all currencies, at the last day's rates."""
    base = next((line for line in statement.cash if line.currency == BASE), None)
    if base is None or base.ending is None or statement.base_currency is None:
        return
    total = Sum()
    for line in lines:
        rate = closing_rate(statement, line.currency)
        if line.ending is None or rate is None:
            return
        add_converted(
            total, statement, sheet, line_row(sheet, line.currency), "ending", line.ending, line.currency, rate
        )
    yield equal(
        "cash_base",
        ("cash report, base currency", base.ending, {sheet.put(line_row(sheet, BASE), "ending", base.ending): ONE}),
        ("all currencies at the last day's rates", total.total, total.terms),
        title="ending cash in the base currency", rank=2, currency=statement.base_currency, tolerance=ROUNDED * max(1, len(lines)),
    )  # fmt: skip


def closing_rate(statement: Statement, currency: str) -> Decimal | None:
    """What a unit of `currency` is in the base currency at the end of the statement."""
    if currency == statement.base_currency:
        return ONE
    return next(
        (each.rate for each in reversed(statement.rates)
         if each.currency == currency and each.to_currency == statement.base_currency and each.day == statement.last_day),
        None,
    )  # fmt: skip


def add_converted(
    total: Sum, statement: Statement, sheet: Sheet, row: str, field: str, amount: Decimal, currency: str, rate: Decimal
) -> None:
    """Add an amount of the statement's last day, in the base currency."""
    if currency == statement.base_currency:
        total.add(sheet.put(row, field, amount), amount)
        return
    day = statement.last_day
    of_rate = sheet.say(f"rate:{currency}:{day}", f"conversion rate of {currency} on {day}")
    total.product(sheet, row, (field, amount), (f"{of_rate}/rate", rate))
