"""A chart's frame as it is first sent: every tool named, every button's meaning where the browser looks for it."""

from __future__ import annotations

from typing import Any

import pytest
from dash import html

from layouts import ids
from layouts.components.chart import FRAMES
from layouts.components.position_drawer import TECHNICAL
from layouts.shell import page
from layouts.state import PageState
from tests.unit.layouts import tree

EMPTY = page(PageState(), "1.0", {"ticking": 30.0, "resting": 200.0})


def attributes(component: html.Button) -> dict[str, Any]:
    found: dict[str, Any] = component.to_plotly_json()["props"]
    return found


@pytest.mark.parametrize("key", list(ids.Chart))
def test_every_chart_has_every_frame_and_names_itself(key: ids.Chart) -> None:
    for frame in FRAMES:
        button = attributes(tree.by_id(EMPTY, ids.chart(f"frame-{frame}", key)))
        assert (button["data-chart"], button["data-act"], button["data-value"]) == (key, "frame", frame)
        assert button["aria-pressed"] == "false"
    plot = attributes(tree.by_id(EMPTY, ids.chart("plot", key)))
    assert plot["data-chart"] == key
    assert plot["tabIndex"] == 0
    assert plot["aria-label"].startswith("Chart: ")


@pytest.mark.parametrize("key", list(ids.Chart))
def test_the_chart_reports_what_is_seen_and_pointed_at(key: ids.Chart) -> None:
    chart = tree.by_id(EMPTY, ids.chart("chart", key))
    assert chart.subscribeVisibleRange
    assert chart.subscribeCrosshair


def test_one_look_is_chosen_at_first() -> None:
    pressed = [
        attributes(tree.by_id(EMPTY, ids.chart(f"style-{name}", "equity")))["aria-pressed"]
        for name in ("area", "candles")
    ]
    assert pressed == ["true", "false"]


def test_the_benchmark_waits_until_it_is_known_to_have_bars() -> None:
    button = attributes(tree.by_id(EMPTY, ids.chart("benchmark-button", "equity")))
    assert button["aria-disabled"] == "true"
    assert button["aria-describedby"] == ids.BENCHMARK_WHY


def test_every_indicator_has_a_switch_that_explains_itself() -> None:
    for name in TECHNICAL:
        button = attributes(tree.by_id(EMPTY, ids.chart(f"technical-{name}", ids.Chart.SYMBOL)))
        assert button["title"]
        assert button["data-act"] == "technical"


def test_the_attribution_is_on_the_about_page() -> None:
    assert "TradingView Lightweight Charts" in tree.text(tree.by_id(EMPTY, ids.PAGE_ABOUT))
