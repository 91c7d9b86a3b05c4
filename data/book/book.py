"""One account's book: folded from nothing, and kept up with what comes, late or corrected, by what that touches. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import TypeVar

from data.book import chains, links
from data.book.chains import Group
from data.book.links import Delivered, Roll
from data.book.lots import Deed, Folding, Trip
from data.book.sources import ZERO, Change, Event, Fill, Order, Terms, place

Underlying = tuple[str, str]  # symbol and currency
Item = TypeVar("Item", Trip, Group)
AT = attrgetter("at")


class Holding:
    """One instrument: its events in place, its trips, and what each fill did. A trip that is flat again is never touched by
    what comes after it: a fold starts again there."""

    def __init__(self, underlying: Underlying) -> None:
        self.underlying = underlying
        self.events: list[Event] = []
        self._carried: dict[str, Decimal] = {}
        self._folding = Folding(self._carried)
        self._places: list[Order] = []
        self._new: list[Event] = []
        self._stale: Order | None = None  # from here on it has to be folded again

    @property
    def terms(self) -> Terms:
        """As they are since the newest event. Raises IndexError where every event was taken out."""
        self._merge()
        last = self.events[-1]
        return last.into if isinstance(last, Change) else last.terms

    @property
    def trips(self) -> list[Trip]:
        self._fold()
        return self._folding.trips

    @property
    def deeds(self) -> list[Deed]:
        self._fold()
        return self._folding.deeds

    @property
    def fills(self) -> Iterator[Fill]:
        self._merge()
        return (event for event in self.events if isinstance(event, Fill))

    def add(self, event: Event) -> None:
        self._new.append(event)

    def remove(self, event: Event) -> None:
        """Take out what another report replaces."""
        self._merge()
        at = bisect_left(self._places, place(event))
        del self.events[at], self._places[at]
        self._spoil(place(event))

    def carry(self, carried: dict[str, Decimal]) -> None:
        """The premium that deliveries brought, by the key of their fill; what changed is folded again."""
        if carried == self._carried:
            return
        self._merge()
        for event in self.events:
            if carried.get(event.key) != self._carried.get(event.key):
                self._spoil(place(event))
                break
        self._carried = carried

    def _merge(self) -> None:
        """Put what is new in its place."""
        if not self._new:
            return
        self._new.sort(key=place)
        first = place(self._new[0])
        if self._places and first < self._places[-1]:
            self._spoil(first)
            self.events = sorted([*self.events, *self._new], key=place)
            self._places = [place(event) for event in self.events]
        else:
            self.events += self._new
            self._places += [place(event) for event in self._new]
        self._new = []

    def _spoil(self, since: Order) -> None:
        self._stale = since if self._stale is None else min(since, self._stale)

    def _fold(self) -> None:
        self._merge()
        done = self._folding.upto
        if self._stale is not None and done is not None and self._stale <= done:
            self._folding = self._before(self._stale)
        self._stale = None
        self._folding.carried = self._carried
        upto = self._folding.upto
        for event in self.events[0 if upto is None else bisect_right(self._places, upto) :]:
            self._folding.add(event)

    def _before(self, since: Order) -> Folding:
        """What was flat again before `since`; a fill that turns a position round belongs to both of its trips."""
        trips, deeds = self._folding.trips, self._folding.deeds
        kept = len(trips)
        while kept and (not trips[kept - 1].is_closed or _end(trips[kept - 1]) >= since):
            kept -= 1
        while kept and kept < len(trips) and trips[kept].id == trips[kept - 1].fills[-1].key:
            kept -= 1
        if not kept:
            return Folding(self._carried)
        upto = _end(trips[kept - 1])
        count = bisect_right(deeds, upto, key=AT)
        return Folding(self._carried, trips[:kept], deeds[:count], upto)


def _end(trip: Trip) -> Order:
    return place(trip.fills[-1])


@dataclass(frozen=True, slots=True)
class Links:
    """What is known of one underlying: its trips in the order they were opened, and what binds them."""

    trips: list[Trip]
    rolls: list[Roll]
    deliveries: list[Delivered]
    chains: list[Group]
    cycles: list[Group]


class Book:
    """The book of one account."""

    def __init__(self, fills: Iterable[Fill] = (), changes: Iterable[Change] = ()) -> None:
        self._fills: dict[str, Fill] = {}
        self._changes: dict[str, Change] = {}
        self._became: dict[int, int] = {}  # con_id → what it is now, by changes
        self._holdings: dict[int, Holding] = {}
        self._underlyings: dict[Underlying, dict[int, Holding]] = defaultdict(dict)
        self._links: dict[Underlying, Links] = {}
        self.update(fills, changes)

    def update(self, fills: Iterable[Fill], changes: Iterable[Change] = ()) -> set[Underlying]:
        """Take in what is new and what replaces what has its key, in any order and however often; the underlyings touched."""
        unknown = [change for change in changes if change.key not in self._changes]
        if unknown:  # rare: what was one contract becomes another, so that everything is laid out anew
            self._changes |= {change.key: change for change in unknown}
            self._became = {c.con_id: c.into.con_id for c in self._changes.values() if c.con_id != c.into.con_id}
            fills = [*(self._fills | {fill.key: fill for fill in fills}).values()]
            self._fills, self._holdings, self._links = {}, {}, {}
            self._underlyings.clear()
            for change in sorted(self._changes.values(), key=place, reverse=True):  # the last one names it
                self._place(change.into, change)
        touched: set[Underlying] = set()
        for fill in fills:
            before = self._fills.get(fill.key)
            if fill == before:
                continue
            if before is not None:
                touched.add(self._remove(before))
            self._fills[fill.key] = fill
            touched.add(self._place(fill.terms, fill))
        for underlying in touched:
            self._links.pop(underlying, None)
        return touched

    @property
    def fills(self) -> Iterable[Fill]:
        """Every effective one."""
        return self._fills.values()

    @property
    def holdings(self) -> Iterable[Holding]:
        return self._holdings.values()

    @property
    def trips(self) -> list[Trip]:
        return self._all(lambda found: found.trips)

    @property
    def chains(self) -> list[Group]:
        return self._all(lambda found: found.chains)

    @property
    def cycles(self) -> list[Group]:
        return self._all(lambda found: found.cycles)

    def links(self, underlying: Underlying) -> Links:
        """Of an underlying; empty where nothing of it was ever held."""
        found = self._links.get(underlying)
        if found is None:
            found = self._links[underlying] = _link(list(self._underlyings[underlying].values()))
        return found

    def _all(self, of: Callable[[Links], list[Item]]) -> list[Item]:
        found = [item for underlying in self._underlyings for item in of(self.links(underlying))]
        return sorted(found, key=AT)

    def _root(self, con_id: int) -> int:
        """What a contract has become by changes."""
        seen = {con_id}
        while (after := self._became.get(con_id, con_id)) not in seen:
            seen.add(con_id := after)
        return con_id

    def _place(self, terms: Terms, event: Event) -> Underlying:
        """Put an event into its holding. A holding is filed under the underlying that the last change gave it."""
        con_id = self._root(terms.con_id)
        holding = self._holdings.get(con_id)
        if holding is None:
            holding = self._holdings[con_id] = Holding(_underlying(terms))
            self._underlyings[holding.underlying][con_id] = holding
        holding.add(event)
        return holding.underlying

    def _remove(self, fill: Fill) -> Underlying:
        """Take out a fill, and its holding where it was all of it."""
        con_id = self._root(fill.terms.con_id)
        holding = self._holdings[con_id]
        holding.remove(fill)
        if not holding.events:
            del self._holdings[con_id], self._underlyings[holding.underlying][con_id]
        return holding.underlying


def _underlying(terms: Terms) -> Underlying:
    return terms.symbol, terms.currency


def _link(holdings: Sequence[Holding]) -> Links:
    """Options first, then what they deliver, then what binds the trips."""
    options = [holding for holding in holdings if holding.terms.is_option]
    rest = [holding for holding in holdings if not holding.terms.is_option]
    deeds = sorted((deed for holding in options for deed in holding.deeds), key=AT)
    delivered = links.deliveries(deeds, sorted((f for h in rest for f in h.fills), key=place))
    _carry(options, rest, delivered)
    rolled = links.rolls(deeds)
    trips = sorted((t for h in options for t in h.trips), key=AT)
    shares = sorted((t for h in rest for t in h.trips), key=AT)
    moved: dict[str, list[Trip]] = defaultdict(list)
    for holding in rest if delivered else ():
        for deed in holding.deeds:
            moved[deed.fill.key] += [trip for trip in (deed.closed, deed.opened) if trip is not None]
    found = chains.chains(trips, rolled)
    cycles = chains.cycles(found, shares, delivered, moved, links.covering(trips, shares))
    return Links(sorted([*trips, *shares], key=AT), rolled, delivered, found, cycles)


def _carry(options: Sequence[Holding], rest: Sequence[Holding], delivered: Sequence[Delivered]) -> None:
    """Move each delivered premium from the option to the shares."""
    brought: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for one in delivered:
        brought[one.shares.key] += one.premium
    for holding in rest:
        holding.carry({f.key: brought[f.key] for f in holding.fills if f.key in brought})
    for holding in options:
        for trip in holding.trips:
            trip.carried = ZERO
    for one in delivered:
        one.option.carried -= one.premium
