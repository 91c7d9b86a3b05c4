"""The second factor: set up and removed by the user, asked for at the log-in, never good twice."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from passlib.totp import TOTP

from dashboard.auth.users import Users
from tests.auth.conftest import LOCAL, PASSWORD, Browser, events
from tests.web.server import Web


@pytest.fixture
def app(logged_in: Callable[[str], Browser], people: Users) -> Callable[[int], str]:
    """vic's authenticator app: the code of so many steps of 30 s from now."""
    browser = logged_in("vic")
    assert browser.submit("/account/", "/account/code", password="not vic's words").status == 422
    page = browser.submit("/account/", "/account/code", password=PASSWORD).body.decode()
    assert 'src="data:image/svg+xml;base64,' in page
    key = re.findall(r'<code class="secret">([^<]+)</code>', page)[0]
    phone = TOTP(key=html.unescape(key), format="base32")

    def code(steps: int = 0) -> str:
        return str(phone.generate(time.time() + 30 * steps).token)

    wrong = browser.submit_from(page, "/account/code/confirm", code="000000")
    assert wrong.status == 422
    assert "data:image" in wrong.body.decode()  # the same secret still: it can be tried again
    assert browser.submit_from(page, "/account/code/confirm", code=code()).status == 303
    return code


def test_a_code_is_asked_for_and_works_once(
    web: Web, app: Callable[[int], str], owner: psycopg.Connection[Any], people: Users
) -> None:
    stored = owner.execute("SELECT tf_totp_secret FROM users WHERE username = 'vic'").fetchone()
    assert stored is not None
    assert '"enckey"' in stored[0]  # encrypted
    browser = Browser(web)
    asked = browser.log_in("vic", next="/about")
    assert asked.headers["location"] == "/login/code?next=/about"
    assert browser.get("/").status == 303  # the password alone is no session
    page = asked.headers["location"]
    assert browser.submit(page, "/login/code", code="12345", next="/about").status == 401
    assert browser.submit(page, "/login/code", code="abcdef", next="/about").status == 401
    code = app(1)
    entered = browser.submit(page, "/login/code", code=code[:3] + " " + code[3:], next="/about")
    assert (entered.status, entered.headers["location"]) == (303, "/about")
    assert browser.get("/").status == 200

    again = Browser(web)
    again.log_in("vic")
    assert again.submit("/login/code", "/login/code", code=code).status == 401
    assert events(owner, "user.login_failed")[0][3] == {"what": "code"}

    people.set_code(people.get("vic"), None, LOCAL)  # as `mtz user code --remove`
    assert Browser(web).log_in("vic").headers["location"] == "/"
    assert events(owner, "user.code_removed")[0][2] == "vic"


def test_codes_can_t_be_tried_for_ever(web: Web, app: Callable[[int], str], people: Users) -> None:
    browser = Browser(web)
    answers = []
    for _ in range(2):  # a new log-in doesn't begin anew
        browser.log_in("vic")
        token = browser.form_token("/login/code")
        answers += [browser.send("/login/code", token, code="000000").status for _ in range(3)]
    assert answers == [401] * 5 + [429]
    assert browser.submit("/login/code", "/login/code", code=app(1)).status == 429
    people.unlock(people.get("vic"), LOCAL)
    assert browser.submit("/login/code", "/login/code", code=app(1)).status == 303
    removed = browser.submit("/account/", "/account/code/remove", password=PASSWORD)
    assert removed.status == 303
    assert Browser(web).log_in("vic").headers["location"] == "/"


def test_the_code_s_page_without_a_password_leads_back(web: Web) -> None:
    browser = Browser(web)
    assert browser.get("/login/code").headers["location"].startswith("/login?")
    token = browser.form_token("/login")
    assert browser.send("/login/code", token, code="000000").headers["location"].startswith("/login?")
