"""Commands to strategies: given by REST → acknowledged as every page hears it, the kill switch, a stop against the broker."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import websocket
from playwright.sync_api import sync_playwright

from bench import stack
from bench.common import Row, database, folder, percentile
from bench.live import CHROMIUM
from data.db import connect
from data.model import Role
from tests.agent.world import ACCOUNT, Trader, resting
from tests.support.gateway import GatewayHandle, start_gateway

STRATEGIES = 20
COMMANDS = 60
KILLS = 5
STOPS = 5
CLIENT = 7
CLICK = """async name => {
  const card = document.querySelector(`#strategy-cards [data-strategy="${name}"]`);
  const part = which => card.querySelector(`[data-part="${which}"]`);
  const begun = performance.now();
  card.querySelector('button[data-do="pause"]').click();
  while (part('step2_box').dataset.step !== 'done' || part('state').textContent.trim() !== 'Paused')
    await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""


def run() -> Iterator[Row]:
    with ExitStack() as todo:
        url, data_dir = todo.enter_context(database()), todo.enter_context(folder())
        gateway = todo.enter_context(start_gateway(data_dir, trader=False, master_client_id=30))
        port = _start(todo, url, data_dir, gateway)
        yield Row("click on Pause → acknowledged on the page (p95)", percentile(_clicks(port), 0.95), "ms", 1000)
        page = _Page(port)
        todo.callback(page.close)
        took = [page.acknowledged(port, f"bot{n % STRATEGIES}/wheel", "resume" if n // STRATEGIES % 2 == 0 else "pause")
                for n in range(COMMANDS)]  # fmt: skip
        yield Row("POST a command → acknowledged on /ws (p95)", percentile(took, 0.95), "ms", 1000)
        kills, releases = [], []
        for _ in range(KILLS):
            kills.append(page.killed(port, is_release=False))
            releases.append(page.killed(port, is_release=True))
        yield Row(f"kill switch, {STRATEGIES} strategies → all acknowledged on /ws (worst)", max(kills), "ms", 2000)
        yield Row("its release → acknowledged on /ws (worst)", max(releases), "ms", 2000)
        stops = []
        for _ in range(STOPS):
            page.settled(port, "bot0/wheel", "resume")
            Trader(gateway, CLIENT).place(resting())
            stops.append(page.settled(port, "bot0/wheel", "stop"))
        yield Row(
            "POST a stop → its order cancelled, and enforced by the broker's list (median)",
            percentile(stops, 0.5),
            "ms",
        )


def _start(todo: ExitStack, url: str, data_dir: Path, gateway: GatewayHandle) -> int:
    """Bots, poller, agent and web; the web's port."""
    settings = {
        "DATABASE_URL": url, "IBKR_HOST": gateway.host, "IBKR_PORT": str(gateway.port), "MTZ_SOURCE": "demo",
        "MTZ_DATA_DIR": str(data_dir),
    }  # fmt: skip
    for part in ("poll", "agent"):
        todo.enter_context(stack.process([sys.executable, "-m", "dashboard.cli", part], settings))
    with connect(url, Role.AGENT, "bench", autocommit=True) as conn:
        while not conn.execute("SELECT 1 FROM poller_status WHERE gateway_state = 'connected'").fetchone():
            time.sleep(0.1)
        for number in range(STRATEGIES):
            conn.execute(
                "INSERT INTO bots (bot, adapter, family, account, client_id, gateway_host, gateway_port) "
                "VALUES (%s, 'wrapper', 'thetagang2', %s, %s, %s, %s)",
                [f"bot{number}", ACCOUNT, CLIENT + number, gateway.host, gateway.port],
            )
            conn.execute(
                "INSERT INTO strategies (name, bot, symbols) VALUES (%s, %s, '{AAPL}')",
                [f"bot{number}/wheel", f"bot{number}"],
            )
    return todo.enter_context(stack.web(url, data_dir))


def _clicks(port: int) -> list[float]:
    """Milliseconds from a click on Pause to the card that says so, once for each strategy."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1440, "height": 1000}, bypass_csp=True)
        page.goto(f"http://127.0.0.1:{port}/strategies")
        page.wait_for_function(
            "n => document.querySelectorAll('#strategy-cards [data-strategy]').length === n", arg=STRATEGIES
        )
        page.wait_for_function("() => mtz.socket.working()")
        took = [float(page.evaluate(CLICK, f"bot{number}/wheel")) for number in range(STRATEGIES)]
        browser.close()
    return took


class _Page:
    """What a page on /ws knows of strategies."""

    def __init__(self, port: int) -> None:
        self._socket = websocket.create_connection(f"ws://127.0.0.1:{port}/ws", timeout=20)
        self._socket.send(json.dumps({"type": "subscribe", "topics": ["strategies"], "account": ACCOUNT}))

    def close(self) -> None:
        self._socket.close()

    def acknowledged(self, port: int, strategy: str, action: str) -> float:
        """Milliseconds until the page is told that the command is acknowledged, or more than that."""
        return self._watch(port, f"/api/strategies/{strategy}/{action}", lambda c: c["acknowledged_at"] is not None)

    def settled(self, port: int, strategy: str, action: str) -> float:
        return self._watch(port, f"/api/strategies/{strategy}/{action}", lambda c: c["state"] == "enforced")

    def _watch(self, port: int, path: str, is_done: Any) -> float:
        begun = time.perf_counter()
        number = post(port, path)["command"]["number"]
        while True:
            commands = [item["command"] for item in self._next()["items"]]
            if any(c and c["number"] == number and is_done(c) for c in commands):
                return (time.perf_counter() - begun) * 1000

    def killed(self, port: int, *, is_release: bool) -> float:
        """Milliseconds until the switch, and with a kill every strategy, is acknowledged. Waits until all is enforced, too."""
        begun, took = time.perf_counter(), 0.0
        number = post(port, "/api/kill-switch" + ("/release" if is_release else ""))["command"]["number"]
        while True:
            view = self._next()
            own = view["kill"]["command"]
            if own is None or own["number"] != number:
                continue
            waiting = (
                [] if is_release else [i for i in view["items"] if not (i["command"] or {}).get("acknowledged_at")]
            )
            stopped = is_release or all(i["desired"] == "stopped" for i in view["items"])
            if not took and own["acknowledged_at"] is not None and not waiting and stopped:
                took = (time.perf_counter() - begun) * 1000
            if took and own["state"] == "enforced":
                return took

    def _next(self) -> dict[str, Any]:
        while True:
            message = json.loads(self._socket.recv())
            if message["type"] == "strategy.update":
                data: dict[str, Any] = message["data"]
                return data


def post(port: int, path: str) -> dict[str, Any]:
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data=b"{}", method="POST",
        headers={"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{port}"},
    )  # fmt: skip
    with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310
        found: dict[str, Any] = json.load(answer)
        return found
