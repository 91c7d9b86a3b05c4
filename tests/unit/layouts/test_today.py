"""The panel of what is due, before the first answer: nothing is claimed, and every part has its name."""

from __future__ import annotations

from dash import html

from layouts import ids
from layouts.components.today import today
from layouts.overview import overview
from layouts.state import PageState
from tests.unit.layouts import tree


def test_it_is_the_first_of_the_overview() -> None:
    content = tree.by_id(overview(PageState(account="DU1")), ids.CONTENT)
    assert ids.TODAY_LINES in tree.ids(content.children[0])


def test_before_an_answer_it_claims_nothing() -> None:
    panel = today()
    assert "othing to do" not in tree.text(panel)
    assert tree.text(tree.by_id(panel, ids.TODAY_STATE)) == "What is due is being read."
    for part in (ids.TODAY_LINES, ids.TODAY_UNKNOWN, ids.TODAY_FREE, ids.TODAY_FAILED):
        assert tree.by_id(panel, part).hidden
    assert tree.text(tree.by_id(panel, ids.TODAY_FREE_FIGURE)) == ""


def test_its_lists_have_names_and_an_age_is_never_read_out() -> None:
    panel = today()
    lists = [part.to_plotly_json()["props"] for part in tree.components(panel) if isinstance(part, html.Ul)]
    assert [part["role"] for part in lists] == ["list", "list"]
    assert len({part["aria-label"] for part in lists}) == 2
    spoken = [part for part in tree.components(panel) if getattr(part, "role", None) == "status"]
    assert [part.id for part in spoken] == [ids.TODAY_PROBLEM]
