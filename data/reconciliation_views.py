"""The shapes in which agreement with the broker is read: REST sends them, pages show them. Amounts are exact, as text."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from data.reconciliation.report import BreakView, Report


class StatementView(TypedDict):
    """A statement that was imported, what that brought, and how it agrees; `report` None: not compared yet."""

    id: int
    first_day: str
    last_day: str
    base_currency: str | None
    query: str | None
    file_name: str
    generated_at: str
    imported_at: str
    result: dict[str, Any]
    compared_at: str | None
    report: Report | None


class ReconciliationView(TypedDict):
    """`open_breaks` None: no statement has been compared yet. Newest period first."""

    account: str
    as_of: str | None
    open_breaks: int | None
    items: list[StatementView]


class OpenBreak(BreakView):
    """A break with the statement that shows it."""

    statement: int
    first_day: str
    last_day: str


class OpenBreaksView(TypedDict):
    """`count` is of all, `items` the first of them; None: no statement has been compared yet."""

    account: str
    as_of: str | None
    count: int | None
    items: list[OpenBreak]


class BridgeStep(TypedDict):
    """`amount` is what is added on the way; None: how much isn't known, it is part of *unexplained*."""

    cause: str
    amount: float | None
    reason: str


class BridgeView(TypedDict):
    """ours + steps = the broker's, to the cent. Both None, without steps, where one isn't known."""

    account: str
    figure: Literal["total_pnl", "daily_pnl"]
    currency: str | None
    as_of: str | None
    ours: float | None
    ours_name: str
    broker: float | None
    broker_name: str
    steps: list[BridgeStep]


class BridgeRow(TypedDict):
    """`amount` None: in a currency without a rate."""

    what: str
    day: str
    amount: float | None


class BridgeTotal(TypedDict):
    amount: float | None


class BridgeRowsView(TypedDict):
    """What a step is made of: `rows` and `total` are of all, `items` the newest 1000."""

    account: str
    figure: Literal["total_pnl", "daily_pnl"]
    cause: str
    currency: str | None
    rows: int
    total: BridgeTotal
    items: list[BridgeRow]


class CashFlowView(TypedDict):
    """`amount` is what the account's cash changed by, in `currency`; `base_amount` that at `rate_to_base`, the day's rate."""

    id: str
    time: str
    session_date: str
    kind: str
    amount: float
    currency: str
    rate_to_base: float | None
    base_amount: float | None
    base_currency: str | None
    symbol: str | None
    con_id: int | None
    description: str | None
    source: str


class CashFlowTotal(TypedDict):
    """Of one currency and kind, over all that the filters let through."""

    currency: str
    kind: str
    rows: int
    amount: float
    base_amount: float | None


class CashFlowsView(TypedDict):
    account: str
    base_currency: str | None
    totals: list[CashFlowTotal]
    items: list[CashFlowView]
    next_before: str | None


class SuspectedTransfer(TypedDict):
    """Money that came (positive) or went without a statement that says so. `is_open`: it is left out of P&L and returns; else a
    known deposit or withdrawal, or a statement of that day, has answered it."""

    time: str
    session_date: str
    amount: float
    currency: str | None
    is_open: bool
    text: str


class SuspectedTransfersView(TypedDict):
    account: str
    items: list[SuspectedTransfer]
