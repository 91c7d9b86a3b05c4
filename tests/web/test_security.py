"""The front door: Host, Origin, the headers of every answer, and a page that needs nothing from outside."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest
import websocket

from dashboard.security import name_of
from tests.web.server import Web

PATHS = ["/", "/health", "/api/portfolio/", "/api/typo", "/docs/", "/docs/swagger", "/docs/openapi.json", "/ws",
         "/_dash-layout", "/api/exports/trades.csv"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_headers(web: Web, path: str) -> None:
    headers = web.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:1", "[::1]", "[::1]:8000", "127.0.0.1:9999"])
def test_our_own_names_are_served_with_any_port(web: Web, host: str) -> None:
    assert web.get("/api/portfolio/", {"Host": host}).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "127.0.0.1:80@evil.example",
     "127.0.0.2", "[::1].evil.example", "[::1", "192.168.0.1", "0.0.0.0", "127.0.0.1:x"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/api/portfolio/", "/health", "/ws"])
def test_a_foreign_host_is_turned_away(web: Web, host: str, path: str) -> None:
    answer = web.get(path, {"Host": host})
    assert answer.status in (400, 421)  # malformed ones may already be refused by the server
    assert host not in answer.body.decode()
    if answer.status == 421:
        assert answer.headers["content-type"] == (
            "text/html; charset=utf-8" if path == "/" else "application/problem+json"
        )


def test_names_in_a_host_header() -> None:
    assert name_of("LocalHost:80") == "localhost"
    assert name_of("[::1]:80") == "::1"
    assert name_of("[::1]x") == name_of("[::1") == name_of("a:b") == ""


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1", "http://localhost:{port}", "file://"]
)
def test_a_page_of_another_origin_may_neither_post_nor_open_a_socket(web: Web, origin: str) -> None:
    origin = origin.format(port=web.port)
    for method, path in (("POST", "/_dash-update-component"), ("POST", "/api/portfolio/"), ("DELETE", "/api/")):
        answer = web.request(method, path, {"Origin": origin, "Content-Type": "application/json"}, "{}")
        assert answer.status == 403
        assert answer.headers["content-type"] == "application/problem+json"
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        web.socket(origin=origin)
    assert refused.value.status_code == 403


def test_our_own_page_and_programs_without_an_origin_may(web: Web) -> None:
    with web.socket(origin=web.origin) as client:
        client.snapshot()
    with web.socket(suppress_origin=True) as client:
        client.snapshot()
    assert web.request("POST", "/api/portfolio/", {"Origin": web.origin}).status == 405


class Page(HTMLParser):
    """The inline scripts and the addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.addresses: list[str] = []
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        address = found.get("src") or (found.get("href") if tag == "link" else None)
        if address:
            self.addresses.append(address)
        self._script = tag == "script" and not address and found.get("type") != "application/json"

    def handle_endtag(self, tag: str) -> None:
        self._script = False

    def handle_data(self, data: str) -> None:
        if self._script:
            self.inline.append(data)


def test_the_page_runs_its_own_scripts_only(web: Web) -> None:
    answer = web.get("/")
    page = Page(answer.body.decode())
    policy = answer.headers["content-security-policy"]
    assert "'unsafe-inline'" not in re.findall(r"script-src[^;]*", policy)[0]
    assert page.inline
    for script in page.inline:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy, script[:80]


@pytest.mark.parametrize("path", ["/", "/docs/", "/docs/swagger"])
def test_nothing_comes_from_outside(web: Web, path: str) -> None:
    page = Page(web.get(path).body.decode())
    assert path == "/docs/" or page.addresses
    for address in page.addresses:
        if address.strip().startswith("data:"):
            continue
        target = urljoin(web.origin + path, address)
        assert target.startswith(web.origin + "/"), address
        assert web.get(target.removeprefix(web.origin)).status == 200, address


@pytest.mark.parametrize("path", ["//ws", "///ws", "//%77s", "/ws/"])
def test_no_spelling_of_the_socket_s_path_lets_another_site_in(web: Web, path: str) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        websocket.create_connection(f"ws://127.0.0.1:{web.port}{path}", origin="http://127.0.0.1:1", timeout=10)
    assert refused.value.status_code == 403


def test_what_begins_like_the_documents_is_a_page_with_a_page_s_policy(web: Web) -> None:
    for path in ("/docsx", "/about"):
        policy = web.get(path).headers["content-security-policy"]
        assert "'unsafe-inline'" not in policy.split("script-src", 1)[1].split(";")[0]


def test_a_cookie_of_another_server_that_is_no_text_does_no_harm(web: Web) -> None:
    for path in ("/", "/api/portfolio/?account=DU9000001", "/_dash-layout"):
        assert web.get(path, {"Cookie": "theirs=\xff\xfe; mtz-account=DU9000001"}).status == 200


def test_a_refusal_is_a_page_for_people(web: Web) -> None:
    answer = web.request("POST", "/account/tokens", {"Origin": "http://evil.example"})
    assert answer.status == 403
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "A page of another site may not do this." in answer.body.decode()


def test_a_body_that_is_too_large_is_not_taken_in(web: Web) -> None:
    for path in ("/api/kill-switch", "/_dash-update-component"):
        answer = web.request("POST", path, {"Content-Type": "application/json", "Content-Length": "9000000"})
        assert answer.status == 413
        assert answer.json["detail"] == "The request is too large."


@pytest.mark.parametrize(
    "body", ["null", "[]", "{}", "x", '{"output": "none.data", "inputs": [], "changedPropIds": []}', "[" * 100_000]
)
def test_a_callback_that_is_none_is_refused(web: Web, body: str) -> None:
    answer = web.request("POST", "/_dash-update-component", {"Content-Type": "application/json"}, body)
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"
