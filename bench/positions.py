"""The Positions page with 300 option positions: first paint with numbers, and what a tick costs the browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime

from playwright.sync_api import CDPSession, Page, sync_playwright

from bench import stack
from bench.common import Row, database, folder, percentile
from bench.live import CHROMIUM
from data.model import Contract, Position
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer

OPTIONS, UNDERLYINGS = 300, 40
LOADS, TICKS, WARM_UP = 5, 20, 8
SHOWN = "#book-grid-box.ready .ag-row.book-held [col-id='market_price']"


def held(turn: int) -> tuple[Position, ...]:
    """Shares of each underlying and the options on them; every figure moves with `turn`."""
    found = []
    for number in range(UNDERLYINGS):
        symbol = f"S{number:02d}"
        share = Contract(10_000 + number, symbol, symbol, "STK", "USD")
        found.append(samples.position(share, quantity=100.0, market_price=100.0 + turn * 0.01, theta=None))
    for number in range(OPTIONS):
        symbol, strike = f"S{number % UNDERLYINGS:02d}", 80.0 + number // UNDERLYINGS
        option = Contract(
            20_000 + number,
            symbol,
            f"{symbol} P{strike:.0f}",
            "OPT",
            "USD",
            symbol,
            "SMART",
            date(2027, 12, 17),
            strike,
            "P",
            100.0,
        )
        moved = turn * 0.01 + number * 0.001
        found.append(
            samples.position(
                option,
                as_of=datetime.now(UTC),
                market_price=1.0 + moved,
                market_value=-200 - 100 * moved,
                unrealized_pnl=10 - moved,
                daily_pnl=moved,
                delta=-0.3 - moved / 100,
            )
        )
    return tuple(found)


def run() -> Iterator[Row]:
    with ExitStack() as todo:
        url, data_dir = todo.enter_context(database()), todo.enter_context(folder())
        write = todo.enter_context(samples.writer(url))
        write.account()
        write.flush(positions=held(0))
        port = todo.enter_context(stack.web(url, data_dir))
        playwright = todo.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        yield Row(f"Positions, {OPTIONS} options: page load → numbers (median of {LOADS})",
                  percentile([_load(page, port, write) for _ in range(LOADS)], 0.5), "s", 1.5)  # fmt: skip
        for changed in (1, 40, OPTIONS):
            yield Row(f"Positions, {OPTIONS} options: a tick of {changed} in the browser (median of {TICKS})",
                      percentile(_ticks(page, write, changed), 0.5), "ms", 8 if changed < OPTIONS else 80)  # fmt: skip
        browser.close()


def _load(page: Page, port: int, write: Writer) -> float:
    write.status(ACCOUNT)
    started = time.perf_counter()
    page.goto(f"http://127.0.0.1:{port}/positions")
    page.wait_for_selector(SHOWN)
    return time.perf_counter() - started


def _ticks(page: Page, write: Writer, changed: int) -> list[float]:
    """Milliseconds of the browser's main thread for a flush of `changed` options, by its own count: what it does in 400 ms with one,
    less what it does in 400 ms without. The first ticks, whose code isn't compiled yet, are not counted."""
    page.wait_for_function("() => mtz.socket.working()")
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})  # not what other processes took meanwhile

    def window(turn: int | None = None) -> float:
        before = _task_ms(cdp)
        if turn is not None:
            write.flush(positions=held(turn + changed * TICKS)[UNDERLYINGS : UNDERLYINGS + changed])
        page.wait_for_timeout(400)
        return _task_ms(cdp) - before

    for turn in range(-WARM_UP, 0):
        window(turn)
    pairs = [(window(), window(turn)) for turn in range(TICKS)]
    idle = percentile([quiet for quiet, _ in pairs], 0.5)  # not the mean: now and then the page asks for something
    return [max(0.0, busy - idle) for _, busy in pairs]


def _task_ms(cdp: CDPSession) -> float:
    metrics = {each["name"]: each["value"] for each in cdp.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"]) * 1000
