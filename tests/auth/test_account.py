"""The account page and the users' page, as a browser's forms use them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import psycopg

from dashboard.auth.users import Users
from tests.auth.conftest import LOCAL, PASSWORD, Browser, events
from tests.web.server import Web


def test_a_user_makes_and_revokes_their_own_tokens(
    web: Web, logged_in: Callable[[str], Browser], owner: psycopg.Connection[Any]
) -> None:
    browser = logged_in("tom")
    made = {"name": "tom-bot", "scope": "control", "days": "30"}
    for password in ({}, {"password": "not tom's words"}):  # an open page alone makes none
        assert browser.submit("/account/", "/account/tokens", **made, **password).status == 422
    assert owner.execute("SELECT count(*) FROM api_tokens WHERE name = 'tom-bot'").fetchone() == (0,)
    page = browser.submit("/account/", "/account/tokens", **made, password=PASSWORD)
    secret = re.findall(r"mtz_[\w-]{40,}", page.body.decode())[0]
    header = {"Authorization": f"Bearer {secret}"}
    assert web.get("/api/portfolio/", header).status == 200
    assert secret not in browser.get("/account/").body.decode()  # shown once
    assert events(owner, "token.created")[0][:3] == ("tom", "127.0.0.1", "tom-bot")
    assert secret not in str(owner.execute("SELECT * FROM api_tokens").fetchall())
    taken = browser.submit("/account/", "/account/tokens", name="TOM-bot", scope="read", days="30", password=PASSWORD)
    assert taken.status == 422
    assert "already" in taken.body.decode()
    number = owner.execute("SELECT id FROM api_tokens WHERE name = 'tom-bot'").fetchone()
    assert number is not None
    action = f"/account/tokens/{number[0]}/revoke"
    assert logged_in("vic").submit("/account/", action).status == 404  # not theirs
    assert web.get("/api/portfolio/", header).status == 200
    assert browser.submit("/account/", action).status == 303
    assert web.get("/api/portfolio/", header).status == 401


def test_a_viewer_s_token_reads_only(logged_in: Callable[[str], Browser]) -> None:
    browser = logged_in("vic")
    assert 'value="control"' not in browser.get("/account/").body.decode()
    answer = browser.submit("/account/", "/account/tokens", name="vics", scope="control", days="30", password=PASSWORD)
    assert answer.status == 422
    assert "mtz_" not in answer.body.decode().replace("mtz_…", "")


def test_a_form_that_no_browser_sends_is_a_sentence(logged_in: Callable[[str], Browser]) -> None:
    browser = logged_in("ann")
    for action, fields in (
        ("/account/tokens", {"name": "x\0", "scope": "read", "days": "7"}),
        ("/account/tokens", {"name": "x", "scope": "read", "days": "9" * 5000}),
        ("/account/users/", {"name": "x\0", "fresh": "twelve and more", "role": "viewer"}),
    ):
        assert browser.submit("/account/", action, **fields, password=PASSWORD).status == 422
    assert browser.submit("/account/", "/account/users/x%00", what="unlock").status == 422


def test_an_admin_manages_users(
    web: Web, logged_in: Callable[[str], Browser], owner: psycopg.Connection[Any], people: Users
) -> None:
    browser = logged_in("ann")
    home = "/account/users/"
    made = {"name": "eve", "fresh": "eve's own twelve", "role": "viewer"}
    assert browser.submit(home, home, **made, password="not ann's words").status == 422
    assert people.find("eve") is None
    assert browser.submit(home, home, **made, password=PASSWORD).status == 303
    assert "eve" in browser.get(home).body.decode()
    assert "already" in browser.submit(home, home, **made, password=PASSWORD).body.decode()
    eve = Browser(web)
    assert eve.log_in("eve", "eve's own twelve").status == 303
    assert browser.submit(home, home + "eve", what="role", role="trader", password=PASSWORD).status == 303
    assert events(owner, "user.role_changed")[0] == ("ann", "127.0.0.1", "eve", {"from": "viewer", "to": "trader"})
    assert browser.submit(home, home + "eve", what="disable").status == 303
    assert eve.get("/").status == 303
    assert events(owner, "user.disabled")[0][:3] == ("ann", "127.0.0.1", "eve")
    last = browser.submit(home, home + "ann", what="role", role="viewer", password=PASSWORD)
    assert "last admin" in last.body.decode()
    assert browser.get(home).status == 200
    assert browser.submit(home, home + "ann", what="disable").status == 422
    token = people.create_token("someones", "read", 1, None, LOCAL)
    number = owner.execute("SELECT id FROM api_tokens WHERE name = 'someones'").fetchone()
    assert number is not None
    assert browser.submit(home, f"/account/users/tokens/{number[0]}/revoke").status == 303
    assert web.get("/api/portfolio/", {"Authorization": f"Bearer {token.secret}"}).status == 401


def test_who_is_no_admin_changes_no_user(logged_in: Callable[[str], Browser]) -> None:
    browser = logged_in("tom")
    for action, fields in (
        ("/account/users/", {"name": "x", "fresh": "twelve and more", "role": "admin", "password": PASSWORD}),
        ("/account/users/tom", {"what": "role", "role": "admin", "password": PASSWORD}),
        ("/account/users/tokens/1/revoke", {}),
    ):
        answer = browser.submit("/account/", action, **fields)
        assert answer.status == 403
        assert "text/html" in answer.headers["content-type"]
