"""What the Strategies page is built from: every place that the browser fills, every button it understands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from dash import html

from data.commands import LONGEST_REASON
from layouts import ids
from layouts.components import command_dialog
from layouts.components.comparison import FIRST, FRAMES_COMPARED
from layouts.components.strategy_card import card_templates
from layouts.shell import page
from layouts.state import PageState
from tests.unit.layouts import tree

SCRIPTS = Path(__file__).parents[3] / "dashboard" / "assets" / "strategies"
EMPTY = page(PageState(), "1.0", {})


def attributes(root: Any, name: str) -> list[str]:
    """Every value of an attribute in `root`, in the order of the page."""
    found = (part.to_plotly_json()["props"].get(name) for part in tree.components(root))
    return [value for value in found if value]


def script(name: str) -> str:
    return (SCRIPTS / name).read_text(encoding="utf-8")


def test_a_card_has_every_place_that_the_browser_fills() -> None:
    card, mini = card_templates()
    code = script("show/card.js")
    filled = set(re.findall(r'(?:fill|money|part)\(card, "(\w+)"', code))
    assert {"state", "pnl_day", "pnl_total", "win_rate", "detail", "said"} <= filled
    places = set(attributes(card, "data-part"))
    assert filled - places == {"link", "line"}
    assert {"link", "line", "state", "pnl_day", "sparkline", "bot_state"} <= set(attributes(mini, "data-part"))


def test_a_card_has_no_place_twice_and_no_id_since_it_is_copied() -> None:
    for template in card_templates():
        places = attributes(template, "data-part")
        assert sorted(places) == sorted(set(places))
        assert tree.ids(template.children) == []


def test_every_button_of_a_card_is_understood() -> None:
    acts = set(re.findall(r'^    "?([\w-]+)"?: \(name', script("show/page.js"), re.MULTILINE))
    card, _ = card_templates()
    assert set(attributes(card, "data-do")) == acts - {
        "resume-symbol",
        "pause-this-symbol",
    }  # of lists and of the drawer


def test_every_figure_that_can_be_asked_for_has_a_rule() -> None:
    rules = set(re.findall(r"^    (\w+): \[", script("base/why.js"), re.MULTILINE))
    for template in card_templates():
        assert set(attributes(template, "data-why")) <= rules


def test_the_steps_are_in_their_order() -> None:
    card, _ = card_templates()
    steps = next(part for part in tree.components(card) if isinstance(part, html.Ol))
    assert attributes(steps, "data-part") == [
        "steps", "step1_box", "step1", "step1_time", "step2_box", "step2", "step2_time", "step3_box", "step3", "step3_time",
    ]  # fmt: skip


def test_the_kill_switch_is_in_the_header_and_its_banner_waits() -> None:
    header = next(part for part in tree.components(EMPTY) if isinstance(part, html.Header))
    assert ids.KILL in tree.ids(header)
    assert tree.by_id(EMPTY, ids.KILL_BANNER).hidden


@pytest.mark.parametrize("dialog", [ids.DIALOG, ids.DECISION, ids.PREVIEW])
def test_a_dialog_is_named_and_begins_closed(dialog: str) -> None:
    found = tree.by_id(EMPTY, dialog)
    assert isinstance(found, html.Dialog)
    assert getattr(found, "aria-labelledby") in tree.ids(found)
    assert not getattr(found, "open", None)


def test_the_reason_may_be_as_long_as_the_server_takes() -> None:
    assert command_dialog.LONGEST_REASON == LONGEST_REASON


def test_one_time_frame_is_chosen_at_first() -> None:
    buttons = [part.to_plotly_json()["props"] for part in tree.components(EMPTY) if isinstance(part, html.Button)]
    frames = {b["data-compare-frame"]: b["aria-pressed"] for b in buttons if "data-compare-frame" in b}
    assert list(frames) == list(FRAMES_COMPARED)
    assert [frame for frame, pressed in frames.items() if pressed == "true"] == [FIRST]


def test_why_the_reader_may_not_command_is_told_to_the_browser() -> None:
    found = page(PageState(refusal="This may only read."), "1.0", {})
    assert tree.by_id(found, ids.CONFIG).data["refusal"] == "This may only read."
    assert tree.by_id(EMPTY, ids.CONFIG).data["refusal"] is None


def test_an_empty_page_says_how_a_bot_comes_under_control() -> None:
    assert "mtz bot -- thetagang --config" in tree.text(tree.by_id(EMPTY, ids.STRATEGIES_EMPTY))
