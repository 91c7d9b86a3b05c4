"""Positions in a browser: groups and sums as REST has them, columns that are kept, the drawer with wheel, note and pause."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from data.analytics.positions import NEW_YORK
from data.book.keeping import Keeper
from data.db import connect
from data.model import Contract, ExecutionKind, Role
from layouts import format as text
from tests.e2e.bots import Bots, bots, furnish, leading
from tests.e2e.conftest import Open
from tests.e2e.test_craft import CONTRAST, DUPLICATES, NAMELESS
from tests.web import samples
from tests.web.samples import Writer
from tests.web.server import Web

pytestmark = [pytest.mark.xdist_group("browser-positions"), pytest.mark.timeout(120)]

WHEEL = "thetagang/wheel"
START = datetime.now(UTC) - timedelta(days=60)
TODAY = datetime.now(NEW_YORK).date()
EXPIRY = (START + timedelta(days=75)).date()
KO = Contract(71, "KO", "KO", "STK", "USD")
PUT, CALL, ODD = (
    Contract(con_id, "KO", f"{trading_class} {right}{strike:.0f}", "OPT", "USD", trading_class, "SMART", EXPIRY, strike, right, 100.0)
    for con_id, trading_class, strike, right in ((73, "KO", 55.0, "P"), (74, "KO", 57.0, "C"), (75, "KO1", 50.0, "P"))
)  # fmt: skip
FILLS: tuple[tuple[int, Contract, str, int, str, int | None], ...] = (
    (0, PUT, "SLD", 1, "1.50", 1),
    (25, PUT, "BOT", 1, "0", None),
    (25, KO, "BOT", 100, "55", None),
    (28, CALL, "SLD", 1, "1.20", 3),
)


@pytest.fixture(scope="module")
def hand(url: str, write: Writer) -> Iterator[Bots]:
    """KO was put, a call is written on it; an adjusted put of nobody's; SPY as the account has it."""
    write.flush(
        executions=tuple(
            samples.execution(
                number, contract, time=START + timedelta(days=day), side=side, quantity=Decimal(quantity), price=Decimal(price),
                kind=ExecutionKind.TRADE if order else ExecutionKind.ASSIGNMENT, perm_id=order, order_id=None,
                commission=Decimal(1) if order else None, commission_currency="USD" if order else None,
            )
            for number, (day, contract, side, quantity, price, order) in enumerate(FILLS)
        ),
        positions=(
            samples.position(KO, quantity=100.0, market_price=56.0, market_value=5600.0, avg_cost=53.5, unrealized_pnl=250.0, theta=None, gamma=None, vega=None, delta=None, implied_vol=None, underlying_price=None),
            samples.position(CALL, quantity=-1.0, market_price=0.9, market_value=-90.0, avg_cost=119.0, unrealized_pnl=29.0, delta=0.4, theta=-0.03, underlying_price=56.0),
            samples.position(ODD, quantity=-1.0, market_price=0.5, market_value=-50.0, avg_cost=80.0, unrealized_pnl=None, delta=None, theta=None, underlying_price=56.0),
        ),
    )  # fmt: skip
    with bots(url) as found:
        furnish(found)
        found.sql("UPDATE executions SET strategy = %s WHERE con_id = 74", [WHEEL])
        with connect(url, Role.AGENT, "test", autocommit=True) as agent:
            Keeper(agent).look()
        yield found


@pytest.fixture(autouse=True)
def _as_it_comes(hand: Bots) -> None:
    hand.forget_commands()
    hand.sql("DELETE FROM preferences")


@pytest.fixture
def positions(web: Web, hand: Bots, open_page: Open) -> Callable[..., Page]:
    def start(*size: tuple[int, int], path: str = "/positions", **options: Any) -> Page:
        page = open_page(web.origin + path, *size, **options)
        page.wait_for_function("() => mtz.socket.working() && mtz.state.state.strategies")
        page.wait_for_selector("#book-grid-box.ready")
        return page

    return start


def cell(page: Page, row: str, column: str) -> Any:
    return page.locator(f'#book-grid [row-id="{row}"] [col-id="{column}"]')


def filed(page: Page, web: Web) -> set[str]:
    """The contracts in the file that the page offers."""
    body = web.get(page.locator("#book-csv").get_attribute("href") or "").body.decode()
    return {row["con_id"] for row in csv.DictReader(io.StringIO(body, newline=""))}


