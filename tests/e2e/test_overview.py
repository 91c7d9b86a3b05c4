"""The Overview over written rows: what it says, in every state the data can be in."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
from playwright.sync_api import Page, expect

from data.model import ExecutionKind, GatewayState, MarketPhase, Outage
from tests.conftest import Server
from tests.e2e.bots import leading
from tests.e2e.conftest import Open
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer
from tests.web.server import Web, running, wait_until

pytestmark = [pytest.mark.xdist_group("browser-rows"), pytest.mark.timeout(120)]

WORTH = "#card-value-net_liquidation"


def ready(page: Page) -> None:
    page.wait_for_function("() => mtz.socket.working() && mtz.state.state.complete")
    page.locator("#positions-grid-box").scroll_into_view_if_needed()  # the grid shows its rows once it is in sight
    page.wait_for_selector("#positions-grid .ag-row")
    page.evaluate("window.scrollTo(0, 0)")


def test_the_first_layout_carries_the_numbers(web: Web) -> None:
    """Before any script of ours has run: in what the server answers for the layout."""
    layout = json.dumps(web.get("/_dash-layout").json, ensure_ascii=False)
    for text in (
        "104,321.12",
        "+812.34",
        "50,000.50",
        b"37.4\\u00a0%".decode("unicode_escape"),
        "DEMO",
        "Market open",
    ):
        assert text in layout


def test_numbers_change_with_a_flush(web: Web, write: Writer, open_page: Open) -> None:
    page = open_page(web.origin)
    ready(page)
    write.worth(99_000.0)
    expect(page.locator(WORTH)).to_have_text("99,000.00")


def test_what_is_older_never_overwrites(web: Web, write: Writer, open_page: Open) -> None:
    page = open_page(web.origin)
    ready(page)
    write.worth(50_000.0)
    expect(page.locator(WORTH)).to_have_text("50,000.00")
    accepted = page.evaluate(
        "() => { const s = mtz.state.state; const old = s.revisions['portfolio.update'] - 1;"
        " return mtz.state.receive({type: 'portfolio.update', account: s.account, revision: old, as_of: null,"
        " data: {...s.portfolio, net_liquidation: 1}}); }"
    )
    assert accepted is False
    write.worth(60_000.0)
    expect(page.locator(WORTH)).to_have_text("60,000.00")


def test_unknown_is_a_dash_with_its_reason(web: Web, write: Writer, open_page: Open) -> None:
    page = open_page(web.origin)
    ready(page)
    expect(page.locator("#card-value-win_rate")).to_have_text("—")
    expect(page.locator("#card-reason-win_rate")).to_contain_text("is closed yet")
    write.flush(portfolio=samples.portfolio(cushion=None))
    expect(page.locator("#card-value-cushion")).to_have_text("—")
    expect(page.locator("#card-reason-cushion")).to_have_text("The broker has not sent it yet.")


def test_why_opens_and_closes(web: Web, open_page: Open) -> None:
    page = open_page(web.origin)
    ready(page)
    page.click("#card-why-net_liquidation")
    popover = page.locator(".popover")
    expect(popover).to_contain_text("the broker's account values")
    expect(popover).to_contain_text("As of")
    page.keyboard.press("Escape")
    expect(popover).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "pill", "why"),
    [
        ({"market_data_type": 3}, "Delayed", "delayed prices"),
        ({"market_data_type": 2}, "Frozen", "last values"),
        ({"market_phase": MarketPhase.CLOSED}, "Closed", "closed"),
        ({"gateway_state": GatewayState.SILENT}, "Stale", "doesn't answer"),
        ({"gateway_state": GatewayState.WAITING_FOR_LOGIN}, "Offline", "second factor"),
        ({"gateway_state": GatewayState.OTHER_LOGIN, "gateway_reason": "Another log-in took it."}, "Offline", "Another log-in took it."),
    ],
)  # fmt: skip
def test_the_connection_tells_its_state_and_reason(
    web: Web, write: Writer, open_page: Open, status: dict[str, object], pill: str, why: str
) -> None:
    page = open_page(web.origin)
    ready(page)
    write.status(**status)
    expect(page.locator("#connection-text")).to_have_text(re.compile(f"^{pill}"))
    page.click("#connection")
    expect(page.locator(".popover")).to_contain_text(why)


def test_the_page_itself_sees_that_data_stopped(web: Web, write: Writer, open_page: Open) -> None:
    """The server still says "live" (its limit is longer here): the page counts by itself."""
    page = open_page(web.origin)
    ready(page)
    page.evaluate("mtz.state.state.config.limits = {ticking: 3, resting: 3}")
    write.worth(70_000.0)
    expect(page.locator("#connection-text")).to_have_text(re.compile(r"^Stale \d+\ss$"))
    assert page.evaluate("mtz.state.state.status.freshness") == "live"
    assert page.inner_text(WORTH) == "70,000.00"


def test_the_market_session_counts_down(web: Web, write: Writer, open_page: Open) -> None:
    write.status(market_phase=MarketPhase.PRE, next_phase_at=samples.now() + timedelta(hours=2, minutes=14, seconds=30))
    page = open_page(web.origin)
    expect(page.locator("#market")).to_have_text("Pre-market · opens in 2 h 14 min")


def test_rows_come_change_and_go(web: Web, write: Writer, open_page: Open) -> None:
    page = open_page(web.origin)
    ready(page)
    grid = page.locator("#positions-grid")
    call = samples.put(77, "QQQ", 410.0)
    write.flush(positions=(samples.position(call, unrealized_pnl=None),))
    row = grid.locator('.ag-row[row-id="77"]')
    expect(row.locator('[col-id="symbol"]').first).to_have_text("QQQ 15 Jan 27 410 P")
    expect(row.locator('[col-id="unrealized_pnl"]')).to_have_text("—")
    row.locator('[col-id="market_price"]').click()  # selected: it stays so while it changes
    write.flush(positions=(samples.position(call, market_price=2.5, unrealized_pnl=-40.0),))
    expect(row.locator('[col-id="market_price"]')).to_have_text("2.50")
    expect(row.locator('[col-id="unrealized_pnl"]')).to_have_text("−40.00")
    expect(row.first).to_have_class(re.compile("ag-row-selected"))
    expect(page.locator("#positions-note")).to_have_text("3 contracts")
    write.flush(removed=(77,))
    expect(row).to_have_count(0)
    expect(page.locator("#positions-note")).to_have_text("2 contracts")


def test_options_stand_under_their_stock(web: Web, write: Writer, open_page: Open) -> None:
    page = open_page(web.origin)
    ready(page)
    cells = page.locator('#positions-grid .ag-row [col-id="symbol"]')
    assert page.eval_on_selector_all(
        "#positions-grid .ag-row",
        "rows => rows.sort((a, b) => a.getAttribute('row-index') - b.getAttribute('row-index'))"
        ".map(r => r.querySelector('[col-id=symbol]')).filter(Boolean).map(c => c.textContent)",
    ) == ["SPY", "SPY 15 Jan 27 500 P"]
    assert cells.count() == 2


def test_fills_corrections_and_assignments(web: Web, write: Writer, open_page: Open) -> None:
    page = open_page(web.origin)
    ready(page)
    write.flush(executions=(samples.execution(1, price=Decimal("2.35"), time=samples.now()),))
    top = page.locator('#trades-grid .ag-row[row-index="0"]')
    expect(top.locator('[col-id="price"]')).to_have_text("2.35")
    corrected = samples.execution(
        1, price=Decimal("2.40"), revision=2, exec_id="0000e0d5.00000001.01.02", time=samples.now()
    )
    write.flush(executions=(corrected,))
    expect(top.locator('[col-id="price"]')).to_have_text("2.40")
    expect(page.locator("#trades-grid .ag-center-cols-container .ag-row")).to_have_count(1)
    write.flush(executions=(samples.execution(2, kind=ExecutionKind.ASSIGNMENT, price=Decimal(0), time=samples.now()),))
    expect(top.locator('[col-id="side"]')).to_have_text("Assigned")


def test_the_curve_grows_and_its_gap_has_a_reason(web: Web, write: Writer, open_page: Open) -> None:
    now = samples.now()
    for minutes in (40, 39, 38, 10, 9, 8, 1):
        write.sample(now - timedelta(minutes=minutes), 100_000.0 + minutes)
    write.flush(
        outages=(
            Outage(
                ACCOUNT, "gateway", now - timedelta(minutes=37), now - timedelta(minutes=11), "The gateway restarted."
            ),
        )
    )
    page = open_page(web.origin)
    ready(page)
    expect(page.locator("#equity-gaps")).to_contain_text("no data: The gateway restarted.")
    page.click("#equity-table-button")
    table = page.locator("#equity-table")
    expect(table.locator("caption")).to_be_visible()
    expect(table).to_contain_text("100,040.00")
    expect(page.locator("#equity-table-button")).to_have_attribute("aria-pressed", "true")
    write.worth(123_456.0)
    expect(page.locator("#equity-chart canvas").first).to_be_visible()


def test_today_says_what_is_due_and_what_cannot_be_known(web: Web, url: str, write: Writer, open_page: Open) -> None:
    earned = samples.put(78, "IWM", 200.0)
    busted = samples.execution(  # the assignment of the test before is taken back: today would tell of it
        2,
        kind=ExecutionKind.ASSIGNMENT,
        price=Decimal(0),
        quantity=Decimal(0),
        revision=2,
        exec_id="0000e0d5.00000002.01.02",
    )
    write.flush(executions=(busted,))
    page = open_page(web.origin)
    ready(page)
    assert page.evaluate(
        "() => document.querySelector('#overview-content > section').classList.contains('panel-today')"
    )
    lines, unknown, state = (
        page.locator("#today-lines > li"),
        page.locator("#today-unknown"),
        page.locator("#today-state"),
    )
    expect(unknown).to_contain_text("agent")  # none runs: whether bots are late can't be known
    expect(page.locator("#today-free-figure")).to_have_text("−49,999.50 USD")
    page.click("#today-free-why")
    expect(page.locator(".popover")).to_contain_text("strike × multiplier")
    page.keyboard.press("Escape")
    try:
        write.flush(positions=(samples.position(earned, unrealized_pnl=300.0),))
        expect(page.locator("#today-lines")).to_contain_text("of its premium")
        due = web.get("/api/today").json["items"]
        words = {"now": "Now", "soon": "Soon", "watch": "Watch"}
        expect(lines).to_have_text([f"{words[item['urgency']]}{item['text']}" for item in due])
        assert [item["kind"] for item in due] == ["free_cash", "target"]
        lines.nth(1).locator("a").click()
        expect(page.locator("#position-drawer")).to_contain_text("IWM 15 Jan 27 200 P")
        assert page.evaluate("location.hash") == "#position=78"
        page.keyboard.press("Escape")
        expect(lines.nth(1).locator("a")).to_be_focused()
        lines.nth(0).locator("a").click()
        expect(page.locator("#page-positions")).to_be_visible()
        write.flush(removed=(2, 78))
        page.click("#nav-overview")  # looked at: asked anew
        expect(state).to_have_text("Nothing is known to be due, but not everything can be known:")
        expect(unknown).to_contain_text("no statement has been compared yet")
        with leading(url), samples.compared(url):
            page.click("#nav-about")
            page.click("#nav-overview")
            expect(state).to_have_text("Nothing to do.")
            expect(unknown).to_be_hidden()
            expect(page.locator("#today-note")).to_have_text(re.compile("^as of "))
    finally:
        write.flush(removed=(78,), positions=(samples.position(samples.put()),))


def test_downloads_carry_the_account(web: Web, open_page: Open) -> None:
    page = open_page(web.origin)
    ready(page)
    with page.expect_download() as started:
        page.click("#positions-csv")
    assert started.value.suggested_filename.endswith(".csv")
    assert f"account={ACCOUNT}" in started.value.url


def test_a_hidden_page_piles_nothing_up(web: Web, write: Writer, open_page: Open) -> None:
    page = open_page(web.origin)
    ready(page)
    page.evaluate(
        "() => { window.painted = 0; const set = dash_clientside.set_props;"
        " dash_clientside.set_props = (...a) => { window.painted += 1; return set(...a); };"
        " window.realFrame = window.requestAnimationFrame; window.frames_ = []; "
        " window.requestAnimationFrame = (f) => window.frames_.push(f); }"
    )  # what a browser does to a hidden page: it hands out no frames
    before = page.evaluate("mtz.state.state.revisions['portfolio.update']")
    page.wait_for_timeout(100)
    page.evaluate("window.painted = 0; window.frames_.length = 0")
    for amount in range(30):
        write.worth(80_000.0 + amount)
    page.wait_for_function("(n) => mtz.state.state.revisions['portfolio.update'] >= n + 30", arg=before)
    ours = page.evaluate("window.frames_.length")
    page.evaluate("() => { window.requestAnimationFrame = window.realFrame; window.frames_.forEach(f => f(0)); }")
    expect(page.locator(WORTH)).to_have_text("80,029.00")
    assert ours < 30  # one of ours for all of them; the chart has its own


def test_several_accounts(server18: Server, tmp_path_factory: pytest.TempPathFactory, open_page: Open) -> None:
    url = server18.database()
    with samples.writer(url) as write, running(url, tmp_path_factory.mktemp("accounts")) as web:
        for account, worth in (("DU1", 1111.0), ("DU2", 2222.0)):
            write.account(account)
            write.worth(worth, account)
        wait_until(web.healthy, "the web process is healthy")
        page = open_page(web.origin)
        ready(page)
        expect(page.locator(WORTH)).to_have_text("1,111.00")
        expect(page.locator("#account-picker")).to_be_visible()
        page.select_option("#account-picker", "DU2")
        expect(page.locator(WORTH)).to_have_text("2,222.00")
        write.worth(3333.0, "DU2")
        write.worth(4444.0, "DU1")
        expect(page.locator(WORTH)).to_have_text("3,333.00")
        page.reload()
        expect(page.locator(WORTH)).to_have_text("3,333.00")  # chosen once is chosen for the next visit
        expect(page.locator("#account-picker")).to_have_value("DU2")
        expect(page.locator("#positions-csv")).to_have_attribute("href", re.compile("account=DU2"))
        page.context.close()


def test_before_there_is_an_account(
    server18: Server, tmp_path_factory: pytest.TempPathFactory, open_page: Open
) -> None:
    url = server18.database()
    with samples.writer(url) as write, running(url, tmp_path_factory.mktemp("empty")) as web:
        page = open_page(web.origin)
        expect(page.locator("#waiting")).to_contain_text("Waiting for the gateway")
        expect(page.locator("#overview-content")).to_be_hidden()
        write.account()
        expect(page.locator(WORTH)).to_have_text("104,321.12")
        expect(page.locator("#waiting")).to_be_hidden()
        expect(page.locator("#badge")).to_have_text("DEMO")
        expect(page).to_have_title("MoneyTrailz · DEMO")
        expect(page.locator("#trades-empty")).to_contain_text("No trades yet")
        page.context.close()


def test_the_database_goes_away(server18: Server, tmp_path_factory: pytest.TempPathFactory, open_page: Open) -> None:
    """Its connections are cut and refused: the last numbers stay, and come to life again."""
    url = server18.database()
    name = url.partition("?")[0].rpartition("/")[2]
    admin_url = server18.url()
    with samples.writer(url) as write, running(url, tmp_path_factory.mktemp("away")) as web:
        write.account()
        wait_until(web.healthy, "the web process is healthy")
        page = open_page(web.origin, clean=False)  # the browser itself notes a chart's question that got 503
        ready(page)
        expect(page.locator("#today-lines > li")).to_have_count(1)
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')  # type: ignore[arg-type]
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            expect(page.locator("#connection-text")).to_have_text("Offline")
            expect(page.locator("#problem")).to_contain_text("The last numbers stay")
            expect(page.locator(WORTH)).to_have_text("104,321.12")
            page.click("#nav-about")
            page.click("#nav-overview")
            expect(page.locator("#today-failed")).to_contain_text("Today can't be read now")
            expect(page.locator("#today-age")).to_have_text(re.compile(r"^The last answer came \d+\ss ago$"))
            expect(page.locator("#today-lines > li")).to_have_count(1)
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')  # type: ignore[arg-type]
        with samples.writer(url) as again:
            again.status()
            again.worth(200.0)
            expect(page.locator(WORTH)).to_have_text("200.00")
            expect(page.locator("#problem")).to_be_hidden()
            expect(page.locator("#today-failed")).to_be_hidden()
        assert [line for line in page.watched.console if "status of 503" not in line] == []  # type: ignore[attr-defined]
        page.context.close()
