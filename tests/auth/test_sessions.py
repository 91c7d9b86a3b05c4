"""When a session ends: what pages do by themselves keeps none alive, what people do does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from dashboard.auth.users import Users
from tests.auth.conftest import KEY, PASSWORD, Browser, events
from tests.auth.test_access import CALLBACK
from tests.web.samples import Writer
from tests.web.server import Web, running, wait_until
from tests.web.test_rest import is_problem

IDLE_S = 4.0


@pytest.fixture(scope="module")
def web(url: str, write: Writer, people: Users, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Sessions end after a few idle seconds."""
    folder = tmp_path_factory.mktemp("web")
    with running(url, folder, MTZ_LOGIN="always", MTZ_SECRET_KEY=KEY, MTZ_SESSION_IDLE_MIN=str(IDLE_S / 60)) as found:
        write.status()
        wait_until(found.healthy, "the web process is healthy")
        yield found


def ended(browser: Browser) -> bool:
    return browser.get("/api/portfolio/").status == 401


def test_background_traffic_keeps_no_session_alive(
    logged_in: Callable[[str], Browser], owner: psycopg.Connection[Any]
) -> None:
    browser = logged_in("vic")
    stopping = threading.Event()

    def page_at_work() -> None:
        while not stopping.wait(0.2):
            browser.get("/api/portfolio/")
            browser.post("/_dash-update-component", CALLBACK)
            browser.get("/assets/style/tokens.css")

    with browser.socket() as client:
        client.snapshot()
        worker = threading.Thread(target=page_at_work)
        worker.start()
        try:
            client.send({"type": "ping"})
            assert client.close_code() == 4401  # the end of it: waiting for it is the test
        finally:
            stopping.set()
            worker.join()
    assert ended(browser)
    answer = browser.get("/about")
    assert answer.headers["location"] == "/login?next=/about"
    wait_until(
        lambda: events(owner, "user.logged_out")[:1] == [("vic", "127.0.0.1", "vic", {"why": "time-out"})],
        "the end is in the audit log",
    )
    row = owner.execute("SELECT ended_why FROM user_sessions ORDER BY id DESC LIMIT 1").fetchone()
    assert row == ("time-out",)


def test_what_people_do_keeps_it_alive(logged_in: Callable[[str], Browser], owner: psycopg.Connection[Any]) -> None:
    idle, busy = logged_in("vic"), logged_in("vic")

    def look() -> bool:
        assert busy.post("/account/active").status == 204  # what a moved mouse sends
        return ended(idle)

    wait_until(look, "the session that nobody uses ends")
    assert not ended(busy)
    look_again = owner.execute("SELECT active_at > created_at FROM user_sessions ORDER BY id DESC LIMIT 1").fetchone()
    assert look_again == (True,)


def test_a_session_ends_after_its_longest_time_whatever_is_done(
    logged_in: Callable[[str], Browser], owner: psycopg.Connection[Any]
) -> None:
    browser = logged_in("vic")
    with browser.socket() as client:
        client.snapshot()
        owner.execute("UPDATE user_sessions SET created_at = now() - interval '25 hours' WHERE ended_at IS NULL")
        owner.execute("NOTIFY mtz_auth")
        assert client.close_code() == 4401
    assert browser.post("/account/active").status in (303, 401)
    assert ended(browser)


def test_a_new_password_ends_every_other_session(
    logged_in: Callable[[str], Browser], owner: psycopg.Connection[Any]
) -> None:
    here, there = logged_in("tom"), logged_in("tom")
    with there.socket() as client:
        client.snapshot()
        wrong = here.submit(
            "/account/",
            "/account/password",
            password="not mine at all",
            fresh="other words here",
            again="other words here",
        )
        assert wrong.status == 422
        weak = here.submit("/account/", "/account/password", password=PASSWORD, fresh="short", again="short")
        assert "too short" in weak.body.decode()
        twice = here.submit(
            "/account/", "/account/password", password=PASSWORD, fresh="other words here", again="other words there"
        )
        assert "in two ways" in twice.body.decode()
        done = here.submit(
            "/account/", "/account/password", password=PASSWORD, fresh="other words here", again="other words here"
        )
        assert done.status == 303
        assert client.close_code() == 4401
    assert ended(there)
    assert not ended(here)
    assert events(owner, "user.password_changed")[0][:3] == ("tom", "127.0.0.1", "tom")
    assert Browser(here.web).log_in("tom").status == 401
    assert Browser(here.web).log_in("tom", "other words here").status == 303


def test_while_the_database_is_away_who_is_known_stays(
    logged_in: Callable[[str], Browser], owner: psycopg.Connection[Any], url: str
) -> None:
    browser = logged_in("ann")
    unseen = Browser(browser.web)
    assert unseen.log_in("vic").status == 303  # a session that the server was never shown
    name = owner.info.dbname
    with psycopg.connect(owner.info.dsn, dbname="postgres", autocommit=True) as outside:
        outside.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        try:
            outside.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                [name],
            )
            stranger = Browser(browser.web, {browser.session_name: browser.cookies[browser.session_name][:-1]})
            assert browser.get("/api/portfolio/").status == 200
            assert stranger.get("/api/portfolio/").status == 401
            for page in (
                Browser(browser.web).get("/login"),
                unseen.get("/login"),
                unseen.get("/"),
                unseen.get("/strategies"),
            ):
                assert page.status == 503
                assert page.headers["retry-after"]
                assert "text/html" in page.headers["content-type"]
                assert "it is tried again" in page.body.decode()
            assert is_problem(unseen.get("/api/portfolio/"), 503)
            assert is_problem(unseen.post("/_dash-update-component", CALLBACK), 503)
            assert unseen.get("/assets/style/tokens.css").status == 200
            port = str(owner.info.port)
            wait_until(lambda: port in browser.get("/health").body.decode(), "who is known reads where the database is")
            told = unseen.get("/health")
            assert told.json["database"]["state"] != "connected"
            assert told.json["database"]["reason"]
            assert port not in told.body.decode()
        finally:
            outside.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
    wait_until(browser.web.answers, "it is back")
