"""Heartbeats of many in-process bots over REST: how long an answer takes, and what they cost the web process."""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import psutil

from bench import stack
from bench.common import Row, database, folder, percentile
from data.db import connect
from data.model import Role

BOTS, STRATEGIES, SECONDS, CYCLE_BEATS = 100, 4, 20, 10
ANSWER_LIMIT_S = 0.5


def run() -> Iterator[Row]:
    with ExitStack() as todo:
        url, data_dir = todo.enter_context(database()), todo.enter_context(folder())
        with connect(url, Role.OWNER, "bench", autocommit=True) as conn:
            conn.execute("INSERT INTO accounts (account, source, base_currency) VALUES ('DU1', 'demo', 'USD')")
        port = todo.enter_context(stack.web(url, data_dir))
        took: list[float] = []
        late: list[float] = []
        bots = [threading.Thread(target=_bot, args=(port, number, took, late)) for number in range(BOTS)]
        web = [p for p in psutil.Process().children(recursive=True) if "gunicorn" in " ".join(p.cmdline())]
        before, started = sum(sum(p.cpu_times()[:2]) for p in web), time.monotonic()
        for bot in bots:
            bot.start()
        for bot in bots:
            bot.join()
        seconds = time.monotonic() - started
        cpu = (sum(sum(p.cpu_times()[:2]) for p in web) - before) / seconds
        yield Row(f"heartbeats of {BOTS} bots with {STRATEGIES} strategies: answered", len(took) / seconds, "/s")
        yield Row("… p95 of an answer", percentile(took, 0.95) * 1000, "ms", ANSWER_LIMIT_S * 1000)
        yield Row("… latest beat after its second", max(late) * 1000, "ms")
        yield Row("… processor of the web process", cpu * 100, "%")


def _bot(port: int, number: int, took: list[float], late: list[float]) -> None:
    """One bot's beats, spread over the second; a quiet cycle now and then."""
    begin = time.monotonic() + number / BOTS
    run_id = str(uuid.uuid4())
    for beat in range(SECONDS):
        due = begin + beat
        time.sleep(max(due - time.monotonic(), 0))
        at = datetime.now(UTC).isoformat()
        body = {
            "account": "DU1", "client_id": number, "pid": number,
            "strategies": [
                {"name": f"s{n}", "symbols": ["KO", "XLE"], "status": "running", "words": "3 puts", "cycles_since": beat}
                for n in range(STRATEGIES)
            ],
            "cycle": {"run_id": run_id, "started_at": at, "ended_at": at, "outcome": "ok"} if beat % CYCLE_BEATS == 9 else None,
        }  # fmt: skip
        started = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)  # as the client: a new one each time
        connection.request(
            "POST", f"/api/bots/bot{number}/heartbeat", json.dumps(body), {"Content-Type": "application/json"}
        )
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status == 200, answer.status
        took.append(time.monotonic() - started)
        late.append(max(started - due, 0.0))
