"""One underlying of a book: its instruments, and what binds their round trips, kept up by what changed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import attrgetter

from data.book import chains, links
from data.book.chains import Component
from data.book.links import Delivered
from data.book.lots import Deed, Folding, Trip
from data.book.sources import ZERO, Change, Event, Fill, Order, place

# Nothing binds what ended this long before a change to it: sessions are shorter, and between them nobody trades for longer
# than links.ROLL_WINDOW. Orders that fill over more days are looked up.
REACH = timedelta(days=4)
START = datetime.min.replace(tzinfo=UTC)
AT = attrgetter("at")


class Holding:
    """One instrument: its events in place, folded into trips. What is flat again is never touched by what comes after it: a
    fold starts again there."""

    def __init__(self, is_option: bool) -> None:
        self.is_option = is_option
        self.events: list[Event] = []
        self.fresh: Order | None = None  # the first event that was folded since it was looked at
        self._carried: dict[str, Decimal] = {}
        self._folding = Folding(self._carried)
        self._places: list[Order] = []
        self._new: list[Event] = []
        self._stale: Order | None = None  # from here on it has to be folded again

    @property
    def trips(self) -> list[Trip]:
        self.fold()
        return self._folding.trips

    @property
    def fresh_trips(self) -> list[Trip]:
        """Those that were folded, or went on, since `fresh` was last None."""
        trips = self.trips
        return [] if self.fresh is None else trips[bisect_left(trips, self.fresh, key=AT) :]

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

    def fold(self) -> None:
        self._merge()
        done = self._folding.upto
        if self._stale is not None and done is not None and self._stale <= done:
            self._folding = self._before(self._stale)
            self._freshen(self._stale)
        self._stale = None
        self._folding.carried = self._carried
        upto = self._folding.upto
        after = 0 if upto is None else bisect_right(self._places, upto)
        if after == len(self.events):
            return
        trips = self._folding.trips
        self._freshen(trips[-1].at if trips and not trips[-1].is_closed else self._places[after])
        for event in self.events[after:]:
            self._folding.add(event)

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

    def _freshen(self, since: Order) -> None:
        self.fresh = since if self.fresh is None else min(since, self.fresh)

    def _before(self, since: Order) -> Folding:
        """What was flat again before `since`; a fill that turns a position round belongs to both of its trips."""
        trips = self._folding.trips
        kept = len(trips)
        while kept and (not trips[kept - 1].is_closed or trips[kept - 1].deeds[-1].at >= since):
            kept -= 1
        while kept and kept < len(trips) and trips[kept].id == trips[kept - 1].deeds[-1].fill.key:
            kept -= 1
        for trip in trips[kept:]:
            trip.is_stale = True
        return Folding(self._carried, trips[:kept], trips[kept - 1].deeds[-1].at) if kept else Folding(self._carried)


class Underlying:
    """The instruments of one symbol and currency."""

    def __init__(self) -> None:
        self.holdings: dict[int, Holding] = {}
        self._touched: dict[int, Holding] = {}
        self._orders: dict[str, datetime] = {}  # when an order's first fill was
        self._settled: list[Component] = []  # ended before the reach of the newest change
        self._live: list[Component] = []
        self._horizon = START
        self._placed: Mapping[str, str | None] = {}
        self._is_placed = True  # what was placed is linked

    def add(self, con_id: int, event: Event) -> None:
        holding = self.holdings.get(con_id)
        if holding is None:
            terms = event.into if isinstance(event, Change) else event.terms
            holding = self.holdings[con_id] = Holding(terms.is_option)
        holding.add(event)
        self._touched[con_id] = holding
        if isinstance(event, Fill) and event.order is not None:
            self._orders[event.order] = min(event.ts, self._orders.get(event.order, event.ts))

    def remove(self, con_id: int, event: Event) -> None:
        holding = self.holdings[con_id]
        holding.remove(event)
        self._touched[con_id] = holding

    def place(self, placed: Mapping[str, str | None]) -> bool:
        """Say by hand what belongs where (see :func:`chains.components`); whether that is another than before."""
        if placed == self._placed:
            return False
        self._placed, self._is_placed = placed, False
        return True

    @property
    def components(self) -> Iterator[Component]:
        self._link()
        yield from self._settled
        yield from self._live

    @property
    def trips(self) -> list[Trip]:
        """In place."""
        self._link()
        return sorted((trip for holding in self.holdings.values() for trip in holding.trips), key=AT)

    def live(self) -> list[Component]:
        """What is open, and what ended not long before the newest change: all that the change can have touched."""
        self._link()
        return self._live

    def _link(self) -> None:
        if not self._touched and self._is_placed:
            return
        touched, self._touched = list(self._touched.values()), {}
        for holding in touched:
            holding.fold()
        if not all(holding.events for holding in touched):
            self.holdings = {con_id: holding for con_id, holding in self.holdings.items() if holding.events}
        horizon = min(self._reach(holding) for holding in touched) if self._is_placed else START
        self._is_placed = True
        fresh = _looked_at(touched)
        shares = [holding for holding in self.holdings.values() if not holding.is_option]
        while True:
            self._settle(horizon)
            trips = self._standing(fresh)
            deeds = _deeds(trip for trip in trips if trip.terms.is_option)
            moves = _deeds(trip for trip in trips if not trip.terms.is_option)
            delivered = links.deliveries(deeds, {deed.fill.key: deed.fill for deed in moves}.values())
            self._carry(shares, trips, delivered)
            horizon = min((self._reach(holding) for holding in shares), default=self._horizon)
            fresh |= _looked_at(shares)
            if horizon >= self._horizon:
                break  # else what was folded anew reaches further back than what was known to be touched
        self._bind(self._standing(fresh), deeds, delivered)

    def _bind(self, trips: Sequence[Trip], deeds: Sequence[Deed], delivered: Sequence[Delivered]) -> None:
        options = [trip for trip in trips if trip.terms.is_option]
        shares = [trip for trip in trips if not trip.terms.is_option]
        moved: dict[str, list[Trip]] = defaultdict(list)
        for trip in shares if delivered else ():
            for deed in trip.deeds:
                moved[deed.fill.key].append(trip)
        covered = links.covering(options, shares)
        self._live = chains.components(trips, links.rolls(deeds), delivered, moved, covered, self._placed)

    def _reach(self, holding: Holding) -> datetime:
        """Nothing that ended before this is touched by what is fresh in `holding`."""
        if holding.fresh is None:
            return datetime.max.replace(tzinfo=UTC)
        found = holding.fresh[0] - REACH
        for trip in holding.fresh_trips:
            for deed in trip.deeds:
                if deed.fill.order is not None:
                    found = min(found, self._orders[deed.fill.order])
        return found

    def _settle(self, horizon: datetime) -> None:
        """Sort components into those that ended before `horizon` and the rest."""
        if horizon < self._horizon:
            self._live += [c for c in self._settled if c.closed is None or c.closed >= horizon]
            self._settled = [c for c in self._settled if c.closed is not None and c.closed < horizon]
        self._settled += [c for c in self._live if c.closed is not None and c.closed < horizon]
        self._live = [c for c in self._live if c.closed is None or c.closed >= horizon]
        self._horizon = horizon

    def _standing(self, fresh: dict[str, Trip]) -> list[Trip]:
        """Those of live components that still stand, and what is fresh; in place."""
        found = {trip.id: trip for c in self._live for trip in c.group.trips} | fresh
        return sorted((trip for trip in found.values() if not trip.is_stale), key=AT)

    def _carry(self, shares: Iterable[Holding], trips: Iterable[Trip], delivered: Sequence[Delivered]) -> None:
        """Move each delivered premium from its option to the shares, which are folded anew where it is another."""
        brought: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for one in (*(d for c in self._settled for d in c.group.deliveries), *delivered):
            brought[one.shares.key] += one.premium
        for holding in shares:
            holding.carry({f.key: brought[f.key] for f in holding.events if f.key in brought})
            holding.fold()
        for trip in trips:
            if trip.terms.is_option:
                trip.carried = ZERO
        for one in delivered:
            one.option.carried -= one.premium


def _looked_at(holdings: Iterable[Holding]) -> dict[str, Trip]:
    """What is fresh in them, by its id; it isn't any more then."""
    found: dict[str, Trip] = {}
    for holding in holdings:
        found |= {trip.id: trip for trip in holding.fresh_trips}
        holding.fresh = None
    return found


def _deeds(trips: Iterable[Trip]) -> list[Deed]:
    """In place."""
    return sorted((deed for trip in trips for deed in trip.deeds), key=AT)
