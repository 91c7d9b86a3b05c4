"""What asks for a decision today, the most urgent first. Pure; docs/positions.md says when each line comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from data.control_views import StrategyView
from data.naming import contract_name
from data.reconciliation_views import SuspectedTransfer
from data.risk_views import AssignmentView, RiskOptions, TodayKind, TodayLine, Urgency
from data.views import PositionView

URGENCIES: tuple[Urgency, ...] = ("now", "soon", "watch")
KINDS: tuple[TodayKind, ...] = (
    "free_cash",
    "expiring",
    "assigned",
    "early_assignment",
    "bot",
    "breaks",
    "transfer",
    "target",
    "dte",
)
NAMED = 5  # contracts that a sentence names at most


@dataclass(frozen=True, slots=True)
class Cash:
    """In the base currency: less all short puts' strikes, and what is parked in cash funds beside it. None: not known."""

    free: float | None
    near: float | None = None


def lines(
    positions: Iterable[PositionView],
    assignments: Iterable[AssignmentView],
    cash: Cash,
    strategies: Iterable[StrategyView],
    breaks: int | None,
    options: RiskOptions,
    transfers: Iterable[SuspectedTransfer] = (),
) -> list[TodayLine]:
    """`breaks` None: no statement was compared. `transfers` are what is suspected."""
    found: list[TodayLine] = list(_of_cash(cash))
    found += [_assigned(each) for each in assignments if each["state"] == "unconfirmed" or each["is_current"]]
    for position in positions:
        if is_short_option(position):
            found += _of_short(position, options)
    for strategy in strategies:
        if strategy["bot_state"] in ("late", "silent"):
            words = strategy["bot_words"] or "It has not run when it should have."
            found.append({"kind": "bot", "urgency": "soon", "con_id": None, "page": "strategies",
                          "text": f"{strategy['title']}: {words}"})  # fmt: skip
    if breaks:
        found.append({"kind": "breaks", "urgency": "soon", "con_id": None, "page": "reports",
                      "text": f"{breaks} {'break' if breaks == 1 else 'breaks'} with the broker's statements."})  # fmt: skip
    found += [{"kind": "transfer", "urgency": "watch", "con_id": None, "page": "reports",
               "text": each["text"][:1].upper() + each["text"][1:]} for each in transfers if each["is_open"]]  # fmt: skip
    return sorted(found, key=lambda line: (URGENCIES.index(line["urgency"]), KINDS.index(line["kind"])))


def unknown(positions: Iterable[PositionView], cash: Cash, breaks: int | None) -> list[str]:
    """Why more can't be known of what is held, a sentence each."""
    found = []
    if cash.free is None:
        found.append("Free cash: cash is not known, or a short put is adjusted or in another currency.")
    priceless = [
        contract_name(p) for p in positions
        if is_short_option(p) and not p["non_standard"] and (p["market_price"] is None or p["moneyness"] is None)
    ]  # fmt: skip
    if priceless:
        found.append(f"Without a price of the option or of its underlying: {_named(priceless)}.")
    if breaks is None:
        found.append("Breaks with the broker: no statement has been compared yet.")
    return found


def is_short_option(position: PositionView) -> bool:
    return position["sec_type"] in ("OPT", "FOP") and position["quantity"] < 0


def _of_cash(cash: Cash) -> Iterator[TodayLine]:
    if cash.free is None or cash.free >= 0:
        return
    text = f"Cash is {-cash.free:,.2f} short of what all short puts would take if they were assigned"
    is_covered = cash.near is not None and cash.free + cash.near >= 0
    text += f"; {cash.near:,.2f} in cash funds would cover that once sold." if is_covered else "."
    yield {
        "kind": "free_cash",
        "urgency": "soon" if is_covered else "now",
        "con_id": None,
        "page": "positions",
        "text": text,
    }


def _assigned(each: AssignmentView) -> TodayLine:
    """What is not confirmed yet wants to be looked at now: the book doesn't have it."""
    contracts = f"{each['contracts']:g} {'contract' if each['contracts'] == 1 else 'contracts'}"
    deed = "assigned" if each["kind"] == "assignment" else "exercised"
    moved = f"{abs(each['shares']):g} {each['symbol']} {'came' if each['shares'] > 0 else 'went'} at {each['strike']:g}"
    text = f"{each['local_symbol']}: {contracts} {deed}, {each['state']}" + (f"; {moved}." if each["shares"] else ".")
    return {
        "kind": "assigned", "urgency": "now" if each["state"] == "unconfirmed" else "soon", "text": text,
        "con_id": each["shares_con_id"], "page": "positions",
    }  # fmt: skip


def _named(names: list[str]) -> str:
    shown, rest = names[:NAMED], len(names) - NAMED
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")


def _of_short(position: PositionView, options: RiskOptions) -> Iterator[TodayLine]:
    name, dte, kept = contract_name(position), position["dte"], position["pnl_of_max_profit"]
    if dte is not None and dte <= 1 and position["moneyness"] == "itm":
        yield _line(position, "expiring", f"{name} expires in the money {_when(dte)}.", "now" if dte <= 0 else "soon")
    early = position["early_assignment"]
    if early == "risk" or (early == "unknown" and position["moneyness"] == "itm"):
        asked = "may be assigned early" if early == "risk" else "may be assigned early or not"
        text = f"{name} {asked}. {position['early_assignment_reason']}"
        yield _line(position, "early_assignment", text, "soon" if early == "risk" else "watch")
    if kept is not None and kept >= options.target_pct:
        yield _line(position, "target", f"{name} has kept {kept:.0f} % of its premium.", "watch")
    elif dte is not None and 0 <= dte <= options.dte_limit:
        yield _line(position, "dte", f"{name} expires {_when(dte)}.", "watch")


def _line(position: PositionView, kind: TodayKind, text: str, urgency: Urgency) -> TodayLine:
    return {"kind": kind, "urgency": urgency, "text": text, "con_id": position["con_id"], "page": "positions"}


def _when(dte: int) -> str:
    return "today" if dte == 0 else "tomorrow" if dte == 1 else f"in {dte} days" if dte > 0 else "— its expiry is over"
