"""A statement's positions, net asset values and “Change in NAV” against each other and against its cash. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from statistics import median

from data.flex.records import NavDay, Statement
from data.reconciliation.diagnosis import Check
from data.reconciliation.money import BASE, TRANSFERS, add_converted, closing_rate, line_row
from data.reconciliation.sheet import ONE, ROUNDED, ZERO, Sheet, Sum, equal

PARTS = (
    "cash", "stock", "options", "bonds", "funds", "commodities", "crypto", "dividend_accruals", "interest_accruals",
)  # fmt: skip
CLASSES = {"stock": ("STK",), "options": ("OPT", "FOP")}
NOT_PARTS = frozenset({"starting_value", "ending_value", "twr"})
TWR_DIGITS = Decimal("0.00006")
"""Half of the last digit that a statement's percentage has, and a little."""


def worth_checks(statement: Statement, sheet: Sheet) -> Iterator[Check]:
    yield from _positions(statement, sheet)
    yield from _nav_adds_up(statement.nav, sheet)
    last = next((day for day in statement.nav if day.day == statement.last_day), None)
    if last is not None:
        yield from _nav_of_positions(statement, last, sheet)
        yield from _nav_of_cash(statement, last, sheet)
        yield from _nav_of_accruals(statement, last, sheet)
    yield from _change(statement, sheet)
    yield from _returns(statement, sheet)


def nav_row(sheet: Sheet, day: date) -> str:
    return sheet.say(f"nav:{day}", f"net asset value of {day}")


def _positions(statement: Statement, sheet: Sheet) -> Iterator[Check]:
    for held in statement.positions:
        row = sheet.say(
            f"position:{held.contract.con_id}", f"open position {held.contract.local_symbol or held.contract.symbol}"
        )
        title, currency = sheet.words[row], held.currency
        if held.value is not None and held.mark is not None:
            yield equal(
                "position_value",
                ("value", held.value, {sheet.put(row, "value", held.value): ONE}),
                ("quantity × mark × multiplier", held.quantity * held.mark * held.multiplier, {
                    sheet.put(row, "quantity", held.quantity): held.mark * held.multiplier,
                    sheet.put(row, "mark", held.mark): held.quantity * held.multiplier,
                    sheet.put(row, "multiplier", held.multiplier): held.quantity * held.mark,
                }),
                title=title, currency=currency,
            )  # fmt: skip
        if held.unrealized_pnl is not None and held.value is not None and held.cost is not None:
            yield equal(
                "position_unrealized",
                ("unrealised P&L", held.unrealized_pnl, {sheet.put(row, "unrealized_pnl", held.unrealized_pnl): ONE}),
                ("value − cost", held.value - held.cost, {
                    sheet.put(row, "value", held.value): ONE, sheet.put(row, "cost", held.cost): -ONE,
                }),
                title=title, currency=currency,
            )  # fmt: skip
        if held.lots:
            total = sum((lot.quantity for lot in held.lots), ZERO)
            names = [f"{row}:lot{i}" for i in range(len(held.lots))]
            for i, name in enumerate(names):
                sheet.say(name, f"lot {i + 1} of {title}")
            yield equal(
                "position_lots",
                ("quantity", held.quantity, {sheet.put(row, "quantity", held.quantity): ONE}),
                ("its lots", total, {sheet.put(name, "quantity", lot.quantity): ONE for name, lot in zip(names, held.lots, strict=True)}),
                title=title, unit="shares", tolerance=ZERO,
            )  # fmt: skip
            if held.cost is not None and all(lot.cost is not None for lot in held.lots):
                yield equal(
                    "position_lots_cost",
                    ("cost", held.cost, {sheet.put(row, "cost", held.cost): ONE}),
                    ("its lots", sum((lot.cost or ZERO for lot in held.lots), ZERO),
                     {sheet.put(name, "cost", lot.cost): ONE for name, lot in zip(names, held.lots, strict=True)}),
                    title=title, currency=currency, tolerance=ROUNDED * len(held.lots),
                )  # fmt: skip


def _nav_adds_up(days: Sequence[NavDay], sheet: Sheet) -> Iterator[Check]:
    """`other` is what no named part explains: nothing, unless the account holds what has no part of its own."""
    if not days or median(day.other for day in days):
        return
    for day in days:
        parts: dict[str, Decimal] = {name: value for name in PARTS if (value := getattr(day, name)) is not None}
        if not parts:
            continue
        row = nav_row(sheet, day.day)
        yield equal(
            "nav_parts",
            ("total", day.total, {sheet.put(row, "total", day.total): ONE}),
            ("its parts", sum(parts.values(), ZERO), {sheet.put(row, name, value): ONE for name, value in parts.items()}),
            title=sheet.words[row], rank=1, currency=day.currency,
        )  # fmt: skip


