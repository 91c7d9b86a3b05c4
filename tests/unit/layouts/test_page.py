"""What stands on the page, before any browser: every state of the data has its words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from dash.development.base_component import Component

from callbacks.shell import LIMITS
from layouts import ids
from layouts.components import connection, market
from layouts.components.age import said
from layouts.components.metric_card import TITLES, metric_card
from layouts.shell import page
from layouts.state import PageState

NOW = datetime(2026, 11, 24, 15, 0, 0, tzinfo=UTC)


def find(root: Component, component_id: str) -> Any:
    return root[component_id]


def texts(component: Any) -> str:
    """Every string below, in order."""
    if component is None or isinstance(component, str | int | float):
        return str(component or "")
    if isinstance(component, list | tuple):
        return " ".join(texts(child) for child in component)
    return texts(getattr(component, "children", None))


def health(**values: Any) -> Any:
    part = {"state": "connected", "reason": None, "since": None, "age_s": 0.5}
    base: dict[str, Any] = {
        "account": "DU1", "source": "demo", "freshness": "live", "as_of": "2026-11-24T14:59:57.000Z", "age_s": 3.0,
        "database": part, "poller": part, "gateway": part, "gateway_address": "127.0.0.1:4002", "market_phase": "open",
        "next_phase_at": "2026-11-24T17:14:30.000Z", "market_data_type": 1, "market_data_lines": 3, "queue_depth": 0,
        "spool_bytes": 0, "implausible": 0, "other_clients_fills": None, "last_error": None, "last_error_at": None,
    }  # fmt: skip
    return base | values


def test_an_empty_page_teaches() -> None:
    root = page(PageState(), "1.2.3", LIMITS)
    assert not find(root, ids.WAITING).hidden
    assert find(root, ids.CONTENT).hidden
    assert "Waiting for the gateway" in texts(find(root, ids.WAITING))
    assert find(root, ids.PICKER_BOX).hidden
    assert "1.2.3" in texts(find(root, ids.PAGE_ABOUT))


def test_a_problem_is_said() -> None:
    root = page(PageState(problem="The database can't be reached."), "1", LIMITS)
    assert texts(find(root, ids.PROBLEM)) == "The database can't be reached."
    assert not find(root, ids.PROBLEM).hidden


def test_no_id_stands_twice_and_every_card_is_there() -> None:
    root = page(PageState(accounts=["A", "B"], account="A"), "1", LIMITS)
    found = [c.id for c in root._traverse() if getattr(c, "id", None)]
    assert len(found) == len(set(found))
    for key in TITLES:
        for part in ("value", "unit", "change", "reason", "age", "why", "rule"):
            assert ids.card(part, key) in found
    assert not find(root, ids.PICKER_BOX).hidden


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({}, "Live"), ({"freshness": "delayed"}, "Delayed"), ({"freshness": "frozen"}, "Frozen"), ({"freshness": "closed"}, "Closed"),
        ({"freshness": "offline"}, "Offline"), ({"freshness": "stale", "age_s": 42.0}, "Stale 42 s"),
        ({"freshness": "stale", "age_s": None}, "Stale"),
    ],
)  # fmt: skip
def test_the_pill(values: dict[str, Any], shown: str) -> None:
    assert connection.said(health(**values)).replace("\u00a0", " ") == shown


def test_the_pill_names_the_nearest_broken_part() -> None:
    broken = {"state": "refused", "reason": "It refuses.", "since": None, "age_s": None}
    assert connection.reason(health(gateway=broken)) == "It refuses."
    assert connection.reason(health()) == "Every part answers."
    assert connection.said(None) == "Offline"


def test_the_market_counts_down() -> None:
    assert market.said(health(), NOW).replace("\u00a0", " ") == "Market open · closes in 2 h 14 min"
    assert market.said(health(next_phase_at=None), NOW) == "Market open"
    assert market.said(health(market_phase=None), NOW) == ""


def test_ages() -> None:
    assert said("2026-11-24T14:59:57.000Z", NOW) == "3\u00a0s ago"
    assert said(None, NOW) == ""


def test_an_unknown_card_says_why_and_shows_no_zero() -> None:
    card = metric_card(
        "cushion",
        {"key": "cushion", "title": "Cushion", "value": None, "unit": "fraction", "change": None, "as_of": None,
         "source": "the broker", "rule": "A rule.", "reason": "Not sent."},
        "USD",
    )  # fmt: skip
    assert texts(find(card, ids.card("value", "cushion"))) == "—"
    assert texts(find(card, ids.card("reason", "cushion"))) == "Not sent."
    assert "Unknown because" in texts(find(card, ids.card("rule", "cushion")))
    assert not re.search(r"\b0", texts(card))
