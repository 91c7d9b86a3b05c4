"""One account's book: folded from nothing, and kept up with what comes, late or corrected, by what that touches. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from operator import attrgetter

from data.book.chains import Component, Group
from data.book.lots import Trip
from data.book.sources import Change, Event, Fill, Terms, place
from data.book.underlying import Underlying

Name = tuple[str, str]  # an underlying's symbol and currency
AT = attrgetter("at")


class Book:
    """The book of one account."""

    def __init__(self, fills: Iterable[Fill] = (), changes: Iterable[Change] = ()) -> None:
        self._fills: dict[str, Fill] = {}
        self._changes: dict[str, Change] = {}
        self._became: dict[int, int] = {}  # con_id → what it is now, by changes
        self._names: dict[int, Name] = {}  # where an instrument is filed
        self._underlyings: dict[Name, Underlying] = {}
        self.update(fills, changes)

    def update(self, fills: Iterable[Fill], changes: Iterable[Change] = ()) -> set[Name]:
        """Take in what is new and what replaces what has its key, in any order and however often; the underlyings touched."""
        unknown = {change.key: change for change in changes if self._changes.get(change.key) != change}
        touched: set[Name] = set()
        if unknown:  # rare: what was one contract becomes another, so that everything is laid out anew
            fills = [*(self._fills | {fill.key: fill for fill in fills}).values()]
            self._changes |= unknown
            self._lay_out()
        for fill in fills:
            before = self._fills.get(fill.key)
            if fill == before:
                continue
            if before is not None:
                touched.add(self._remove(before))
            self._fills[fill.key] = fill
            touched.add(self._put(fill.terms, fill))
        return touched

    def place(self, placed: Mapping[str, str | None]) -> set[Name]:
        """Take what people say of cycles, all of it (see :func:`data.book.chains.components`); the underlyings touched.

        What names a fill that isn't known, or two of different underlyings, waits.
        """
        mine: dict[Name, dict[str, str | None]] = defaultdict(dict)
        for key, beside in placed.items():
            names = {self._name(self._fills[k].terms) if k in self._fills else None for k in (key, beside or key)}
            if len(names) == 1 and (name := names.pop()) is not None:
                mine[name][key] = beside
        return {name for name, one in self._underlyings.items() if one.place(mine.get(name, {}))}

    @property
    def fills(self) -> Iterable[Fill]:
        return self._fills.values()

    @property
    def trips(self) -> list[Trip]:
        """Every round trip, by when it was opened."""
        return sorted((trip for one in self._underlyings.values() for trip in one.trips), key=AT)

    @property
    def together(self) -> list[Component]:
        """Every round trip with those that it hangs together with, by the first of them."""
        found = (component for one in self._underlyings.values() for component in one.components)
        return sorted(found, key=lambda component: component.group.at)

    @property
    def chains(self) -> list[Group]:
        return sorted((chain for component in self.together for chain in component.chains), key=AT)

    @property
    def cycles(self) -> list[Group]:
        return [component.group for component in self.together if component.is_cycle]

    def live(self, name: Name) -> list[Component]:
        """Of an underlying: all that its newest change can have touched. Raises KeyError."""
        return self._underlyings[name].live()

    def components(self, name: Name) -> Iterable[Component]:
        """Of an underlying, all. Raises KeyError."""
        return self._underlyings[name].components

    def _lay_out(self) -> None:
        """File the changes, the last one first: it says what an instrument is now."""
        self._became = {c.con_id: c.into.con_id for c in self._changes.values() if c.con_id != c.into.con_id}
        self._fills, self._names, self._underlyings = {}, {}, {}
        for change in sorted(self._changes.values(), key=place, reverse=True):
            self._put(change.into, change)

    def _root(self, con_id: int) -> int:
        """What a contract has become by changes."""
        seen = {con_id}
        while (after := self._became.get(con_id, con_id)) not in seen:
            seen.add(con_id := after)
        return con_id

    def _put(self, terms: Terms, event: Event) -> Name:
        con_id = self._root(terms.con_id)
        name = self._names.setdefault(con_id, (terms.symbol, terms.currency))
        if name not in self._underlyings:
            self._underlyings[name] = Underlying()
        self._underlyings[name].add(con_id, event)
        return name

    def _remove(self, fill: Fill) -> Name:
        name = self._name(fill.terms)
        self._underlyings[name].remove(self._root(fill.terms.con_id), fill)
        return name

    def _name(self, terms: Terms) -> Name:
        return self._names[self._root(terms.con_id)]