def _nav_of_positions(statement: Statement, last: NavDay, sheet: Sheet) -> Iterator[Check]:
    if "OpenPositions" not in statement.sections:
        return
    for part, types in CLASSES.items():
        reported: Decimal | None = getattr(last, part)
        held = [each for each in statement.positions if each.contract.sec_type in types]
        if reported is None or any(each.value is None for each in held):
            continue
        total = Sum()
        for each in held:
            rate = each.rate_to_base or closing_rate(statement, each.currency)
            if rate is None or each.value is None:
                break
            row = f"position:{each.contract.con_id}"
            if each.rate_to_base is not None and each.currency != statement.base_currency:
                total.product(sheet, row, ("value", each.value), ("rate_to_base", rate))
            else:
                add_converted(total, statement, sheet, row, "value", each.value, each.currency, rate)
        else:
            yield _of_nav(last, part, reported, "open positions", total, sheet)


def _nav_of_cash(statement: Statement, last: NavDay, sheet: Sheet) -> Iterator[Check]:
    base = next((line for line in statement.cash if line.currency == BASE), None)
    if base is None or base.ending is None or last.cash is None:
        return
    total = Sum()
    total.add(sheet.put(line_row(sheet, BASE), "ending", base.ending), base.ending)
    yield _of_nav(last, "cash", last.cash, "cash report", total, sheet)


def _nav_of_accruals(statement: Statement, last: NavDay, sheet: Sheet) -> Iterator[Check]:
    owed = [each for each in statement.accruals if each.is_open]
    if last.dividend_accruals is None or "OpenDividendAccruals" not in statement.sections:
        return
    total = Sum()
    for each in owed:
        rate = each.rate_to_base or closing_rate(statement, each.currency)
        if rate is None:
            return
        row = sheet.say(f"accrual:{each.key}", f"dividend owed by {each.symbol}, ex {each.ex_date}")
        if each.rate_to_base is not None and each.currency != statement.base_currency:
            total.product(sheet, row, ("net", each.net), ("rate_to_base", rate))
        else:
            add_converted(total, statement, sheet, row, "net", each.net, each.currency, rate)
        if each.gross is not None and each.tax is not None:
            yield equal(
                "accrual_net",
                ("net", each.net, {sheet.put(row, "net", each.net): ONE}),
                ("gross − tax", each.gross - each.tax, {
                    sheet.put(row, "gross", each.gross): ONE, sheet.put(row, "tax", each.tax): -ONE,
                }),
                title=sheet.words[row], currency=each.currency,
            )  # fmt: skip
    yield _of_nav(last, "dividend_accruals", last.dividend_accruals, "open dividend accruals", total, sheet)


def _of_nav(last: NavDay, part: str, reported: Decimal, name: str, total: Sum, sheet: Sheet) -> Check:
    row = nav_row(sheet, last.day)
    return equal(
        f"nav_{part}",
        (f"net asset value: {part.replace('_', ' ')}", reported, {sheet.put(row, part, reported): ONE}),
        (name, total.total, total.terms),
        title=f"{part.replace('_', ' ')} of {last.day}", rank=2, currency=last.currency, tolerance=ROUNDED * max(1, total.rows),
    )  # fmt: skip


def change_row(sheet: Sheet) -> str:
    return sheet.say("change", "change in net asset value")


def _change(statement: Statement, sheet: Sheet) -> Iterator[Check]:
    change = statement.nav_change
    start, end = change.get("starting_value"), change.get("ending_value")
    if start is None or end is None:
        return
    row = change_row(sheet)
    parts = _parts_of_change(change, end - start)
    currency = statement.base_currency
    yield equal(
        "change_parts",
        ("ending value", end, {sheet.put(row, "ending_value", end): ONE}),
        ("starting value and what changed it", start + sum(parts.values(), ZERO), {
            sheet.put(row, "starting_value", start): ONE, **{sheet.put(row, name, value): ONE for name, value in parts.items()},
        }),
        title=sheet.words[row], rank=1, currency=currency,
    )  # fmt: skip
    for name, amount, day in (
        ("ending_value", end, statement.last_day),
        ("starting_value", start, _day_before(statement)),
    ):
        nav = next((each for each in statement.nav if each.day == day), None)
        if nav is not None:
            yield equal(
                f"change_{name}",
                ("change in NAV", amount, {sheet.put(row, name, amount): ONE}),
                ("net asset value", nav.total, {sheet.put(nav_row(sheet, nav.day), "total", nav.total): ONE}),
                title=f"{name.replace('_', ' ')}, {nav.day}", rank=2, currency=currency,
            )  # fmt: skip
    yield from _change_of_rows(statement, sheet)


