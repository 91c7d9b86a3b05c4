"""The page as it is first sent: complete, named, and honest about what is not known."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from dash import dcc, html

from layouts import ids
from layouts.components.age import said as age_said
from layouts.components.connection import connection
from layouts.components.market import market
from layouts.components.market import said as market_said
from layouts.components.metric_card import TITLES, metric_card
from layouts.shell import MORE_PAGES, PAGES, page
from layouts.state import PageState
from tests.unit.layouts import tree

if TYPE_CHECKING:
    from data.views import ComponentView, FreshnessName, HealthView, MetricView, PhaseName

LIMITS = {"ticking": 30.0, "resting": 200.0}
EMPTY = page(PageState(), "1.0", LIMITS)


def metric(value: float | None, **members: object) -> MetricView:
    base = {
        "key": "daily_pnl", "title": "Day P&L", "value": value, "unit": "money", "change": None, "as_of": None,
        "source": "the broker", "rule": "As it says.", "reason": None if value is not None else "It was not sent.",
    }  # fmt: skip
    return base | members  # type: ignore[return-value]


def health(freshness: FreshnessName, reason: str | None = None, phase: PhaseName | None = "open") -> HealthView:
    part: ComponentView = {"state": "connected", "reason": None, "since": None, "age_s": 1.0}
    return {
        "account": "DU1", "source": "demo", "freshness": freshness, "as_of": "2026-01-05T15:00:00.000Z", "age_s": 42.0,
        "database": part, "poller": part, "gateway": {**part, "reason": reason}, "gateway_address": "127.0.0.1:4002",
        "market_phase": phase, "next_phase_at": None, "market_data_type": 1, "market_data_lines": 3, "queue_depth": 0,
        "spool_bytes": 0, "implausible": 0, "other_clients_fills": None, "last_error": None, "last_error_at": None,
    }  # fmt: skip


def test_every_id_is_there_once() -> None:
    found = tree.ids(EMPTY)
    assert sorted(found) == sorted(set(found))


def test_every_named_id_is_on_the_page() -> None:
    named = {value for name, value in vars(ids).items() if name.isupper() and isinstance(value, str)}
    assert named <= set(tree.ids(EMPTY))


def test_every_card_is_there_with_every_part_before_anything_is_known() -> None:
    found = set(tree.ids(EMPTY))
    parts = ("value", "unit", "change", "reason", "age", "why", "rule")
    assert {ids.card(part, key) for part, key in itertools.product(parts, TITLES)} <= found
    for key in TITLES:
        assert tree.text(tree.by_id(EMPTY, ids.card("value", key))) == "—"


def test_a_page_without_an_account_says_what_it_waits_for() -> None:
    waiting = tree.by_id(EMPTY, ids.WAITING)
    assert not waiting.hidden
    assert "Waiting for the gateway" in tree.text(waiting)
    assert tree.by_id(EMPTY, ids.CONTENT).hidden
    assert tree.text(tree.by_id(EMPTY, ids.BADGE)) == ""


def test_why_there_is_nothing_is_on_the_page() -> None:
    found = page(PageState(problem="The database can't be reached."), "1.0", LIMITS)
    notice = tree.by_id(found, ids.PROBLEM)
    assert not notice.hidden
    assert tree.text(notice) == "The database can't be reached."


def test_the_skip_link_leads_to_the_content_and_there_is_one_of_each_landmark() -> None:
    parts = list(tree.components(EMPTY))
    skip = next(part for part in parts if isinstance(part, html.A))
    assert skip.href == f"#{ids.MAIN}"
    for landmark in (html.Header, html.Main, html.Nav):
        assert sum(isinstance(part, landmark) for part in parts) == 1


def test_a_button_without_words_has_a_name() -> None:
    for part in tree.components(EMPTY):
        if isinstance(part, html.Button):
            name = tree.text(part) or part.to_plotly_json()["props"].get("aria-label")
            assert name, part.id


def test_the_picker_is_there_for_several_accounts_only() -> None:
    for accounts, hidden in ((["DU1"], True), (["DU1", "DU2"], False)):
        found = page(PageState(accounts=accounts, account="DU1"), "1.0", LIMITS)
        assert tree.by_id(found, ids.PICKER_BOX).hidden is hidden
        assert tree.by_id(found, ids.PICKER).value == "DU1"


def test_the_tabs_are_the_pages_that_work() -> None:
    tabs = [
        part.href
        for part in tree.components(EMPTY)
        if isinstance(part, dcc.Link) and "tab" in getattr(part, "className", "")
    ]
    assert tabs == [path for _, path in (*PAGES, *MORE_PAGES)]
    assert len(PAGES) <= 5  # they share a telephone's width


def test_the_downloads_name_the_account() -> None:
    found = page(PageState(accounts=["DU1"], account="DU1"), "1.0", LIMITS)
    assert tree.by_id(found, ids.TRADES_CSV).href == "/api/exports/trades.csv?account=DU1"


@pytest.mark.parametrize(
    ("value", "shown", "tone"), [(12.5, "+12.50", "up"), (-12.5, "−12.50", "down"), (0.001, "0.00", "flat"), (None, "—", "flat")]
)  # fmt: skip
def test_a_gain_and_a_loss_have_sign_and_colour(value: float | None, shown: str, tone: str) -> None:
    figure = tree.by_id(metric_card("daily_pnl", metric(value), "USD"), ids.card("value", "daily_pnl"))
    assert tree.text(figure) == shown
    assert tone in figure.className.split()


def test_an_unknown_value_tells_why_on_the_card_and_in_its_popover() -> None:
    card = metric_card("daily_pnl", metric(None), "USD")
    assert tree.text(tree.by_id(card, ids.card("reason", "daily_pnl"))) == "It was not sent."
    assert "It was not sent." in tree.text(tree.by_id(card, ids.card("rule", "daily_pnl")))
    assert tree.text(tree.by_id(card, ids.card("unit", "daily_pnl"))) == ""


@pytest.mark.parametrize(
    ("freshness", "shown"),
    [
        ("live", "Live"), ("delayed", "Delayed"), ("frozen", "Frozen"), ("stale", "Stale 42 s"), ("closed", "Closed"),
        ("offline", "Offline"),
    ],
)  # fmt: skip
def test_the_pill_has_a_word_for_every_state(freshness: FreshnessName, shown: str) -> None:
    found = connection(health(freshness, "The gateway restarts."))
    assert tree.text(tree.by_id(found, ids.PILL_TEXT)).replace("\u00a0", " ") == shown
    assert freshness in tree.by_id(found, ids.PILL).className.split()
    assert tree.text(tree.by_id(found, ids.PILL_WHY)) == "The gateway restarts."


@pytest.mark.parametrize(
    ("phase", "shown"),
    [("pre", "Pre-market"), ("open", "Market open"), ("post", "After hours"), ("closed", "Market closed"), (None, "")],
)
def test_the_session_has_a_word_for_every_phase(phase: PhaseName | None, shown: str) -> None:
    assert tree.text(market(health("live", phase=phase))) == shown


def test_the_session_counts_down() -> None:
    now = datetime(2026, 11, 24, 15, 0, 0, tzinfo=UTC)
    view = health("live")
    view["next_phase_at"] = "2026-11-24T17:14:30.000Z"
    assert market_said(view, now).replace("\u00a0", " ") == "Market open · closes in 2 h 14 min"


def test_an_age_is_there_before_any_script_runs() -> None:
    now = datetime(2026, 11, 24, 15, 0, 0, tzinfo=UTC)
    assert age_said("2026-11-24T14:59:57.000Z", now) == "3\u00a0s ago"
    assert age_said(None, now) == ""
