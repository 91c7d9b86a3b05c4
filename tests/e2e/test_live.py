"""The live path, from the gateway's socket to the text on the page, and what the page does when a part of it dies."""

from __future__ import annotations

import os
import re
import signal

import pytest
from playwright.sync_api import Page, expect

from data.db import connect
from data.model import Role
from data.transfers import Watcher
from tests.e2e.conftest import Open
from tests.e2e.stack import LiveStack, without_upgrades
from tests.web.server import wait_until

pytestmark = [pytest.mark.xdist_group("browser-stack"), pytest.mark.timeout(180)]

SHOTS = os.environ.get("MTZ_SHOTS")
WORTH = "#card-value-net_liquidation"


def working(page: Page) -> None:
    """Wait until the socket feeds the page and the first questions are answered."""
    page.wait_for_function("() => mtz.socket.working() && mtz.state.state.complete && mtz.state.state.summary")


def test_a_tick_of_the_gateway_changes_the_text(stack: LiveStack, open_page: Open) -> None:
    page = open_page(stack.web.origin)
    working(page)
    share = next(p for p in stack.web.get("/api/portfolio/positions").json["items"] if p["sec_type"] == "STK")
    cell = f'#positions-grid .ag-row[row-id="{share["con_id"]}"] [col-id="market_price"]'
    target = round(share["market_price"] * 1.05, 2)
    worth = page.inner_text(WORTH)
    stack.gateway.admin("set_price", symbol=share["symbol"], price=target)
    page.wait_for_function(
        "([cell, target, worth]) => Math.abs(Number(document.querySelector(cell).textContent) / target - 1) < 0.01"
        " && document.querySelector('#card-value-net_liquidation').textContent !== worth",
        arg=[cell, target, worth],
    )
    assert page.inner_text("#connection-text") == "Live"


def test_a_fill_appears_at_once_and_at_the_top(stack: LiveStack, open_page: Open) -> None:
    page = open_page(stack.web.origin)
    working(page)
    page.wait_for_selector("#trades-grid")
    stack.gateway.admin("fill", symbol="KO", action="BUY", quantity=7)
    top = page.locator('#trades-grid .ag-row[row-index="0"]')
    expect(top.locator('[col-id="symbol"]')).to_have_text("KO")
    expect(top.locator('[col-id="quantity"]')).to_have_text("7")
    expect(top.locator('[col-id="side"]')).to_have_text("Buy")


def test_a_deposit_that_nobody_told_of_is_labelled_and_no_profit(stack: LiveStack, open_page: Open) -> None:
    page = open_page(stack.web.origin)
    working(page)
    with connect(stack.url, Role.AGENT, "test", autocommit=True) as conn:
        watcher = Watcher(conn)
        wait_until(lambda: conn.execute("SELECT true FROM cash_states").fetchone(), "the first cash")
        before = stack.web.get("/api/portfolio/").json
        stack.gateway.admin("deposit", amount="25000.00")
        wait_until(watcher.look, "the suspicion")
    view = stack.web.get("/api/portfolio/").json
    assert view["suspected_transfers"] == 25_000
    assert abs(view["total_pnl"] - before["total_pnl"]) < 2000
    expect(page.locator("#card-reason-total_pnl")).to_have_text("without a suspected transfer of +25,000.00")
    page.reload()
    line = page.locator("#today-lines", has_text="Suspected deposit of about 25,000.00 USD on")
    expect(line).to_contain_text("not in P&L: import a statement to confirm.")
    page.wait_for_function("() => mtz.equity.chart.data && mtz.equity.chart.data.flows.some((flow) => flow.suspected)")
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/suspected.png")


def test_while_the_socket_works_an_idle_page_asks_nothing(stack: LiveStack, open_page: Open) -> None:
    page = open_page(stack.web.origin)
    working(page)
    page.wait_for_function("() => performance.now() > 3000")
    page.watched.posts.clear()  # type: ignore[attr-defined]
    ticks = page.evaluate("mtz.state.state.revisions['portfolio.update']")
    page.wait_for_function("(n) => mtz.state.state.revisions['portfolio.update'] > n + 3", arg=ticks)
    page.wait_for_timeout(4500)  # more than two intervals
    assert page.watched.posts == []  # type: ignore[attr-defined]


def test_without_the_socket_the_intervals_do_it_all(stack: LiveStack, open_page: Open) -> None:
    with without_upgrades(stack.port) as port:
        page = open_page(f"http://127.0.0.1:{port}", clean=False)  # a refused upgrade is a word on the console
        page.wait_for_function("() => mtz.state.state.complete")
        seen = {page.inner_text(WORTH)}
        for _ in range(2):
            page.wait_for_function(
                "(seen) => !seen.includes(document.querySelector('#card-value-net_liquidation').textContent)",
                arg=list(seen),
            )
            seen.add(page.inner_text(WORTH))
        assert page.evaluate("mtz.socket.working()") is False
        assert page.inner_text("#connection-text") == "Live"
        stack.gateway.admin("fill", symbol="F", action="BUY", quantity=3)
        expect(page.locator('#trades-grid .ag-row[row-index="0"] [col-id="quantity"]')).to_have_text("3")
        assert [line for line in page.watched.console if "ws" not in line.lower()] == []  # type: ignore[attr-defined]
        assert page.watched.foreign() == []  # type: ignore[attr-defined]


