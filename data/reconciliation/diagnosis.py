"""Which figure is wrong, where many checks don't hold: what follows from one break is folded under it. Pure.

A check says that two amounts are the same and which facts they are made of. One wrong fact breaks every check that it is part
of, each by its own share; so a fact is to blame for the broken checks that one and the same correction of it would mend, where it
breaks none that holds. The fact that mends most is taken first and corrected, and what is left is judged anew (consistency-based
diagnosis: R. Reiter, *A theory of diagnosis from first principles*, 1987, with the values of the corrections as evidence). A row
that stands in the wrong place (another currency, contract or kind) is such a cause too: its amount is missing where it belongs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal(0)
Terms = Mapping[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class Check:
    """`left` and `right` are two sayings of the same; numbers differ by more than `tolerance`, or not at all.

    `terms`: by how much left − right moves with a unit of each fact; None: it moves, how much can't be said. A fact's name is
    `row/field`. `place` is where a sum belongs: its currency, contract, kind. `rank`: rows are looked at before sums, sums before
    what is computed from them.
    """

    family: str
    title: str
    left: Decimal | str | None
    right: Decimal | str | None
    left_name: str
    right_name: str
    terms: Terms
    place: tuple[tuple[str, str], ...] = ()
    rank: int = 0
    tolerance: Decimal = Decimal("0.005")
    unit: str = "money"
    currency: str | None = None

    @property
    def difference(self) -> Decimal | None:
        """left − right; None where one of them isn't a number."""
        if isinstance(self.left, Decimal) and isinstance(self.right, Decimal):
            return self.left - self.right
        return None

    @property
    def holds(self) -> bool:
        found = self.difference
        return self.left == self.right if found is None else abs(found) <= self.tolerance


@dataclass(frozen=True, slots=True)
class Break:
    """One cause: the check that shows it best, the facts that one correction of would mend everything, and what follows."""

    check: Check
    suspects: tuple[str, ...]
    follows: tuple[Check, ...] = ()


@dataclass(slots=True)
class _Cause:
    """A correction: how much it takes from left − right of each check. `unsure`: checks that it moves nobody knows how far."""

    suspect: str
    effects: dict[int, Decimal]
    unsure: set[int] = field(default_factory=set)


