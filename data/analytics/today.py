"""What asks for a decision today, the most urgent first. Pure; docs/positions.md says when each line comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from data.control_views import StrategyView
from data.risk_views import TodayKind, TodayLine, Urgency
from data.views import PositionView

TARGET_PCT = 50.0
"""Percent of the most that a short option can earn."""
DTE_LIMIT = 21
URGENCIES: tuple[Urgency, ...] = ("now", "soon", "watch")


def lines(
    positions: Iterable[PositionView], free_cash: float | None, strategies: Iterable[StrategyView], breaks: int | None
) -> list[TodayLine]:
    """`breaks` None: no statement was compared."""
    found: list[TodayLine] = []
    if free_cash is not None and free_cash < 0:
        found.append({
            "kind": "free_cash", "urgency": "now", "con_id": None, "page": "positions",
            "text": f"Cash is {-free_cash:,.2f} short of what all short puts would take if they were assigned.",
        })  # fmt: skip
    for position in positions:
        if position["sec_type"] in ("OPT", "FOP") and position["quantity"] < 0:
            found += _of_short(position)
    for strategy in strategies:
        if strategy["bot_state"] in ("late", "silent"):
            words = strategy["bot_words"] or "It has not run when it should have."
            found.append({"kind": "bot", "urgency": "soon", "con_id": None, "page": "strategies",
                          "text": f"{strategy['title']}: {words}"})  # fmt: skip
    if breaks:
        found.append({"kind": "breaks", "urgency": "soon", "con_id": None, "page": "reports",
                      "text": f"{breaks} {'break' if breaks == 1 else 'breaks'} with the broker's statements."})  # fmt: skip
    return sorted(found, key=lambda line: URGENCIES.index(line["urgency"]))


def _of_short(position: PositionView) -> Iterator[TodayLine]:
    name, dte, kept = position["local_symbol"], position["dte"], position["pnl_of_max_profit"]
    if dte is not None and dte <= 1 and position["moneyness"] == "itm":
        yield _line(position, "expiring", f"{name} expires in the money {_when(dte)}.", "now" if dte <= 0 else "soon")
    early = position["early_assignment"]
    if early == "risk" or (early == "unknown" and position["moneyness"] == "itm"):
        asked = "may be assigned early" if early == "risk" else "may be assigned early or not"
        text = f"{name} {asked}. {position['early_assignment_reason']}"
        yield _line(position, "early_assignment", text, "soon" if early == "risk" else "watch")
    if kept is not None and kept >= TARGET_PCT:
        yield _line(position, "target", f"{name} has kept {kept:.0f} % of its premium.", "watch")
    elif dte is not None and 0 <= dte <= DTE_LIMIT:
        yield _line(position, "dte", f"{name} expires {_when(dte)}.", "watch")


def _line(position: PositionView, kind: TodayKind, text: str, urgency: Urgency) -> TodayLine:
    return {"kind": kind, "urgency": urgency, "text": text, "con_id": position["con_id"], "page": "positions"}


def _when(dte: int) -> str:
    return "today" if dte == 0 else "tomorrow" if dte == 1 else f"in {dte} days" if dte > 0 else "— its expiry is over"
