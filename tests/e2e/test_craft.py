"""How the pages are made: readable by everybody, still while numbers change, at every width, in both themes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from layouts import format as text
from tests.e2e.conftest import Open
from tests.web.samples import Writer
from tests.web.server import Web

pytestmark = [pytest.mark.xdist_group("browser-rows"), pytest.mark.timeout(120)]

WIDTHS = (360, 768, 1440, 2560)

# Contrast by WCAG 2.2 of every text on the page against what is really behind it.
CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255]; };
  const over = (top, under) => top.slice(0, 3).map((c, i) => c * top[3] + under[i] * (1 - top[3]));
  const behind = (element) => { const layers = [];
    for (let e = element; e; e = e.parentElement) layers.unshift(rgba(getComputedStyle(e).backgroundColor));
    return layers.reduce((under, layer) => over(layer, under), [255, 255, 255]); };
  const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const bad = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.nodeValue.trim());
    const box = element.getBoundingClientRect();
    if (!own || !box.width || getComputedStyle(element).visibility !== 'visible' || element.closest('.visually-hidden, .skip, canvas')) continue;
    const style = getComputedStyle(element);
    const ground = behind(element);
    const [a, b] = [light(over(rgba(style.color), ground)), light(ground)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) bad.push(`${element.className || element.tagName} "${element.textContent.slice(0, 30)}" ${ratio.toFixed(2)}`);
  }
  return bad;
}"""

NAMELESS = """() => [...document.querySelectorAll('button, a, select, input')].filter((e) => {
  const label = e.getAttribute('aria-label') || e.title || e.textContent.trim() || (e.id && document.querySelector(`label[for="${e.id}"]`));
  return e.getBoundingClientRect().width && !label && !e.closest('.ag-root-wrapper');
}).map((e) => e.outerHTML.slice(0, 120))"""

# The chart library gives the same ids to the logo in each of its charts.
DUPLICATES = "() => { const ids = [...document.querySelectorAll('[id]')].filter((e) => !e.closest('.chart')).map((e) => e.id); return ids.filter((id, i) => ids.indexOf(id) !== i); }"

SHIFTS = "window.shifts = 0; window.shifted = []; new PerformanceObserver((l) => l.getEntries().forEach((e) => { window.shifts += e.value; window.shifted.push(e.value.toFixed(4) + e.sources.map((s) => s.node && (s.node.id || s.node.className || s.node.nodeName))); })).observe({type: 'layout-shift', buffered: true});"


def ready(page: Page) -> None:
    page.wait_for_function("() => mtz.socket.working() && mtz.state.state.complete")
    page.locator("#positions-grid-box").scroll_into_view_if_needed()  # the grid shows its rows once it is in sight
    page.wait_for_selector("#positions-grid .ag-row")
    page.evaluate("window.scrollTo(0, 0)")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_everything_can_be_read(web: Web, open_page: Open, theme: str) -> None:
    page = open_page(web.origin, theme=theme, reduced_motion="reduce")
    ready(page)
    assert page.evaluate("document.documentElement.dataset.bsTheme") == theme
    page.click("#connection")
    expect(page.locator(".popover")).to_be_visible()
    page.wait_for_function("() => getComputedStyle(document.querySelector('.popover')).opacity === '1'")
    assert page.evaluate(CONTRAST) == []
    page.keyboard.press("Escape")
    page.click("#nav-about")
    expect(page.locator("#page-about")).to_be_visible()
    assert page.evaluate(CONTRAST) == []


def test_landmarks_names_and_headings(web: Web, open_page: Open) -> None:
    page = open_page(web.origin)
    ready(page)
    assert page.evaluate("document.documentElement.lang") == "en"
    for landmark in ("header", "nav", "main"):
        assert page.locator(landmark).count() == 1
    assert page.locator("h1:visible").count() == 1
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(DUPLICATES) == []
    assert page.locator("#positions-grid [role=gridcell]").count() > 0
    assert (
        page.locator("[aria-live]:not([aria-live=off]):not(.ag-aria-description-container)").count() == 0
    )  # no tick is read out


def test_everything_can_be_reached_by_keyboard(web: Web, open_page: Open) -> None:
    page = open_page(web.origin)
    ready(page)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    reached = set()
    # The header, today's lines, the cards' whys, a row of each strategy and the charts' buttons come before the tables.
    for _ in range(50):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "() => { const e = document.activeElement; const s = getComputedStyle(e);"
            " return [e.id || e.className, e.closest('.grid') !== null || s.outlineStyle !== 'none']; }"
        )
        assert found[1], f"no focus ring on {found[0]}"
        reached.add(str(found[0]))
    for name in (
        "nav-overview",
        "connection",
        "theme",
        "today-free-why",
        "today-body",
        "card-why-net_liquidation",
        "card-why-premium_month",
        "equity-table-button",
        "trades-csv",
        "positions-csv",
    ):
        assert name in reached
    page.focus("#card-why-cash")
    page.keyboard.press("Enter")
    expect(page.locator(".popover")).to_contain_text("Total cash")
    page.keyboard.press("Escape")
    expect(page.locator(".popover")).to_have_count(0)


