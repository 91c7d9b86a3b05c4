"""The live path with 60 more option positions ticking: gateway event → committed row → text in the browser; the poller's share."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psutil
from playwright.sync_api import Page, sync_playwright

from bench import stack
from bench.common import Row, database, folder, percentile
from data.db import connect
from data.model import Role
from tests.support.gateway import GatewayHandle, start_gateway

EVENTS = 60
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync"]  # fmt: skip
# Notes when a cell's text changes, on the wall clock.
WATCH = """conId => {
  window.changes = [];
  const grid = document.querySelector('#positions-grid');
  new MutationObserver(() => {
    const cell = document.querySelector(`#positions-grid [row-id="${conId}"] [col-id="market_price"]`);
    const text = cell && cell.textContent;
    if (text && text !== window.lastText) {
      window.lastText = text;
      window.changes.push([performance.timeOrigin + performance.now(), text]);
    }
  }).observe(grid, {subtree: true, childList: true, characterData: true});
}"""


def committed(url: str, gateway: GatewayHandle, con_ids: list[int]) -> list[float]:
    """Milliseconds from the bytes written by the gateway to the commit's notice with that row in the database."""
    took: list[float] = []
    reader = connect(url, Role.WEB, "bench", autocommit=True)  # a listening connection can do nothing else
    with reader, connect(url, Role.WEB, "bench", autocommit=True) as conn:
        conn.execute("LISTEN mtz")
        for _ in range(EVENTS):
            con_id = random.choice(con_ids)  # noqa: S311
            time.sleep(random.uniform(0.05, 0.2))  # noqa: S311
            written = gateway.admin("tick", con_id=con_id)["written"]
            wall = time.time() - (time.monotonic() - written)
            for notice in conn.notifies(timeout=3):
                now = time.time()
                if json.loads(notice.payload)["topic"] != "positions":
                    continue
                row = reader.execute(
                    "SELECT extract(epoch FROM as_of) FROM positions_latest WHERE con_id = %s", [con_id]
                ).fetchone()
                if row and float(row[0]) >= wall - 0.001:
                    took.append((now - wall) * 1000)
                    break
    return took


def painted(page: Page, gateway: GatewayHandle, con_id: int) -> list[float]:
    """Milliseconds from the bytes written by the gateway to the changed text of that position's price."""
    page.evaluate(WATCH, con_id)
    took: list[float] = []
    for _ in range(EVENTS):
        page.wait_for_timeout(random.uniform(200, 400))  # noqa: S311
        seen = page.evaluate("window.changes.length")
        written = gateway.admin("tick", con_id=con_id)["written"]
        wall = (time.time() - (time.monotonic() - written)) * 1000
        page.wait_for_function("n => window.changes.length > n", arg=seen, timeout=5000)
        at = page.evaluate("n => window.changes[n][0]", seen)
        took.append(max(0.0, at - wall))
    return took


def run() -> Iterator[Row]:
    with ExitStack() as todo:
        url, data_dir = todo.enter_context(database()), todo.enter_context(folder())
        gateway = todo.enter_context(start_gateway(data_dir, trader=False, master_client_id=30))
        gateway.admin("add_positions", n=60)
        settings = {
            "DATABASE_URL": url, "IBKR_HOST": gateway.host, "IBKR_PORT": str(gateway.port), "MTZ_SOURCE": "demo",
            "MTZ_DATA_DIR": str(data_dir),
        }  # fmt: skip
        poller = todo.enter_context(stack.process([sys.executable, "-m", "dashboard.cli", "poll"], settings))
        port = todo.enter_context(stack.web(url, data_dir))
        con_ids = _held_options(port)
        took = committed(url, gateway, con_ids)
        yield Row(f"gateway event → row committed, {len(con_ids)} option positions ticking (p95)",
                  percentile(took, 0.95), "ms", 80)  # fmt: skip
        yield from _poller_share(poller.pid)
        yield from _browser(port, gateway)


def _held_options(port: int) -> list[int]:
    for _ in range(100):
        items: Any = stack.get(port, "/api/portfolio/positions")["items"] if _has_account(port) else []
        found = [item["con_id"] for item in items if item["sec_type"] == "OPT"]
        if len(found) >= 60:
            return found
        time.sleep(0.2)
    raise RuntimeError("the positions did not arrive")


def _has_account(port: int) -> bool:
    try:
        return bool(stack.get(port, "/api/portfolio/")["account"])
    except OSError:
        return False


def _poller_share(pid: int) -> Iterator[Row]:
    process = psutil.Process(pid)
    process.cpu_percent()
    time.sleep(10)
    yield Row("poller: share of a core", process.cpu_percent(), "%", 10)


def _browser(port: int, gateway: GatewayHandle) -> Iterator[Row]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1440, "height": 1100}, bypass_csp=True)
        loads: list[float] = []
        for _ in range(5):
            started = time.perf_counter()
            page.goto(f"http://127.0.0.1:{port}/")
            page.wait_for_selector("#positions-grid .ag-row [col-id='market_price']")
            loads.append(time.perf_counter() - started)
        yield Row("page load → live numbers (median of 5)", percentile(loads, 0.5), "s", 1.5)
        con_id = int(page.evaluate(
            "[...document.querySelectorAll('#positions-grid .ag-row')].map(r => r.getAttribute('row-id')).find(i => i && i === String(Number(i)))"
        ))  # fmt: skip
        took = painted(page, gateway, con_id)
        yield Row("gateway event → text changed in Chromium (p95)", percentile(took, 0.95), "ms", 200)
        browser.close()
