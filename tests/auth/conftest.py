"""The real web process with a log-in, and browsers that keep cookies."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest

from dashboard.auth.users import Users, offline
from data.audit import Caller
from tests.conftest import Server
from tests.web import samples
from tests.web.samples import Writer
from tests.web.server import ROOT, Answer, Socket, Web, running, wait_until

PASSWORD = "five green boats"
KEY = "k" * 40
LOCAL = Caller("test", "local")
USERS = {"ann": "admin", "tom": "trader", "vic": "viewer"}


@pytest.fixture(scope="module")
def url(server18: Server) -> str:
    """A database that the whole module shares."""
    return server18.database()


@dataclass(slots=True)
class Machine:
    """The command line on the machine where the dashboard runs."""

    url: str
    folder: Path

    def mtz(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("MTZ_", "IBKR_"))}
        environment |= {
            "DATABASE_URL": self.url,
            "MTZ_DATA_DIR": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "MTZ_SECRET_KEY": KEY,
        }
        command = [sys.executable, "-m", "dashboard.cli", *arguments]
        return subprocess.run(
            command, env=environment, cwd=self.folder, input=typed, capture_output=True, text=True, check=False
        )

    def done(self, *arguments: str, typed: str = "") -> str:
        found = self.mtz(*arguments, typed=typed)
        assert found.returncode == 0, found.stderr
        return found.stdout.strip()


@pytest.fixture(scope="module")
def machine(url: str, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(url, tmp_path_factory.mktemp("machine"))


@pytest.fixture(scope="module")
def write(url: str) -> Iterator[Writer]:
    with samples.writer(url) as found:
        found.account()
        yield found


@pytest.fixture(scope="module")
def people(url: str) -> Iterator[Users]:
    """Users and tokens as the command line makes them, without a process for each."""
    with offline(url, KEY) as made:
        for name, role in USERS.items():
            made.create(name, PASSWORD, role, LOCAL)
        yield made


@pytest.fixture(scope="module")
def web(url: str, write: Writer, people: Users, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with running(url, tmp_path_factory.mktemp("web"), MTZ_LOGIN="always", MTZ_SECRET_KEY=KEY) as found:
        write.status()
        wait_until(found.healthy, "the web process is healthy")
        yield found


@dataclass(slots=True)
class Browser:
    """As much of a browser as the log-in needs: cookies, forms, the header against forged requests."""

    web: Web
    cookies: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, headers: dict[str, str] | None = None, body: str | None = None) -> Answer:
        sent = {"Origin": self.web.origin} if method != "GET" else {}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.web.request(method, path, sent | (headers or {}), body)
        for line in answer.cookies:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0" or "1970" in morsel["expires"]:
                    self.cookies.pop(name)
        return answer

    @property
    def session_name(self) -> str:
        return f"mtz_session_{self.web.port}"

    @property
    def csrf_name(self) -> str:
        return f"mtz_csrf_{self.web.port}"

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self.request("GET", path, headers)

    def form_token(self, path: str) -> str:
        return self._token_of(self.get(path).body.decode())

    def submit(self, page: str, action: str, **fields: str) -> Answer:
        """Load `page` and send its form to `action`."""
        return self.send(action, self.form_token(page), **fields)

    def submit_from(self, page: str, action: str, **fields: str) -> Answer:
        """Send the form of a page that is here already: its text."""
        return self.send(action, self._token_of(page), **fields)

    def send(self, action: str, token: str, **fields: str) -> Answer:
        body = urlencode({"csrf_token": token} | fields)
        return self.request("POST", action, {"Content-Type": "application/x-www-form-urlencoded"}, body)

    @staticmethod
    def _token_of(text: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', text)
        assert found, text
        return found[1]

    def log_in(self, name: str, password: str = PASSWORD, **fields: str) -> Answer:
        return self.submit("/login", "/login", name=name, password=password, **fields)

    def post(self, path: str, body: str = "{}", token: str | None = None) -> Answer:
        """As a script of the page does."""
        token = self.cookies.get(self.csrf_name, "") if token is None else token
        return self.request("POST", path, {"Content-Type": "application/json", "X-CSRFToken": token}, body)

    def socket(self) -> Socket:
        return self.web.socket(
            origin=self.web.origin, cookie="; ".join(f"{name}={value}" for name, value in self.cookies.items())
        )


@pytest.fixture
def browser(web: Web) -> Browser:
    return Browser(web)


@pytest.fixture
def logged_in(web: Web, owner: psycopg.Connection[tuple[object, ...]]) -> Callable[[str], Browser]:
    """A browser with a session of that user and their page open."""

    def enter(name: str) -> Browser:
        found = Browser(web)
        answer = found.log_in(name)
        assert answer.status == 303, answer.body.decode()
        assert found.get("/").status == 200
        return found

    return enter


@pytest.fixture
def owner(url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """The database as its owner sees it."""
    with psycopg.connect(url, autocommit=True) as conn:
        yield conn


@pytest.fixture(autouse=True)
def _nobody_waits(request: pytest.FixtureRequest) -> Iterator[None]:
    """Failures of one test don't lock out the next; the poller has just spoken."""
    yield
    if "url" in request.fixturenames:
        with psycopg.connect(request.getfixturevalue("url"), autocommit=True) as conn:
            conn.execute("DELETE FROM login_attempts")


@pytest.fixture(autouse=True)
def _poller_lives(request: pytest.FixtureRequest) -> None:
    if "web" in request.fixturenames:
        request.getfixturevalue("write").status()


def events(conn: psycopg.Connection[tuple[object, ...]], kind: str) -> list[tuple[object, ...]]:
    """Actor, origin, subject and detail of the audit log's events of a kind, the newest first."""
    return conn.execute(
        "SELECT actor, origin, subject, detail FROM audit_events WHERE kind = %s ORDER BY id DESC", [kind]
    ).fetchall()
