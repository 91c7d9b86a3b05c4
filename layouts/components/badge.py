"""DEMO, PAPER or LIVE: whose money this is."""

from __future__ import annotations

from dash import html

from layouts import ids

MEANING = {
    "demo": "A simulated account: no money is at stake.",
    "paper": "A paper account at the broker: no money is at stake.",
    "live": "A real account with real money.",
}


def badge(source: str | None) -> html.Span:
    return html.Span(
        source.upper() if source else "",
        id=ids.BADGE,
        className=f"badge-source {source or 'none'}",
        title=MEANING.get(source or "", ""),
    )
