"""A good statement has no break; one wrong field has exactly one, and what follows from it is folded under it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from data.flex.records import Statement
from data.reconciliation.report import trust_report
from tests.reconciliation.lives import agreed, life

WRONG = Decimal("137.41")
# What no other figure says as well, and no figure is computed from.
FREE = {
    "closed_lots.multiplier", "accruals.quantity", "nav.other", *(f"{name}.rate_to_base" for name in ("trades", "cash_transactions", "accruals", "positions")),
}  # fmt: skip


def amounts(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """Every figure of a statement, made wrong: its name and the statement with it."""
    for section in ("trades", "closed_lots", "cash_transactions", "accruals", "nav", "positions"):
        rows = getattr(statement, section)
        for i, row in enumerate(rows):
            for field in fields(row):
                value = getattr(row, field.name)
                if f"{section}.{field.name}" in FREE or not isinstance(value, Decimal):
                    continue
                wrong = replace(row, **{field.name: value + WRONG})
                yield f"{section}.{field.name}", replace(statement, **{section: (*rows[:i], wrong, *rows[i + 1 :])})
    for i, line in enumerate(statement.cash):
        lines = statement.cash
        for name in ("starting", "ending"):
            wrong = replace(line, **{name: getattr(line, name) + WRONG})
            yield f"cash.{line.currency}.{name}", replace(statement, cash=(*lines[:i], wrong, *lines[i + 1 :]))
        for name, value in line.parts.items():
            wrong = replace(line, parts={**line.parts, name: value + WRONG})
            yield f"cash.{line.currency}.{name}", replace(statement, cash=(*lines[:i], wrong, *lines[i + 1 :]))
    for name, value in statement.nav_change.items():
        yield f"nav_change.{name}", replace(statement, nav_change={**statement.nav_change, name: value + WRONG})


def words(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """What stands in another currency, contract, kind or time than it should."""
    for i, flow in enumerate(statement.cash_transactions):
        rows = statement.cash_transactions
        for name, wrong in (
            ("currency", "EUR" if flow.currency == "USD" else "USD"),
            ("kind", "fee" if flow.kind != "fee" else "interest"),
        ):
            yield (
                f"cash_transactions.{name}",
                replace(statement, cash_transactions=(*rows[:i], replace(flow, **{name: wrong}), *rows[i + 1 :])),
            )
    for i, trade in enumerate(statement.trades):
        rows_ = statement.trades
        other = next(c for c in statement.contracts if c.con_id != trade.contract.con_id)
        for name, wrong_ in (("contract", other), ("time", trade.time.replace(hour=16))):
            yield (
                f"trades.{name}",
                replace(statement, trades=(*rows_[:i], replace(trade, **{name: wrong_}), *rows_[i + 1 :])),
            )


@settings(max_examples=6)
@given(st.integers(0, 10**9))
def test_a_good_statement_has_no_break(seed: int) -> None:
    statement = life(seed)
    report = trust_report(statement, agreed(statement))
    assert report["breaks"] == []
    assert (report["trades"], report["days"]) == (len(statement.trades), 5)
    assert all(each["agree"] == each["checked"] == each["exact"] for each in report["compared"])


@settings(max_examples=3)
@given(st.integers(0, 10**9))
@example(762)  # what prices did is about what was wrong
def test_one_wrong_field_is_one_break(seed: int) -> None:
    statement = life(seed)
    known = agreed(statement)
    for name, wrong in (*amounts(statement), *words(statement)):
        report = trust_report(wrong, known)
        assert report["open_breaks"] == 1, (name, [each["title"] for each in report["breaks"]])