def _parts_of_change(change: Mapping[str, Decimal], moved: Decimal) -> dict[str, Decimal]:
    """What changed the value, each once: the broker says the result of prices as mark-to-market, as realised and unrealised, or
    both ways; the way that adds up counts, else the first."""
    parts = {name: amount for name, amount in change.items() if name not in NOT_PARTS}
    split = {name: amount for name, amount in parts.items() if name != "mtm"}
    whole = {name: amount for name, amount in parts.items() if name not in ("realized", "change_in_unrealized")}
    if not parts.get("mtm"):
        return split
    if not (parts.get("realized") or parts.get("change_in_unrealized")):
        return whole
    return min((whole, split), key=lambda each: abs(moved - sum(each.values(), ZERO)))


CHANGES = {
    "deposits_withdrawals": TRANSFERS, "dividends": frozenset({"dividend"}), "withholding_tax": frozenset({"tax"}),
    "interest": frozenset({"interest"}),
}  # fmt: skip


def _change_of_rows(statement: Statement, sheet: Sheet) -> Iterator[Check]:
    """Lines that are the sum of cash transactions, each at its day's rate."""
    if "CashTransactions" not in statement.sections:
        return
    for name, kinds in CHANGES.items():
        reported = statement.nav_change.get(name)
        if reported is None:
            continue
        total = Sum()
        for each in statement.cash_transactions:
            if each.kind not in kinds:
                continue
            if each.currency == statement.base_currency:
                total.add(sheet.put(f"flow:{each.key}", "amount", each.amount), each.amount)
            elif each.rate_to_base is None:
                break
            else:
                total.product(sheet, f"flow:{each.key}", ("amount", each.amount), ("rate_to_base", each.rate_to_base))
        else:
            of_rows: dict[str, Decimal | None] = {
                f"flow:{each.key}/{word}": None for each in statement.cash_transactions for word in ("kind", "currency")
            }
            yield equal(
                f"change_of_{name}",
                ("change in NAV", reported, {sheet.put(change_row(sheet), name, reported): ONE}),
                ("cash transactions", total.total, total.terms | of_rows),
                title=f"{name.replace('_', ' ')} in the base currency", place=(("kind", name),), rank=3,
                currency=statement.base_currency, tolerance=ROUNDED * max(1, total.rows),
            )  # fmt: skip


def _day_before(statement: Statement) -> date | None:
    """The last day of which the statement has a value before its first one."""
    return max((each.day for each in statement.nav if each.day < statement.first_day), default=None)


def _returns(statement: Statement, sheet: Sheet) -> Iterator[Check]:
    """The time-weighted return, linked over the days."""
    reported = statement.nav_change.get("twr")
    found = time_weighted(statement)
    if reported is None or found is None:
        return
    twr, days = found
    terms: dict[str, Decimal | None] = {sheet.put(nav_row(sheet, each.day), "total", each.total): None for each in days}
    terms |= {f"flow:{each.key}/{name}": None for each in statement.cash_transactions if each.kind in TRANSFERS
              for name in ("amount", "rate_to_base")}  # fmt: skip
    terms |= {
        f"flow:{each.key}/{word}": None for each in statement.cash_transactions for word in ("kind", "currency", "day")
    }
    terms |= {f"change/{name}": None for name in ("starting_value", "deposits_withdrawals")}
    yield equal(
        "twr",
        ("change in NAV", reported, {sheet.put(change_row(sheet), "twr", reported): ONE}),
        ("linked over the days", twr, terms),
        title="time-weighted return", rank=4, unit="percent", tolerance=TWR_DIGITS * 100,
    )  # fmt: skip


def time_weighted(statement: Statement) -> tuple[Decimal, Sequence[NavDay]] | None:
    """The return in percent, Π NAVᵢ ÷ (NAVᵢ₋₁ + flowᵢ) − 1, money that came counting at the start of its day; and the days.

    None where the days, the value before them or the rate of a transfer aren't known.
    """
    before = statement.nav_change.get("starting_value")
    days = [each for each in statement.nav if statement.first_day <= each.day <= statement.last_day]
    flows: dict[date, Decimal] = defaultdict(Decimal)
    for flow in statement.cash_transactions:
        if flow.kind in TRANSFERS:
            rate = ONE if flow.currency == statement.base_currency else flow.rate_to_base
            if rate is None:
                return None
            flows[flow.report_date or flow.time.date()] += flow.amount * rate
    if before is None or not days or before <= 0 or "CashTransactions" not in statement.sections:
        return None
    growth, pending = ONE, sorted(flows.items())
    for each in days:
        came = sum((amount for day, amount in pending if day <= each.day and amount > 0), ZERO)
        went = -sum((amount for day, amount in pending if day <= each.day and amount < 0), ZERO)
        pending = [(day, amount) for day, amount in pending if day > each.day]
        if before + came <= 0:
            return None
        growth *= (each.total + went) / (before + came)
        before = each.total
    return 100 * (growth - 1), days
