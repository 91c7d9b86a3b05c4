"""A metric card: title, value, change, how old, and a "why" that opens where the number comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dash_bootstrap_components as dbc
from dash import html

from layouts import format as text
from layouts import ids
from layouts.components.age import age

if TYPE_CHECKING:
    from data.views import MetricView

# The cards in order, for a page that has no numbers yet.
TITLES = {
    "net_liquidation": "Net liquidation",
    "daily_pnl": "Day P&L",
    "total_pnl": "Total P&L",
    "win_rate": "Win rate",
    "active_strategies": "Active strategies",
    "cash": "Cash",
    "buying_power": "Buying power",
    "cushion": "Cushion",
    "theta_per_day": "Net theta per day",
    "premium_month": "Premium this month",
}
SIGNED = frozenset({"daily_pnl", "total_pnl", "theta_per_day", "premium_month"})  # gains and losses: sign and colour


def metric_card(key: str, view: MetricView | None, currency: str | None) -> html.Article:
    """`view` None: nothing is known of it yet."""
    value = view["value"] if view else None
    change = view["change"] if view else None
    unit = view["unit"] if view else "money"
    signed = key in SIGNED
    tone = text.direction(value) if signed else "flat"
    title = view["title"] if view else TITLES[key]
    return html.Article(
        [
            html.Div(
                [
                    html.H3(title, className="metric-title"),
                    html.Span(
                        currency if currency and unit == "money" and value is not None else "",
                        id=ids.card("unit", key),
                        className="unit",
                    ),
                    _why_button(key, title),
                ],
                className="metric-head",
            ),
            html.P(
                [
                    html.Span(
                        text.card_value(value, unit, plus=signed), id=ids.card("value", key), className=f"figure {tone}"
                    ),
                ],
                className="metric-value",
            ),
            html.P(
                [
                    html.Span(
                        text.card_change(change, view.get("change_unit") if view else None),
                        id=ids.card("change", key),
                        className=f"change {text.direction(change)}",
                    ),
                    html.Span((view["reason"] if view else None) or "", id=ids.card("reason", key), className="reason"),
                    age(ids.card("age", key), view["as_of"] if view else None),
                ],
                className="metric-foot",
            ),
            dbc.Popover(
                dbc.PopoverBody(why(view), id=ids.card("rule", key)),
                target=ids.card("why", key),
                trigger="legacy",
                placement="bottom",
            ),
        ],
        className="metric",
        **{"aria-label": title},
    )


def _why_button(key: str, title: str) -> html.Button:
    return html.Button(
        "why",
        id=ids.card("why", key),
        className="why",
        type="button",
        **{"aria-label": f"Why: where {title} comes from", "aria-haspopup": "dialog"},
    )


def why(view: MetricView | None) -> list[Any]:
    """Where a number comes from, by which rule, how old; assets/cards.js writes the same with the reader's clock."""
    if view is None:
        return ["Nothing is known yet."]
    rows: list[Any] = [
        html.Dt("Source"),
        html.Dd(view["source"]),
        html.Dt("Rule"),
        html.Dd(view["rule"]),
        html.Dt("As of"),
        html.Dd(view["as_of"] or text.UNKNOWN),
    ]
    if view["reason"]:
        rows += [html.Dt("Unknown because"), html.Dd(view["reason"])]
    return [html.Dl(rows, className="facts")]
