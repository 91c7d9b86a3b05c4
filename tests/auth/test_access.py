"""Who may do what, by session and by token: pages, REST, callbacks, /ws."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import websocket

from dashboard.auth.users import UserError, Users
from tests.auth.conftest import LOCAL, Browser, events
from tests.web.server import Answer, Web, wait_until
from tests.web.test_rest import is_problem

CALLBACK = json.dumps({
    "output": "polled.data",
    "outputs": {"id": "polled", "property": "data"},
    "inputs": [{"id": "fast-interval", "property": "n_intervals", "value": 1}, {"id": "ask", "property": "data", "value": 0}],
    "state": [{"id": "account", "property": "data"}, {"id": "known-revisions", "property": "data", "value": {}}],
    "changedPropIds": ["fast-interval.n_intervals"],
})  # fmt: skip
JSON = {"Content-Type": "application/json"}


NUMBERS = itertools.count(1)


@pytest.fixture
def strategy(url: str) -> str:
    """A strategy of its own for each test."""
    bot = f"bot{next(NUMBERS)}"
    with psycopg.connect(url) as conn:
        conn.execute("INSERT INTO bots (bot, adapter) VALUES (%s, 'wrapper')", [bot])
        conn.execute("INSERT INTO strategies (name, bot) VALUES (%s, %s)", [f"{bot}/wheel", bot])
    return f"{bot}/wheel"


@pytest.fixture(scope="module")
def token(people: Users) -> Callable[..., dict[str, str]]:
    """`token(name, scope)`: the header of a new one."""

    def make(name: str, scope: str, owner: str | None = None) -> dict[str, str]:
        made = people.create_token(name, scope, 1, people.get(owner) if owner else None, LOCAL)
        return {"Authorization": f"Bearer {made.secret}"}

    return make


def pause(answering: Callable[..., Answer], strategy: str, headers: dict[str, str]) -> Answer:
    return answering("POST", f"/api/strategies/{strategy}/pause", JSON | headers, "{}")


@pytest.mark.parametrize(
    "path",
    ["/api/portfolio/", "/api/portfolio", "/api/positions/", "/api/trades/", "/api/strategies/", "/api/typo", "/api/exports/trades.csv",
     "/_dash-layout", "/_dash-dependencies", "/docs/openapi.json", "/ws", "//api/portfolio/", "//_dash-layout", "///ws"],
)  # fmt: skip
def test_programs_without_a_session_are_answered_in_json(web: Web, path: str) -> None:
    answer = web.get(path)
    assert is_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "Authorization: Bearer" in answer.json["detail"]


def test_a_callback_without_a_session_is_answered_in_json(web: Web) -> None:
    assert is_problem(web.request("POST", "/_dash-update-component", JSON | {"Origin": web.origin}, CALLBACK), 401)


@pytest.mark.parametrize(
    "path", ["/", "/about", "/strategies", "/docs/", "/docs/swagger", "/account/", "/account/users/", "/typo"]
)
def test_people_without_a_session_are_led_to_the_log_in(web: Web, path: str) -> None:
    answer = web.get(path)
    assert answer.status == 303
    assert answer.headers["location"].startswith("/login")


def test_what_anybody_may_see_holds_nothing_of_the_account(web: Web) -> None:
    for path in ("/health", "/login", "/assets/style/tokens.css", "/auth/page.js"):
        answer = web.get(path)
        assert answer.status == 200, path
        assert "DU9000001" not in answer.body.decode()


@pytest.mark.parametrize("path", ["/_style/x", "/assets/", "/assets//x/", "/_style/../_dash-layout", "/favicon.ico"])
def test_no_public_folder_hides_the_dashboard(web: Web, path: str) -> None:
    answer = web.get(path)
    assert answer.status in (401, 404)
    assert "_dash-" not in answer.body.decode()


def test_no_cache_keeps_what_callbacks_say(logged_in: Callable[[str], Browser]) -> None:
    browser = logged_in("vic")
    for answer in (browser.get("/_dash-layout"), browser.post("/_dash-update-component", CALLBACK)):
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"


def test_a_callback_needs_the_token_against_forged_requests(logged_in: Callable[[str], Browser]) -> None:
    browser = logged_in("vic")
    assert is_problem(browser.post("/_dash-update-component", CALLBACK, token=""), 403)
    assert is_problem(browser.post("/_dash-update-component", CALLBACK, token="forged"), 403)
    other = logged_in("vic").cookies[logged_in("vic").csrf_name]
    assert is_problem(browser.post("/_dash-update-component", CALLBACK, token=other), 403)
    answer = browser.post("/_dash-update-component", CALLBACK)
    assert answer.status == 200, answer.body
    assert "DU9000001" in answer.body.decode()


def test_a_command_by_a_session_needs_it_too(logged_in: Callable[[str], Browser], strategy: str) -> None:
    browser = logged_in("tom")
    assert is_problem(browser.post(f"/api/strategies/{strategy}/pause", token=""), 403)
    assert browser.post(f"/api/strategies/{strategy}/pause").status == 202


def test_a_viewer_sees_and_commands_nothing(logged_in: Callable[[str], Browser], strategy: str, url: str) -> None:
    browser = logged_in("vic")
    assert browser.get("/api/portfolio/").status == 200
    for path in (
        f"/api/strategies/{strategy}/stop",
        f"/api/strategies/{strategy}/resume",
        "/api/kill-switch",
        "/api/bots/bot/heartbeat",
    ):
        answer = browser.post(path)
        assert is_problem(answer, 403), path
        assert "trader" in answer.json["detail"]
    with psycopg.connect(url) as conn:
        assert conn.execute("SELECT count(*) FROM commands WHERE actor = 'vic'").fetchone() == (0,)
    page = browser.get("/account/users/")
    assert page.status == 403
    assert "text/html" in page.headers["content-type"]


def test_a_trader_commands_under_their_name(
    logged_in: Callable[[str], Browser], strategy: str, owner: psycopg.Connection[Any]
) -> None:
    browser = logged_in("tom")
    given = browser.post(f"/api/strategies/{strategy}/stop", json.dumps({"reason": "enough"}))
    assert given.status == 202, given.body
    assert given.json["command"]["actor"] == "tom"
    assert events(owner, "command.requested")[0][:3] == ("tom", "127.0.0.1", strategy)
    assert browser.get("/account/users/").status == 403


def test_a_role_that_changes_counts_at_once(
    logged_in: Callable[[str], Browser], strategy: str, people: Users, owner: psycopg.Connection[Any]
) -> None:
    browser = logged_in("tom")
    people.set_role(people.get("tom"), "viewer", LOCAL)
    try:
        wait_until(lambda: browser.post(f"/api/strategies/{strategy}/resume").status == 403, "a viewer now")
    finally:
        people.set_role(people.get("tom"), "trader", LOCAL)
    wait_until(lambda: browser.post(f"/api/strategies/{strategy}/resume").status in (200, 202), "a trader again")
    assert events(owner, "user.role_changed")[0][3] == {"from": "viewer", "to": "trader"}


# -- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_reads_without_cookie_and_form_token(
    web: Web, token: Callable[..., dict[str, str]], strategy: str
) -> None:
    header = token("reader", "read")
    for path in ("/api/portfolio/", "/api/trades/", "/api/portfolio/?account=DU9000001"):
        answer = web.get(path, header)
        assert answer.status == 200, path
        assert answer.headers["cache-control"] in ("private, no-cache", "no-store")
        assert answer.headers["vary"] == "Cookie, Authorization"
    again = web.get("/api/trades/", header | {"If-None-Match": web.get("/api/trades/", header).headers["etag"]})
    assert again.status == 304
    assert is_problem(web.get("/api/trades/", {"If-None-Match": "*"}), 401)
    refused = pause(web.request, strategy, header)
    assert is_problem(refused, 403)
    assert is_problem(web.request("POST", "/_dash-update-component", JSON, CALLBACK), 401)


def test_a_control_token_commands_under_its_name(
    web: Web, token: Callable[..., dict[str, str]], strategy: str, owner: psycopg.Connection[Any]
) -> None:
    header = token("pager", "control")
    answer = pause(web.request, strategy, header)
    assert answer.status in (200, 202), answer.body
    row = owner.execute("SELECT actor_kind FROM commands WHERE actor = 'pager'").fetchone()
    assert row == ("token",)
    for path in ("/account/", "/account/users/", "/login", "//account/"):
        assert is_problem(web.get(path, header), 403)


@pytest.mark.parametrize("value", ["Bearer mtz_wrong", "Bearer x", "bearer mtz_", "Bearer"])
@pytest.mark.parametrize("path", ["/api/portfolio/", "/api/trades/", "/", "/health"])
def test_a_wrong_token_is_refused_everywhere(web: Web, path: str, value: str) -> None:
    answer = web.get(path, {"Authorization": value})
    assert is_problem(answer, 401)
    assert "invalid_token" in answer.headers["www-authenticate"]


def test_what_a_proxy_asks_for_is_no_business_of_ours(web: Web, logged_in: Callable[[str], Browser]) -> None:
    basic = {"Authorization": "Basic YW5uOmZpdmUgZ3JlZW4gYm9hdHM="}
    assert is_problem(web.get("/api/portfolio/", basic), 401)
    assert logged_in("vic").get("/api/portfolio/", basic).status == 200


def test_a_wrong_token_beside_a_session_is_refused(logged_in: Callable[[str], Browser]) -> None:
    assert is_problem(logged_in("ann").get("/api/portfolio/", {"Authorization": "Bearer mtz_wrong"}), 401)


def test_a_revoked_token_ends_at_once(web: Web, token: Callable[..., dict[str, str]], people: Users) -> None:
    header = token("short", "read")
    assert web.get("/api/portfolio/", header).status == 200
    people.revoke_token(LOCAL, name="short")
    wait_until(lambda: web.get("/api/portfolio/", header).status == 401, "the token is over")


def test_an_expired_token_ends(web: Web, token: Callable[..., dict[str, str]], owner: psycopg.Connection[Any]) -> None:
    header = token("old", "read")
    assert web.get("/api/portfolio/", header).status == 200
    owner.execute("UPDATE api_tokens SET expires_at = now() + interval '1 second' WHERE name = 'old'")
    owner.execute("NOTIFY mtz_auth")
    wait_until(lambda: web.get("/api/portfolio/", header).status == 401, "the token is over")


def test_a_token_does_no_more_than_its_owner(
    web: Web, token: Callable[..., dict[str, str]], people: Users, strategy: str
) -> None:
    with pytest.raises(UserError, match="can only read"):
        token("vics", "control", "vic")
    header = token("toms", "control", "tom")
    assert pause(web.request, strategy, header).status in (200, 202)
    people.set_role(people.get("tom"), "viewer", LOCAL)
    try:
        wait_until(lambda: pause(web.request, strategy, header).status == 403, "the owner is a viewer now")
        people.set_active(people.get("tom"), False, LOCAL)
        wait_until(lambda: web.get("/api/portfolio/", header).status == 401, "the owner is disabled")
    finally:
        people.set_active(people.get("tom"), True, LOCAL)
        people.set_role(people.get("tom"), "trader", LOCAL)


def test_the_last_use_is_kept(web: Web, token: Callable[..., dict[str, str]], owner: psycopg.Connection[Any]) -> None:
    header = token("seen", "read")
    web.get("/api/portfolio/", header)
    looked = "SELECT used_at > now() - interval '1 minute' FROM api_tokens WHERE name = 'seen'"
    wait_until(lambda: owner.execute(looked).fetchone() == (True,), "the use is written")


# -- /ws --------------------------------------------------------------------------------------------------------------


def test_a_socket_needs_a_session_or_token(
    web: Web, token: Callable[..., dict[str, str]], logged_in: Callable[[str], Browser]
) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        web.socket(origin=web.origin)
    assert refused.value.status_code == 401
    with logged_in("vic").socket() as client:
        client.snapshot()
    with web.socket(header=token("listener", "read"), suppress_origin=True) as client:
        client.snapshot()


def test_a_session_s_cookie_opens_no_socket_for_another_site(logged_in: Callable[[str], Browser]) -> None:
    browser = logged_in("ann")
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        browser.web.socket(
            origin="http://evil.example", cookie=f"{browser.session_name}={browser.cookies[browser.session_name]}"
        )
    assert refused.value.status_code == 403


def test_a_socket_ends_with_its_token_and_others_stay(
    web: Web, token: Callable[..., dict[str, str]], people: Users
) -> None:
    mine, other = token("mine", "read"), token("other", "read")
    with (
        web.socket(header=mine, suppress_origin=True) as client,
        web.socket(header=other, suppress_origin=True) as stays,
    ):
        client.snapshot()
        stays.snapshot()
        people.revoke_token(LOCAL, name="mine")
        assert client.close_code() == 4401
        stays.send({"type": "ping"})
        stays.of("pong")


def test_a_socket_ends_with_its_session(logged_in: Callable[[str], Browser], people: Users) -> None:
    browser = logged_in("vic")
    with browser.socket() as client:
        client.snapshot()
        browser.request("POST", "/logout", {"X-CSRFToken": browser.cookies[browser.csrf_name]})
        assert client.close_code() == 4401
    browser = logged_in("vic")
    with browser.socket() as client:
        client.snapshot()
        people.set_active(people.get("vic"), False, LOCAL)
        assert client.close_code() == 4401
    people.set_active(people.get("vic"), True, LOCAL)
