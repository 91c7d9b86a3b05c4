"""What stands still is HTML: the same words under the same ids, and whatever Dash must know of is left to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from layouts import ids
from layouts.shell import page
from layouts.state import PageState
from layouts.still import still
from tests.unit.layouts import tree


def parts(root: Any) -> Iterator[Any]:
    """Components and pieces of HTML, in the order of the page."""
    if isinstance(root, list | tuple):
        for each in root:
            yield from parts(each)
    elif isinstance(root, dict):
        yield root
    elif hasattr(root, "_namespace"):
        yield root
        yield from parts(getattr(root, "children", None))


def markup(piece: dict[str, Any]) -> str:
    found: str = piece["props"]["dangerouslySetInnerHTML"]["__html"]
    return found


def own_text(part: Any) -> str:
    """The words that stand in a component itself."""
    children = getattr(part, "children", None) or []
    return " ".join(
        each for each in (children if isinstance(children, list | tuple) else [children]) if isinstance(each, str)
    )


def test_plain_elements_are_written_as_react_would() -> None:
    made = still(
        html.Section(
            [
                html.Label("R & D < 1", htmlFor="x", className="a b"),
                html.Button("go", disabled=True, hidden=False, tabIndex=-1, **{"aria-pressed": "false", "data-say": '"<&'}),
                html.P([html.Strong("5"), " of ", 6, None], style={"marginTop": "2px", "color": "red"}),
                html.Br(),
                html.Time(dateTime="2026-01-05"),
            ],
            id="s",
            className="panel",
        )
    )  # fmt: skip
    assert made["type"] == "Section"
    assert {name: made["props"][name] for name in ("id", "className")} == {"id": "s", "className": "panel"}
    assert markup(made) == (
        '<label class="a b" for="x">R &amp; D &lt; 1</label>'
        '<button aria-pressed="false" data-say="&quot;&lt;&amp;" disabled tabindex="-1">go</button>'
        '<p style="margin-top:2px;color:red"><strong>5</strong> of 6</p><br><time datetime="2026-01-05"></time>'
    )


def test_what_dash_must_know_of_stays_with_all_that_is_around_it() -> None:
    made = still(html.Div([html.P([html.B("a"), "b"]), html.Div(dbc.Select(id="choice")), "text"], id="around"))
    assert made.id == "around"
    first, second, third = made.children
    assert markup(first) == "<b>a</b>b"
    assert second.children.id == "choice"
    assert third == "text"


def test_the_page_loses_nothing() -> None:
    state = PageState()
    before = page(state, "1.0", {})
    named, words = set(tree.ids(before)), tree.text(before)
    many = len(list(tree.components(before)))
    found = list(parts(still(before)))
    pieces = [part for part in found if isinstance(part, dict)]
    left = [part for part in found if not isinstance(part, dict)]
    inside = " ".join(map(markup, pieces))
    after = (
        {part["props"].get("id") for part in pieces} | set(tree.ids(left)) | set(re.findall(r' id="([^"]+)"', inside))
    )
    assert named <= after
    texts = [unescape(re.sub(r"<[^>]+>", " ", inside)), *map(own_text, left)]
    assert sorted(" ".join(texts).split()) == sorted(words.split())
    assert len(found) < many / 2
    for box in (ids.BOOK_GRID, *map(ids.journal_grid, ("executions", "orders", "trips"))):
        assert ids.grid_box(box) in {getattr(part, "id", None) for part in left}  # Dash is told what comes into it
