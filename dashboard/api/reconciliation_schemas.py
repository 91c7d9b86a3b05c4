"""What is asked and answered of agreement with the broker; see data/reconciliation_views.py."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import ConfigDict, Field

from dashboard.api.schemas import AccountQuery, Answer
from data.reconciliation_reads import MAX_ROWS

DIFFERENCE: dict[str, Any] = {
    "family": "trade_net_cash", "title": "Trades: net cash is proceeds and fees: trade 812 of 2026-01-05: 1 KO 260220P00060000",
    "left_name": "net cash", "left": "148.95", "right_name": "proceeds + commission + taxes", "right": "148.90",
    "difference": "0.05", "unit": "money", "currency": "USD",
}  # fmt: skip
FOLLOWING = DIFFERENCE | {
    "family": "cash_kind", "title": "Cash report: is what trades and cash transactions moved: USD: the trades' commissions",
    "left_name": "rows: the trades' commissions", "left": "-1.10", "right_name": "cash report", "right": "-1.05", "difference": "-0.05",
}  # fmt: skip
BREAK: dict[str, Any] = DIFFERENCE | {
    "where": "This row of the statement: one of its own fields doesn't fit the others. Run the Flex query for these days again.",
    "suspects": ["commission of trade 812 of 2026-01-05: 1 KO 260220P00060000"], "more_suspects": 0, "follows": [FOLLOWING],
}  # fmt: skip
REPORT: dict[str, Any] = {
    "trades": 42, "days": 21, "open_breaks": 1,
    "compared": [{"family": "trade_net_cash", "title": "Trades: net cash is proceeds and fees", "scope": "statement",
                  "checked": 42, "agree": 41, "exact": 41}],
    "breaks": [BREAK], "noted": [], "lacking": [],
}  # fmt: skip
STATEMENT: dict[str, Any] = {
    "id": 3, "first_day": "2026-01-01", "last_day": "2026-01-31", "base_currency": "USD", "query": "moneytrailz",
    "file_name": "january.xml", "generated_at": "2026-02-01T02:00:00.000Z", "imported_at": "2026-02-01T08:00:00.000Z",
    "result": {}, "compared_at": "2026-02-01T08:00:01.000Z", "report": REPORT,
}  # fmt: skip
FLOW: dict[str, Any] = {
    "id": "91820", "time": "2026-01-15T21:20:00.000Z", "session_date": "2026-01-15", "kind": "dividend", "amount": 41.2,
    "currency": "EUR", "rate_to_base": 1.0874, "base_amount": 44.8, "base_currency": "USD", "symbol": "SAP", "con_id": 14204,
    "description": "SAP(DE0007164600) CASH DIVIDEND EUR 0.412 PER SHARE (Ordinary Dividend)", "source": "statement",
}  # fmt: skip


def example(view: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [view]})


class Difference(Answer):
    """Two sayings of the same that differ, as exact text; `difference` is left − right, null where they are words."""

    family: str
    title: str
    left_name: str
    left: str | None
    right_name: str
    right: str | None
    difference: str | None
    unit: str
    currency: str | None


class Break(Difference):
    """A cause: `where` to look, `suspects` (the figures of which one correction would mend it and all that `follows` from it)."""

    where: str
    suspects: list[str]
    more_suspects: int
    follows: list[Difference]


class Compared(Answer):
    """Of one kind of check: how many were made, how many hold, how many of those to 0.00."""

    family: str
    title: str
    scope: Literal["statement", "database"]
    checked: int
    agree: int
    exact: int


class TrustReport(Answer):
    """How far a statement agrees with itself and with the database. `noted`: what differs within what marks explain;
    `lacking`: sections that the file doesn't have, and what isn't compared because of it."""

    trades: int
    days: int
    open_breaks: int
    compared: list[Compared]
    breaks: list[Break]
    noted: list[Difference]
    lacking: list[str]


class Statement(Answer):
    """`result` is what the import brought; `report` null: it isn't compared yet, or another statement says the same days anew."""

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
    report: TrustReport | None


class Reconciliation(Answer):
    """Newest period first. `open_breaks` null: no statement has been compared yet."""

    model_config = example(
        {"account": "DU1234567", "as_of": "2026-02-01T08:00:01.000Z", "open_breaks": 1, "items": [STATEMENT]}
    )

    account: str
    as_of: str | None
    open_breaks: int | None
    items: list[Statement]


