"""What a page is made from: every view of one account, read at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data.views import EquityView, HealthView, PortfolioView, PositionsView, SourceName, SummaryView, TradesView


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All None while there is no account; `trouble` is one sentence when the database can't be read."""

    accounts: list[str] = field(default_factory=list)
    source: SourceName | None = None
    trouble: str | None = None
    account: str | None = None
    portfolio: PortfolioView | None = None
    summary: SummaryView | None = None
    positions: PositionsView | None = None
    trades: TradesView | None = None
    status: HealthView | None = None
    equity: EquityView | None = None
