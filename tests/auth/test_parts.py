"""The parts that need no server."""

from __future__ import annotations

import ipaddress
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dashboard.auth import passwords
from dashboard.auth.forms import safe_next
from dashboard.auth.install import key_for
from dashboard.auth.lockout import network
from dashboard.auth.proxies import resolve
from dashboard.auth.secret import derived, secret_key
from dashboard.exits import CannotRunError
from dashboard.login import LoginRule, settings_need_login
from dashboard.settings import Settings, load_settings


@pytest.mark.parametrize(
    ("password", "why"),
    [("short", "too short"), ("x" * 129, "too long"), ("aaaaaaaaaaaaaa", "repeats"), ("123123123123", "repeats"),
     ("Password1234", "guessed first"), ("qwerty123456", "guessed first"), ("margaret1234", "hardly more than the name")],
)  # fmt: skip
def test_weak_passwords(password: str, why: str) -> None:
    problem = passwords.problem(password, "margaret")
    assert problem is not None
    assert why in problem
    assert len(password) < 6 or password not in problem


@pytest.mark.parametrize(
    "password", ["five green boats", "пять лодок в море", "x9$kQ2!mvB7z", "margaret has five boats"]
)
def test_good_passwords(password: str) -> None:
    assert passwords.problem(password, "margaret") is None


def test_a_password_is_the_same_however_it_is_composed() -> None:
    assert passwords.normalize("cafe\u0301 cafe\u0301 cafe\u0301") == passwords.normalize("café café café")


@pytest.mark.parametrize("target", ["/", "/strategies?bot=a%2Fb", "/account/", "/docs/swagger#x"])
def test_ways_back(target: str) -> None:
    assert safe_next(target) == target


def believed(trusted: str, **environ: str) -> tuple[str, str]:
    found: dict[str, Any] = {"REMOTE_ADDR": "10.0.0.1", "wsgi.url_scheme": "http"} | environ
    resolve(found, [ipaddress.ip_network(item) for item in trusted.split()])
    assert "HTTP_X_FORWARDED_FOR" not in found
    return found["REMOTE_ADDR"], found["wsgi.url_scheme"]


def test_whom_a_proxy_speaks_for() -> None:
    said = {"HTTP_X_FORWARDED_FOR": "6.6.6.6, 203.0.113.7", "HTTP_X_FORWARDED_PROTO": "https"}
    assert believed("", **said) == ("10.0.0.1", "http")
    assert believed("192.168.0.0/16", **said) == ("10.0.0.1", "http")
    assert believed("10.0.0.0/8", **said) == ("203.0.113.7", "https")  # what the client wrote itself is left of it
    chain = {"HTTP_X_FORWARDED_FOR": "203.0.113.7, 10.0.0.2"}
    assert believed("10.0.0.0/8", **chain) == ("203.0.113.7", "http")
    assert believed("10.0.0.0/8", HTTP_X_FORWARDED_FOR="nonsense") == ("10.0.0.1", "http")
    assert believed("10.0.0.0/8") == ("10.0.0.1", "http")
    both = {"REMOTE_ADDR": "::ffff:10.0.0.1"}  # a socket for both families says it so
    assert believed("10.0.0.0/8", **said, **both) == ("203.0.113.7", "https")
    assert believed("192.168.0.0/16", **said, **both) == ("::ffff:10.0.0.1", "http")
    assert believed("", **{"wsgi.url_scheme": "https"}) == ("10.0.0.1", "http")


def test_which_addresses_share_their_failures() -> None:
    assert network("203.0.113.7") == "203.0.113.7"
    assert network("::ffff:203.0.113.7") == "203.0.113.7"
    assert network("2001:db8:1:2:3::4") == network("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert network(None) == "unknown"


def test_the_key_is_made_once_for_everybody_and_only_we_read_it(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secret_key(settings), range(16)))
    assert len(keys) == 1
    path = tmp_path / "secret-key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["secret-key"]
    path.chmod(0o644)
    assert secret_key(settings) in keys
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("")
    assert len(secret_key(settings)) >= 32
    assert secret_key(load_settings(data_dir=tmp_path, secret_key="s" * 32)) == "s" * 32


def test_a_key_that_can_t_be_kept_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotRunError, match="MTZ_SECRET_KEY"):
        secret_key(load_settings(data_dir=tmp_path / "file" / "data"))


def test_the_demo_runs_where_no_key_can_be_kept_but_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    nowhere = tmp_path / "file" / "data"
    key, lasts = key_for(load_settings(data_dir=nowhere))
    assert (len(key) >= 32, lasts) == (True, False)
    with pytest.raises(CannotRunError, match="MTZ_SECRET_KEY"):
        key_for(load_settings(data_dir=nowhere, login="always"))
    assert key_for(load_settings(data_dir=tmp_path))[1]


def test_keys_for_different_purposes_differ() -> None:
    assert derived("k", "a") != derived("k", "b") != derived("x", "b")


@pytest.mark.parametrize(
    ("options", "needed"),
    [({}, False), ({"host": "::1"}, False), ({"host": "192.168.1.5"}, True), ({"host": "example.org"}, True),
     ({"more_hosts": "dash.example"}, True), ({"ibkr_host": "127.0.0.1"}, True), ({"login": "always"}, True),
     ({"ibkr_host": "127.0.0.1", "source": "demo"}, False), ({"host": "0.0.0.0", "in_container": True}, False),
     ({"host": "0.0.0.0", "in_container": True, "more_hosts": "dash.example"}, True)],
)  # fmt: skip
def test_when_a_log_in_is_needed(options: dict[str, Any], needed: bool) -> None:
    assert (settings_need_login(load_settings(**options)) is not None) == needed


def test_a_real_account_in_the_database_needs_one_from_then_on() -> None:
    sources: list[str | None] = [None, "demo", "paper", None]
    rule = LoginRule(Settings(), lambda: sources.pop(0))
    assert [rule.needs_login() for _ in range(5)] == [False, False, True, True, True]
