"""DEMO, PAPER or LIVE: whose money this is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import html

from layouts import ids

if TYPE_CHECKING:
    from data.views import SourceName

MEANINGS = {
    "demo": "Simulated market and money",
    "paper": "A paper trading account",
    "live": "A live account: real money",
}


def badge(source: SourceName | None) -> html.Span:
    """Empty until a gateway has said which account it is."""
    name = source or "none"
    return html.Span(
        source.upper() if source else "",
        id=ids.BADGE,
        className=f"source-badge source-{name}",
        title=MEANINGS.get(name),
    )
