"""Charts over a year of five-second samples: click → painted in Chromium, and what history's length costs the web process."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import psutil
from playwright.sync_api import Page, sync_playwright

from bench import stack
from bench.common import Row, database, folder, percentile
from bench.history import SAMPLES, SPANS, YEAR
from bench.live import CHROMIUM
from data.db import connect
from data.housekeeping.service import catch_up
from data.model import Role
from data.resolution import FRAMES

ROUNDS = 6
REQUESTS = 60
SETTLED = "() => { const c = mtz.equity.chart; return c && c.data !== null && !c.line.busy() && c.places !== null; }"
# From the click to the frame after the one in which the chart of the new span was drawn.
CLICK = """(frame) => new Promise((done) => {
  const chart = mtz.equity.chart; const started = performance.now(); const before = chart.data;
  document.querySelector(`#equity-frame-${frame}`).click();
  const look = () => chart.frame === frame && chart.data !== before && !chart.line.busy()
    ? requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - started)))
    : setTimeout(look, 1);
  look();
})"""


def run() -> Iterator[Row]:
    with ExitStack() as todo:
        url, data_dir = todo.enter_context(database()), todo.enter_context(folder())
        with connect(url, Role.OWNER, "bench", autocommit=True) as conn:
            for account in (YEAR, *(a for a in SPANS if a != YEAR)):  # the page shows the one that is known longest
                conn.execute(
                    "INSERT INTO accounts (account, source, base_currency) VALUES (%s, 'demo', 'USD')", [account]
                )
                conn.execute(SAMPLES, {"account": account, "days": SPANS[account][1]})
        catch_up(url)
        sizes = {}
        for account, (length, _) in SPANS.items():
            with stack.web(url, data_dir) as port:
                sizes[length] = _size(port, account)
        for length, size in sizes.items():
            yield Row(f"web process after {REQUESTS} charts of {length}", size, "MB")
        yield Row("web process: 5 years against 1 month", sizes["5 years"] / sizes["1 month"], "x", 1.1)
        port = todo.enter_context(stack.web(url, data_dir))
        yield from _clicks(port)


def _size(port: int, account: str) -> float:
    """The worker's memory in MB after charts of every frame."""
    _ask(port, account, REQUESTS)
    return float(worker(port).memory_info().rss) / 1e6


def _ask(port: int, account: str, times: int) -> None:
    frames = list(FRAMES)
    for n in range(times):
        path = f"/api/analytics/equity?account={account}&frame={frames[n % len(frames)]}&points=750"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            json.load(answer)


def worker(port: int) -> psutil.Process:
    master = next(p for p in psutil.Process().children() if any(str(port) in a for a in p.cmdline()))
    return max((master, *master.children(recursive=True)), key=lambda p: p.memory_info().rss)


def _clicks(port: int) -> Iterator[Row]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1440, "height": 1000}, bypass_csp=True)
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_function(SETTLED)
        took = [_click(page, frame) for _ in range(ROUNDS) for frame in FRAMES if frame != "1D"]
        yield Row("click on a time frame of a year → painted (p95)", percentile(took, 0.95), "ms", 300)
        browser.close()


def _click(page: Page, frame: str) -> float:
    found: float = page.evaluate(CLICK, frame)
    page.wait_for_function(SETTLED)
    return found