def shown(page: Page) -> list[str]:
    """The rows of the table in their order."""
    found: list[str] = page.evaluate(
        "() => dash_ag_grid.getApi('book-grid') && (() => { const ids = []; dash_ag_grid.getApi('book-grid').forEachNodeAfterFilterAndSort((n) => ids.push(n.id)); return ids; })()"
    )
    return found


def test_groups_and_sums_are_those_of_rest(web: Web, write: Writer, positions: Callable[..., Page]) -> None:
    page = positions((2560, 900))
    assert shown(page)[:2] == ["group KO USD", "71"]  # the underlying, its shares, then options
    rows = web.get("/api/portfolio/positions").json["items"]
    by_symbol: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_symbol[row["symbol"]].append(row)
    for symbol, members in by_symbol.items():
        group = f"group {symbol} USD"
        expect(cell(page, group, "market_value")).to_have_text(text.number(sum(row["market_value"] for row in members)))
        place = shown(page).index(group)
        assert {*shown(page)[place + 1 : place + 1 + len(members)]} == {str(row["con_id"]) for row in members}
        for row in members:
            expect(cell(page, str(row["con_id"]), "quantity")).to_have_text(text.quantity(row["quantity"]))
            expect(cell(page, str(row["con_id"]), "market_price")).to_have_text(text.price(row["market_price"]))
    expect(cell(page, "total USD", "market_value")).to_have_text(text.number(sum(row["market_value"] for row in rows)))
    # Unknown is left out of the sum, and the sum says so.
    expect(cell(page, "75", "unrealized_pnl")).to_have_text("—")
    expect(cell(page, "group KO USD", "unrealized_pnl")).to_have_text("+279.00*")
    call = next(row for row in rows if row["con_id"] == 74)
    expect(cell(page, "74", "delta")).to_have_text("−40.0")
    expect(cell(page, "group KO USD", "delta")).to_have_text("+60.0*")
    expect(cell(page, "74", "pnl_of_max_profit")).to_have_text(text.percent(call["pnl_of_max_profit"], 0, plus=True))
    expect(cell(page, "74", "dte")).to_have_text(str(call["dte"]))
    expect(cell(page, "74", "break_even")).to_have_text(text.price(call["break_even"]))
    expect(cell(page, "74", "strategy")).to_have_text(WHEEL)
    expect(cell(page, "75", "strategy")).to_have_text("Not tracked by the bot")
    expect(cell(page, "75", "symbol")).to_contain_text("non-standard")
    expect(cell(page, "75", "break_even")).to_have_text("—")
    # A tick changes its row, its underlying's and the total.
    total = sum(row["market_value"] for row in rows)
    write.flush(positions=(samples.position(CALL, quantity=-1.0, market_price=1.0, market_value=-100.0, avg_cost=119.0, unrealized_pnl=19.0),))  # fmt: skip
    expect(cell(page, "74", "market_value")).to_have_text("−100.00")
    expect(cell(page, "group KO USD", "market_value")).to_have_text("5,450.00")
    expect(cell(page, "total USD", "market_value")).to_have_text(text.number(total - 10))


def test_fold_filter_and_columns_outlive_a_reload(positions: Callable[..., Page], web: Web) -> None:
    page = positions()
    all_rows = shown(page)
    cell(page, "group KO USD", "symbol").click()
    expect(cell(page, "71", "symbol")).to_have_count(0)
    page.locator("#book-columns summary").click()
    page.get_by_role("menuitemcheckbox", name="Theta").click()
    page.keyboard.press("Escape")
    expect(page.locator("#book-grid .ag-header-cell[col-id=theta]")).to_have_count(0)
    with page.expect_response(lambda r: "/api/preferences/positions" in r.url and r.request.method == "PUT") as kept:
        page.locator("#book-grid .ag-header-cell[col-id=daily_pnl]").click()
    assert kept.value.status == 200
    look = web.get("/api/preferences/positions").json["value"]
    assert look["folded"] == ["KO USD"]
    assert [column["id"] for column in look["columns"] if column["is_hidden"]] == ["theta"]
    page.reload()
    page.wait_for_selector("#book-grid-box.ready")
    expect(page.locator("#book-grid .ag-header-cell[col-id=theta]")).to_have_count(0)
    expect(cell(page, "71", "symbol")).to_have_count(0)
    expect(page.locator("#book-grid .ag-header-cell[col-id=daily_pnl]")).to_have_attribute("aria-sort", "ascending")
    page.locator("#book-columns summary").click()
    page.click("#book-reset")
    expect(page.locator("#book-grid .ag-header-cell[col-id=theta]")).to_have_count(1)
    page.click("#book-fold")
    expect(page.locator("#book-fold")).to_have_text("Unfold all")
    page.click("#book-fold")
    page.wait_for_function("(n) => dash_ag_grid.getApi('book-grid').getDisplayedRowCount() === n", arg=len(all_rows))
    page.fill("#book-text", "ko 57")
    expect(page.locator("#book-note")).to_contain_text(f"1 of {len(all_rows) - 2} shown")
    assert shown(page) == ["group KO USD", "74"]
    assert filed(page, web) == {"74"}
    page.click("#book-clear")
    page.select_option("#book-strategy", WHEEL)
    page.wait_for_function("() => dash_ag_grid.getApi('book-grid').getDisplayedRowCount() === 2")
    assert filed(page, web) == {row for row in shown(page) if not row.startswith("group")}
    page.click("#book-clear")
    page.select_option("#book-dte", "30")
    near = {str(row["con_id"]) for row in web.get("/api/portfolio/positions").json["items"] if (row["dte"] or 99) <= 30}
    expect(page.locator("#book-note")).to_contain_text(f"{len(near)} of")
    assert {row for row in shown(page) if not row.startswith("group")} == near >= {"74", "75"}
    assert filed(page, web) == near
    page.click("#book-clear")  # what the page still sends when it closes filters nothing in the next test


