"""Decisions in words: contracts as people read them, why an order was meant, why one was not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from data.strategies.thetagang.attribution import OrderFacts

Kind = Literal["skip", "rejection", "error", "note"]

TAIL_OUTCOMES = {
    "trading_disabled": "no tail hedge: trading of this symbol is switched off",
    "no_protected_stock_position": "no tail hedge: there are no shares to protect",
    "minimum_entry_spacing": "no tail hedge: the last entry is too recent",
    "annual_budget_exhausted": "no tail hedge: the year's budget is spent",
    "vix_above_entry_max": "no tail hedge: VIX is above the highest for an entry",
    "working_order_present": "no tail hedge: an order of it still works",
    "protected_position_changed": "no tail hedge: the protected position changed meanwhile",
}
REFERENCES = {
    "tg:regime-rebalance:": "regime rebalance",
    "tg:tail-hedge:entry": "tail hedge bought",
    "tg:tail-hedge:close": "tail hedge closed",
    "tg:tail-harvest:": "tail hedge harvested",
}
WARNINGS = frozenset({202, 399, 2109, 10349})  # cancelled as asked, held until the session, outside-hours and TIF notes


def contract(values: Mapping[str, Any]) -> str:
    """A contract of ib_async's fields: AAPL 2026-12-18 190 P; AAPL combination; AAPL."""
    symbol = str(values.get("symbol") or "")
    if values.get("secType") == "BAG":
        return f"{symbol} combination"
    expiry, right = str(values.get("lastTradeDateOrContractMonth") or ""), str(values.get("right") or "")[:1]
    if len(expiry) < 8 or right not in ("P", "C"):
        return symbol
    strike = float(values.get("strike") or 0.0)
    return f"{symbol} {expiry[:4]}-{expiry[4:6]}-{expiry[6:8]} {strike:g} {right}"


def intent(order: OrderFacts, *, is_cash: bool) -> str:
    """What an order is for, by its reference and shape."""
    for start, words in REFERENCES.items():
        if (order.order_ref or "").startswith(start):
            return words
    is_buy = order.action == "BUY"
    if order.sec_type == "BAG":
        return "roll"
    if order.sec_type in ("OPT", "FOP"):
        return "close" if is_buy else "write"
    if is_cash:
        return "park cash" if is_buy else "take cash back"
    return "buy shares" if is_buy else "sell shares"


def event(event_type: str, payload: Mapping[str, Any]) -> tuple[Kind, str] | None:
    """An event of ThetaGang 2's records in words; None: it says nothing that a reader misses."""
    match event_type:
        case "order_broker_rejected" | "order_replacement_rejected":
            return "rejection", _because(
                "the broker rejected the order", payload.get("error_message") or payload.get("status")
            )
        case "order_error" if payload.get("code") not in WARNINGS:
            return "rejection", f"the broker answered {payload.get('code')}: {payload.get('message')}"
        case "order_execution_timeout":
            return (
                "note",
                f"not filled in time, {_number(payload.get('remaining'))} remaining: {payload.get('timeout_action')}",
            )
        case "run_incomplete_orders":
            return "error", "the run ended with orders that aren't filled: " + "; ".join(
                f"{one.get('action')} {_number(one.get('quantity'))} {one.get('symbol')} {one.get('status')}"
                for one in payload.get("orders", ())
            )
        case "run_end" if not payload.get("success", True):
            return "error", "the run ended with an error"
        case "tail_hedge_evaluation":
            outcome = str(payload.get("outcome"))
            return "skip" if outcome in TAIL_OUTCOMES else "note", TAIL_OUTCOMES.get(
                outcome, f"tail hedge: {outcome.replace('_', ' ')}"
            )
        case "regime_rebalance_gate":
            return None if payload.get("orders") else ("skip", _regime(payload))
    return None


def _regime(payload: Mapping[str, Any]) -> str:
    """Why the regime rebalance did nothing, by its own gates."""
    if not (payload.get("soft_breach") or payload.get("hard_breach")):
        return "no rebalance: the weights are within their bands"
    gates = {
        "regime_ok": "the market trends",
        "cooldown_ok": "the last rebalance is too recent",
        "ratio_gate_ok": "the ratio gate is shut",
    }
    shut = [words for gate, words in gates.items() if payload.get(gate) is False]
    return f"no rebalance: {' and '.join(shut)}" if shut else "no rebalance"


def _because(words: str, why: Any) -> str:
    return f"{words}: {why}" if why else words


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else "?"
