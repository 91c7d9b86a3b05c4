"""Charts of history in a browser, over a year of written rows."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Error, Page, Route, expect

from tests.e2e.conftest import Open
from tests.e2e.test_craft import CONTRAST, DUPLICATES, NAMELESS
from tests.e2e.year import DEPOSIT, REASON, Year, write_year
from tests.web.samples import ACCOUNT, Writer
from tests.web.server import Web

pytestmark = [pytest.mark.xdist_group("browser-charts"), pytest.mark.timeout(120)]

FRAMES = ("1D", "1W", "1M", "3M", "YTD", "1Y", "All")
PHONE = (390, 844)
STATE = "() => { const c = mtz.equity.chart; return { step: c.data.step, rows: c.data.rows, places: c.places, whole: c.whole, frame: c.frame }; }"
SETTLED = "() => { const c = mtz.equity.chart; return c.data !== null && !c.line.busy() && c.places !== null; }"

CHART = "mtz.charts.tools.all().find((c) => c.key === '%s')"

# In how many rows of pixels the curve's colour stands between two places: the line at the newest price is one.
INKED = """([from, to]) => { const c = mtz.equity.chart;
  const probe = document.createElement('canvas').getContext('2d', {willReadFrequently: true}); probe.fillStyle = mtz.charts.style.palette().accent; probe.fillRect(0, 0, 1, 1);
  const want = probe.getImageData(0, 0, 1, 1).data;
  const canvas = document.querySelector('#equity-plot table tr:first-child td:nth-child(2) canvas');
  const bar = canvas.width / (c.places.to - c.places.from + 1); const x = (place) => Math.round((place - c.places.from + 0.5) * bar);

  const copy = document.createElement('canvas').getContext('2d', {willReadFrequently: true}); copy.canvas.width = canvas.width; copy.canvas.height = canvas.height;
  copy.drawImage(canvas, 0, 0); const image = copy.getImageData(x(from), 0, x(to) - x(from) + 1, canvas.height); const found = new Set();
  for (let i = 0; i < image.data.length; i += 4)
    if ([0, 1, 2].every((k) => Math.abs(image.data[i + k] - want[k]) < 24)) found.add(Math.floor(i / 4 / image.width));
  return found.size; }"""


@pytest.fixture(scope="module")
def year(url: str, write: Writer) -> Year:
    return write_year(url)


@pytest.fixture
def chart(web: Web, year: Year, open_page: Open) -> Callable[..., Page]:
    """A page whose equity chart is drawn."""

    def start(size: tuple[int, int] = (1440, 900), address: str = "", **options: Any) -> Page:
        page = open_page(web.origin + address, size, **options)
        page.wait_for_function(SETTLED)
        return page

    return start


def choose(page: Page, frame: str) -> dict[str, Any]:
    page.click(f"#equity-frame-{frame}")
    page.wait_for_function("(frame) => mtz.equity.chart.frame === frame", arg=frame)
    page.wait_for_function(SETTLED)
    found: dict[str, Any] = page.evaluate(STATE)
    return found


def release(page: Page, held: list[Route]) -> None:
    """Let the requests go that were held back, but for those that the page has given up."""
    for route in held:
        with contextlib.suppress(Error):
            route.continue_()
    page.unroute_all()


def times(state: dict[str, Any]) -> list[int]:
    return [row["time"] for row in state["rows"]]


def test_every_frame_is_what_the_server_answers_and_fits_the_plot(web: Web, chart: Callable[..., Page]) -> None:
    page = chart()
    pictures = set()
    for frame in FRAMES:
        state = choose(page, frame)
        points = page.evaluate("mtz.equity.chart.fits()")
        answer = web.get(f"/api/analytics/equity?frame={frame}&points={points}").json
        assert state["step"] == answer["step_s"]
        assert [row["time"] for row in state["rows"] if not row["gap"]] == [item["time"] for item in answer["items"]]
        assert state["whole"]
        expect(page.locator(f"#equity-frame-{frame}")).to_have_attribute("aria-pressed", "true")
        assert page.locator(".panel-equity [data-act=frame][aria-pressed=true]").count() == 1
        pictures.add(page.evaluate("document.querySelector('#equity-plot canvas').toDataURL()"))
    assert len(pictures) >= 4  # two frames may show the same span
    assert page.evaluate("performance.getEntriesByName('mtz:painted', 'measure').length") == 1


def test_the_last_frame_is_remembered(chart: Callable[..., Page]) -> None:
    page = chart()
    choose(page, "3M")
    page.reload()
    page.wait_for_function(SETTLED)
    assert page.evaluate(STATE)["frame"] == "3M"
    expect(page.locator("#equity-frame-3M")).to_have_attribute("aria-pressed", "true")


def test_zoom_brings_finer_data_and_the_old_stay_until_then(chart: Callable[..., Page]) -> None:
    page = chart()
    coarse = choose(page, "1M")
    held: list[Route] = []
    page.route("**/api/analytics/equity?*", lambda route: held.append(route))
    with page.expect_request("**/api/analytics/equity?*"):
        for _ in range(3):
            page.click(".panel-equity [title='Zoom in']")
            page.wait_for_function(
                "(before) => mtz.equity.chart.places.from > before", arg=page.evaluate(STATE)["places"]["from"] - 1e-3
            )
    assert times(page.evaluate(STATE)) == times(coarse)
    release(page, held)
    page.wait_for_function("(step) => mtz.equity.chart.data.step < step", arg=coarse["step"])
    page.wait_for_function(SETTLED)
    fine = page.evaluate(STATE)
    assert 0 < fine["places"]["from"] < fine["places"]["to"]
    assert not fine["whole"]


def test_panning_past_the_oldest_brings_older_data_where_it_was(chart: Callable[..., Page]) -> None:
    page = chart()
    before = choose(page, "1W")
    oldest = times(before)[0]
    page.focus("#equity-plot")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.wait_for_function("(oldest) => mtz.equity.chart.data.rows[0].time < oldest", arg=oldest)
    page.wait_for_function(SETTLED)
    after = page.evaluate(STATE)
    assert after["places"]["from"] > 0
    assert oldest in times(after) or after["step"] != before["step"]
    page.keyboard.press("Home")
    page.wait_for_function("() => mtz.equity.chart.whole")


def test_a_late_answer_to_an_older_question_is_dropped(chart: Callable[..., Page]) -> None:
    page = chart()
    held: list[Route] = []
    page.route(re.compile("frame=3M"), lambda route: held.append(route))
    with page.expect_request(re.compile("frame=3M")):
        page.click("#equity-frame-3M")
    state = choose(page, "1W")
    release(page, held)
    page.evaluate(
        "async () => { await fetch('/api/analytics/equity?frame=3M&points=60'); }"
    )  # an answer that came later
    assert times(page.evaluate(STATE)) == times(state)
    expect(page.locator("#equity-frame-1W")).to_have_attribute("aria-pressed", "true")


def test_a_deposit_is_marked_and_no_return(web: Web, year: Year, chart: Callable[..., Page]) -> None:
    page = chart()
    state = choose(page, "1Y")
    marks = page.evaluate(
        "() => { const c = mtz.equity.chart; return c.source.series(c.data, c.look, mtz.charts.style.palette())[0].markers; }"
    )
    assert [mark["text"] for mark in marks] == ["+10,000"]
    at = year.paid.timestamp()
    assert marks[0]["time"] == max(time for time in times(state) if time <= at)
    legend = page.locator("#equity-legend")
    expect(legend).to_contain_text(f"net deposits+{DEPOSIT:,.2f}")
    known = [row for row in state["rows"] if not row["gap"]]
    before = known[0]["close"] - (known[0]["pnl"] or 0.0)  # the close before the span, where the server knows it
    gained = known[-1]["close"] - before - DEPOSIT
    shown = re.search(r"P&L([+−])([\d,.]+)", legend.inner_text())
    assert shown
    assert float(shown[2].replace(",", "")) * (1 if shown[1] == "+" else -1) == pytest.approx(gained, abs=40)
    assert abs(known[-1]["return_pct"]) < 10  # the deposit alone would be ten more


def test_an_outage_is_a_gap_with_its_reason_and_a_night_is_none(year: Year, chart: Callable[..., Page]) -> None:
    page = chart()
    state = choose(page, "1W")
    blank = [i for i, row in enumerate(state["rows"]) if row["gap"]]
    assert blank
    assert {row["gap"]["reason"] for row in state["rows"] if row["gap"]} == {REASON}
    assert year.away.timestamp() - state["step"] <= state["rows"][blank[0]]["time"] <= year.back.timestamp()
    assert blank == list(range(blank[0], blank[-1] + 1))  # one gap: the nights between the sessions are none
    middle = blank[len(blank) // 2]
    assert len(blank) >= 6
    assert page.evaluate(INKED, [blank[2], blank[-3]]) <= 2
    assert page.evaluate(INKED, [blank[0] - len(blank), blank[0] - 2]) > 6
    expect(page.locator("#equity-gaps")).to_contain_text(REASON)
    box = page.locator("#equity-plot").bounding_box()
    assert box
    width = page.evaluate("document.querySelector('#equity-plot table td:nth-child(2)').clientWidth")
    page.mouse.move(box["x"] + (middle + 0.5) / len(state["rows"]) * width, box["y"] + 60)
    expect(page.locator("#equity-legend")).to_contain_text(f"no data{REASON}")


def test_a_tick_grows_the_newest_bucket_and_all_of_it_stays_in_view(write: Writer, chart: Callable[..., Page]) -> None:
    page = chart()
    choose(page, "1D")
    for amount in (104_950.0, 103_500.0, 104_100.0):
        write.worth(amount)
        page.wait_for_function("(a) => mtz.equity.chart.data.rows.at(-1).close === a", arg=amount)
    last = page.evaluate("mtz.equity.chart.data.rows.at(-1)")
    assert last["high"] >= 104_950.0
    assert last["low"] <= 103_500.0
    page.wait_for_function(SETTLED)
    assert page.evaluate("mtz.equity.chart.whole")
    expect(page.locator("#equity-legend")).to_contain_text("104,100.00")


def test_the_crosshair_tells_exact_values(chart: Callable[..., Page]) -> None:
    page = chart()
    state = choose(page, "1M")
    box = page.locator("#equity-plot").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + 80)
    legend = page.locator("#equity-legend")
    expect(legend).to_contain_text(re.compile(r"O[\d,.]+H[\d,.]+L[\d,.]+C[\d,.]+P&L.+Return"))
    shown = re.search(r"C([\d,]+\.\d\d)", legend.inner_text().replace("\n", ""))
    assert shown
    assert float(shown[1].replace(",", "")) in {row.get("close") for row in state["rows"]}


def test_a_candle_gets_more_pixels_than_a_point(chart: Callable[..., Page]) -> None:
    page = chart()
    choose(page, "1Y")
    points = page.evaluate("mtz.equity.chart.fits()")
    with page.expect_request(re.compile("/equity.*frame=1Y")) as asked:
        page.click("#equity-style-candles")
    fewer = page.evaluate("mtz.equity.chart.fits()")
    assert fewer < points / 2
    assert f"points={fewer}" in asked.value.url
    page.wait_for_function("(n) => mtz.equity.chart.data.rows.length <= n", arg=fewer)
    expect(page.locator("#equity-style-candles")).to_have_attribute("aria-pressed", "true")


def test_the_benchmark_begins_where_the_equity_does(chart: Callable[..., Page]) -> None:
    page = chart()
    choose(page, "1Y")
    button = page.locator("#equity-benchmark-button")
    expect(button).to_have_attribute("aria-disabled", "false")
    button.click()
    page.wait_for_function("() => mtz.equity.chart.data.benchmark")
    first, points = page.evaluate("[mtz.equity.chart.data.rows[0], mtz.equity.chart.data.benchmark]")
    assert points[0] == {"time": first["time"], "value": first["close"]}
    assert len(points) > 200
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    page.wait_for_function("() => mtz.equity.chart.data.benchmark === null")


def test_table_and_file_are_the_same_numbers(chart: Callable[..., Page], tmp_path: Path) -> None:
    page = chart()
    state = choose(page, "3M")
    known = [row for row in state["rows"] if not row["gap"]]
    page.click("#equity-table-button")
    rows = page.locator("#equity-table tbody tr")
    expect(rows).to_have_count(len({row["gap"]["from"] for row in state["rows"] if row["gap"]}) + len(known))
    expect(rows.last).to_contain_text(f"{known[0]['close']:,.2f}")
    with page.expect_download() as started:
        page.click("#equity-csv-button")
    started.value.save_as(tmp_path / "equity.csv")
    found = list(csv.DictReader(io.StringIO((tmp_path / "equity.csv").read_text())))
    assert started.value.suggested_filename == f"equity-{ACCOUNT}.csv"
    assert [float(row["open"]) for row in found] == [row["open"] for row in known]
    assert datetime.fromisoformat(found[0]["time"]).date() == datetime.fromtimestamp(known[0]["time"], UTC).date()
    page.click("#equity-table-button")
    expect(page.locator("#equity-table")).to_be_hidden()


def test_the_drawer_of_a_position(web: Web, chart: Callable[..., Page]) -> None:
    page = chart()
    row = page.locator('#positions-grid .ag-row[row-id="1"] [col-id="symbol"]')
    row.scroll_into_view_if_needed()
    row.click()
    drawer = page.locator("#position-drawer")
    expect(drawer).to_be_visible()
    expect(drawer).to_contain_text("Average price")
    page.wait_for_function(f"() => {{ const c = {CHART % 'holding'}; return c.data && c.data.rows.length; }}")
    page.click("#holding-frame-1M")
    expect(page.locator("#holding-legend")).to_contain_text("Price")
    expect(page.locator("#holding-plot canvas").first).to_be_visible()
    assert page.url.endswith("#position=1")
    page.wait_for_function("() => getComputedStyle(document.querySelector('.offcanvas')).transform === 'none'")
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(NAMELESS) == []
    doubled = set(page.evaluate(DUPLICATES))
    assert doubled <= {"tv-attr-logo", "tr-logo", "a"}  # the attribution in each chart, as its makers draw it
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    assert "#position" not in page.url


def test_the_technical_panel(chart: Callable[..., Page]) -> None:
    page = chart(address="/#" + quote("position") + "=1")
    expect(page.locator("#position-drawer")).to_be_visible()
    page.click("#drawer-show-symbol")
    page.click("#symbol-frame-1Y")
    drawn = (
        f"() => {{ const c = {CHART % 'symbol'}; "
        + "return c.data ? c.source.series(c.data, c.look, mtz.charts.style.palette()).filter(s => s.data.length).map(s => s.id) : []; }"
    )
    page.wait_for_function(f"() => ({drawn})().length > 4")
    assert set(page.evaluate(drawn)) == {"price", "volume", "sma_20", "bb_upper", "bb_middle", "bb_lower", "rsi_14"}
    for name in ("ema", "macd", "atr", "volatility"):
        page.click(f"#symbol-technical-{name}")
        expect(page.locator(f"#symbol-technical-{name}")).to_have_attribute("aria-pressed", "true")
    assert {"ema_50", "macd", "macd_signal", "macd_hist", "atr_14", "realized_vol_20", "implied_vol"} <= set(
        page.evaluate(drawn)
    )
    expect(page.locator("#symbol-plot table tr")).to_have_count(10)  # five panes, four lines between them, the times
    page.click("#symbol-technical-rsi")
    assert "rsi_14" not in page.evaluate(drawn)


def test_without_bars_it_says_why(web: Web, year: Year, chart: Callable[..., Page]) -> None:
    page = chart(clean=False)  # the browser itself notes an answer of 404
    page.route("**/api/analytics/bars/*", lambda route: route.fulfill(status=404, content_type="application/problem+json", body='{"detail": "There is no instrument here."}'))  # fmt: skip
    page.evaluate("mtz.equity.follow()")
    button = page.locator("#equity-benchmark-button")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#announce")).to_have_text("There is no instrument here.")
    expect(page.locator("#equity-benchmark-why")).to_have_text("There is no instrument here.")


def test_by_keyboard_alone(chart: Callable[..., Page]) -> None:
    page = chart()
    page.focus("#equity-frame-1M")
    page.keyboard.press("Enter")
    page.wait_for_function("() => mtz.equity.chart.frame === '1M'")
    page.wait_for_function(SETTLED)
    page.focus("#equity-plot")
    before = page.evaluate(STATE)["places"]
    page.keyboard.press("+")
    page.wait_for_function(
        "(w) => mtz.equity.chart.places.to - mtz.equity.chart.places.from < w * 0.7", arg=before["to"] - before["from"]
    )
    page.keyboard.press("Home")
    page.wait_for_function("() => mtz.equity.chart.whole")
    page.locator("#positions-grid").scroll_into_view_if_needed()
    cell = page.locator('#positions-grid .ag-row[row-id="2"] [col-id="symbol"]')
    expect(cell).to_be_visible()  # the grid shows its rows once it is in sight
    page.evaluate(
        "() => dash_ag_grid.getApi('positions-grid').setFocusedCell(dash_ag_grid.getApi('positions-grid').getRowNode('2').rowIndex, 'symbol')"
    )
    expect(cell).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#position-drawer")).to_be_visible()
    expect(page.locator(".offcanvas-title")).to_have_text("SPY 15 Jan 27 500 P")
    page.keyboard.press("Escape")
    expect(page.locator("#position-drawer")).to_be_hidden()
    expect(cell).to_be_focused()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_on_a_phone(chart: Callable[..., Page], theme: str) -> None:
    page = chart(PHONE, theme=theme)
    state = choose(page, "1Y")
    assert len(state["rows"]) <= 400
    page.locator("#equity-frame-All").scroll_into_view_if_needed()
    expect(page.locator("#equity-frame-All")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    page.evaluate("mtz.drawer.open(1)")
    expect(page.locator("#position-drawer")).to_be_visible()
    page.wait_for_function("() => getComputedStyle(document.querySelector('.offcanvas')).transform === 'none'")
    assert page.evaluate("document.querySelector('.offcanvas-body').scrollWidth") <= PHONE[0]
    assert page.evaluate(CONTRAST) == []


# -- what the charts are made of, without a server's answer ---------------------------------------------------------------

LAY = "([items, step, outages, steady]) => { const { rows, gaps } = mtz.charts.rows.lay(items, step, outages, steady); return [rows.map(r => r.gap ? 'gap' : r.time), gaps]; }"
FRIDAY = 1_764_343_800  # 28 November 2025, 15:30 UTC, a session of New York


def item(time: int, close: float | None = 1.0) -> dict[str, Any]:
    return {"time": time, "open": close, "high": close, "low": close, "close": close, "pnl": 0.0, "return_pct": 0.0}


def outage(started: int, ended: int | None) -> dict[str, Any]:
    iso = [None if at is None else datetime.fromtimestamp(at, UTC).isoformat() for at in (started, ended)]
    return {"kind": "gateway", "started": iso[0], "ended": iso[1], "reason": "why"}


def test_what_is_a_gap(chart: Callable[..., Page]) -> None:
    page = chart()

    def laid(*args: Any) -> tuple[list[Any], list[Any]]:
        rows, gaps = page.evaluate(LAY, list(args))
        return rows, gaps

    minute = [item(FRIDAY), item(FRIDAY + 60), item(FRIDAY + 1200), item(FRIDAY + 1260)]
    assert laid(minute, 60, [], False)[1] == []
    rows, gaps = laid(minute, 60, [], True)
    assert [gap["reason"] for gap in gaps] == ["no sample was stored."]
    assert rows[:2] == [FRIDAY, FRIDAY + 60]
    assert "gap" in rows
    assert rows[-2:] == [FRIDAY + 1200, FRIDAY + 1260]
    assert [gap["reason"] for gap in laid(minute, 60, [outage(FRIDAY + 100, FRIDAY + 1150)], True)[1]] == ["why"]
    weekend = [item(FRIDAY), item(FRIDAY + 3 * 86400)]
    assert laid(weekend, 3600, [], True)[1] == []
    assert laid(weekend, 3600, [outage(FRIDAY + 86400, FRIDAY + 86400 + 600)], True)[1] == []  # a restart on Saturday
    days = [item(1_764_288_000), item(1_764_547_200)]  # Friday and Monday
    assert laid(days, 86400, [outage(1_764_374_400, 1_764_460_800)], True)[1] == []  # Saturday
    week = [item(1_764_547_200), item(1_764_806_400)]  # Monday and Thursday
    assert len(laid(week, 86400, [outage(1_764_633_600, 1_764_806_400)], True)[1]) == 1
    assert laid([item(FRIDAY), item(FRIDAY + 60, None), item(FRIDAY + 120)], 60, [], True)[0] == [FRIDAY, FRIDAY + 120]


def test_places_survive_other_rows(chart: Callable[..., Page]) -> None:
    page = chart()
    carried = "([place, before, after]) => mtz.charts.rows.carried(place, before, after)"
    coarse: dict[str, Any] = {"rows": [item(t) for t in range(0, 36000, 600)], "step": 600}
    fine = {"rows": [item(t) for t in range(0, 36000, 60)], "step": 60}
    older = {"rows": [item(t) for t in range(-72000, -60000, 600)] + coarse["rows"], "step": 600}
    assert page.evaluate(carried, [10, coarse, fine]) == 100
    assert page.evaluate(carried, [105, fine, coarse]) == 10.5
    assert page.evaluate(carried, [0, coarse, older]) == 20
    assert page.evaluate(carried, [-5, coarse, older]) == 15  # the night between takes no room


def test_growing_keeps_pnl_and_return(chart: Callable[..., Page]) -> None:
    page = chart()
    grown = "([rows, step, time, value, open]) => mtz.charts.rows.grown(rows, step, time, value, open)"
    last = item(1200, 110.0) | {"open": 100.0, "low": 100.0, "pnl": 10.0, "return_pct": 10.0, "gap": None}
    found = page.evaluate(grown, [[last], 60, 1230, 115.5, True])
    assert not found["fresh"]
    assert found["row"]["pnl"] == pytest.approx(15.5)
    assert found["row"]["return_pct"] == pytest.approx(15.5)
    assert found["row"]["high"] == 115.5
    found = page.evaluate(grown, [[last], 60, 1290, 121.0, True])
    assert found["fresh"]
    assert found["row"]["time"] == 1260
    assert found["row"]["return_pct"] == pytest.approx(21.0)
    assert page.evaluate(grown, [[last], 60, 1100, 5.0, True]) is None  # older than what is there
    assert page.evaluate(grown, [[last], 60, 9000, 110.0, False]) is None  # a night in which nothing changes
    assert page.evaluate(grown, [[last], 86400, 90000, 120.0, True])["fresh"] is False


def test_the_benchmark_has_the_same_deposits(chart: Callable[..., Page]) -> None:
    page = chart()
    day = 86400
    rows = [item(n * day, 1000.0) | {"gap": None} for n in range(4)]
    bars = [{"time": n * day, "open": 100.0, "high": 0, "low": 0, "close": 100.0 + 10 * n} for n in range(4)]
    flows = [{"time": 2 * day + 50, "amount": 1200.0, "kind": "deposit"}]
    found = page.evaluate("([r, b, f]) => mtz.charts.benchmark.rebased(r, 86400, b, 86400, f)", [rows, bars, flows])
    assert [point["value"] for point in found] == [1000.0, 1100.0, 2400.0, 2600.0]


def test_what_is_fetched_for_what_is_seen(chart: Callable[..., Page]) -> None:
    page = chart()
    wanted = "([seen, loaded, fits]) => mtz.charts.frames.wanted(seen, loaded, fits)"
    loaded = {
        "from": 500_000,
        "to": 900_000,
        "first": 0,
        "last": 900_000,
        "step": 600,
        "bars": 600,
        "length": 400_000,
        "reach": 0,
    }
    seen = {"from": 600_000, "to": 800_000, "bars": 300, "before": False, "after": False}
    assert page.evaluate(wanted, [seen, loaded, 600]) is None
    found = page.evaluate(wanted, [seen | {"from": 700_000, "bars": 100}, loaded, 600])
    assert (found["from"], found["to"]) == (650_000, 850_000)
    assert (
        page.evaluate(wanted, [seen | {"from": 700_000, "bars": 100}, loaded | {"step": 60}, 600]) is None
    )  # the finest
    older = page.evaluate(wanted, [seen | {"from": 480_000, "before": True}, loaded, 600])
    assert older["from"] < 480_000 - 100_000
    assert (
        page.evaluate(wanted, [seen | {"from": -1, "before": True}, loaded | {"from": 0}, 600]) is None
    )  # there is no more
