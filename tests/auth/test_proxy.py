"""Reached by others, behind a proxy that speaks https."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from dashboard.auth.users import Users
from tests.auth.conftest import KEY, Browser, events
from tests.web.samples import Writer
from tests.web.server import Answer, Web, running, wait_until
from tests.web.test_rest import is_problem


@pytest.fixture(scope="module")
def web(url: str, write: Writer, people: Users, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("web")
    with running(
        url, folder, MTZ_ALLOWED_HOSTS="dash.example", MTZ_TRUSTED_PROXIES="127.0.0.1", MTZ_SECRET_KEY=KEY
    ) as found:
        write.status()
        wait_until(found.healthy, "the web process is healthy")
        yield found


class Proxied(Browser):
    """A browser at 203.0.113.7 that wrote a forwarded address itself, as the proxy passes it on."""

    def request(self, method: str, path: str, headers: dict[str, str] | None = None, body: str | None = None) -> Answer:
        said = {
            "Host": "dash.example", "Origin": "https://dash.example", "X-Forwarded-For": "6.6.6.6, 203.0.113.7",
            "X-Forwarded-Proto": "https",
        }  # fmt: skip
        return super().request(method, path, said | (headers or {}), body)


def test_who_others_can_reach_asks_for_a_log_in(web: Web) -> None:
    assert is_problem(web.get("/api/portfolio/"), 401)
    assert is_problem(web.get("/api/portfolio/", {"Host": "dash.example"}), 401)
    assert web.get("/api/portfolio/", {"Host": "evil.example"}).status == 421


def test_the_proxy_is_believed(web: Web, owner: psycopg.Connection[Any]) -> None:
    browser = Proxied(web)
    answer = browser.log_in("ann")
    assert answer.status == 303
    assert all("Secure" in cookie for cookie in answer.cookies)
    assert events(owner, "user.logged_in")[0][:2] == ("ann", "203.0.113.7")
    assert browser.get("/").status == 200
    assert browser.post("/account/active").status == 204


def test_who_logs_in_again_leaves_no_session_behind(web: Web, owner: psycopg.Connection[Any]) -> None:
    browser = Proxied(web)
    browser.log_in("tom")
    copy = Proxied(web, dict(browser.cookies))
    page = browser.get("/account/").body.decode()
    assert browser.submit_from(page, "/login", name="vic", password="five green boats").status == 303
    assert copy.get("/").status == 303
    assert owner.execute(
        "SELECT count(*) FROM user_sessions s JOIN users u ON u.id = s.user_id WHERE username = 'tom' AND ended_at IS NULL"
    ).fetchone() == (0,)
