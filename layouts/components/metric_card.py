"""A metric card: title, value, change, age, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import html

from layouts import format as fmt
from layouts import ids
from layouts.components.why import fact, why

if TYPE_CHECKING:
    from data.views import MetricView

# The titles of the page before anything is known, in order.
EMPTY = {
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
SIGNED = frozenset({"daily_pnl", "total_pnl", "theta_per_day", "premium_month"})


def placeholder(key: str) -> MetricView:
    """The card of a metric of which nothing is known."""
    return {
        "key": key,
        "title": EMPTY[key],
        "value": None,
        "unit": "money",
        "change": None,
        "as_of": None,
        "source": "",
        "rule": "",
        "reason": "No account is known yet.",
    }


def note(metric: MetricView) -> str:
    """The line under the value: the change, or why there is no value."""
    if metric["value"] is None:
        return metric["reason"] or ""
    if metric["change"] is None:
        return ""
    return fmt.metric(metric["change"], metric.get("change_unit", "percent"), None, signed=True)


def metric_card(metric: MetricView, currency: str | None) -> html.Article:
    key = metric["key"]
    signed = key in SIGNED
    value = fmt.metric(metric["value"], metric["unit"], currency, signed)
    tone = fmt.tone(metric["value"]) if signed else "flat"
    title = f"card-{key}-title"
    return html.Article(
        [
            html.Div(
                [
                    html.H3(metric["title"], id=title, className="card-title"),
                    why("why", _reasons(metric), label=f"Where {metric['title']} comes from", class_name="card-why"),
                ],
                className="card-head",
            ),
            html.P(value, id=ids.card(key, "value"), className=f"card-value tone-{tone}", **{"data-flash": ""}),
            html.P(
                [
                    html.Span(note(metric), id=ids.card(key, "note"), className=f"card-note tone-{_note_tone(metric)}"),
                    html.Span("", id=ids.card(key, "age"), className="card-age", **_as_of(metric["as_of"])),
                ],
                className="card-foot",
            ),
        ],
        className="panel metric-card",
        **{"aria-labelledby": title, "data-metric": key},
    )


def _reasons(metric: MetricView) -> list[html.Dl]:
    key = metric["key"]
    return [
        html.Dl(
            [
                fact("Not known", metric["reason"] or "", id=ids.card(key, "reason")),
                fact("Rule", metric["rule"], id=ids.card(key, "rule")),
                fact("Source", metric["source"], id=ids.card(key, "source")),
                fact("As of", "", id=ids.card(key, "as-of"), **_as_of(metric["as_of"], "time")),
            ]
        )
    ]


def _note_tone(metric: MetricView) -> str:
    return fmt.tone(metric["change"]) if metric["value"] is not None else "flat"


def _as_of(as_of: str | None, kind: str = "age") -> dict[str, str]:
    """What clock.js turns into an age, or a time of the reader's zone."""
    return {"data-as-of": as_of or "", "data-show": kind}
