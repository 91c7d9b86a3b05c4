"""Roll chains and wheel cycles: round trips of one underlying that belong together. Pure.

A roll chain is what rolls bind: a short option, what it was rolled into, and so on; an assignment ends it. A wheel cycle is
the chain that was assigned, the shares until they are gone, and the calls that were written on them; a chain that was never
assigned is a cycle of its own. A person may say otherwise: what rolls and assignments bind moves to another cycle as one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from data.book.links import Delivered, Roll
from data.book.lots import Trip
from data.book.sources import ZERO, Order


@dataclass(frozen=True, slots=True)
class Group:
    """Round trips that count as one, in the order they were opened; of one underlying and currency.

    `id` is that of the first trip. `rolls` and `deliveries` are what binds them.
    """

    trips: tuple[Trip, ...]
    rolls: tuple[Roll, ...] = ()
    deliveries: tuple[Delivered, ...] = ()

    @property
    def id(self) -> str:
        return self.trips[0].id

    @property
    def at(self) -> Order:
        return self.trips[0].at

    @property
    def symbol(self) -> str:
        return self.trips[0].terms.symbol

    @property
    def currency(self) -> str:
        return self.trips[0].terms.currency

    @property
    def opened(self) -> datetime:
        return self.trips[0].opened

    @property
    def opened_on(self) -> date:
        return self.trips[0].opened_on

    @property
    def closed(self) -> datetime | None:
        """When the last of it closed; None while something is open."""
        ends = [trip.closed for trip in self.trips]
        return None if None in ends else max(end for end in ends if end is not None)

    @property
    def closed_on(self) -> date | None:
        days = [trip.closed_on for trip in self.trips]
        return None if None in days else max(day for day in days if day is not None)

    @property
    def is_closed(self) -> bool:
        return all(trip.is_closed for trip in self.trips)

    @property
    def gross(self) -> Decimal:
        return sum((trip.gross for trip in self.trips), ZERO)

    @property
    def fees(self) -> Decimal:
        return sum((trip.fees for trip in self.trips), ZERO)

    @property
    def net(self) -> Decimal:
        return self.gross - self.fees

    @property
    def foreign_fees(self) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for trip in self.trips:
            for currency, fee in trip.foreign_fees.items():
                found[currency] = found.get(currency, ZERO) + fee
        return found

    @property
    def is_partial(self) -> bool:
        return any(trip.is_partial for trip in self.trips)

    @property
    def strategy(self) -> str | None:
        """Whose the first of it was."""
        return self.trips[0].strategy


@dataclass(frozen=True, slots=True)
class Component:
    """Everything of an underlying that hangs together, and its chains; `closed` None while something of it is open."""

    group: Group
    chains: tuple[Group, ...]
    closed: datetime | None

    @property
    def is_cycle(self) -> bool:
        """A short option is part of it."""
        return any(trip.terms.is_option and trip.direction < 0 for trip in self.group.trips)


def components(
    trips: Sequence[Trip],
    rolls: Sequence[Roll],
    delivered: Sequence[Delivered],
    moved: Mapping[str, Sequence[Trip]],
    covered: Sequence[tuple[Trip, Trip]],
    placed: Mapping[str, str | None],
) -> list[Component]:
    """Of `trips`, in place. `moved`: the trips that a booking of shares opened or closed, by its key; `covered`: calls with
    their shares; `placed`: by hand, by a fill's key, one of the cycle that its trip belongs to (None: to none of the others).
    Every option's trip is in exactly one chain, alone where it was not rolled."""
    bonds = [(roll.out_of, roll.into) for roll in rolls]
    chains = _grouped([trip for trip in trips if trip.terms.is_option], bonds, rolls, ())
    bonds += [(one.option, trip) for one in delivered for trip in moved.get(one.shares.key, ())]
    bonds += _by_hand(trips, bonds, covered, placed) if placed else covered
    groups = _grouped(trips, bonds, rolls, delivered)
    owner = {trip.id: number for number, group in enumerate(groups) for trip in group.trips}
    mine: dict[int, list[Group]] = defaultdict(list)
    for chain in chains:
        mine[owner[chain.id]].append(chain)
    return [Component(group, tuple(mine.get(n, ())), group.closed) for n, group in enumerate(groups)]


def _by_hand(
    trips: Sequence[Trip],
    firm: Sequence[tuple[Trip, Trip]],
    covered: Iterable[tuple[Trip, Trip]],
    placed: Mapping[str, str | None],
) -> list[tuple[Trip, Trip]]:
    """Calls with their shares, but for what was placed; and that with what it was placed beside. `firm` bonds hold."""
    by_key = {fill.key: trip for trip in trips for fill in trip.fills} | {trip.id: trip for trip in trips}
    chosen = {key: by_key[key] for key in placed if key in by_key}
    cores = _grouped(trips, firm, (), ())
    core = {id(trip): number for number, group in enumerate(cores) for trip in group.trips}
    loose = {core[id(trip)] for trip in chosen.values()}
    bonds = [(call, shares) for call, shares in covered if core[id(call)] not in loose]
    for key, trip in chosen.items():
        beside = by_key.get(placed[key] or "")
        if beside is not None:
            bonds.append((trip, beside))
    return bonds


def _grouped(
    trips: Sequence[Trip], bonds: Iterable[tuple[Trip, Trip]], rolls: Sequence[Roll], delivered: Sequence[Delivered]
) -> list[Group]:
    """The connected components, in the order of their first trip."""
    roots: dict[int, int] = {}

    def root(of: int) -> int:
        while (above := roots.get(of, of)) != of:
            roots[of] = of = roots.get(above, above)
        return of

    for one, other in bonds:
        roots[root(id(one))] = root(id(other))
    members: dict[int, list[Trip]] = defaultdict(list)
    for trip in trips:
        members[root(id(trip)) if roots else id(trip)].append(trip)
    its_rolls: dict[int, list[Roll]] = defaultdict(list)
    its_deliveries: dict[int, list[Delivered]] = defaultdict(list)
    for roll in rolls:
        its_rolls[root(id(roll.into))].append(roll)
    for one_delivered in delivered:
        its_deliveries[root(id(one_delivered.option))].append(one_delivered)
    return [
        Group(tuple(those), tuple(its_rolls.get(key, ())), tuple(its_deliveries.get(key, ())))
        for key, those in members.items()
    ]
