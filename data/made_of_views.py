"""The shapes of the rows that totals are made of. Money is in `currency`; `rows` and `total` are of all, `items` the newest 1000."""

from __future__ import annotations

from typing import TypedDict


class ResultRow(TypedDict):
    """One that is closed; named by the round trip that began it. `net` None: not known, it is in no figure."""

    round_trip: int
    contract: str
    strategy: str | None
    opened_on: str
    closed_on: str
    round_trips: int
    net: float | None


class ResultTotal(TypedDict):
    net: float
    wins: int
    count: int  # whose result is known


class ResultRowsView(TypedDict):
    account: str
    currency: str
    rows: int
    total: ResultTotal
    items: list[ResultRow]


class PremiumTotal(TypedDict):
    premium: float
    buy_backs: float
    net: float
    fees: float


class PremiumRow(TypedDict):
    """A sale of a short option, with what of it counts in these days."""

    round_trip: int
    contract: str
    opened_on: str
    closed_on: str | None
    premium: float
    buy_backs: float
    net: float
    fees: float


class PremiumRowsView(TypedDict):
    account: str
    currency: str
    rows: int
    total: PremiumTotal
    items: list[PremiumRow]


class CycleTotal(TypedDict):
    premium: float
    fees: float
    dividends: float


class CycleRow(TypedDict):
    """A round trip, or (`round_trip` None) a dividend or the tax on it."""

    round_trip: int | None
    contract: str
    opened_on: str
    closed_on: str | None
    premium: float
    fees: float
    dividends: float


class CycleRowsView(TypedDict):
    account: str
    cycle: str
    currency: str
    rows: int
    total: CycleTotal
    items: list[CycleRow]
