"""What a page begins with: the views as they are when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from data.views import HealthView, PortfolioView, PositionsView, SourceName, SummaryView, TradesView


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at the page. Without an account: nobody had to log in."""

    name: str
    role: str
    has_account: bool
    may_manage: bool


@dataclass(frozen=True, slots=True)
class PageState:
    """`account` is the chosen one, None while there is none. A view is None when it can't be read; `problem` says why.

    `messages` carry the same views with their revisions, in the shape of `/ws`: what the browser starts from.
    """

    accounts: list[str] = field(default_factory=list)
    account: str | None = None
    source: SourceName | None = None
    health: HealthView | None = None
    portfolio: PortfolioView | None = None
    summary: SummaryView | None = None
    positions: PositionsView | None = None
    trades: TradesView | None = None
    problem: str | None = None
    reader: Reader | None = None
    refusal: str | None = None  # why the reader may give no commands; None: they may
    benchmark: str = "SPY"  # the symbol that equity can be compared with
    messages: list[dict[str, Any]] = field(default_factory=list)
