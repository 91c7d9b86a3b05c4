"""Trades in a browser: lists sorted and filtered in the database, the file of the filter, notes, results and premium."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

from data.book.keeping import Keeper
from data.db import connect
from data.model import Contract, ExecutionKind, Role
from layouts import format as text
from tests.e2e.conftest import Open
from tests.e2e.test_craft import CONTRAST, DUPLICATES, NAMELESS
from tests.web import samples
from tests.web.samples import Writer
from tests.web.server import Web

pytestmark = [pytest.mark.xdist_group("browser-trades"), pytest.mark.timeout(120)]

SHOTS = os.environ.get("MTZ_SHOTS")
# What a page that closes still sends would come after the next test has begun.
FORGETFUL = """() => { const real = window.fetch; window.fetch = (address, options) =>
  String(address).startsWith("/api/preferences/") && options.method === "PUT" ? Promise.resolve(new Response("{}")) : real(address, options); }"""
START = datetime(2026, 1, 5, 15, tzinfo=UTC)
EXPIRY = START.date() + timedelta(days=46)
MANY = 400
PUT, ROLLED, LOST = (
    Contract(con_id, symbol, f"{symbol} 260220P{strike:.0f}", "OPT", "USD", symbol, "SMART", EXPIRY, strike, "P", 100.0)
    for con_id, symbol, strike in ((901, "KO", 60.0), (902, "KO", 55.0), (903, "F", 12.0))
)
# KO: sold, rolled, expired; F: sold and bought back at a loss.
FILLS: tuple[tuple[int, Contract, str, str, int | None], ...] = (
    (0, PUT, "SLD", "1.50", 1),
    (1, LOST, "SLD", "0.40", 2),
    (9, LOST, "BOT", "0.90", 3),
    (10, PUT, "BOT", "0.80", 4),
    (10, ROLLED, "SLD", "1.00", 4),
    (46, ROLLED, "BOT", "0", None),
)


@pytest.fixture(scope="module")
def book(url: str, write: Writer) -> None:
    write.flush(
        executions=(
            *(
                samples.execution(
                    number, contract, time=START + timedelta(days=day), side=side, price=Decimal(price), perm_id=order, order_id=None,
                    kind=ExecutionKind.TRADE if order else ExecutionKind.EXPIRY,
                    commission=Decimal(1) if order else None, commission_currency="USD" if order else None,
                )
                for number, (day, contract, side, price, order) in enumerate(FILLS)
            ),
            *(
                samples.execution(
                    100 + n, samples.stock(), time=START - timedelta(days=20) + timedelta(minutes=n), price=Decimal(100 + n),
                    side="BOT" if n % 2 else "SLD", perm_id=1000 + n, order_id=None,
                )
                for n in range(MANY)
            ),
        )
    )  # fmt: skip
    with connect(url, Role.AGENT, "test", autocommit=True) as agent:
        Keeper(agent).look()


@pytest.fixture
def trades(web: Web, book: None, open_page: Open, url: str) -> Callable[..., Page]:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("DELETE FROM preferences")

    def start(*size: tuple[int, int], keeps: bool = False, **options: Any) -> Page:
        page = open_page(f"{web.origin}/trades", *size, **options)
        if not keeps:
            page.evaluate(FORGETFUL)
        page.wait_for_selector("#executions-grid .ag-row [col-id=price]")
        page.wait_for_selector("#results .result-line")
        return page

    return start


def cell(page: Page, grid: str, row: int, column: str) -> Any:
    return page.locator(f'#{grid}-grid .ag-row[row-index="{row}"] [col-id="{column}"]')


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_the_list_is_that_of_rest_in_any_order(web: Web, trades: Callable[..., Page]) -> None:
    page = trades()
    total = web.get("/api/trades/?offset=0&limit=1").json["total"]
    expect(page.locator("#journal-note")).to_contain_text(f"{total} executions")
    expect(cell(page, "executions", 0, "side")).to_have_text("Expired")
    page.locator("#executions-grid .ag-header-cell[col-id=price]").click()
    expect(cell(page, "executions", 0, "price")).to_have_text(text.price(100.0 + MANY - 1))
    # Far down: a block that no cursor led to.
    wanted = web.get("/api/trades/?sort=price&limit=1&offset=350").json["items"][0]
    page.evaluate("() => dash_ag_grid.getApi('executions-grid').ensureIndexVisible(350, 'top')")
    expect(cell(page, "executions", 350, "price")).to_have_text(text.price(wanted["price"]))
    page.fill("#journal-text", "ko 55")
    expect(page.locator("#journal-note")).to_contain_text("2 executions fit")
    expect(cell(page, "executions", 0, "price")).to_have_text("1.00")
    with page.expect_download() as download:
        page.click("#journal-csv")
    with download.value.path().open(newline="") as file:
        assert [row["price"] for row in csv.DictReader(file)] == ["0", "1.00"]
    page.click("#journal-clear")
    page.select_option("#journal-type", "OPT")
    page.select_option("#journal-when", "days")
    page.fill("#journal-days [data-day=from]", "2026-01-06")
    page.fill("#journal-days [data-day=to]", "2026-01-15")
    expect(page.locator("#journal-note")).to_contain_text("4 executions fit")
    page.fill("#journal-symbol", "none")
    expect(page.locator("#journal-empty")).to_contain_text("No execution fits")
    shot(page, "trades-empty")


def test_round_trips_notes_and_results(web: Web, url: str, trades: Callable[..., Page]) -> None:
    page = trades(clean=False)  # the browser tells of a refused note
    expect(page.locator("#results .result-line")).to_contain_text("50.0 %")  # one chain won, one lost
    expect(page.locator("#results .result-line")).to_contain_text("3.21")  # (150 − 80 + 100 − 3) ÷ (50 + 2)
    page.get_by_role("button", name="By symbol").focus()
    page.get_by_role("button", name="By weekday").click()
    expect(page.locator("#results tbody th")).to_have_text(["Monday", "Tuesday"])
    expect(page.locator("#premium tbody tr")).to_have_count(1)
    expect(page.locator("#premium tbody td").nth(2)).to_have_text("+120.00")
    page.select_option("#premium-view", "close")
    expect(page.locator("#premium tbody tr")).to_have_count(2)
    page.select_option("#results-unit", "contract")
    expect(page.locator("#results-note")).to_contain_text("option contracts")
    page.get_by_role("button", name="Orders").click()
    roll = page.locator("#orders-grid .ag-row", has_text="−1 KO 20 Feb 26 55 P")
    expect(roll.locator("[col-id=legs]").first).to_contain_text("+1 KO 20 Feb 26 60 P / −1 KO 20 Feb 26 55 P")
    expect(roll.locator("[col-id=cash]").first).to_have_text("+20.00")
    page.get_by_role("button", name="Round trips").click()
    page.select_option("#journal-type", "OPT")
    expect(page.locator("#journal-note")).to_contain_text("3 round trips fit")
    expect(cell(page, "trips", 0, "ended_by")).to_have_text("Expired")
    expect(cell(page, "trips", 2, "ended_by")).to_have_text("Rolled")
    expect(cell(page, "trips", 2, "net")).to_have_text("+68.00")
    expect(page.locator("#journal-csv")).to_have_attribute(
        "href", "/api/exports/round_trips.csv?account=DU9000001&sec_type=OPT"
    )
    shot(page, "trades-trips")
    # A note by keyboard; what it leaves out is left out at once.
    cell(page, "trips", 1, "symbol").focus()
    page.keyboard.press("Enter")
    dialog = page.locator("#trade-dialog")
    expect(dialog).to_contain_text("F 20 Feb 26 12 P")
    expect(dialog).to_contain_text("−52.00 USD")
    expect(page.locator("#trade-note-text")).to_be_enabled()
    page.fill("#trade-note-text", "Too early")
    page.fill("#trade-note-tags", "Earnings")
    page.check("#trade-note-excluded")
    page.click("#trade-note-save")
    expect(page.locator("#trade-note-said")).to_contain_text("Kept")
    shot(page, "trades-dialog")
    # Somebody else writes meanwhile: the second is told so.
    page.fill("#trade-note-text", "Too late")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("UPDATE notes SET version = version + 1, author = 'anna' WHERE note = 'Too early'")
    page.click("#trade-note-save")
    expect(page.locator("#trade-note-said")).to_contain_text("anna has changed this note")
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(cell(page, "trips", 1, "note")).to_contain_text("#earnings Too early")
    expect(page.locator("#results .result-line")).to_contain_text("100.0 %")
    expect(page.locator("#results-note")).to_contain_text("1 left out by notes")
    page.fill("#journal-tag", "earnings")
    expect(page.locator("#journal-note")).to_contain_text("1 round trip fits")


def test_a_total_opens_the_rows_that_it_is_made_of(trades: Callable[..., Page]) -> None:
    """By keyboard and by touch; what is listed adds up to the figure that was opened."""
    page = trades()
    dialog = page.locator("#rows-dialog")

    def opened(figure: Any, column: int) -> Decimal:
        figure.focus()
        page.keyboard.press("Enter")
        expect(dialog.locator("tbody tr").first).to_be_visible()
        cells = dialog.locator(f"tbody td:nth-of-type({column})").all_text_contents()
        found = sum(
            (Decimal(amount.replace("−", "-").replace("+", "").replace(",", "")) for amount in cells), Decimal(0)
        )
        page.keyboard.press("Escape")
        expect(dialog).not_to_be_visible()
        return found

    def figure(locator: Any) -> Decimal:
        return Decimal(locator.inner_text().split()[0].replace("−", "-").replace("+", "").replace(",", ""))

    net = page.locator("#results .result-line .result", has_text="Net").locator("button.total")
    assert opened(net, 3) == figure(net)
    for place, column in ((0, 3), (1, 4), (2, 5)):
        premium = page.locator("#premium tbody tr").first.locator("button.total").nth(place)
        assert opened(premium, column) == figure(premium) != 0
    page.get_by_role("button", name="By symbol").click()
    line = page.locator("#results tbody tr", has_text="KO").locator("button.total")
    line.last.click()
    expect(page.locator("#rows-dialog-title")).to_have_text("Results of KO: roll chains that are closed")
    expect(page.locator("#rows-dialog-sum")).to_have_text("1 result: net +167.00 USD; 1 of 1 made money.")
    assert page.evaluate(DUPLICATES) == []
    assert page.evaluate(NAMELESS) == []
    shot(page, "rows-dialog")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    shot(page, "rows-dialog-narrow")
    page.locator("#rows-dialog-close").click()
    page.set_viewport_size({"width": 1440, "height": 900})
    # The card on the Overview, from its why.
    page.locator("#nav-overview").click()
    page.locator("#card-why-win_rate").click()
    page.get_by_role("button", name="Show what it is made of").click()
    expect(page.locator("#rows-dialog-sum")).to_contain_text(re.compile(r"[12] of [12] made money\."))


def test_columns_sort_and_filters_outlive_a_reload(web: Web, trades: Callable[..., Page]) -> None:
    """Each list keeps its own columns; one filter is kept for all of them."""
    page = trades(keeps=True)

    def kept(name: str, act: Callable[[], None]) -> Any:
        address = f"/api/preferences/{name}"
        with page.expect_response(lambda r: r.url.endswith(address) and r.request.method == "PUT") as answer:
            act()
        assert answer.value.status == 200
        return web.get(address).json["value"]

    assert kept("trades", lambda: page.select_option("#journal-type", "OPT"))["filters"]["type"] == "OPT"
    page.get_by_role("button", name="Round trips").click()
    expect(cell(page, "trips", 0, "net")).to_be_visible()
    page.locator("#trips-columns summary").click()
    hidden = kept("trades-round-trips", page.get_by_role("menuitemcheckbox", name="Gross").click)
    assert [column["id"] for column in hidden["columns"] if column["is_hidden"]] == ["gross"]
    page.keyboard.press("Escape")
    sorted_by = kept("trades-round-trips", page.locator("#trips-grid .ag-header-cell[col-id=net]").click)
    assert sorted_by["sort"] == [{"id": "net", "is_descending": True}]
    page.reload()
    expect(page.locator("#journal-type")).to_have_value("OPT")
    expect(page.locator("#journal-note")).to_contain_text("executions fit")
    expect(page.locator("#executions-grid .ag-header-cell[col-id=commission]")).to_have_count(1)
    page.get_by_role("button", name="Round trips").click()
    expect(cell(page, "trips", 1, "net")).to_have_text("+68.00")  # the second by what it brought, the last by its day
    expect(page.locator("#trips-grid .ag-header-cell[col-id=net]")).to_have_attribute("aria-sort", "descending")
    expect(page.locator("#trips-grid .ag-header-cell[col-id=gross]")).to_have_count(0)
    page.locator("#trips-columns summary").click()
    assert kept("trades-round-trips", lambda: page.click("#trips-reset"))["columns"] == []
    expect(page.locator("#trips-grid .ag-header-cell[col-id=gross]")).to_have_count(1)


def test_new_trades_come_by_themselves(web: Web, write: Writer, trades: Callable[..., Page]) -> None:
    page = trades()
    write.flush(executions=(samples.execution(5000, LOST, price=Decimal("7.77")),))
    expect(cell(page, "executions", 0, "price")).to_have_text("7.77")


@pytest.mark.parametrize(("size", "theme"), [((390, 844), "dark"), ((1440, 900), "light")])
def test_small_and_light(trades: Callable[..., Page], size: tuple[int, int], theme: str) -> None:
    page = trades(size, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(DUPLICATES) == []
    assert page.evaluate(CONTRAST) == []
    shot(page, f"trades-{size[0]}-{theme}")


def test_what_cannot_be_read_is_said(web: Web, trades: Callable[..., Page]) -> None:
    page = trades(clean=False)
    page.route("**/api/trades/?**", lambda route: route.fulfill(status=503, json={"detail": "The database is away."}))
    page.select_option("#journal-side", "SLD")
    expect(page.locator("#journal-problem")).to_contain_text("The trades can't be read: The database is away.")
    page.unroute("**/api/trades/?**")  # asked again by itself
    expect(page.locator("#journal-problem")).not_to_be_visible()