def test_nothing_jumps_while_numbers_change(web: Web, write: Writer, open_page: Open) -> None:
    page = open_page(web.origin, script=SHIFTS)
    ready(page)
    page.wait_for_function("() => document.querySelector('#equity-chart canvas')")
    # How often a slow machine paints while the page builds itself is not ours to say; what the eye calls good is.
    page.wait_for_timeout(500)
    assert page.evaluate("window.shifts") < 0.1, page.evaluate("window.shifted")
    page.evaluate("() => { window.shifts = 0; window.shifted = []; }")
    for step in range(20):
        write.worth(10.0 ** (step % 8) * 1.2345)
        page.wait_for_timeout(100)
    write.status()
    for step in range(20):
        write.worth(104_321.12 + step)
        page.wait_for_timeout(100)
    assert page.evaluate("window.shifts") < 0.02, page.evaluate("window.shifted")


@pytest.mark.parametrize("width", WIDTHS)
def test_no_width_scrolls_sideways(web: Web, write: Writer, open_page: Open, width: int) -> None:
    write.worth(12_345_678.9)
    page = open_page(web.origin, (width, 800))
    page.wait_for_function("() => mtz.socket.working() && mtz.state.state.complete")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = page.evaluate(
        "() => [...document.querySelectorAll('.metric-value')].filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent)"
    )
    assert cut == []
    expect(page.locator("#market")).to_be_visible()
    for tab in page.locator(".tabs .page-tab").all():
        expect(tab).to_be_in_viewport()
        assert tab.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_the_theme_stays_and_every_part_follows(web: Web, open_page: Open) -> None:
    page = open_page(web.origin)
    ready(page)
    surface = "getComputedStyle(document.querySelector('#positions-grid .ag-root-wrapper')).backgroundColor"
    dark = page.evaluate(surface)
    page.click("#theme")
    page.wait_for_function(f"(dark) => {surface} !== dark", arg=dark)
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "light"
    assert page.evaluate(surface) == "rgb(255, 255, 255)"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "light"
    ready(page)
    assert page.evaluate(surface) == "rgb(255, 255, 255)"


def test_pages_change_without_a_request(web: Web, open_page: Open) -> None:
    page = open_page(web.origin)
    ready(page)
    page.click("#nav-about")
    expect(page.locator("#page-about")).to_contain_text("TradingView")
    expect(page.locator("#page-overview")).to_be_hidden()
    expect(page.locator("#nav-about")).to_have_attribute("aria-current", "page")
    page.go_back()
    expect(page.locator("#page-overview")).to_be_visible()
    page.goto(f"{web.origin}/nowhere")
    expect(page.locator("#page-missing")).to_be_visible()


def test_motion_can_be_turned_off(web: Web, write: Writer, open_page: Open) -> None:
    for motion, expected in (("reduce", False), ("no-preference", True)):
        page = open_page(web.origin, reduced_motion=motion)
        ready(page)
        page.evaluate(
            "() => { window.flashed = false; new MutationObserver(() => { window.flashed = true; })"
            ".observe(document.body, {subtree: true, attributes: true, attributeFilter: ['data-flash']}); }"
        )
        write.worth(1000.0 if expected else 2000.0)
        expect(page.locator("#card-value-net_liquidation")).to_have_text("1,000.00" if expected else "2,000.00")
        assert page.evaluate("window.flashed") is expected


VALUES = st.one_of(
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-1e7, 1e7).map(lambda v: round(v, 2)),
    st.integers(-(10**7), 10**7).map(lambda v: v / 8),
    st.integers(-(10**5), 10**5).map(lambda v: v / 2000),
)  # fmt: skip

BOTH = """(values) => values.map((v) => { const f = mtz.format; return [f.number(v), f.number(v, 0), f.signed(v, 3), f.percent(v, 2, true),
  f.fraction(v), f.price(v), f.quantity(v), f.age(v), f.span(v), f.cardValue(v, 'money', true), f.cardValue(v, 'percent'), f.cardValue(v, 'count'),
  f.cardChange(v, 'percent'), f.cardChange(v, null), f.direction(v)]; })"""


def as_python(v: float | None) -> list[str]:
    return [
        text.number(v), text.number(v, 0), text.signed(v, 3), text.percent(v, 2, plus=True), text.fraction(v), text.price(v),
        text.quantity(v), text.age(v), text.span(v), text.card_value(v, "money", plus=True), text.card_value(v, "percent"),
        text.card_value(v, "count"), text.card_change(v, "percent"), text.card_change(v, None), text.direction(v),
    ]  # fmt: skip


def test_python_and_browser_say_the_same(web: Web, open_page: Open) -> None:
    page = open_page(web.origin)

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(VALUES, min_size=30, max_size=60))
    def agree(values: list[float | None]) -> None:
        assert page.evaluate(BOTH, values) == [as_python(value) for value in values]

    agree()
    edges = [
        0.0,
        -0.0,
        0.005,
        -0.005,
        0.125,
        2.5,
        -2.5,
        999.995,
        1e15,
        -1e15,
        999_999_999_999_999.0,
        59.999,
        60.0,
        3599.0,
        86400.0,
        1e-9,
    ]
    assert page.evaluate(BOTH, edges) == [as_python(value) for value in edges]
