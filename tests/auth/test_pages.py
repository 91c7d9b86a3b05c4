"""The log-in and the account in a browser: both themes, phone and desk, keyboard, nothing from outside, contrast."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from dashboard.auth.users import Users
from tests.auth.conftest import LOCAL, PASSWORD
from tests.e2e.conftest import FLAGS, Watched, chromium
from tests.web.server import Web

SIZES = {"phone": (390, 844), "desk": (1440, 900)}

# Every text against what is behind it, as WCAG 2.2 counts contrast; what is hidden or empty is left out.
CONTRAST = """() => {
  const light = (c) => c.map((v) => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
  const luminance = (c) => { const [r, g, b] = light(c); return .2126 * r + .7152 * g + .0722 * b; };
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const behind = (element) => {
    for (let node = element; node; node = node.parentElement) {
      const c = parse(getComputedStyle(node).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const element of document.querySelectorAll("body *")) {
    const words = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!words || !element.checkVisibility() || element.closest(".skip, script, option")) continue;
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) bad.push(`${element.tagName} ${element.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return bad;
}"""
SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, input, select")].filter((e) => e.checkVisibility() && !e.closest(".skip"))
  .map((e) => [e.outerHTML.slice(0, 60), e.getBoundingClientRect()]).filter(([, box]) => box.height < 24 && !box.bottom <= 0)
  .map(([words]) => words).filter((words) => words.startsWith("<button") || words.startsWith("<input") || words.startsWith("<select"))"""


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def opened(chrome: Browser, web: Web) -> Iterator[Any]:
    """`opened(path, theme)`: a page in a fresh profile that may say nothing on its console and ask no other host."""
    contexts: list[BrowserContext] = []
    watching: list[Watched] = []

    def start(path: str, theme: str = "dark") -> Page:
        width, height = SIZES["desk"]
        context = chrome.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        context.set_default_timeout(15_000)
        context.add_init_script(f"localStorage.setItem('mtz-theme', localStorage.getItem('mtz-theme') || '{theme}')")
        contexts.append(context)
        page, watched = context.new_page(), Watched()
        watching.append(watched)
        page.on("console", lambda message: watched.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: watched.console.append(f"error: {error}"))
        page.on("request", lambda request: watched.requests.append(request.url))
        page.goto(web.origin + path)
        return page

    yield start
    for context in contexts:
        context.close()
    for watched in watching:
        refused = [line for line in watched.console if "the server responded with a status of 4" not in line]
        assert refused == []
        assert watched.foreign() == []


def log_in(page: Page, name: str = "ann") -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def fits(page: Page) -> None:
    """In both themes and sizes: no text too faint, nothing wider than the window, no target too small."""
    page.wait_for_load_state()  # the style sheets are there
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.bsTheme = theme", theme)
        for name, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(CONTRAST) == [], (theme, name)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (theme, name)
            assert page.evaluate(SMALL_TARGETS) == [], (theme, name)


def test_the_log_in_page(opened: Any) -> None:
    page = opened("/about", theme="light")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "light"
    page.wait_for_function("() => document.activeElement.id === 'name'")
    fits(page)
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill("wrong wrong wrong")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    page.wait_for_function("() => document.activeElement.id === 'password'")
    fits(page)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/about")
    page.locator(".user summary").wait_for()


def test_the_theme_is_one_click_away_and_stays(opened: Any) -> None:
    page = opened("/login")
    page.get_by_label("Switch between dark and light").click()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "light"
    log_in(page)
    page.wait_for_url(lambda url: url.endswith("/"))
    page.locator(".user summary").wait_for()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "light"


def test_the_account_and_users_pages(opened: Any) -> None:
    page = opened("/account/")
    log_in(page)
    page.get_by_role("heading", name="Authenticator app").wait_for()
    fits(page)
    page.locator("#code-password").fill(PASSWORD)
    page.get_by_role("button", name="Set it up").click()
    assert page.locator(".qr").evaluate("image => image.naturalWidth > 0")
    fits(page)
    page.goto(page.url.split("/account")[0] + "/account/users/")
    page.get_by_role("heading", name="Users").wait_for()
    fits(page)


def test_the_menu_leads_out_by_keyboard(opened: Any) -> None:
    page = opened("/")
    log_in(page)
    summary = page.locator(".user summary")
    summary.wait_for()
    summary.press("Enter")
    assert page.get_by_text("ann · admin").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_text("ann · admin").is_visible()
    summary.press("Enter")
    page.get_by_role("button", name="Log out").press("Enter")
    page.wait_for_url("**/login")
    page.go_back()
    page.wait_for_url("**/login*")


def test_a_live_page_works_with_a_session_and_leads_to_the_log_in_when_it_ends(opened: Any, people: Users) -> None:
    page = opened("/about?x=1")
    log_in(page, "vic")
    page.wait_for_function("() => window.mtz && window.mtz.socket && window.mtz.socket.working()")
    with page.expect_response("**/_dash-update-component*") as answered:
        page.evaluate("window.mtz.feed.ask('now', 0)")
    assert answered.value.status == 200
    assert answered.value.request.header_value("x-csrftoken")
    people.set_active(people.get("vic"), False, LOCAL)
    try:
        page.wait_for_url("**/login?ended=1&next=**")
        assert "Your session ended" in page.content()
    finally:
        people.set_active(people.get("vic"), True, LOCAL)
    log_in(page, "vic")
    page.wait_for_url("**/about?x=1")


def test_a_moved_mouse_is_told(opened: Any) -> None:
    page = opened("/")
    log_in(page, "tom")
    page.wait_for_function("() => window.mtz && window.mtz.session")
    with page.expect_response("**/account/active") as told:
        page.mouse.click(300, 300)
    assert told.value.status == 204
