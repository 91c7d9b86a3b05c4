"""What is asked and answered of the book; see data/book_views.py."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.command_schemas import PRINTABLE
from dashboard.api.schemas import AccountQuery, Answer
from data.book_reads import MAX_ROWS

TRIP: dict[str, Any] = {
    "id": 12, "con_id": 7001, "symbol": "KO", "local_symbol": "KO    260220P00060000", "sec_type": "OPT", "expiry": "2026-02-20",
    "strike": 60.0, "right": "P", "multiplier": 100.0, "currency": "USD", "side": "short", "opened": "2026-01-05T15:00:00.000Z",
    "opened_on": "2026-01-05", "closed": "2026-01-15T15:00:00.000Z", "closed_on": "2026-01-15", "ended_by": "trade",
    "holding_s": 864000.0, "dte": 46, "quantity": 0.0, "peak": 1.0, "open_price": 1.5, "close_price": 0.8, "gross": 70.0,
    "fees": 2.0, "foreign_fees": {}, "net": 68.0, "broker_net": 68.0, "total_return": 0.011624, "base": 5850.0,
    "base_kind": "cash_secured", "strategy": "tg/wheel", "chain": "0000e0d5.00000001.01", "cycle": "0000e0d5.00000001.01", "is_by_hand": False, "rolls": 1, "is_rolled": True,
    "executions": ["0000e0d5.00000001.01", "0000e0d5.00000002.01"], "note": "", "tags": ["earnings"], "excluded": False,
}  # fmt: skip
CYCLE: dict[str, Any] = {
    "cycle": "0000e0d5.00000001.01", "symbol": "KO", "currency": "USD", "stage": "covered", "strategy": "tg/wheel",
    "opened": "2026-01-05T15:00:00.000Z", "opened_on": "2026-01-05", "closed": None, "closed_on": None, "trips": 4, "rolls": 1,
    "shares": 100.0, "premium": 290.0, "fees": 4.0, "dividends": 20.0, "cash": -5194.0, "pnl": 386.0, "paid": 55.0,
    "broker_basis": 54.01, "broker_average": 54.01, "broker_has_premium": True, "break_even": 51.94,
    "secured": {"average": 5543.48, "total_return": 0.0696, "annualised": 0.5525, "reason": None},
    "reg_t": {"average": 2160.87, "total_return": 0.1786, "annualised": 1.4174, "reason": None},
}  # fmt: skip


AGAINST: dict[str, Any] = {
    "account": "DU1234567", "cycle": "0000e0d5.00000001.01", "symbol": "KO", "currency": "USD", "pnl": 386.0,
    "contributions": [{"day": "2026-01-05", "amount": 5850.0}, {"day": "2026-01-15", "amount": -450.0}],
    "items": [
        {"symbol": "KO", "until": "2026-01-30", "pnl": 214.5, "at_least": None, "reason": None},
        {"symbol": "SPY", "until": "2026-01-30", "pnl": None, "at_least": 120.25, "reason": "No dividend of SPY from 2026-01-05 to 2026-01-30 is known, nor that there was none."},
    ],
}  # fmt: skip


class BookQuery(AccountQuery):
    symbol: str | None = Field(None, max_length=40, description="The underlying, as the broker writes it.")
    strategy: str | None = Field(None, max_length=130, description="A strategy's name, bot/strategy.")
    state: Literal["all", "open", "closed"] = Field(
        "all", description="Which: those that are open, those that are closed."
    )
    limit: int = Field(50, ge=1, le=MAX_ROWS, description="How many at most.")
    before: str | None = Field(None, max_length=100, description="`next_before` of the page before.")


class RoundTrip(Answer):
    """From flat to flat in one contract, or open still; money in `currency`.

    `net` is gross less fees; null where it began before anything is known, or fees are in another currency
    (`foreign_fees`). `broker_net` has the premium that an assignment moved: the broker books it into the shares.
    `total_return` is `net` ÷ `base`, a fraction of 1; `base_kind` says what that is: a short put's strike × multiplier less
    the premium (cash_secured), a short call's strike likewise (strike), the cost of longs (cost), what short shares brought
    (proceeds). `chain` and `cycle` name the round trips that count as one roll chain and one wheel cycle with it; `is_by_hand`:
    somebody said which cycle. `rolls` are those of the chain, `is_rolled`: it was closed by one.
    """

    id: int
    con_id: int
    symbol: str
    local_symbol: str
    sec_type: str
    expiry: str | None
    strike: float | None
    right: Literal["C", "P"] | None
    multiplier: float
    currency: str
    side: Literal["long", "short"]
    opened: str
    opened_on: str
    closed: str | None
    closed_on: str | None
    ended_by: str | None
    holding_s: float | None
    dte: int | None
    quantity: float
    peak: float
    open_price: float | None
    close_price: float | None
    gross: float
    fees: float
    foreign_fees: dict[str, float]
    net: float | None
    broker_net: float | None
    total_return: float | None
    base: float | None
    base_kind: Literal["cash_secured", "cost", "strike", "proceeds"] | None
    strategy: str | None
    chain: str | None
    cycle: str | None
    is_by_hand: bool
    rolls: int
    is_rolled: bool
    executions: list[str]
    note: str
    tags: list[str]
    excluded: bool


class RoundTrips(Answer):
    """`revision`: the trades revision up to which the book is folded, null before the first time. `total` is told by `offset`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"account": "DU1234567", "revision": 42, "as_of": "2026-01-15T15:00:02.000Z", "total": None, "items": [TRIP], "next_before": None}]
        }
    )  # fmt: skip

    account: str
    revision: int | None
    as_of: str | None
    total: int | None
    items: list[RoundTrip]
    next_before: str | None


