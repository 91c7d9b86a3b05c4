"""What the pricing process is asked and answers: a line of JSON each, bounded, without QuantLib. Pure.

The answer to a request that can't be computed is a :class:`Refusal`; the process goes on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal, TypedDict

LARGEST_LINE = 1024 * 1024  # bytes
MOST_LEGS, MOST_DAYS, MOST_SPOTS = 100, 12, 400
MOST_SOLUTIONS = 400  # legs × days: about a millisecond each


class AskedOption(TypedDict):
    right: Literal["C", "P"]
    strike: float
    expiry: str
    is_american: bool


class AskedLeg(TypedDict):
    """`quantity` signed; `cost` the signed money paid for all of it; per share `mark` and `forward`; `option` None: shares."""

    quantity: str
    multiplier: str
    cost: str
    option: AskedOption | None
    mark: float | None
    forward: float | None


class Request(TypedDict):
    """`rate` is continuous, a year; `dividends` are ex-date and amount per share; days and spots rise."""

    legs: list[AskedLeg]
    day: str
    spot: float
    rate: float
    dividends: list[tuple[str, float]]
    days: list[str]
    spots: list[float]


class AnsweredLeg(TypedDict):
    volatility: float | None
    reason: str | None


class Answer(TypedDict):
    """`implied` by leg, None for shares; `profits[day][spot]`, None where a leg that lives on has no volatility."""

    implied: list[AnsweredLeg | None]
    profits: list[list[float | None]]


class Refusal(TypedDict):
    problem: str


def encode(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def too_much(legs: Sequence[Any], days: Sequence[Any], spots: Sequence[Any]) -> str | None:
    """Why a request is more than is computed at once."""
    if len(legs) > MOST_LEGS:
        return f"More than {MOST_LEGS} positions of one underlying are not computed at once."
    if len(days) > MOST_DAYS or len(legs) * len(days) > MOST_SOLUTIONS or not 2 <= len(spots) <= MOST_SPOTS:
        return "These are more dates than are computed at once for so many positions: ask for fewer."
    return None