class BridgeQuery(AccountQuery):
    figure: Literal["total_pnl", "daily_pnl"] = Field("total_pnl", description="Which P&L.")


class BridgeStep(Answer):
    """`amount` is what is added on the way; null: how much isn't known, it is part of *unexplained*."""

    cause: str
    amount: float | None
    reason: str


class Bridge(Answer):
    """ours + steps = the broker's, to the cent. Both null, without steps, where one isn't known yet."""

    model_config = example({
        "account": "DU1234567", "figure": "total_pnl", "currency": "USD", "as_of": "2026-02-02T15:00:00.000Z", "ours": 1250.4,
        "ours_name": "Total P&L here", "broker": 310.15, "broker_name": "TWS: unrealised P&L, and realised P&L of today",
        "steps": [
            {"cause": "earlier", "amount": -940.0, "reason": "What was closed before the broker's figure begins: its realised P&L is of today only."},
            {"cause": "unexplained", "amount": -0.25, "reason": "What no known cause explains."},
        ],
    })  # fmt: skip

    account: str
    figure: Literal["total_pnl", "daily_pnl"]
    currency: str | None
    as_of: str | None
    ours: float | None
    ours_name: str
    broker: float | None
    broker_name: str
    steps: list[BridgeStep]


class BridgeRowsQuery(BridgeQuery):
    cause: Literal["income", "earlier", "premium"] = Field("income", description="Which step.")


class BridgeRow(Answer):
    """`amount` null: in a currency without a rate."""

    what: str
    day: str
    amount: float | None


class BridgeTotal(Answer):
    amount: float | None


class BridgeRows(Answer):
    """`rows` and `total` are of all, `items` the newest 1000."""

    model_config = example({
        "account": "DU1234567", "figure": "daily_pnl", "cause": "income", "currency": "USD", "rows": 1, "total": {"amount": -41.2},
        "items": [{"what": "dividend: KO(US1912161007) CASH DIVIDEND", "day": "2026-01-15", "amount": -41.2}],
    })  # fmt: skip

    account: str
    figure: Literal["total_pnl", "daily_pnl"]
    cause: str
    currency: str | None
    rows: int
    total: BridgeTotal
    items: list[BridgeRow]


class CashFlowFilter(AccountQuery):
    kind: Literal["deposit", "withdrawal", "dividend", "interest", "fee", "tax", "other", "conversion"] | None = None
    currency: str | None = Field(None, max_length=10, description="Only those in this currency.")
    symbol: str | None = Field(None, max_length=40, description="Only those that this underlying paid.")
    since: date | None = Field(None, alias="from", description="A trading day, included.")
    until: date | None = Field(None, alias="to", description="A trading day, included.")


class CashFlowsQuery(CashFlowFilter):
    limit: int = Field(50, ge=1, le=MAX_ROWS, description="How many at most.")
    before: str | None = Field(None, max_length=1000, description="`next_before` of the page before.")


class CashFlow(Answer):
    """`amount` is what the account's cash changed by, in `currency`; `base_amount` the same at the day's rate."""

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


class CashFlowTotal(Answer):
    """Of one currency and kind, over all pages; `base_amount` null where a day's rate isn't known."""

    currency: str
    kind: str
    rows: int
    amount: float
    base_amount: float | None


class CashFlows(Answer):
    """Money that came or went without a trade, newest first."""

    model_config = example({
        "account": "DU1234567", "base_currency": "USD",
        "totals": [{"currency": "EUR", "kind": "dividend", "rows": 1, "amount": 41.2, "base_amount": 44.8}],
        "items": [FLOW], "next_before": None,
    })  # fmt: skip

    account: str
    base_currency: str | None
    totals: list[CashFlowTotal]
    items: list[CashFlow]
    next_before: str | None


class SuspectedTransfer(Answer):
    """`is_open`: left out of P&L and returns; else a known deposit or withdrawal, or a statement of that day, has answered it."""

    time: str
    session_date: str
    amount: float
    currency: str | None
    is_open: bool
    text: str


class SuspectedTransfers(Answer):
    """Newest first, at most 100."""

    model_config = example({
        "account": "DU1234567", "items": [{
            "time": "2026-01-15T19:32:04.000Z", "session_date": "2026-01-15", "amount": 10000.0, "currency": "USD", "is_open": True,
            "text": "suspected deposit of about 10,000.00 USD on 2026-01-15 at 14:32 (New York), not in P&L: import a statement to confirm.",
        }],
    })  # fmt: skip

    account: str
    items: list[SuspectedTransfer]
