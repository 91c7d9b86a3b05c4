"""“Why is this not TWS's number?”: from our P&L to the broker's, in steps that sum to the cent. Pure.

What is known of a difference is a step with its reason; what is left is *unexplained* and shown, never spread over the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

CENT = Decimal("0.01")

Cause = Literal["reset", "currency", "premium", "accruals", "paid", "marks", "fees", "income", "earlier", "unexplained"]
REASONS: dict[Cause, str] = {
    "reset": "The broker's daily P&L begins when TWS's setting says, ours with the close of the session before: what came between.",
    "currency": "Results in other currencies: the broker counts exchange moves only if TWS is set so.",
    "premium": "An assigned option's premium: we count it when it came, the broker books it into the shares, a day or two later.",
    "accruals": "Dividends and interest that are owed and not paid: in net liquidation, not in the positions' P&L.",
    "paid": "Dividends and interest that were owed and are paid: income of that day, but net liquidation had them already.",
    "marks": "What is held at the broker's newest marks, less its value in our last net liquidation: figures of different moments.",
    "fees": "Commissions: in net liquidation when they are paid, in the broker's P&L with the trade that they belong to: in both.",
    "income": "Dividends, interest, taxes and other fees of the account: in net liquidation, not in the positions' P&L.",
    "earlier": "What was closed before the broker's figure begins: its realised P&L is of today only.",
    "unexplained": "What no known cause explains.",
}


@dataclass(frozen=True, slots=True)
class Step:
    """`amount` is what is added on the way from ours to the broker's; None: how much isn't known (it is in *unexplained*)."""

    cause: Cause
    amount: Decimal | None
    reason: str


@dataclass(frozen=True, slots=True)
class Bridge:
    ours: Decimal
    steps: tuple[Step, ...]
    broker: Decimal


def bridge(ours: Decimal, broker: Decimal, known: Iterable[tuple[Cause, Decimal | None]]) -> Bridge:
    """Every step to the cent, the rest as *unexplained*: ours + steps = the broker's, exactly."""
    start, end = _cents(ours), _cents(broker)
    steps = [Step(cause, None if amount is None else _cents(amount), REASONS[cause]) for cause, amount in known]
    rest = end - start - sum((step.amount for step in steps if step.amount is not None), Decimal(0))
    return Bridge(start, (*steps, Step("unexplained", rest, REASONS["unexplained"])), end)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_EVEN)