def test_the_drawer_shows_the_wheel_and_keeps_a_note(positions: Callable[..., Page], web: Web) -> None:
    page = positions(path="/positions#position=74", reduced_motion="reduce")
    drawer = page.locator("#position-drawer")
    expect(drawer).to_contain_text("Strategy")
    expect(page.locator("#drawer-facts")).to_contain_text(WHEEL)
    expect(page.locator("#drawer-legs button")).to_have_count(3)
    page.click("#drawer-show-wheel")
    (cycle,) = [c for c in web.get("/api/wheel/cycles?symbol=KO").json["items"] if c["shares"]]
    expect(page.locator("#drawer-wheel-title")).to_contain_text("Calls sold on the shares")
    expect(page.locator("#drawer-wheel-money")).to_contain_text(text.signed(cycle["premium"]))
    for figure in ("paid", "broker_basis", "break_even"):
        expect(page.locator("#drawer-wheel-basis")).to_contain_text(text.price(cycle[figure]))
    expect(page.locator("#drawer-wheel-returns")).to_contain_text("Reg-T margin (estimate)")
    expect(page.locator("#drawer-wheel-chain tbody tr")).to_have_count(3)
    expect(page.locator("#drawer-wheel-against")).to_contain_text(text.signed(cycle["pnl"]))
    expect(page.locator("#drawer-wheel-against")).to_contain_text("Holding KO")
    expect(page.locator("#drawer-wheel-against-why")).to_contain_text("No closes of SPY in USD")
    expect(page.locator("#drawer-wheel-chain")).to_contain_text("assigned")
    page.click("#drawer-show-manage")
    expect(page.locator("#drawer-manage")).to_contain_text("no order ticket")
    page.fill("#drawer-note-text", "Dividend in March")
    page.fill("#drawer-note-tags", "income, Wheel")
    page.check("#drawer-note-excluded")
    page.click("#drawer-note-save")
    expect(page.locator("#drawer-note-said")).to_contain_text("Kept")
    note = web.get("/api/underlyings/KO/notes").json
    assert (note["note"], note["tags"], note["excluded"]) == ("Dividend in March", ["income", "wheel"], True)
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(NAMELESS) == []
    assert not {name for name in page.evaluate(DUPLICATES) if name not in {"tv-attr-logo", "tr-logo", "a"}}


def test_a_call_gets_a_cycle_of_its_own_and_goes_back(
    hand: Bots, url: str, positions: Callable[..., Page], web: Web
) -> None:
    page = positions(path="/positions#position=74")
    page.click("#drawer-show-wheel")
    rows = page.locator("#drawer-wheel-chain tbody tr")
    expect(rows).to_have_count(3)
    select = page.get_by_label(re.compile("^Cycle of KO .* 57 C$"))

    def give(value: str) -> None:
        with page.expect_response(re.compile("/round-trips/[0-9]+/cycle")) as answer:
            select.select_option(value)
        assert answer.value.json()["is_new"]
        with connect(url, Role.AGENT, "test", autocommit=True) as agent:
            Keeper(agent).look()

    give("own")
    expect(rows).to_have_count(2)
    (alone,) = [
        c for c in web.get("/api/wheel/cycles?symbol=KO").json["items"] if c["stage"] == "call" and c["trips"] == 1
    ]
    assert page.evaluate(CONTRAST) == []
    page.locator('#drawer-wheel-list button[title="Call sold"]').click()
    expect(select).to_contain_text("by hand")
    trips = web.get(f"/api/trades/round-trips?cycle={alone['cycle']}").json["items"]
    assert [(trip["con_id"], trip["is_by_hand"]) for trip in trips] == [(74, True)]
    give("rules")
    page.locator("#drawer-wheel-list button", has_text=re.compile(".")).last.click()
    expect(rows).to_have_count(3)
    assert hand.sql("SELECT count(*) FROM audit_events WHERE kind = 'cycle.placed'") == [(2,)]


