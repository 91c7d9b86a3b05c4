"""REST beside a bare FastAPI + asyncpg route with the same SQL on the same database, and beside open sockets."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import websocket

from bench import load, stack
from bench.common import Row, database, folder, free_port, percentile
from bench.storage import ACCOUNT, batch
from dashboard.auth.users import offline
from data.audit import Caller
from data.db import connect
from data.model import Role, Source
from data.queries import SQL_DIR
from data.store import Store

PINS = ["fastapi==0.165.0", "uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0", "asyncpg==0.32.0"]
PATH = "/api/portfolio/"


def environment() -> Path:
    """The yardstick's own environment, made once per checkout."""
    home = stack.ROOT / ".cache" / "venvs" / "bench-fastapi"
    python = home / "bin" / "python"
    done = home / "done"
    if not done.exists():
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PINS], check=True)
        done.touch()
    return python


def yardstick(url: str) -> load.Load:
    parts = urlsplit(url)
    port = free_port()
    host = parse_qs(parts.query)["host"][0]
    command = [
        str(environment()), str(Path(__file__).with_name("fastapi_app.py")), str(port), host, parts.path.lstrip("/"),
        parts.username or "", str(SQL_DIR / "queries" / "portfolio.sql"), ACCOUNT,
    ]  # fmt: skip
    with stack.process(command):
        stack.wait_for(f"http://127.0.0.1:{port}{PATH}")
        load.run(port, PATH, seconds=1)
        return load.run(port, PATH)


def _with_token(url: str, port: int) -> float:
    """The rate with a token as part of the rate without, in turns, so that a busy machine is no judge."""
    with offline(url, "k" * 40) as users:
        token = users.create_token("bench", "read", 1, None, Caller("bench", "local")).secret
    header = f"Authorization: Bearer {token}"
    pairs = [
        (load.run(port, PATH, seconds=0.5, header=header).rate, load.run(port, PATH, seconds=0.5).rate)
        for _ in range(12)
    ]
    return sum(with_token for with_token, _ in pairs) / sum(without for _, without in pairs)


def run() -> Iterator[Row]:
    with database() as url, folder() as data_dir:
        with connect(url, Role.POLLER, "bench") as conn:
            store = Store(conn)
            store.claim_source(Source.DEMO, ACCOUNT)
            store.flush(batch(60, 1))
        with stack.web(url, data_dir) as port:
            load.run(port, PATH, seconds=1)
            ours = load.run(port, PATH)
            secured = _with_token(url, port)
            sockets = [websocket.create_connection(f"ws://127.0.0.1:{port}/ws") for _ in range(200)]
            crowded = load.run(port, PATH)
            for sock in sockets:
                sock.close()
        theirs = yardstick(url)
        yield Row("GET /api/portfolio/, 8 connections: requests per second", ours.rate, "1/s")
        yield Row("… with an API token, of the rate without", secured, "x", 0.8, at_least=True)
        yield Row("… of the rate of a bare FastAPI + asyncpg route", ours.rate / theirs.rate, "x", 1.0, at_least=True)
        yield Row("… p95 with 200 open sockets, against none",
                  percentile(crowded.latencies, 0.95) / percentile(ours.latencies, 0.95), "x", 1.3)  # fmt: skip
