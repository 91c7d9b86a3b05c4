"""The Flex Web Service over a real socket: two steps, its error codes and waits; the token is told to nobody else."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from dashboard.nightly import Nightly, next_time
from dashboard.settings import SettingsError, load_settings
from data.flex.service import FetchError, fetch
from tests.book.lives import START
from tests.flex.conftest import ACCOUNT, Importer
from tests.flex.test_importing import LAST, bought_twice, writer
from tests.support.statement import document

TOKEN, QUERY, CODE = "123456789012345678901234", "987654", "1234567890"
WAITS = (0.01,) * 5


def response(status: str, **said: str) -> str:
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in said.items())
    return f'<FlexStatementResponse timestamp="25 November, 2026 01:00 PM EST"><Status>{status}</Status>{inside}</FlexStatementResponse>'


def refused(code: str) -> str:
    return response("Fail" if code != "1019" else "Warn", ErrorCode=code, ErrorMessage="…")


class Broker(HTTPServer):
    """Answers SendRequest and GetStatement with what is queued for each, else as the broker does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.queued: dict[str, list[tuple[int, str]]] = {"SendRequest": [], "GetStatement": []}
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.statement = document(writer(bought_twice()).statement(START.date(), LAST))
        self.url = f"http://127.0.0.1:{self.server_port}/FlexWebService"
        self.told_url = f"{self.url}/GetStatement"

    def answer(self, step: str) -> tuple[int, str]:
        if self.queued[step]:
            return self.queued[step].pop(0)
        if step == "SendRequest":
            return 200, response("Success", ReferenceCode=CODE, Url=self.told_url)
        return 200, self.statement


class _Handler(BaseHTTPRequestHandler):
    server: Broker

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        step = parts.path.rpartition("/")[2]
        self.server.asked.append((step, parse_qs(parts.query)))
        status, text = self.server.answer(step)
        body = text.encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def get(broker: Broker, folder: Path, *, url: str | None = None) -> str:
    path = folder / "got.xml"
    fetch(url or broker.url, TOKEN, QUERY, path, threading.Event().wait, WAITS)
    assert path.stat().st_mode & 0o777 == 0o600
    return path.read_text()


def test_two_steps_and_patience(broker: Broker, tmp_path: Path) -> None:
    broker.queued["SendRequest"] = [(200, refused("1018")), (503, "busy")]
    broker.queued["GetStatement"] = [(200, refused("1019")), (200, refused("1004")), (200, "<html>proxy")]
    assert get(broker, tmp_path) == broker.statement
    assert [step for step, _ in broker.asked] == ["SendRequest"] * 3 + ["GetStatement"] * 4
    assert broker.asked[0][1] == {"t": [TOKEN], "q": [QUERY], "v": ["3"]}
    assert broker.asked[-1][1] == {"t": [TOKEN], "q": [CODE], "v": ["3"]}


@pytest.mark.parametrize(
    ("code", "words"),
    [("1012", "token has expired"), ("1013", "IP restriction"), ("1014", "MTZ_FLEX_QUERY_ID"), ("1015", "MTZ_FLEX_TOKEN"), ("4711", "error 4711")],
)  # fmt: skip
@pytest.mark.parametrize("step", ["SendRequest", "GetStatement"])
def test_what_waiting_does_not_mend(
    broker: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture, step: str, code: str, words: str
) -> None:
    caplog.set_level(logging.DEBUG)
    broker.queued[step] = [(200, refused(code))]
    with pytest.raises(FetchError, match=words) as found:
        get(broker, tmp_path)
    assert sum(asked == step for asked, _ in broker.asked) == 1
    assert TOKEN not in str(found.value) + caplog.text


def test_it_gives_up_in_the_end(broker: Broker, tmp_path: Path) -> None:
    broker.queued["GetStatement"] = [(200, refused("1019"))] * 20
    with pytest.raises(
        FetchError, match="the broker hasn't made it yet. Nothing was changed; it is asked for again later"
    ):
        get(broker, tmp_path)
    assert len(broker.asked) == 1 + 1 + len(WAITS)


