"""A real browser over the real web process: either over rows that a test writes, or over gateway, poller and web together."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from data.db import connect
from data.model import Role
from data.store import Store
from tests.conftest import Server
from tests.e2e.stack import LiveStack
from tests.web import samples
from tests.web.samples import Writer
from tests.web.server import Web, running, wait_until

CANDIDATES = (
    "chromium", "chromium-browser", "google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)  # fmt: skip
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESK = (1440, 900)
PATIENCE_MS = 30_000.0  # how long a page may take on a machine that others keep busy too
expect.set_options(timeout=PATIENCE_MS)


def chromium() -> str:
    """Where the browser is; without one the tests are skipped, but in CI they must run."""
    found = next((path for name in CANDIDATES if (path := shutil.which(name))), None)
    if found is None:
        reason = "no Chromium on this system (Debian: apt-get install chromium): the pages are not tested in a browser"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


# Module scope: while Playwright's loop lives, no other test of this worker could run an event loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield found
        found.close()


@dataclass(slots=True)
class Watched:
    """What a page said and asked for, behind the reader's back."""

    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)

    def foreign(self) -> list[str]:
        hosts = {"127.0.0.1"}
        return [
            url
            for url in self.requests
            if (parts := urlsplit(url)).scheme in ("http", "https", "ws", "wss") and parts.hostname not in hosts
        ]


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """`open_page(url, size=…, theme=…, clean=True)`: a page in a fresh profile. Unless `clean` is off, the test fails on any
    word on the console and any request to another host."""
    contexts: list[BrowserContext] = []
    checked: list[Watched] = []

    def start(
        url: str,
        size: tuple[int, int] = DESK,
        *,
        theme: str | None = None,
        clean: bool = True,
        script: str = "",
        ready: str = "#card-value-net_liquidation",
        **options: Any,
    ) -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        if theme:
            context.add_init_script(f"localStorage.setItem('mtz-theme', '{theme}')")
        if script:
            context.add_init_script(script)
        page = context.new_page()
        watched = Watched()
        page.on("console", lambda message: watched.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: watched.console.append(f"error: {error.stack or error}"))
        page.on("request", lambda request: watched.requests.append(request.url))
        page.on("websocket", lambda socket: watched.requests.append(socket.url))
        page.on("request", lambda r: watched.posts.append(r.url) if r.method == "POST" else None)
        page.watched = watched  # type: ignore[attr-defined]
        if clean:
            checked.append(watched)
        page.goto(url)
        page.wait_for_selector(ready, state="attached")
        return page

    yield start
    for context in contexts:
        context.close()
    for watched in checked:
        assert watched.console == []
        assert watched.foreign() == []


@pytest.fixture(scope="module")
def url(server18: Server) -> str:
    """A database that the whole module shares."""
    return server18.database()


class LivingWriter(Writer):
    """A poller's hand whose heart beats: the status that was written last is written again, but for its heartbeat."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._last: dict[str, Any] = {}

    def status(self, account: str = samples.ACCOUNT, **values: Any) -> None:
        at = samples.now()
        self._last = {"account": account, "last_datum_at": at, "started_at": at, "gateway_since": at} | values
        super().status(**self._last)

    def beat(self, pulse: Writer, stopping: threading.Event) -> None:
        while not stopping.wait(2.0):
            pulse.status(**self._last)


@pytest.fixture(scope="module")
def write(url: str) -> Iterator[Writer]:
    """A poller's hand on the database."""
    stopping = threading.Event()
    with connect(url, Role.POLLER, "test", autocommit=True) as conn, samples.writer(url) as pulse:
        found = LivingWriter(Store(conn))
        found.account()
        heart = threading.Thread(target=found.beat, args=(pulse, stopping))
        heart.start()
        try:
            yield found
        finally:
            stopping.set()
            heart.join()


@pytest.fixture(scope="module")
def web(url: str, write: Writer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with running(url, tmp_path_factory.mktemp("web")) as found:
        write.status()
        wait_until(found.healthy, "the web process is healthy")
        yield found


@pytest.fixture(autouse=True)
def _poller_lives(request: pytest.FixtureRequest) -> None:
    """Each test on written rows begins with a poller that has just spoken, and values of now."""
    if "web" in request.fixturenames:
        writer: Writer = request.getfixturevalue("write")
        writer.status()
        writer.worth(104_321.12)


@pytest.fixture(scope="module")
def stack(server18: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStack]:
    """Gateway, poller and web: numbers that really tick."""
    folder: Path = tmp_path_factory.mktemp("stack")
    with LiveStack(server18.database(), folder) as found:
        yield found
