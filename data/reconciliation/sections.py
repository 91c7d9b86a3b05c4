"""A statement's sections against each other. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from data.flex.records import Statement
from data.reconciliation.diagnosis import Check
from data.reconciliation.money import money_checks
from data.reconciliation.sheet import Sheet
from data.reconciliation.trades import trade_checks
from data.reconciliation.worth import worth_checks


def section_checks(statement: Statement, sheet: Sheet) -> Iterator[Check]:
    """Trades against themselves and their lots; cash against trades and cash transactions; net asset values against positions,
    cash and accruals; the change in NAV and the return against both. What the file lacks is not asked."""
    return chain(trade_checks(statement, sheet), money_checks(statement, sheet), worth_checks(statement, sheet))
