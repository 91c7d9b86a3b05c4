"""What is asked and answered of trades; see data/trade_filter.py and data/trade_views.py."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from dashboard.api.command_schemas import PRINTABLE
from dashboard.api.schemas import AccountQuery, Answer
from data.notes import LONGEST_TAG
from data.trade_filter import Sorting, Wanted
from data.trade_reads import MAX_OFFSET, MAX_ROWS

LONGEST_TEXT = 100
ROWS = f"How many at most, within 1 and {MAX_ROWS}."

Text = Annotated[str | None, Field(pattern=PRINTABLE)]
LEG: dict[str, Any] = {
    "con_id": 7001, "symbol": "KO", "local_symbol": "KO    260220P00060000", "sec_type": "OPT", "expiry": "2026-02-20", "strike": 60.0,
    "right": "P", "currency": "USD", "quantity": -1.0, "price": 1.5, "cash": 150.0,
}  # fmt: skip
FIGURES: dict[str, Any] = {
    "name": "KO", "currency": "USD", "count": 4, "wins": 3, "losses": 1, "unknown": 0, "net": 310.4, "win_rate": 0.75,
    "profit_factor": 3.9, "expectancy": 77.6, "average_win": 139.1, "average_loss": -106.9,
}  # fmt: skip


class TradeFilter(AccountQuery):
    """What isn't named is whatever: the same for the page, the list and the file."""

    symbol: Text = Field(None, max_length=40, description="The underlying, as the broker writes it.")
    sec_type: Literal["STK", "OPT", "FOP", "FUT", "IND", "CASH", "BAG", "BOND", "CRYPTO"] | None = Field(
        None, description="The security type."
    )
    side: Literal["BOT", "SLD"] | None = Field(
        None, description="Of a round trip: of what opened it, SLD is a short one."
    )
    strategy: Text = Field(None, max_length=130, description="A strategy's name, bot/strategy; empty: nobody's.")
    since: date | None = Field(
        None, alias="from", description="A trading day, included; of a round trip that of its opening."
    )
    until: date | None = Field(None, alias="to", description="A trading day, included.")
    tag: Text = Field(None, max_length=LONGEST_TAG, description="Only what carries this tag.")
    noted: bool | None = Field(None, description="Whether something is written beside it: a note, tags, left out.")
    text: Text = Field(
        None, max_length=LONGEST_TEXT, description="Words that are all in its contract, kind, order reference, strategy, note or tags."
    )  # fmt: skip

    def wanted(self) -> Wanted:
        return Wanted(
            self.symbol, self.sec_type, self.side, self.strategy, self.since, self.until, self.tag, self.noted, self.text
        )  # fmt: skip


class TripFilter(TradeFilter):
    state: Literal["all", "open", "closed"] = Field(
        "all", description="Which: those that are open, those that are closed."
    )
    cycle: Text = Field(None, max_length=100, description="Only those of this wheel cycle.")

    def wanted(self) -> Wanted:
        return Wanted(
            self.symbol, self.sec_type, self.side, self.strategy, self.since, self.until, self.tag, self.noted, self.text,
            self.state, self.cycle,
        )  # fmt: skip


class TradesQuery(TradeFilter):
    sort: Literal["time", "symbol", "side", "strategy", "kind", "quantity", "price", "commission", "realized_pnl"] = (
        Field("time", description="The column to sort by; what has no value comes last, time decides between equals.")
    )
    descending: bool = Field(True, description="The largest, or newest, first.")
    limit: int = Field(50, ge=1, le=MAX_ROWS, description=ROWS)
    before: str | None = Field(None, max_length=400, description="`next_before` of the page before, in the same order.")
    offset: int | None = Field(
        None, ge=0, le=MAX_OFFSET, description="Instead of `before`: from which row on; the answer then says the total."
    )

    def sorting(self) -> Sorting:
        return Sorting(self.sort, self.descending)


class RoundTripsQuery(TripFilter):
    sort: Literal[
        "time", "symbol", "strategy", "ended_by", "closed", "holding_s", "quantity", "peak", "dte", "gross", "fees", "net",
        "total_return",
    ] = Field("time", description="The column to sort by, `time` is of the opening; what has no value comes last.")  # fmt: skip
    descending: bool = Field(True, description="The largest, or newest, first.")
    limit: int = Field(50, ge=1, le=MAX_ROWS, description=ROWS)
    before: str | None = Field(None, max_length=400, description="`next_before` of the page before, in the same order.")
    offset: int | None = Field(
        None, ge=0, le=MAX_OFFSET, description="Instead of `before`: from which row on; the answer then says the total."
    )

    def sorting(self) -> Sorting:
        return Sorting(self.sort, self.descending)


