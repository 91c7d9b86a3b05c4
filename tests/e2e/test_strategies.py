"""Strategies in a browser: what a person sees of control, from the click to what is enforced, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.auth.users import offline
from data.audit import Caller
from tests.conftest import Server
from tests.e2e.bots import Bots, bots, furnish, leading
from tests.e2e.conftest import Open
from tests.e2e.stack import without_upgrades
from tests.e2e.test_craft import CONTRAST, DUPLICATES, NAMELESS, SHIFTS, WIDTHS
from tests.web import samples
from tests.web.samples import Writer
from tests.web.server import Web, running, wait_until

pytestmark = [pytest.mark.xdist_group("browser-strategies"), pytest.mark.timeout(120)]

LOCAL = Caller("test", "local")
WHEEL, HEDGE, MOMENTUM = "thetagang/wheel", "thetagang/hedge", "tracker/momentum"
AWAY = "the agent is not running: nothing has been"


@pytest.fixture(scope="module")
def hand(url: str, write: Writer) -> Iterator[Bots]:
    """Three strategies of two bots; a short put of the wheel."""
    with bots(url) as found:
        furnish(found)
        found.sql("UPDATE executions SET strategy = NULL")
        write.flush(executions=(samples.execution(900),))
        found.sql("UPDATE executions SET strategy = %s", [WHEEL])
        yield found


@pytest.fixture(autouse=True)
def _nothing_was_asked_for(hand: Bots) -> None:
    hand.forget_commands()


def strategies(web: Web, open_page: Open, *size: tuple[int, int], path: str = "/strategies", **options: Any) -> Page:
    page = open_page(web.origin + path, *size, **options)
    page.wait_for_function("() => mtz.state.state.strategies")
    return page


def with_socket(page: Page) -> None:
    page.wait_for_function("() => mtz.socket.working()")


def card(page: Page, name: str = WHEEL) -> Locator:
    return page.locator(f'#strategy-cards [data-strategy="{name}"]')


def part(holder: Locator, name: str) -> Locator:
    return holder.locator(f'[data-part="{name}"]')


def button(holder: Locator, what: str) -> Locator:
    return holder.locator(f'button[data-do="{what}"]')


def given(hand: Bots, strategy: str) -> list[tuple[Any, ...]]:
    """Every command for a strategy, the oldest first."""
    return hand.sql(
        "SELECT action, scope, symbol, reason, actor FROM commands WHERE strategy = %s ORDER BY id", [strategy]
    )


def state(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("mtz.state.state.strategies")
    return found


# -- two pages -----------------------------------------------------------------------------------------------------------


def test_the_page_has_an_address_a_title_and_a_way_back(web: Web, open_page: Open) -> None:
    page = strategies(web, open_page)
    expect(page.locator("#page-strategies")).to_be_visible()
    expect(page.locator("#page-overview")).to_be_hidden()
    expect(page).to_have_title("Strategies · MoneyTrailz · DEMO")
    expect(page.locator("#nav-strategies")).to_have_attribute("aria-current", "page")
    page.click("#nav-overview")
    expect(page).to_have_title("MoneyTrailz · DEMO")
    expect(page.locator("#page-strategies")).to_be_hidden()
    page.go_back()
    expect(page.locator("#page-strategies")).to_be_visible()
    expect(page).to_have_url(f"{web.origin}/strategies")
    page.goto(f"{web.origin}/strategies/")
    expect(page.locator("#page-strategies")).to_be_visible()


def test_on_a_phone_the_pages_are_in_a_bar_at_the_bottom(web: Web, open_page: Open) -> None:
    page = strategies(web, open_page, (390, 844), path="/")
    box = page.locator("#nav-strategies").bounding_box()
    assert box is not None
    assert box["y"] > 780
    page.click("#nav-strategies")
    expect(card(page)).to_be_visible()


def test_small_cards_on_the_overview_lead_to_the_large_ones(web: Web, open_page: Open) -> None:
    page = strategies(web, open_page, path="/")
    small = page.locator(f'#strategy-minis [data-strategy="{WHEEL}"]')
    expect(part(small, "state")).to_have_text("Active")
    expect(part(small, "pnl_day")).to_have_text("▲ +42.50")
    expect(small.locator("svg")).to_be_visible()
    small.locator("a").click()
    expect(page.locator("#page-strategies")).to_be_visible()
    expect(card(page)).to_be_in_viewport()
    page.reload()
    expect(card(page)).to_be_in_viewport()


# -- what a card says ----------------------------------------------------------------------------------------------------


def test_a_card_says_what_rest_says(web: Web, open_page: Open) -> None:
    page = strategies(web, open_page)
    view = next(item for item in web.get("/api/strategies/").json["items"] if item["name"] == WHEEL)
    assert view["figures"]["pnl_total"] == 1234.5
    wheel = card(page)
    expect(part(wheel, "title")).to_have_text(view["title"])
    expect(part(wheel, "pnl_day")).to_have_text("▲ +42.50")
    expect(part(wheel, "pnl_total")).to_have_text("▲ +1,234.50")
    expect(part(wheel, "capital")).to_have_text("50,000")
    expect(part(wheel, "allocation")).to_have_text("60.0\u00a0%")
    expect(part(wheel, "exposure")).to_have_text("−1,200")
    expect(part(wheel, "win_rate")).to_have_text("75.0\u00a0%")
    expect(part(wheel, "win_rate_note")).to_have_text("20 trades, 1 left out")
    expect(part(wheel, "last_run_note")).to_contain_text("went well")
    assert part(wheel, "decisions").locator("li").all_inner_texts() == view["decisions"]
    assert "no credit above minimum" in part(wheel, "decisions").inner_text()
    hedge = card(page, HEDGE)
    expect(part(hedge, "pnl_day")).to_have_text("▼ −18.25")
    expect(part(hedge, "win_rate")).to_have_text("—")  # nothing was closed: unknown, not zero
    expect(part(hedge, "capital")).to_have_text("—")


def test_a_figure_tells_its_rule_and_its_age(web: Web, open_page: Open) -> None:
    page = strategies(web, open_page)
    card(page).locator('button[data-why="win_rate"]').click()
    why = page.locator("#why-popover")
    expect(why).to_be_visible()
    expect(why).to_contain_text("Closed contracts that made money")
    expect(why).to_contain_text("1 closed, by notes; money counts them")
    expect(why).to_contain_text("As of")
    page.keyboard.press("Escape")
    expect(why).to_be_hidden()
    expect(part(card(page), "pnl_day_note")).to_contain_text("ago")


@pytest.mark.parametrize(
    ("outcome", "minutes", "words", "shown"),
    [
        ("failed", 1.0, "ValueError: no such symbol", ["Error", "ValueError: no such symbol"]),
        (None, 1.0, None, ["Running now"]),
        (None, 60.0, None, ["Overrunning", "longer than"]),
    ],
)
def test_the_bots_own_state_is_said(
    web: Web, hand: Bots, open_page: Open, outcome: str | None, minutes: float, words: str | None, shown: list[str]
) -> None:
    hand.sql("DELETE FROM bot_runs")
    hand.run("thetagang", minutes, outcome, words)
    page = strategies(web, open_page)
    said = card(page).locator(".strategy-bot")
    for each in shown:
        expect(said).to_contain_text(each)
    hand.sql("DELETE FROM bot_runs")
    hand.run("thetagang", 0.1)
    expect(said).not_to_contain_text(shown[0])  # live, without a reload
    hand.sql("UPDATE bots SET heartbeat_at = now() - interval '10 minutes' WHERE bot = 'tracker'")
    expect(card(page, MOMENTUM).locator(".strategy-bot")).to_contain_text("Silent")


# -- pause and undo ------------------------------------------------------------------------------------------------------


def test_a_click_pauses_and_every_step_is_shown(web: Web, hand: Bots, url: str, open_page: Open) -> None:
    with leading(url):
        page = strategies(web, open_page)
        with_socket(page)
        wheel = card(page)
        expect(page.locator("#agent-note")).to_be_hidden()
        button(wheel, "pause").click()
        expect(part(wheel, "command")).to_contain_text("Pause by local (127.0.0.1)")
        expect(part(wheel, "step2_box")).to_have_attribute("data-step", "now")
        expect(part(wheel, "state")).to_have_text("Active")  # nothing claims "paused" before the agent says so
        hand.acknowledge(WHEEL)
        expect(part(wheel, "step2_box")).to_have_attribute("data-step", "done")
        expect(part(wheel, "state")).to_have_text("Paused")
        expect(part(wheel, "detail")).to_contain_text("may still be under way")
        hand.settle(WHEEL)
        expect(part(wheel, "step3_box")).to_have_attribute("data-step", "done")
        expect(page.locator("#announce")).to_contain_text(f"{WHEEL}: Pause enforced.")
        assert given(hand, WHEEL) == [("pause", "all", None, None, "local")]


def test_undo_resumes(web: Web, hand: Bots, url: str, open_page: Open) -> None:
    with leading(url):
        page = strategies(web, open_page)
        button(card(page), "pause").click()
        toast = page.locator("#toast")
        expect(toast).to_be_visible()
        toast.get_by_role("button", name="Undo").click()  # it has not settled yet: the way back waits
        expect(toast).to_contain_text("as soon as the pause has settled")
        hand.settle(WHEEL)
        expect(toast).to_be_hidden()
        expect(part(card(page), "command")).to_contain_text("Resume by local")
        hand.settle(WHEEL)
        expect(part(card(page), "state")).to_have_text("Active")
        assert [row[:1] + row[3:4] for row in given(hand, WHEEL)] == [("pause", None), ("resume", "undo")]


def test_undo_goes_back_to_what_was(web: Web, hand: Bots, url: str, open_page: Open) -> None:
    with leading(url):
        page = strategies(web, open_page)
        wheel = card(page)
        wheel.locator(".more summary").click()
        button(wheel, "pause-opening").click()
        expect(part(wheel, "command")).to_contain_text("Pause of openings")
        hand.settle(WHEEL)
        expect(part(wheel, "state")).to_have_text("Openings paused")
        button(wheel, "pause").click()
        expect(part(wheel, "command")).not_to_contain_text("openings")
        hand.settle(WHEEL)
        page.locator("#toast").get_by_role("button", name="Undo").click()
        expect(part(wheel, "command")).to_contain_text("Pause of openings")
        assert [row[:2] for row in given(hand, WHEEL)] == [("pause", "opening"), ("pause", "all"), ("pause", "opening")]


def test_the_note_goes_by_itself_but_not_while_it_is_looked_at(web: Web, hand: Bots, open_page: Open) -> None:
    page = strategies(web, open_page)
    page.clock.install()
    button(card(page), "pause").click()
    toast = page.locator("#toast")
    expect(toast).to_be_visible()
    hand.settle(WHEEL)
    page.clock.fast_forward(1_000)
    expect(toast).to_contain_text("paused")
    toast.hover()
    for _ in range(12):
        page.clock.run_for(1_000)
    expect(toast).to_be_visible()
    page.mouse.move(5, 5)
    for _ in range(12):
        page.clock.run_for(1_000)
    expect(toast).to_be_hidden()


def test_without_an_agent_nothing_is_said_to_be_done(web: Web, hand: Bots, open_page: Open) -> None:
    page = strategies(web, open_page)
    expect(page.locator("#agent-note")).to_contain_text("mtz agent")
    button(card(page), "pause").click()
    expect(part(card(page), "detail")).to_contain_text(
        f"{AWAY} paused yet. `mtz kill` on the machine works without it."
    )
    expect(part(card(page), "state")).to_have_text("Active")
    assert len(given(hand, WHEEL)) == 1


def test_a_button_that_can_do_nothing_says_why(web: Web, hand: Bots, open_page: Open) -> None:
    page = strategies(web, open_page)
    hedge = card(page, HEDGE)
    hedge.locator(".more summary").click()
    opening = button(hedge, "pause-opening")
    expect(opening).to_have_attribute("aria-disabled", "true")
    expect(opening).to_have_attribute(
        "title", "This bot can't tell openings from rolls and closes in this strategy: pause all of it instead."
    )
    opening.click(force=True)
    expect(part(hedge, "said")).to_contain_text("can't tell openings")
    expect(button(hedge, "resume")).to_have_attribute("title", "It is active.")
    assert given(hand, HEDGE) == []


def test_one_symbol_is_paused_and_resumed(web: Web, hand: Bots, url: str, open_page: Open) -> None:
    with leading(url):
        page = strategies(web, open_page)
        wheel = card(page)
        wheel.locator(".more summary").click()
        button(wheel, "pause-symbol").click()
        expect(page.locator("#command-dialog-symbol")).to_be_focused()
        page.click("#command-dialog-confirm")
        expect(page.locator("#command-dialog-problem")).to_have_text("Say which symbol.")
        page.fill("#command-dialog-symbol", "tsla")
        page.click("#command-dialog-confirm")
        expect(page.locator("#command-dialog-problem")).to_have_text(f"{WHEEL} doesn't trade this symbol.")
        page.fill("#command-dialog-symbol", "ko")
        page.keyboard.press("Enter")
        expect(page.locator("#command-dialog")).to_be_hidden()
        states = part(wheel, "symbol_states")
        expect(states).to_contain_text("KO pause, requested")
        hand.settle(WHEEL)
        expect(states).to_contain_text("KO paused, enforced")
        expect(part(wheel, "state")).to_have_text("Active")
        states.get_by_role("button", name="Resume KO").click()
        page.click("#command-dialog-confirm")
        expect(states).to_contain_text("resume, requested")
        hand.settle(WHEEL)
        expect(states).to_be_hidden()
        assert [row[:3] for row in given(hand, WHEEL)] == [("pause", "all", "KO"), ("resume", "all", "KO")]


# -- stop and resume -----------------------------------------------------------------------------------------------------


def test_stop_asks_and_says_what_it_does_not_do(web: Web, hand: Bots, open_page: Open) -> None:
    page = strategies(web, open_page)
    button(card(page), "stop").click()
    dialog = page.locator("#command-dialog")
    expect(dialog).to_contain_text(f"Stop {WHEEL}?")
    expect(dialog).to_contain_text("working orders are cancelled")
    expect(dialog).to_contain_text("Positions are never closed")
    expect(page.locator("#command-dialog-shorts")).to_contain_text(
        "1 short option stays open and can still be assigned"
    )
    expect(page.locator("#command-dialog-shorts")).to_contain_text("SPY 15 Jan 27 500 P")
    expect(page.locator("#command-dialog-cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button(card(page), "stop")).to_be_focused()
    assert given(hand, WHEEL) == []
    button(card(page, MOMENTUM), "stop").click()
    expect(page.locator("#command-dialog-shorts")).to_contain_text("No short option of this strategy is open.")


def test_what_keeps_a_stop_from_being_enforced_is_named(web: Web, hand: Bots, url: str, open_page: Open) -> None:
    order = {
        "perm_id": 77, "client_id": 0, "symbol": "KO", "what": "SELL 1 KO 2026-12-18 60 P LMT 0.62",
        "advice": "It was made by hand: cancel it in TWS.",
    }  # fmt: skip
    with leading(url):
        page = strategies(web, open_page)
        wheel = card(page)
        button(wheel, "stop").click()
        page.fill("#command-dialog-reason", "earnings")
        page.click("#command-dialog-confirm")
        expect(page.locator("#command-dialog")).to_be_hidden()
        expect(part(wheel, "command")).to_contain_text("Stop by local (127.0.0.1): “earnings”")
        hand.settle(WHEEL, "not_enforced", "One order still works.", [order])
        expect(part(wheel, "step3")).to_have_text("Not enforced")
        expect(part(wheel, "detail")).to_have_text("One order still works.")
        expect(part(wheel, "remaining")).to_contain_text(
            "SELL 1 KO 2026-12-18 60 P LMT 0.62 It was made by hand: cancel it in TWS."
        )
        expect(part(wheel, "state")).to_have_text("Stopped")
        hand.settle(WHEEL)
        expect(part(wheel, "remaining")).to_be_hidden()
        expect(part(wheel, "detail")).to_contain_text("Positions stay as they are.")
        button(wheel, "resume").click()
        expect(page.locator("#command-dialog")).to_contain_text("It trades again")
        page.click("#command-dialog-confirm")
        expect(part(wheel, "command")).to_contain_text("Resume by local")
        hand.settle(WHEEL)
        expect(part(wheel, "state")).to_have_text("Active")


def test_a_safer_command_counts_and_the_overruled_is_told(web: Web, hand: Bots, url: str, open_page: Open) -> None:
    with leading(url):
        page = strategies(web, open_page)
        button(card(page), "stop").click()
        page.click("#command-dialog-confirm")
        expect(part(card(page), "command")).to_contain_text("Stop by local")
        button(card(page), "resume").click()
        page.click("#command-dialog-confirm")
        expect(page.locator("#command-dialog-problem")).to_contain_text(
            "A stop by local is not settled yet and is safer"
        )
        page.keyboard.press("Escape")
        expect(part(card(page), "said")).to_contain_text("is safer, so it counts")
        hand.settle(WHEEL, "failed", "thetagang.toml can't be written.")
        expect(part(card(page), "step3")).to_have_text("Failed")
        expect(part(card(page), "detail")).to_have_text("thetagang.toml can't be written.")
        assert [row[0] for row in given(hand, WHEEL)] == ["stop"]


# -- the kill switch -----------------------------------------------------------------------------------------------------


def test_the_kill_switch_from_another_page_with_two_clicks(web: Web, hand: Bots, url: str, open_page: Open) -> None:
    with leading(url):
        page = strategies(web, open_page, path="/about")
        page.click("#kill-button")
        dialog = page.locator("#command-dialog")
        expect(dialog).to_contain_text("All 3 strategies stop")
        expect(dialog).to_contain_text("Positions are never closed")
        expect(dialog).to_contain_text("mtz kill")
        expect(page.locator("#command-dialog-shorts")).to_contain_text("can still be assigned")
        seen = set()
        for _ in range(12):  # the focus stays inside
            page.keyboard.press("Tab")
            seen.add(
                page.evaluate(
                    "document.activeElement.closest('#command-dialog') ? 'in' : document.activeElement.tagName"
                )
            )
        assert seen <= {"in", "BODY"}, seen  # between its last and its first button the browser's own bar has it
        page.click("#command-dialog-confirm")
        banner = page.locator("#kill-banner")
        expect(banner).to_contain_text("Kill switch requested by local")
        hand.settle(HEDGE)
        hand.acknowledge("*")
        expect(banner).to_contain_text("Kill switch acknowledged")
        expect(banner).to_contain_text("1 of 3 strategies enforced")
        expect(page.locator("#kill-pending")).to_have_text(f"Pending: {WHEEL}, {MOMENTUM}.")
        for name in (WHEEL, MOMENTUM, "*"):
            hand.settle(name)
        expect(banner).to_contain_text("every strategy is stopped")
        expect(banner).to_contain_text("3 of 3 strategies enforced")
        for path in ("overview", "strategies"):
            page.click(f"#nav-{path}")
            expect(banner).to_be_visible()
        expect(button(card(page), "resume")).to_have_attribute("title", "The kill switch is on: release it first.")
        page.click("#kill-release")
        expect(dialog).to_contain_text("No strategy is resumed by this")
        page.click("#command-dialog-confirm")
        expect(banner).to_contain_text("Release of the kill switch requested")
        hand.settle("*")
        expect(banner).to_be_hidden()
        expect(part(card(page), "state")).to_have_text("Stopped")
        assert [row[0] for row in given(hand, "*")] == ["stop", "resume"]
        assert [row[0] for row in given(hand, WHEEL)] == ["stop"]


def test_the_kill_switch_without_an_agent_claims_nothing(web: Web, hand: Bots, open_page: Open) -> None:
    page = strategies(web, open_page, path="/")
    page.click("#kill-button")
    page.click("#command-dialog-confirm")
    expect(page.locator("#kill-banner")).to_contain_text(
        f"{AWAY} stopped yet. `mtz kill` on the machine works without it."
    )
    expect(page.locator("#kill-pending")).to_contain_text(WHEEL)
    assert len(given(hand, MOMENTUM)) == 1


# -- the server's faults, other ways of reading ----------------------------------------------------------------------------


def test_all_of_it_works_without_a_socket(web: Web, hand: Bots, url: str, open_page: Open) -> None:
    with leading(url), without_upgrades(web.port) as port:
        page = open_page(f"http://127.0.0.1:{port}/strategies", clean=False)
        page.wait_for_function("() => mtz.state.state.strategies")
        button(card(page), "pause").click()
        expect(part(card(page), "command")).to_contain_text("Pause by local")
        hand.settle(WHEEL)
        expect(part(card(page), "state")).to_have_text("Paused")
        assert not page.evaluate("mtz.socket.working()")


def test_an_idle_page_costs_the_server_nothing(web: Web, open_page: Open) -> None:
    page = strategies(web, open_page)
    with_socket(page)
    page.wait_for_timeout(2000)
    before = len(page.watched.posts)  # type: ignore[attr-defined]
    page.wait_for_timeout(6000)
    assert len(page.watched.posts) == before  # type: ignore[attr-defined]


def test_a_database_that_is_away_is_said_where_it_was_asked(
    tmp_path_factory: pytest.TempPathFactory, open_page: Open
) -> None:
    own = Server(None)
    own.start()
    try:
        url = own.database()
        with samples.writer(url) as write, bots(url) as mine:
            write.account()
            furnish(mine)
        with running(url, tmp_path_factory.mktemp("away")) as site:
            wait_until(lambda: site.get("/api/strategies/").status == 200, "strategies are read")
            page = strategies(site, open_page, clean=False)
            with_socket(page)
            assert own.postgres.process is not None
            own.postgres.process.kill()
            own.postgres.process.wait()
            button(card(page), "pause").click()
            expect(part(card(page), "said")).to_contain_text("The command was not given.")
            page.click("#kill-button")
            page.click("#command-dialog-confirm")
            expect(page.locator("#command-dialog-problem")).to_contain_text(
                "`mtz kill` on the machine works", timeout=20_000
            )
    finally:
        own.stop()


# -- preview ---------------------------------------------------------------------------------------------------------------


def asked_preview(hand: Bots) -> str:
    found = wait_until(
        lambda: hand.sql("SELECT cast(preview_id AS text) FROM previews ORDER BY requested_at DESC LIMIT 1"),
        "a preview was asked for",
    )
    return str(found[0][0])


def test_a_preview_shows_what_the_bot_would_send(web: Web, hand: Bots, url: str, open_page: Open) -> None:
    hand.sql("DELETE FROM preview_results")
    hand.sql("DELETE FROM previews")
    hand.sql("""UPDATE bots SET command = '["thetagang"]' WHERE bot = 'thetagang'""")
    orders = [
        {"symbol": "KO", "what": "SELL 1 KO 2026-12-18 60 P LMT 0.62", "cash": 62.0, "assignment": -6000.0, "note": None},
        {"symbol": "AAPL", "what": "BUY 1 AAPL 2026-12-18 190 P LMT 1.10", "cash": -110.0, "assignment": None, "note": "closes"},
    ]  # fmt: skip
    with leading(url):
        page = strategies(web, open_page)
        card(page).locator(".more summary").click()
        button(card(page), "preview").click()
        dialog = page.locator("#preview-dialog")
        expect(dialog).to_contain_text("Requested")
        preview = asked_preview(hand)
        hand.sql("INSERT INTO preview_results (preview_id, started_at) VALUES (%s, now())", [preview])
        expect(dialog).to_contain_text("The bot runs since")
        hand.sql(
            "UPDATE preview_results SET ended_at = now(), orders = %s, words = 'would write KO' WHERE preview_id = %s",
            [json.dumps(orders), preview],
        )
        expect(dialog).to_contain_text("It would send 2 orders")
        expect(dialog.locator("tbody tr").first).to_contain_text("+62.00")
        expect(dialog.locator("tbody tr").first).to_contain_text("−6,000.00")
        expect(dialog.locator("tfoot")).to_contain_text("−48.00")
        dialog.get_by_role("button", name="Pause KO").click()
        expect(dialog.locator("tbody tr").first).to_contain_text("Pause requested")
        hand.settle(WHEEL)
        expect(dialog.locator("tbody tr").first).to_contain_text("Paused")
        assert given(hand, WHEEL)[0][:3] == ("pause", "all", "KO")


def test_a_preview_that_can_not_be_had_says_why(web: Web, hand: Bots, open_page: Open) -> None:
    hand.sql("UPDATE bots SET command = NULL WHERE bot = 'thetagang'")
    page = strategies(web, open_page)
    card(page).locator(".more summary").click()
    button(card(page), "preview").click()
    expect(page.locator("#preview-dialog-problem")).to_contain_text("run it once by `mtz bot`")
    page.click("#preview-dialog-close")
    momentum = card(page, MOMENTUM)
    momentum.locator(".more summary").click()
    expect(button(momentum, "preview")).to_have_attribute("title", "Only a bot that `mtz bot` starts has a dry run.")


# -- comparison and ledger -----------------------------------------------------------------------------------------------


def test_strategies_are_compared_on_one_chart_and_in_tables(web: Web, hand: Bots, open_page: Open) -> None:
    page = strategies(web, open_page)
    view = web.get(f"/api/strategies/compare?names={HEDGE},{WHEEL}").json
    page.click('[data-compare-frame="All"]')
    figures = page.locator("#compare-figures")
    for item in view["items"]:
        expect(figures).to_contain_text(f"{item['return_pct']:+.2f}".replace("-", "−"))
    expect(page.locator("#compare-note")).to_contain_text(f"returns on {view['base']}")
    expect(page.locator("#compare-correlation tbody tr")).to_have_count(2)
    expect(page.locator("#compare-legend .legend-part")).to_have_count(2)
    page.wait_for_function("() => document.querySelector('#compare-chart canvas')")
    page.click("#compare-table-button")
    rows = page.locator("#compare-points tbody tr")
    expect(rows).to_have_count(len(view["items"][0]["points"]))
    expect(rows.first).to_contain_text(view["until"])
    page.click(f'[data-compare="{MOMENTUM}"]')
    expect(page.locator("#compare-legend .legend-part")).to_have_count(3)
    expect(page.locator("#compare-figures")).to_contain_text("Momentum")
    page.click(f'[data-compare="{MOMENTUM}"]')
    expect(page.locator(f'[data-compare="{WHEEL}"]')).to_have_attribute("title", "Two are the least.")


def test_the_ledger_shows_what_was_decided_and_becomes_older_in_pages(web: Web, hand: Bots, open_page: Open) -> None:
    hand.sql(
        "INSERT INTO decisions (bot, source_key, account, strategy, ts, kind, symbol, reason)"
        " SELECT 'thetagang', 'old ' || n, %s, %s, now() - make_interval(mins => n), 'note', 'XLE', 'note ' || n"
        "   FROM generate_series(1, 250) n",
        [samples.ACCOUNT, HEDGE],
    )
    page = strategies(web, open_page)
    note = page.locator("#ledger-note")
    expect(note).to_contain_text("100 shown")
    page.click("#ledger-older")
    expect(note).to_contain_text("200 shown")
    page.select_option("#ledger-strategy", WHEEL)
    expect(note).to_contain_text("2 shown")
    grid = page.locator("#ledger-grid")
    expect(grid).to_contain_text("SELL 1 KO 2026-12-18 60 P at 0.62")
    page.select_option("#ledger-kind", "skip")
    expect(note).to_contain_text("1 shown")
    expect(grid).to_contain_text("did not roll AAPL 190P")
    page.select_option("#ledger-kind", "*")
    page.select_option("#ledger-strategy", "*")
    page.fill("#ledger-symbol", "xle")
    page.keyboard.press("Enter")
    expect(note).to_contain_text("100 shown")
    expect(page.locator("#ledger-not-recorded")).to_contain_text("tracker: not recorded by this bot.")
    hand.decision(WHEEL, "new", symbol="XLE", reason="the newest")  # live, without a reload
    expect(grid).to_contain_text("the newest")


def test_an_order_is_given_to_another_strategy_by_hand(web: Web, hand: Bots, open_page: Open) -> None:
    hand.decision(
        WHEEL,
        "assigned",
        kind="intent",
        symbol="SPY",
        contract="SPY 270115P500",
        action="SELL",
        quantity=1,
        perm_id=4711,
    )
    page = strategies(web, open_page)
    page.select_option("#ledger-strategy", WHEEL)
    page.evaluate("document.getElementById('ledger-grid').scrollIntoView()")  # a table paints what is looked at
    page.locator("#ledger-grid .ag-row", has_text="SPY 270115P500").locator('[col-id="contract"]').click()
    dialog = page.locator("#decision-dialog")
    expect(dialog).to_contain_text("Permanent order id")
    page.select_option("#decision-dialog-strategy", HEDGE)
    page.click("#decision-dialog-assign")
    expect(page.locator("#ledger-note")).to_contain_text(f"Order 4711 belongs to {HEDGE} from now on")
    assert hand.sql("SELECT strategy, how, actor FROM attributions WHERE perm_id = 4711 ORDER BY id DESC LIMIT 1") == [
        (HEDGE, "hand", "local")
    ]
    assert hand.sql("SELECT count(*) FROM audit_events WHERE kind = 'order.reassigned'") == [(1,)]


# -- who may -----------------------------------------------------------------------------------------------------------------


def test_a_viewer_has_no_button_that_works_and_is_told_why(
    url: str, hand: Bots, write: Writer, tmp_path_factory: pytest.TempPathFactory, open_page: Open
) -> None:
    key, password = "k" * 40, "five green boats"
    with offline(url, key) as users:
        users.create("vic", password, "viewer", LOCAL)
    with running(url, tmp_path_factory.mktemp("viewer"), MTZ_LOGIN="always", MTZ_SECRET_KEY=key) as site:
        wait_until(site.answers, "the web process answers")
        page = open_page(f"{site.origin}/login?next=/strategies", ready="input[name=name]", clean=False)
        page.fill("input[name=name]", "vic")
        page.fill("input[name=password]", password)
        page.keyboard.press("Enter")
        page.wait_for_selector(f'#strategy-cards [data-strategy="{WHEEL}"]')
        for what in ("pause", "resume", "stop"):
            expect(button(card(page), what)).to_have_attribute("aria-disabled", "true")
            expect(button(card(page), what)).to_have_attribute("title", re.compile("need the role trader"))
        expect(page.locator("#kill-button")).to_have_attribute("aria-disabled", "true")
        button(card(page), "pause").click(force=True)
        expect(part(card(page), "said")).to_contain_text("need the role trader")
        # Whoever takes the lock off the button meets the same sentence at the server.
        sentence = page.evaluate(
            "(name) => mtz.control.asks.ask('command', {strategy: name, action: 'stop', scope: 'all', symbol: null, reason: null, key: 'x'})"
            ".then(() => 'given', (error) => error.message)",
            WHEEL,
        )
        assert "need the role trader" in sentence
        assert given(hand, WHEEL) == []


# -- how it is made --------------------------------------------------------------------------------------------------------


def in_every_state(hand: Bots) -> None:
    hand.sql(
        "INSERT INTO commands (strategy, action, actor, actor_kind, origin) VALUES (%s, 'stop', 'ann', 'user', '10.0.0.7')",
        [WHEEL],
    )
    hand.settle(
        WHEEL,
        "not_enforced",
        "One order still works.",
        [{"perm_id": 1, "client_id": None, "symbol": "KO", "what": "SELL 1 KO", "advice": "Cancel it in TWS."}],
    )
    hand.sql(
        "INSERT INTO commands (strategy, action, actor, actor_kind, symbol) VALUES (%s, 'pause', 'ann', 'user', 'SPX')",
        [HEDGE],
    )
    hand.sql(
        "INSERT INTO commands (strategy, action, scope, actor, actor_kind) VALUES (%s, 'pause', 'opening', 'ann', 'user')",
        [MOMENTUM],
    )
    hand.acknowledge(MOMENTUM)
    hand.sql("INSERT INTO commands (strategy, action, actor, actor_kind) VALUES ('*', 'stop', 'ann', 'user')")
    hand.acknowledge("*")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_everything_can_be_read(web: Web, hand: Bots, open_page: Open, theme: str) -> None:
    in_every_state(hand)
    page = strategies(web, open_page, theme=theme, reduced_motion="reduce")
    expect(page.locator("#kill-banner")).to_be_visible()
    expect(part(card(page), "remaining")).to_be_visible()
    card(page).locator(".more summary").click()
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(DUPLICATES) == []
    assert page.locator("h1:visible").count() == 1
    page.click("#kill-release")
    expect(page.locator("#command-dialog")).to_be_visible()
    assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_no_width_scrolls_sideways(web: Web, hand: Bots, open_page: Open, width: int) -> None:
    in_every_state(hand)
    page = strategies(web, open_page, (width, 800))
    expect(card(page)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate(
        "() => [...document.querySelectorAll('.strategy *')].filter((e) => e.getBoundingClientRect().width && !e.closest('.more')"
        " && e.getBoundingClientRect().right > e.closest('.strategy').getBoundingClientRect().right + 1).map((e) => e.className)"
    )
    assert outside == []
    expect(page.locator("#kill-button")).to_be_in_viewport()
    page.click("#nav-overview")
    expect(page.locator("#strategy-minis")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_jumps_while_figures_change(web: Web, hand: Bots, open_page: Open) -> None:
    page = strategies(web, open_page, script=SHIFTS)
    with_socket(page)
    page.wait_for_timeout(500)
    page.evaluate("() => { window.shifts = 0; window.shifted = []; }")
    for step in range(12):
        hand.figures(
            WHEEL,
            pnl_day=(-1) ** step * 10.0 ** (step % 7),
            pnl_total=10.0 ** (step % 8),
            capital_at_risk=10.0 ** (step % 7),
        )
        page.wait_for_timeout(100)
    hand.figures(WHEEL)
    expect(part(card(page), "pnl_day")).to_have_text("▲ +42.50")
    assert page.evaluate("window.shifts") < 0.02, page.evaluate("window.shifted")


def test_everything_can_be_done_by_keyboard(web: Web, hand: Bots, url: str, open_page: Open) -> None:
    with leading(url):
        page = strategies(web, open_page)
        button(card(page), "pause").focus()
        page.keyboard.press("Enter")
        expect(part(card(page), "command")).to_contain_text("Pause by local")
        card(page).locator(".more summary").focus()
        page.keyboard.press("Enter")
        expect(button(card(page), "pause-symbol")).to_be_visible()
        page.keyboard.press("Escape")
        expect(button(card(page), "pause-symbol")).to_be_hidden()
        expect(card(page).locator(".more summary")).to_be_focused()
        page.focus("#kill-button")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.locator("#command-dialog-confirm")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#kill-banner")).to_be_visible()
        assert len(given(hand, "*")) == 1


def test_an_empty_page_teaches(server18: Server, tmp_path_factory: pytest.TempPathFactory, open_page: Open) -> None:
    url = server18.database()
    folder: Path = tmp_path_factory.mktemp("empty")
    with running(url, folder) as site:
        page = open_page(f"{site.origin}/strategies")
        empty = page.locator("#strategies-empty")
        expect(empty).to_contain_text("mtz bot -- thetagang --config")
        page.click("#kill-button")
        page.click("#command-dialog-confirm")
        expect(page.locator("#kill-banner")).to_contain_text("Kill switch requested")
        page.close()  # before its server