def test_nobody_listens(broker: Broker, tmp_path: Path, free_port: object, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(FetchError, match="can't be reached") as found:
        get(broker, tmp_path, url=f"http://127.0.0.1:{free_port()}/x")  # type: ignore[operator]
    assert TOKEN not in str(found.value) + caplog.text


def test_the_token_goes_nowhere_else(broker: Broker, tmp_path: Path) -> None:
    with Broker() as other:
        thread = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        broker.told_url = other.told_url
        assert get(broker, tmp_path) == broker.statement  # from where it was asked for
        broker.queued["SendRequest"] = [(302, other.told_url)]
        with pytest.raises(FetchError, match="answered 302"):
            get(broker, tmp_path)
        other.shutdown()
        thread.join()
        assert other.asked == []


def test_it_stops_while_it_waits(broker: Broker, tmp_path: Path) -> None:
    broker.queued["GetStatement"] = [(200, refused("1019"))]
    stop = threading.Event()
    stop.set()
    with pytest.raises(FetchError, match="Stopped"):
        fetch(broker.url, TOKEN, QUERY, tmp_path / "x.xml", stop.wait)


def environment(url: str, broker: Broker) -> dict[str, str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("MTZ_")}
    return env | {"DATABASE_URL": url, "MTZ_FLEX_TOKEN": TOKEN, "MTZ_FLEX_QUERY_ID": QUERY, "MTZ_FLEX_URL": broker.url}


def test_the_command_fetches_and_imports(url18: str, importer: Importer, broker: Broker) -> None:
    env = environment(url18, broker)
    run = [sys.executable, "-m", "dashboard.cli", "fetch-flex"]
    first = subprocess.run(run, env=env, capture_output=True, text=True, timeout=60)
    assert (first.returncode, first.stderr) == (0, "")
    assert f"{ACCOUNT}, 2026-01-05 to 2026-01-30: 3 trades" in first.stdout
    assert importer.rows("SELECT count(*) FROM executions") == [(3,)]
    broker.queued["SendRequest"] = [(200, refused("1012"))]
    second = subprocess.run(run, env=env, capture_output=True, text=True, timeout=60)
    assert (second.returncode, second.stderr) == (
        1, "mtz: No statement came: the token has expired: make a new one in the Client Portal and set MTZ_FLEX_TOKEN. Nothing was changed.\n",
    )  # fmt: skip
    assert TOKEN not in first.stdout + second.stdout + second.stderr


def test_the_token_is_never_sent_unencrypted_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTZ_FLEX_URL", "http://example.com/x")
    with pytest.raises(SettingsError, match="MTZ_FLEX_URL"):
        load_settings(Path("nowhere"))


NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (datetime(2026, 1, 5, 9, 59, tzinfo=UTC), datetime(2026, 1, 5, 10, tzinfo=UTC)),
        (datetime(2026, 1, 5, 10, tzinfo=UTC), datetime(2026, 1, 6, 10, tzinfo=UTC)),
        (datetime(2026, 3, 7, 12, tzinfo=UTC), datetime(2026, 3, 8, 9, tzinfo=UTC)),  # summer time begins
    ],
)
def test_five_in_the_morning(now: datetime, then: datetime) -> None:
    assert next_time(now, NEW_YORK) == then


def test_every_night_again_where_it_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its clock jumps to the next moment that it waits for; the first try of the night fails."""
    monkeypatch.setenv("MTZ_FLEX_FETCH", "nightly")
    marks = tmp_path / "marks"
    script = f"import pathlib; p = pathlib.Path({str(marks)!r}); n = len(p.read_text()) if p.exists() else 0; p.write_text('x' * (n + 1)); raise SystemExit(n == 0)"
    clock = [datetime.combine(date(2026, 1, 5), START.timetz())]

    def now() -> datetime:
        clock[0] += timedelta(minutes=20)
        return clock[0]

    nightly = Nightly(load_settings(Path("nowhere")), (sys.executable, "-c", script), now)
    monkeypatch.setattr(nightly._stopped, "wait", lambda _: nightly._stopped.is_set())
    nightly.start()
    end = datetime.now(UTC) + timedelta(seconds=60)
    while not (marks.exists() and len(marks.read_text()) >= 3):
        assert datetime.now(UTC) < end
    nightly.stop()
    assert not nightly._thread.is_alive()