def test_without_the_socket_a_restart_of_the_server_is_survived_too(stack: LiveStack, open_page: Open) -> None:
    with without_upgrades(stack.port) as port:
        page = open_page(f"http://127.0.0.1:{port}", clean=False)
        page.wait_for_function("() => mtz.state.state.complete")
        stack.stop_web()
        expect(page.locator("#connection-text")).to_have_text("Offline")
        kept = page.inner_text(WORTH)
        stack.start_web()
        page.wait_for_function(
            "(kept) => document.querySelector('#card-value-net_liquidation').textContent !== kept", arg=kept
        )
        expect(page.locator("#connection-text")).to_have_text("Live")


def test_the_page_comes_back_by_itself_after_a_restart_of_the_server(stack: LiveStack, open_page: Open) -> None:
    page = open_page(stack.web.origin, clean=False)  # the browser itself reports refused connections
    working(page)
    page.evaluate("window.notReloaded = true")
    stack.stop_web()
    page.wait_for_function("() => !mtz.socket.working()")
    kept = page.inner_text(WORTH)
    assert re.fullmatch(r"[\d,]+\.\d\d", kept)
    expect(page.locator("#connection-text")).to_have_text("Offline")
    expect(page.locator("#problem")).to_contain_text("server doesn't answer")
    assert page.inner_text(WORTH) == kept
    stack.start_web()
    page.wait_for_function("() => mtz.socket.working()")
    page.wait_for_function(
        "(kept) => document.querySelector('#card-value-net_liquidation').textContent !== kept", arg=kept
    )
    expect(page.locator("#connection-text")).to_have_text("Live")
    expect(page.locator("#problem")).to_be_hidden()
    assert page.evaluate("window.notReloaded") is True


def test_a_dead_poller_is_told_and_the_numbers_stay(stack: LiveStack, open_page: Open) -> None:
    page = open_page(stack.web.origin)
    working(page)
    stack.poller.kill()
    try:
        expect(page.locator("#connection-text")).to_have_text("Offline")
        expect(page.locator("#problem")).to_contain_text("The poller is not running")
        expect(page.locator("#problem")).to_contain_text("The last numbers stay")
        assert re.fullmatch(r"[\d,]+\.\d\d", page.inner_text(WORTH))
        assert re.fullmatch(r"\d+\sm?i?n?s? ago", page.inner_text("#datum-age"))
        old = page.inner_text("#datum-age")
        page.wait_for_function("(old) => document.querySelector('#datum-age').textContent !== old", arg=old)
    finally:
        stack.start_poller()
    expect(page.locator("#connection-text")).to_have_text("Live")
    wait_until(stack.web.healthy, "healthy again")


def test_a_halted_server_is_noticed_by_the_page_alone(stack: LiveStack, open_page: Open) -> None:
    page = open_page(stack.web.origin, clean=False)  # what was asked meanwhile may be refused as too late
    working(page)
    worker = stack.web.worker_pid()
    os.kill(worker, signal.SIGSTOP)
    try:
        expect(page.locator("#connection-text")).to_have_text("Offline")
        expect(page.locator("#today-failed")).to_contain_text("The server doesn't answer.")
    finally:
        os.kill(worker, signal.SIGCONT)
    expect(page.locator("#connection-text")).to_have_text("Live")
    expect(page.locator("#today-failed")).to_be_hidden()
    assert [line for line in page.watched.console if "status of 503" not in line] == []  # type: ignore[attr-defined]


def test_every_way_to_a_number_gives_the_same_number(stack: LiveStack, open_page: Open) -> None:
    """Cards that the browser computes between two summaries agree with the server's summary of the same moment."""
    page = open_page(stack.web.origin)
    working(page)
    stack.gateway.admin("halt")
    try:

        def settled() -> bool:
            summary = stack.web.get("/api/portfolio/summary").json
            page.evaluate("mtz.feed.ask('now', 0)")
            for card in summary["items"]:
                plus = card["key"] in ("daily_pnl", "total_pnl", "theta_per_day", "premium_month")
                text = page.evaluate(
                    "([v, u, p]) => mtz.format.cardValue(v, u, p)", [card["value"], card["unit"], plus]
                )
                if page.inner_text(f"#card-value-{card['key']}") != text:
                    return False
            return True

        wait_until(settled, "the page shows what the summary says", 20)
    finally:
        stack.gateway.admin("resume_clock")