class Capital(Answer):
    """What a cycle bound on average over its time, and `pnl` on that: fractions of 1, a year without compounding.

    `reason` says why the average isn't known.
    """

    average: float | None
    total_return: float | None
    annualised: float | None
    reason: str | None


class Cycle(Answer):
    """Put sold, rolled, assigned, calls sold, called away; money in `currency`.

    `cash` is all that came less what went; `pnl` that with what is open at its newest mark. Per share: `paid`, the broker's
    basis by its rule (`broker_basis`: less the premium of the put that was assigned) and as it says now (`broker_average`,
    which gets the premium a day or two later: `broker_has_premium`), and the wheel's `break_even` (everything that came and
    went). `secured` is on cash-secured capital, `reg_t` on an estimate of Regulation T's margin: null under portfolio margin
    (MTZ_MARGIN).
    """

    cycle: str
    symbol: str
    currency: str
    stage: Literal["put", "shares", "covered", "call", "other", "closed"]
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
    pnl: float | None
    paid: float | None
    broker_basis: float | None
    broker_average: float | None
    broker_has_premium: bool | None
    break_even: float | None
    secured: Capital
    reg_t: Capital


class CyclePath(BaseModel):
    cycle: str = Field(max_length=100, pattern=PRINTABLE, description="Its `cycle` as the list says it.")


class PlaceBody(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"cycle": "0000e0d5.00000001.01"}]})

    cycle: str | None = Field(
        max_length=100,
        pattern=PRINTABLE,
        description="One of the same underlying, as /api/wheel/cycles names it; null: none of the others.",
    )


class Placed(Answer):
    """`is_new`: something was changed; the book follows within two seconds. `cycle` null: one of its own, or what the rules say."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"account": "DU1234567", "id": 7, "cycle": "0000e0d5.00000001.01", "is_by_hand": True, "is_new": True}
            ]
        },
    )

    account: str
    id: int
    cycle: str | None
    is_by_hand: bool
    is_new: bool


class Contribution(Answer):
    """What the cycle bound more, or (negative) less, at the end of a trading day."""

    day: str
    amount: float


class CycleBenchmark(Answer):
    """The P&L of the same money by the close of `until`. Where its dividends aren't all known `pnl` is null and `at_least` what
    came out without those; `reason` says why a figure is null."""

    symbol: str
    until: str | None
    pnl: float | None
    at_least: float | None
    reason: str | None


class CycleBenchmarks(Answer):
    """The cycle's cash-secured capital, put in and taken out on the same days at the close: in its stock, and in MTZ_BENCHMARK."""

    model_config = ConfigDict(json_schema_extra={"examples": [AGAINST]})

    account: str
    cycle: str
    symbol: str
    currency: str
    pnl: float | None
    contributions: list[Contribution]
    items: list[CycleBenchmark]


class Cycles(Answer):
    """Newest first. `revision`: the trades revision up to which the book is folded, null before the first time."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"account": "DU1234567", "revision": 42, "as_of": "2026-01-15T15:00:02.000Z", "items": [CYCLE], "next_before": None}]
        }
    )  # fmt: skip

    account: str
    revision: int | None
    as_of: str | None
    items: list[Cycle]
    next_before: str | None
