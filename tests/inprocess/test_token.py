"""Where a log-in is needed a bot reports with a token of scope control, and with no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard import demobot
from dashboard.auth.users import offline
from dashboard.settings import load_settings
from data.audit import Caller
from data.strategies.bot_client import Control, Strategy
from tests.conftest import Server
from tests.inprocess.test_reports import rows
from tests.web.server import running, wait_until

KEY = "a key of this test that is long enough for anybody"
LOCAL = Caller("test", "local")


def test_a_token_of_scope_control_is_needed(server18: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = server18.database()
    with offline(url, KEY) as users:
        users.create("ann", "correct horse battery staple 9", "admin", LOCAL)
        reading = users.create_token("reader", "read", 1, None, LOCAL).secret
        control = users.create_token("bot", "control", 1, None, LOCAL).secret
    with running(url, tmp_path, MTZ_LOGIN="always", MTZ_SECRET_KEY=KEY) as web:

        def refused(token: str | None, status: str) -> None:
            bot = Control(web.origin, "refused", [Strategy("w")], token=token, heartbeat_s=0.1)
            bot.start(0)
            try:
                wait_until(lambda: f"({status}" in caplog.text, f"{status} is said in the bot's log")
                assert not bot.may_trade("w")
            finally:
                bot.close()

        refused(None, "401")
        refused(reading, "403")
        taken = Control(web.origin, "taken", [Strategy("w")], token=control)
        assert taken.start(20)
        taken.close()
        assert [row["bot"] for row in rows(url, "SELECT bot FROM bots")] == ["taken"]
        (event,) = rows(url, "SELECT actor FROM audit_events WHERE kind = 'bot.registered'")
        assert event["actor"] == "bot"
        assert control not in caplog.text


def test_the_demo_bot_makes_its_own(
    server18: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_port: Callable[[], int]
) -> None:
    settings = load_settings(
        Path("none"), database_url=server18.database(), data_dir=tmp_path, source="demo", port=free_port()
    )
    secrets = [demobot._token(settings) for _ in range(2)]
    assert secrets[0] != secrets[1]
    held = rows(str(settings.database_url), "SELECT name, scope FROM api_tokens WHERE revoked_at IS NULL")
    assert held == [{"name": "demo-bot", "scope": "control"}]
