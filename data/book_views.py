"""The shapes in which the book is read: REST sends them, pages show them. Money is in the row's `currency`."""

from __future__ import annotations

from typing import Literal, TypedDict

Stage = Literal["put", "shares", "covered", "call", "other", "closed"]


class RoundTripView(TypedDict):
    id: int
    con_id: int
    symbol: str
    local_symbol: str
    sec_type: str
    expiry: str | None
    strike: float | None
    right: str | None
    multiplier: float
    currency: str
    side: Literal["long", "short"]
    opened: str
    opened_on: str
    closed: str | None
    closed_on: str | None
    ended_by: str | None
    holding_s: float | None  # of what is closed
    dte: int | None
    quantity: float
    peak: float
    open_price: float | None
    close_price: float | None
    gross: float
    fees: float
    foreign_fees: dict[str, float]
    net: float | None
    broker_net: float | None  # net with the premium that an assignment or exercise moved
    total_return: float | None
    base: float | None
    base_kind: str | None
    strategy: str | None
    chain: str | None
    cycle: str | None
    is_by_hand: bool  # somebody said which cycle
    rolls: int  # in its roll chain
    is_rolled: bool  # closed by a roll: the chain went on
    executions: list[str]
    note: str
    tags: list[str]
    excluded: bool  # left out of statistics


class RoundTripsView(TypedDict):
    account: str
    revision: int | None  # of trades, up to which the book is folded; None: not yet
    as_of: str | None
    total: int | None  # how many the filter has, where asked by offset
    items: list[RoundTripView]
    next_before: str | None


class CapitalView(TypedDict):
    """What a cycle bound on average, and its result on that as fractions of 1; `reason`: why the average isn't known."""

    average: float | None
    total_return: float | None
    annualised: float | None
    reason: str | None


class CycleView(TypedDict):
    cycle: str
    symbol: str
    currency: str
    stage: Stage
    strategy: str | None
    opened: str
    opened_on: str
    closed: str | None
    closed_on: str | None
    trips: int
    rolls: int
    shares: float
    premium: float
    fees: float
    dividends: float
    cash: float | None
    pnl: float | None  # cash with what is open at its marks
    paid: float | None
    broker_basis: float | None
    broker_average: float | None  # what the broker says now, where it holds no other shares of it
    broker_has_premium: bool | None
    break_even: float | None
    secured: CapitalView
    reg_t: CapitalView


class ContributionView(TypedDict):
    """What a cycle bound more, or (negative) less, at the end of a trading day."""

    day: str
    amount: float


class BenchmarkView(TypedDict):
    """The result of the same money by the close of `until`, dividends included; else `at_least` that, without those that aren't known."""

    symbol: str
    until: str | None
    pnl: float | None
    at_least: float | None
    reason: str | None


class CycleBenchmarksView(TypedDict):
    account: str
    cycle: str
    symbol: str
    currency: str
    pnl: float | None  # the cycle's own, at the marks
    contributions: list[ContributionView]
    items: list[BenchmarkView]


class CyclesView(TypedDict):
    account: str
    revision: int | None
    as_of: str | None
    items: list[CycleView]
    next_before: str | None
