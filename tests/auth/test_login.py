"""Log in and out, as people and as attackers do."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest

from dashboard.auth.users import Users
from tests.auth.conftest import LOCAL, PASSWORD, Browser, events
from tests.web.server import Web, wait_until

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_without_a_session_a_page_leads_to_the_log_in_and_back(browser: Browser) -> None:
    answer = browser.get("/about?x=1")
    assert (answer.status, answer.headers["location"]) == (303, "/login?next=/about%3Fx%3D1")
    page = browser.get(answer.headers["location"])
    assert page.status == 200
    assert page.headers["cache-control"] == "no-store"
    assert 'value="/about?x=1"' in page.body.decode()
    entered = browser.log_in("ann", next="/about?x=1")
    assert (entered.status, entered.headers["location"]) == (303, "/about?x=1")
    assert browser.get("/about?x=1").status == 200


def test_the_cookie_is_for_this_site_alone(browser: Browser) -> None:
    cookies = "\n".join(browser.log_in("ann").cookies)
    line = next(c for c in cookies.splitlines() if c.startswith(f"{browser.session_name}="))
    assert "HttpOnly" in line
    assert "SameSite=Lax" in line
    assert "Secure" not in line  # by http: a browser would drop it


def test_a_name_is_known_in_any_case(browser: Browser) -> None:
    assert browser.log_in("ANN").status == 303


def test_an_unknown_name_and_a_wrong_password_are_told_apart_by_nothing(web: Web) -> None:
    def tried(name: str) -> tuple[int, str]:
        answer = Browser(web).log_in(name, "wrong wrong wrong")
        text = re.sub(r'value="[^"]*"', "", answer.body.decode())
        return answer.status, text

    known = tried("ann")
    assert known[0] == 401
    assert tried("nobody") == known


def test_attempts_are_counted_for_unknown_names_too_and_the_wait_grows(
    web: Web, owner: psycopg.Connection[Any], people: Users
) -> None:
    waits = {}
    for name in ("vic", "nobody"):
        browser = Browser(web)
        answers = [browser.log_in(name, "wrong wrong wrong").status for _ in range(6)]
        assert answers == [401] * 5 + [429]
        waited = browser.log_in(name)  # the right one doesn't help now
        assert waited.status == 429
        waits[name] = int(waited.headers["retry-after"])
        assert 20 <= waits[name] <= 30
        owner.execute("UPDATE login_attempts SET locked_until = now() WHERE subject = %s", [f"user {name}"])
        assert browser.log_in(name, "wrong wrong wrong").status == 401
        assert 45 <= int(browser.log_in(name).headers["retry-after"]) <= 60
    assert events(owner, "user.locked")[0][0] == "unknown name"
    assert [row[2] for row in events(owner, "user.locked")].count("vic") >= 1
    assert not any("nobody" in str(row) for row in events(owner, "user.login_failed"))
    people.unlock(people.get("vic"), LOCAL)
    assert Browser(web).log_in("vic").status == 303


def test_an_address_that_tries_many_names_must_wait(web: Web, owner: psycopg.Connection[Any]) -> None:
    owner.execute("INSERT INTO login_attempts (subject, failures) VALUES ('address 127.0.0.1', 19)")
    browser = Browser(web)
    assert browser.log_in("somebody", "wrong wrong wrong").status == 401
    answer = browser.log_in("ann")
    assert answer.status == 429
    assert "retry-after" in answer.headers
    assert "text/html" in answer.headers["content-type"]


def test_an_address_that_must_wait_locks_nobody_out(web: Web, owner: psycopg.Connection[Any]) -> None:
    owner.execute("INSERT INTO login_attempts VALUES ('address 127.0.0.1', 20, now(), now() + interval '1 minute')")
    assert [Browser(web).log_in("ann", "wrong wrong wrong").status for _ in range(6)] == [429] * 6
    owner.execute("DELETE FROM login_attempts WHERE subject LIKE 'address %'")
    assert Browser(web).log_in("ann").status == 303


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ann\0", PASSWORD),
        ("\0", "x"),
        ("ann", "\ufdfa" * 500),
        ("ann", "x\0"),
        ("ann", "x" * 300_000),
        ("x" * 100_000, "x"),
    ],
    ids=["nul", "only nul", "ligatures", "nul in the password", "long password", "long name"],
)
def test_what_can_t_be_right_is_wrong(web: Web, name: str, password: str) -> None:
    assert Browser(web).log_in(name, password).status == 401


def test_the_right_password_begins_anew(web: Web, owner: psycopg.Connection[Any]) -> None:
    for _ in range(2):
        assert [Browser(web).log_in("tom", "wrong wrong wrong").status for _ in range(4)] == [401] * 4
        assert Browser(web).log_in("tom").status == 303
    assert owner.execute("SELECT count(*) FROM login_attempts WHERE subject = 'user tom'").fetchone() == (0,)


def test_many_at_once_get_no_more_tries(web: Web) -> None:
    from concurrent.futures import ThreadPoolExecutor

    browsers = [Browser(web) for _ in range(16)]
    for browser in browsers:
        browser.get("/login")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda b: b.log_in("vic", "wrong wrong wrong").status, browsers))
    assert answers.count(401) == 5
    assert answers.count(429) == 11


def test_the_log_in_form_needs_its_token(browser: Browser) -> None:
    browser.get("/login")
    for token in ("", "forged", Browser(browser.web).form_token("/login")):
        body = urlencode({"name": "ann", "password": PASSWORD, "csrf_token": token})
        answer = browser.request("POST", "/login", FORM, body)
        assert answer.status == 403
        assert "text/html" in answer.headers["content-type"]
    assert browser.get("/").status == 303


def test_a_cookie_that_somebody_planted_is_worth_nothing_after_the_log_in(web: Web) -> None:
    attacker = Browser(web)
    attacker.get("/login")
    planted = attacker.cookies[attacker.session_name]
    token = attacker.form_token("/login")
    victim = Browser(web, {attacker.session_name: planted})
    assert victim.log_in("ann").status == 303
    assert victim.cookies[victim.session_name] != planted
    assert attacker.get("/").status == 303
    assert victim.post("/api/kill-switch", token=token).status == 403  # the token that the attacker knew


def test_a_cookie_can_t_be_made_up(web: Web) -> None:
    import base64

    for value in (
        "x",
        "",
        "\xff\xfe",
        "\xff.\xe9.\xff",
        base64.urlsafe_b64encode(b'{"sid":"x"}').decode() + ".aaaa.bbbb",
    ):
        assert Browser(web, {Browser(web).session_name: value}).get("/").status == 303


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/\t/evil.example",
     "/login", "/logout", "evil", "http:evil.example", "///evil.example"],
)  # fmt: skip
def test_the_way_back_never_leads_elsewhere(web: Web, target: str) -> None:
    browser = Browser(web)
    assert browser.log_in("ann", next=target).headers["location"] == "/"
    assert browser.get("/login?" + urlencode({"next": target})).headers["location"] == "/"


def test_logging_out_ends_the_session_for_the_cookie_s_copies_too(web: Web, owner: psycopg.Connection[Any]) -> None:
    browser = Browser(web)
    browser.log_in("ann")
    browser.get("/")
    copy = Browser(web, dict(browser.cookies))
    assert copy.get("/").status == 200
    assert browser.request("POST", "/logout", FORM, "").status == 403  # a forged one
    assert browser.request("POST", "/logout", {"X-CSRFToken": browser.cookies[browser.csrf_name]}).status == 303
    assert copy.get("/").status == 303
    assert events(owner, "user.logged_out")[0][:3] == ("ann", "127.0.0.1", "ann")
    assert events(owner, "user.logged_in")[0][:3] == ("ann", "127.0.0.1", "ann")


def test_a_disabled_user_is_told_no_more_than_anybody(web: Web, people: Users) -> None:
    people.create("dan", PASSWORD, "viewer", LOCAL)
    browser = Browser(web)
    browser.log_in("dan")
    assert browser.get("/").status == 200
    people.set_active(people.get("dan"), False, LOCAL)
    wait_until(lambda: browser.get("/").status == 303, "the session is over")
    answer = Browser(web).log_in("dan")
    assert answer.status == 401
    assert "don't fit" in answer.body.decode().replace("&#39;", "'")


def test_the_database_holds_no_secret_of_anybody(web: Web, owner: psycopg.Connection[Any]) -> None:
    browser = Browser(web)
    browser.log_in("ann")
    password = owner.execute("SELECT password FROM users WHERE username = 'ann'").fetchone()
    assert password is not None
    assert password[0].startswith("$argon2id$")
    for role in ("mtz_poller", "mtz_importer", "mtz_agent"):
        for table in ("users", "user_sessions", "api_tokens", "login_attempts"):
            allowed = owner.execute("SELECT has_table_privilege(%s, %s, 'SELECT')", [role, table]).fetchone()
            assert allowed == (False,), (role, table)
