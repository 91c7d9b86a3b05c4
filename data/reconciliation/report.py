"""The trust report of a statement: how much was compared, what matches to 0.00, which rows differ and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import chain
from typing import Literal, TypedDict

from data.flex.records import Statement
from data.reconciliation.against import against_checks
from data.reconciliation.diagnosis import Break, Check, diagnose, row_of
from data.reconciliation.families import FAMILIES
from data.reconciliation.known import Known
from data.reconciliation.sections import section_checks
from data.reconciliation.sheet import ROUNDED, Sheet

SHOWN = 50
"""Breaks and differences that a report names one by one."""
SUSPECTS = 5

Value = str | None


class Difference(TypedDict):
    """A check that doesn't hold. `left` and `right` as text, exact; `difference` is left − right, None where they are words."""

    family: str
    title: str
    left_name: str
    left: Value
    right_name: str
    right: Value
    difference: Value
    unit: str
    currency: str | None


class BreakView(Difference):
    """`where`: where to look; `suspects`: the figures of which one correction would mend it; `follows`: what comes of it."""

    where: str
    suspects: list[str]
    more_suspects: int
    follows: list[Difference]


class Compared(TypedDict):
    """Of one family: how many checks, how many hold, and how many of them match to 0.00."""

    family: str
    title: str
    scope: Literal["statement", "database"]
    checked: int
    agree: int
    exact: int


class Report(TypedDict):
    """`lacking`: what could not be compared, and why. `noted`: what differs within what marks explain."""

    trades: int
    days: int
    open_breaks: int
    compared: list[Compared]
    breaks: list[BreakView]
    noted: list[Difference]
    lacking: list[str]


LACKING = {
    "Trades": "Trades: executions, fees and realised P&L are not compared.",
    "ClosedLots": "Trades, option Closed Lots: realised P&L can't be led back to its lots.",
    "CashTransactions": "Cash Transactions: dividends, interest, deposits and taxes are not compared.",
    "CashReport": "Cash Report: cash by currency is not compared.",
    "OpenPositions": "Open Positions: what is held is not compared.",
    "EquitySummaryInBase": "Net Asset Value (NAV) in Base: the value of each day is not compared, and the equity chart begins later.",
    "ChangeInNAV": "Change in NAV: the time-weighted return is not compared.",
    "ConversionRates": "Currency Conversion Rates: amounts in other currencies are not converted.",
}  # fmt: skip


def trust_report(statement: Statement, known: Known) -> Report:
    """Compare everything that both sides say."""
    sheet = Sheet()

    def checks() -> Iterable[Check]:
        return chain(section_checks(statement, sheet), against_checks(statement, known, sheet))

    compared, noted = _compared(checks())
    breaks = diagnose(checks, sheet.values)
    return {
        "trades": len(statement.trades),
        "days": len(statement.nav) or (statement.last_day - statement.first_day).days + 1,
        "open_breaks": len(breaks),
        "compared": compared,
        "breaks": [break_view(each, sheet) for each in breaks[:SHOWN]],
        "noted": noted[:SHOWN],
        "lacking": [words for name, words in LACKING.items() if not has_section(statement, name)],
    }


def has_section(statement: Statement, name: str) -> bool:
    if name == "ClosedLots":
        return bool(statement.closed_lots) or not any(trade.realized_pnl for trade in statement.trades)
    return name in statement.sections


def _compared(checks: Iterable[Check]) -> tuple[list[Compared], list[Difference]]:
    found: dict[str, Compared] = {}
    noted: list[Difference] = []
    for check in checks:
        family = FAMILIES[check.family]
        each = found.setdefault(
            check.family,
            {
                "family": check.family,
                "title": family.title,
                "scope": family.scope,
                "checked": 0,
                "agree": 0,
                "exact": 0,
            },
        )
        difference = check.difference
        is_exact = check.holds if difference is None else abs(difference) <= ROUNDED
        each["checked"] += 1
        each["agree"] += check.holds
        each["exact"] += is_exact and check.holds
        if check.holds and not is_exact and check.family == "nav":
            noted.append(difference_view(check))
    order = list(FAMILIES)
    return sorted(found.values(), key=lambda each: order.index(each["family"])), noted


def difference_view(check: Check) -> Difference:
    difference = check.difference
    return {
        "family": check.family,
        "title": f"{FAMILIES[check.family].title}: {check.title}",
        "left_name": check.left_name,
        "left": _text(check.left, check.unit),
        "right_name": check.right_name,
        "right": _text(check.right, check.unit),
        "difference": None if difference is None else _text(difference, check.unit),
        "unit": check.unit,
        "currency": check.currency,
    }


def break_view(found: Break, sheet: Sheet) -> BreakView:
    names = [suspect_words(name, sheet) for name in found.suspects]
    return {
        **difference_view(found.check),
        "where": FAMILIES[found.check.family].where,
        "suspects": names[:SUSPECTS],
        "more_suspects": max(0, len(names) - SUSPECTS),
        "follows": [difference_view(check) for check in found.follows[:SHOWN]],
    }


def suspect_words(fact: str, sheet: Sheet) -> str:
    row, field = row_of(fact), fact.rpartition("/")[2]
    return f"{field.replace('_', ' ')} of {sheet.words.get(row, row)}"


def _text(value: Decimal | str | None, unit: str) -> Value:
    """Money to the cent where nothing finer is there; everything else as it is."""
    if value is None or isinstance(value, str):
        return value
    if unit == "money":
        cents = value.quantize(Decimal("0.01"))
        return f"{cents:f}" if cents == value else f"{value.normalize():f}"
    return f"{value.normalize():f}" if unit != "percent" else f"{value:.4f}"
