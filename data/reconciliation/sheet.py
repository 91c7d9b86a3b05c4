"""The figures that checks are made of, under the names by which a break tells where to look. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from data.reconciliation.diagnosis import Check

ONE, ZERO = Decimal(1), Decimal(0)
CENT = Decimal("0.01")
ROUNDED = Decimal("0.0051")
"""What two roundings to the cent may be apart."""


class Sheet:
    """Facts by name, `row/field`, and what each row is in words."""

    def __init__(self) -> None:
        self.values: dict[str, Decimal] = {}
        self.words: dict[str, str] = {}

    def put(self, row: str, field: str, value: Decimal | None) -> str:
        """The fact's name; a value that isn't known counts as nothing."""
        name = f"{row}/{field}"
        self.values[name] = ZERO if value is None else value
        return name

    def say(self, row: str, words: str) -> str:
        self.words[row] = words
        return row


class Sum:
    """A sum under construction, with what each of its facts adds."""

    def __init__(self) -> None:
        self.total = ZERO
        self.terms: dict[str, Decimal | None] = {}
        self.rows = 0

    def add(self, fact: str, amount: Decimal, share: Decimal = ONE) -> None:
        """A fact of the value `amount` ÷ `share`."""
        self.total += amount
        self.terms[fact] = (self.terms.get(fact) or ZERO) + share
        self.rows += 1

    def product(self, sheet: Sheet, row: str, first: tuple[str, Decimal], second: tuple[str, Decimal]) -> None:
        """A row's amount that is the product of two of its facts; names with a `/` are those of another row."""
        (one, x), (two, y) = first, second
        self.total += x * y
        for name, value, share in ((one, x, y), (two, y, x)):
            at, _, field = name.rpartition("/")
            fact = sheet.put(at or row, field, value)
            self.terms[fact] = (self.terms.get(fact) or ZERO) + share
        self.rows += 1


def equal(
    family: str, left: tuple[str, Decimal, Mapping[str, Decimal | None]], right: tuple[str, Decimal, Mapping[str, Decimal | None]],
    *, title: str, place: Iterable[tuple[str, str]] = (), rank: int = 0, tolerance: Decimal = ROUNDED, unit: str = "money",
    currency: str | None = None,
) -> Check:  # fmt: skip
    """The check that two amounts, each with its name and terms, are the same."""
    (left_name, a, mine), (right_name, b, theirs) = left, right
    terms: dict[str, Decimal | None] = dict(mine)
    for fact, share in theirs.items():
        before = terms.get(fact, ZERO)
        terms[fact] = None if share is None or before is None else before - share
    return Check(
        family, title, a, b, left_name, right_name, terms, tuple(place), rank, tolerance, unit, currency
    )  # fmt: skip


def alike(family: str, title: str, left: tuple[str, str | None, str], right: tuple[str, str | None, str]) -> Check:
    """The check that two words, each with its name and fact, are the same."""
    (left_name, a, fact), (right_name, b, other) = left, right
    return Check(family, title, a, b, left_name, right_name, {fact: None, other: None}, unit="text")