class OrdersQuery(TradeFilter):
    limit: int = Field(50, ge=1, le=MAX_ROWS, description=ROWS)
    offset: int = Field(0, ge=0, le=MAX_OFFSET, description="From which order on.")


class StatisticsQuery(TradeFilter):
    unit: Literal["contract", "chain", "cycle"] = Field(
        "chain", description="What counts as one: an option's round trip, a roll chain, a wheel cycle."
    )


class PremiumQuery(TradeFilter):
    view: Literal["open", "close", "accrued"] = Field(
        "open", description="By the day of the sale, by the day of the end, or day by day from the sale to the expiry."
    )
    step: Literal["month", "day"] = Field("month", description="What is summed up.")


class Leg(Answer):
    """What an order did in one contract: `quantity` is signed, `price` its average by quantity, `cash` what came less what went,
    before fees."""

    con_id: int
    symbol: str
    local_symbol: str
    sec_type: str
    expiry: str | None
    strike: float | None
    right: Literal["C", "P"] | None
    currency: str
    quantity: float
    price: float | None
    cash: float


class Order(Answer):
    """The executions of one order, partial fills and all legs; a booking without an order is one of its own. `time` is that of the
    last, `cash` and `fees` are by currency."""

    id: str
    first: str
    time: str
    strategy: str | None
    order_ref: str | None
    executions: int
    legs: list[Leg]
    cash: dict[str, float]
    fees: dict[str, float]


class Orders(Answer):
    """Newest first: orders of which an execution fits the filter, each with all that it has."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "account": "DU1234567", "revision": 42, "total": 1,
                    "items": [
                        {"id": "4711", "first": "2026-01-15T15:00:00.000Z", "time": "2026-01-15T15:00:01.000Z", "strategy": "tg/wheel",
                         "order_ref": "tg:wheel", "executions": 2, "legs": [LEG], "cash": {"USD": 150.0}, "fees": {"USD": 1.0}}
                    ],
                }
            ]
        }
    )  # fmt: skip

    account: str
    revision: int
    total: int
    items: list[Order]


class Figures(Answer):
    """Of what is closed in one currency, after fees. `win_rate` is a fraction of 1; ratios are null where they have no base.

    `profit_factor` is what wins made ÷ what losses lost, `expectancy` the average result. `unknown`: closed without a result that
    is known (it began before the first known execution, or has fees in another currency), in no other figure.
    """

    name: str
    currency: str
    count: int
    wins: int
    losses: int
    unknown: int
    net: float
    win_rate: float | None
    profit_factor: float | None
    expectancy: float | None
    average_win: float | None
    average_loss: float | None


class Statistics(Answer):
    """By contract an assigned option counts with its premium; by chain it ends there; by cycle it stays open until the shares
    are gone. What a note leaves out is left out; `left_out` says how many that are."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "account": "DU1234567", "as_of": "2026-01-15T15:00:02.000Z", "unit": "chain", "left_out": 1,
                    "total": [FIGURES | {"name": "all"}], "by_symbol": [FIGURES], "by_strategy": [FIGURES | {"name": "tg/wheel"}], "by_dte": [FIGURES | {"name": "22–45"}],
                    "by_weekday": [FIGURES | {"name": "Monday"}],
                }
            ]
        }
    )  # fmt: skip

    account: str
    as_of: str | None
    unit: Literal["contract", "chain", "cycle"]
    left_out: int
    total: list[Figures]
    by_symbol: list[Figures]
    by_strategy: list[Figures]
    by_dte: list[Figures]
    by_weekday: list[Figures]


class Income(Answer):
    """`net` is gross premium less buy-backs (which are negative); fees are not taken out."""

    day: str
    currency: str
    premium: float
    buy_backs: float
    net: float
    fees: float


class PremiumIncome(Answer):
    """Of short options alone: a view of the same money as P&L, never added to it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "account": "DU1234567", "as_of": "2026-01-15T15:00:02.000Z", "view": "open", "step": "month",
                    "items": [
                        {"day": "2026-01-01", "currency": "USD", "premium": 510.0, "buy_backs": -120.0, "net": 390.0, "fees": 7.8}
                    ],
                }
            ]
        }
    )  # fmt: skip

    account: str
    as_of: str | None
    view: Literal["open", "close", "accrued"]
    step: Literal["month", "day"]
    items: list[Income]