def test_the_payoff_is_drawn_told_and_tabled(positions: Callable[..., Page], web: Web) -> None:
    page = positions(path="/positions#position=74", theme="light", reduced_motion="reduce")
    page.click("#drawer-show-payoff")
    plot = page.locator("#drawer-payoff-plot")
    expect(plot.locator("path.curve")).to_have_count(3)
    middle = (TODAY + (EXPIRY - TODAY) // 2).isoformat()
    view = web.get(f"/api/underlyings/KO/payoff?currency=USD&dates={middle}").json
    facts = page.locator("#drawer-payoff-facts")
    assert view["max_profit"]["value"] == 100 * (57 - 53.5) + 119
    expect(facts).to_contain_text(text.signed(view["max_profit"]["value"]))
    expect(facts).to_contain_text(text.signed(view["max_loss"]["value"]))
    (break_even,) = view["break_evens"]
    expect(facts).to_contain_text(text.number(break_even))
    expect(plot.locator("path.break-even")).to_have_count(1)
    expect(plot).to_contain_text("now 56.00")
    expect(plot).to_have_attribute("aria-label", re.compile(re.escape(text.signed(view["curves"][0]["at_spot"]))))
    expect(page.locator("#drawer-payoff-notes")).to_contain_text("KO1 P50 is not in the figures")
    expect(page.locator("#drawer-payoff-legs tbody tr")).to_have_count(2)
    # Along the curve by keyboard, and back.
    expect(page.locator("#drawer-payoff-legend")).to_contain_text("Price56.00")
    plot.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#drawer-payoff-legend")).not_to_contain_text("Price56.00")
    page.keyboard.press("Home")
    expect(page.locator("#drawer-payoff-legend")).to_contain_text("Price56.00")
    # Another day.
    with page.expect_response(lambda r: f"dates={TODAY + timedelta(days=1)}" in r.url) as moved:
        page.locator("#drawer-payoff-day").focus()
        page.keyboard.press("Home")
    assert moved.value.status == 200
    expect(page.locator("#drawer-payoff-day-words")).to_contain_text("in 1 day")
    page.click("#drawer-payoff-table-button")
    rows = page.locator("#drawer-payoff-points tbody tr")
    expect(rows.filter(has_text="56.00").first).to_contain_text(text.signed(view["curves"][-1]["at_spot"]))
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(NAMELESS) == []
    with page.expect_download() as saved:
        page.click("#drawer-payoff-csv")
    lines = Path(saved.value.path()).read_text().splitlines()
    assert lines[0] == f"price,today {TODAY},before {TODAY + timedelta(days=1)},expiry {EXPIRY}"
    assert f"56,{view['curves'][0]['at_spot']:g}," in "\n".join(lines)
    page.click("#drawer-payoff-table-button")
    # The figures of another underlying; narrow; one that has none.
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("() => document.querySelector('#drawer-payoff-plot svg').getAttribute('width') <= 390")
    assert page.evaluate("document.querySelector('.drawer .offcanvas-body').scrollWidth") <= 390


def test_the_symbol_is_paused_and_an_order_given_away(hand: Bots, url: str, positions: Callable[..., Page]) -> None:
    with leading(url):
        page = positions()
        cell(page, "74", "market_value").click()
        page.click("#drawer-show-manage")
        line = page.locator(f'#drawer-manage-strategies [data-strategy="{WHEEL}"]')
        line.get_by_role("button", name="Pause KO").click()
        expect(page.locator("#toast")).to_contain_text("KO in thetagang/wheel: pause requested")
        hand.settle(WHEEL)
        expect(line.get_by_role("button", name="Resume KO")).to_be_visible()
        expect(line).to_contain_text("KO paused, enforced")
        assert hand.sql("SELECT action, symbol FROM commands WHERE strategy = %s", [WHEEL]) == [("pause", "KO")]
        line.get_by_role("button", name="Resume KO").click()
        expect(page.locator("#command-dialog")).to_contain_text(f"Resume KO in {WHEEL}?")
        expect(page.locator("#command-dialog-cancel")).to_be_focused()
        page.keyboard.press("Escape")  # closes the dialog, not the drawer beneath
        expect(page.locator("#command-dialog")).to_be_hidden()
        assert page.locator(".drawer.show").count() == 1
        page.locator("#drawer-manage-orders select").first.select_option("tracker/momentum")
        expect(page.locator("#drawer-manage-said")).to_contain_text("belongs to tracker/momentum")
        assert hand.sql("SELECT strategy FROM attributions WHERE how = 'hand'") == [("tracker/momentum",)]


def test_by_keyboard_and_on_a_telephone(positions: Callable[..., Page]) -> None:
    page = positions((390, 844), theme="light", reduced_motion="reduce")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    headers = page.locator("#book-grid .ag-header-cell")
    assert headers.count() < 12
    tabs = page.locator(".tabs .page-tab")
    assert tabs.count() <= 5
    for tab in tabs.all():
        assert tab.evaluate("e => e.scrollWidth <= e.clientWidth")
    cell(page, "group KO USD", "symbol").focus()
    page.keyboard.press("Space")
    expect(cell(page, "71", "symbol")).to_have_count(0)
    page.keyboard.press("Space")
    expect(cell(page, "71", "symbol")).to_have_count(1)
    cell(page, "71", "symbol").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#position-drawer")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#position-drawer")).to_be_hidden()
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(NAMELESS) == []


def test_calendar_and_ladder(positions: Callable[..., Page], web: Web, open_page: Open) -> None:
    page = positions()
    view = web.get("/api/calendar/expiries").json
    expect(page.locator("#expiries tbody tr:not(.week)")).to_have_count(len(view["items"]))
    expect(page.locator("#ladder tbody tr")).to_have_count(len(view["items"]))
    (ours,) = [item for item in view["items"] if item["expiry"] == EXPIRY.isoformat()]
    expect(page.locator("#expiries")).to_contain_text(text.number(ours["notional"], 0))
    expect(page.locator("#ladder")).to_contain_text("100 KO")
    expect(page.locator("#ladder-broker dt").first).to_have_text("Margin after the next expiration")
    expect(page.locator("#ladder-broker dd").first).to_have_text("—")  # nobody said


def test_greeks_in_money(positions: Callable[..., Page], web: Web) -> None:
    page = positions()
    view = web.get("/api/portfolio/greeks").json
    expect(page.locator("#greeks tbody tr")).to_have_count(len(view["items"]) + len(view["totals"]))
    ko = next(item for item in view["items"] if item["symbol"] == "KO")
    line = page.locator("#greeks tbody tr", has=page.get_by_role("rowheader", name="KO", exact=True))
    expect(line).to_contain_text(f"{text.signed(ko['delta'], 0)} *")  # without the adjusted put
    page.locator("#greeks summary").click()
    expect(page.locator("#greeks li", has_text="KO1 P50")).to_contain_text(
        "What this adjusted option delivers is not known."
    )
    expect(page.locator("#greeks li", has_text="Beta of KO")).to_contain_text("No price bars of SPY are stored yet.")
    assert page.evaluate(CONTRAST) == []


def test_what_cannot_be_read_is_said(positions: Callable[..., Page]) -> None:
    page = positions(clean=False)  # the browser itself notes an answer of 503
    refusal = json.dumps({"detail": "The database can't be reached."})
    for what in ("**/api/wheel/**", "**/api/underlyings/**", "**/api/preferences/**"):
        page.route(what, lambda route: route.fulfill(status=503, content_type="application/problem+json", body=refusal))
    cell(page, "74", "market_value").click()
    page.click("#drawer-show-wheel")
    expect(page.locator("#drawer-wheel-problem")).to_have_text(
        "The wheel can't be shown: The database can't be reached."
    )
    page.click("#drawer-show-payoff")
    expect(page.locator("#drawer-payoff-said")).to_have_text("The database can't be reached.")
    expect(page.locator("#drawer-payoff-body")).to_be_hidden()
    page.click("#drawer-show-manage")
    expect(page.locator("#drawer-note-said")).to_contain_text("The database can't be reached.")
    page.keyboard.press("Escape")
    cell(page, "group KO USD", "symbol").click()
    expect(page.locator("#book-problem")).to_contain_text("is not kept: The database can't be reached.")
