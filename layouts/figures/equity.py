"""Today's equity: a TradingView Lightweight Chart that assets/chart.js fills, colours and lets grow."""

from __future__ import annotations

import dash_tvlwc

from layouts import ids


def equity_chart() -> dash_tvlwc.Tvlwc:
    """Empty: the series, its gaps and the theme's colours come from the browser, where the reader's zone is known."""
    return dash_tvlwc.Tvlwc(id=ids.CHART, height="100%", width="100%", series=[], chartOptions={"autoSize": True})
