"""From our P&L to the broker's: the steps sum to the cent, and what isn't known is not made up."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from data.reconciliation.bridge import REASONS, Cause, bridge

MONEY = st.decimals(-(10**9), 10**9, places=6)
CAUSES = st.sampled_from([cause for cause in REASONS if cause != "unexplained"])


@given(MONEY, MONEY, st.lists(st.tuples(CAUSES, st.none() | MONEY), max_size=8))
def test_it_sums_to_the_cent(ours: Decimal, broker: Decimal, known: list[tuple[Cause, Decimal | None]]) -> None:
    found = bridge(ours, broker, known)
    assert found.ours + sum(step.amount for step in found.steps if step.amount is not None) == found.broker
    assert abs(found.ours - ours) <= Decimal("0.005")
    assert abs(found.broker - broker) <= Decimal("0.005")
    assert [step.cause for step in found.steps] == [*(cause for cause, _ in known), "unexplained"]


def test_what_is_not_known_stays_in_the_rest() -> None:
    found = bridge(Decimal(100), Decimal(80), [("fees", Decimal("-5.25")), ("reset", None)])
    assert [(step.cause, step.amount) for step in found.steps] == [
        ("fees", Decimal("-5.25")), ("reset", None), ("unexplained", Decimal("-14.75")),
    ]  # fmt: skip