class _Case:
    """The checks as they stand after the corrections that were found so far: those that are broken, and those that hold but say
    something of the rows in question."""

    def __init__(self, checks: list[Check], facts: Mapping[str, Decimal]) -> None:
        self.checks = checks
        self.facts = facts
        self.off: list[Decimal | None] = [each.difference for each in checks]
        self.broken = {i for i, each in enumerate(checks) if not each.holds}
        self.places = {(each.family, each.place): i for i, each in enumerate(checks) if each.place}
        self.of_fact: dict[str, list[int]] = defaultdict(list)
        self.of_row: dict[str, list[str]] = defaultdict(list)
        for i, each in enumerate(checks):
            for fact in each.terms:
                self.of_fact[fact].append(i)
        for fact in self.of_fact:
            self.of_row[row_of(fact)].append(fact)

    def holds_with(self, i: int, effect: Decimal) -> bool:
        off = self.off[i]
        return off is not None and abs(off - effect) <= self.checks[i].tolerance

    def mended(self, cause: _Cause) -> frozenset[int]:
        """The broken checks that a cause explains; none where it would break one that holds."""
        for i, effect in cause.effects.items():
            if i not in self.broken and not self.holds_with(i, effect):
                return frozenset()
        explained = {i for i, effect in cause.effects.items() if i in self.broken and self.holds_with(i, effect)}
        return frozenset(explained | (cause.unsure & self.broken))

    def causes(self, broken: int) -> Iterator[_Cause]:
        """What can have broken a check."""
        facts = self.checks[broken].terms
        for fact in facts:
            yield from self._corrections(fact)
        for row in {row_of(fact) for fact in facts}:
            yield from self._moves(row)

    def _corrections(self, fact: str) -> Iterator[_Cause]:
        """A fact corrected so that one of its broken checks holds: each that is measured proposes one amount."""
        shares = {i: self.checks[i].terms[fact] for i in self.of_fact[fact]}
        unsure = {i for i, share in shares.items() if share is None or self.off[i] is None}
        sure = {i: share for i, share in shares.items() if share and i not in unsure}
        amounts = {off / share for i, share in sure.items() if i in self.broken and (off := self.off[i]) is not None}
        for amount in amounts:
            yield _Cause(fact, {i: share * amount for i, share in sure.items()}, unsure)
        if not amounts:
            yield _Cause(fact, {}, unsure)

    def _moves(self, row: str) -> Iterator[_Cause]:
        """A row that belongs into another place: what is too much here is missing there."""
        mine = {i for fact in self.of_row[row] for i in self.of_fact[fact]} & self.broken
        ways = set()
        for here in (i for i in mine if self.checks[i].place and self.off[i] is not None):
            for there in self.broken - {here}:
                way = self.checks[here].family == self.checks[there].family and _way(
                    self.checks[here], self.checks[there]
                )
                amount = self._amount(row, here)
                if way and amount and self.holds_with(here, amount) and self.holds_with(there, -amount):
                    ways.add(way)
        yield from (self._move(row, *way) for way in ways)

    def _amount(self, row: str, i: int) -> Decimal | None:
        """What a row adds to a check; None where that can't be said."""
        parts = [(fact, self.checks[i].terms.get(fact, ZERO)) for fact in self.of_row[row]]
        if any(share is None for _, share in parts):
            return None
        return sum((share * self.facts.get(fact, ZERO) for fact, share in parts if share), ZERO)

    def _move(self, row: str, dimension: str, here: str, there: str) -> _Cause:
        effects: dict[int, Decimal] = {}
        for i in {i for fact in self.of_row[row] for i in self.of_fact[fact]}:
            place, amount = dict(self.checks[i].place), self._amount(row, i)
            if place.get(dimension) != here or amount is None:
                continue
            effects[i] = amount
            other = tuple((place | {dimension: there}).items())
            if (target := self.places.get((self.checks[i].family, other))) is not None:
                effects[target] = -amount
        suspect = f"{row}/{dimension}"
        return _Cause(suspect, effects, set(self.of_fact.get(suspect, ())))

    def accept(self, cause: _Cause, mended: frozenset[int]) -> list[Check]:
        """Correct what a cause corrects; the checks that hold now, rows first."""
        for i, effect in cause.effects.items():
            off = self.off[i]
            self.off[i] = None if off is None else off - effect
        self.broken -= mended
        return [self.checks[i] for i in sorted(mended, key=lambda i: (self.checks[i].rank, i))]


def diagnose(make: Callable[[], Iterable[Check]], facts: Mapping[str, Decimal]) -> list[Break]:
    """The causes of all that doesn't hold, rows before sums. `facts` are the values of what the terms name. `make` gives the
    checks, twice where one is broken: those that hold are not kept unless they say something of what is in question."""
    broken = [each for each in make() if not each.holds]
    rows = {row_of(fact) for each in broken for fact in each.terms}
    if not rows:
        return [Break(each, ()) for each in broken]
    kept = [each for each in make() if not each.holds or any(row_of(fact) in rows for fact in each.terms)]
    case = _Case(kept, facts)
    found: list[Break] = []
    while case.broken:
        first = min(case.broken, key=lambda i: (case.checks[i].rank, i))
        judged = [(mended, cause) for cause in case.causes(first) if first in (mended := case.mended(cause))]
        if not judged:
            case.broken.discard(first)
            found.append(Break(case.checks[first], ()))
            continue
        most, cause = max(judged, key=lambda each: (len(each[0]), each[1].suspect))
        suspects = sorted({other.suspect for mended, other in judged if mended == most})
        head, *follows = case.accept(cause, most)
        found.append(Break(head, tuple(suspects), tuple(follows)))
    return found


def row_of(fact: str) -> str:
    """The row that a fact stands in."""
    return fact.rpartition("/")[0]


def _way(here: Check, there: Check) -> tuple[str, str, str] | None:
    """The one dimension in which two places differ: its name, and its value in each."""
    apart = [(one[0], one[1], two[1]) for one, two in zip(here.place, there.place, strict=False) if one != two]
    return apart[0] if len(apart) == 1 and len(here.place) == len(there.place) else None
