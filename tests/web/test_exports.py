"""CSV files: RFC 4180, safe for spreadsheets, marked with their source, in constant memory."""

from __future__ import annotations

import csv
import io
import socket
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from tests.web import samples
from tests.web.samples import ACCOUNT, Writer
from tests.web.server import Web, wait_until

MANY = 200_000


def rows_of(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def test_positions(web: Web, write: Writer) -> None:
    answer = web.get("/api/exports/positions.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    day = datetime.now(UTC).date().isoformat()
    assert answer.headers["content-disposition"] == f'attachment; filename="moneytrailz-DEMO-positions-{day}.csv"'
    shown = web.get("/api/portfolio/positions").json["items"]
    found = rows_of(answer.body)
    stored = [key for key in shown[0] if key in found[0]]  # what is worked out for the page is not in the file
    assert list(found[0]) == ["source", "account", *stored]
    assert {"quantity", "market_value", "unrealized_pnl", "delta", "as_of"} <= set(stored)
    assert {row["source"] for row in found} == {"DEMO"}
    for row, item in zip(found, shown, strict=True):
        for key, value in ((key, item[key]) for key in stored):
            told: object = row[key] or None
            assert (float(row[key]) if isinstance(value, float) else told) == (
                str(value) if isinstance(value, int) else value
            ), key


def test_trades_newest_first_and_effective_only(web: Web, write: Writer) -> None:
    write.flush(executions=(samples.execution(1), samples.execution(2, time=samples.now())))
    write.flush(executions=(samples.execution(1, revision=2, exec_id="0000e0d5.00000001.01.02"),))
    shown = web.get("/api/trades/").json["items"]
    found = rows_of(web.get("/api/exports/trades.csv").body)
    assert [row["exec_id"] for row in found] == [item["exec_id"] for item in shown]
    assert [row["time"] for row in found] == [item["time"] for item in shown]


def test_round_trips_cash_flows_and_snapshots(web: Web, write: Writer, url: str) -> None:
    write.sample(datetime(2026, 1, 5, 15, tzinfo=UTC), 100_000.5)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO round_trips (account, trip, con_id, direction, opened, opened_on, quantity, peak, gross, fees, net, carried, executions)"
            " VALUES (%s, 'e1', 2, -1, '2026-01-05 15:00Z', '2026-01-05', -1, 1, -12.5, 1, -13.5, 0, '{e1}')",
            [ACCOUNT],
        )
        conn.execute(
            "INSERT INTO notes VALUES (%s, 'round_trip', 'e1', '=1+1', '{@late,rolled}', true, 1, 'anna', now())",
            [ACCOUNT],
        )
        conn.execute(
            "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, description, source)"
            " VALUES (%s, 'f1', '2026-01-05 15:00Z', '2026-01-05', 'withdrawal', -250.25, 'USD', '-wire', 'manual')",
            [ACCOUNT],
        )
    trip = rows_of(web.get("/api/exports/round_trips.csv").body)[0]
    assert (trip["note"], trip["tags"], trip["excluded"]) == ("'=1+1", "'@late, rolled", "t")
    assert (trip["opened"], trip["side"], trip["net"], trip["closed"]) == (
        "2026-01-05T15:00:00.000Z",
        "short",
        "-13.5",
        "",
    )
    flow = rows_of(web.get("/api/exports/cash_flows.csv").body)[0]
    assert (flow["time"], flow["amount"], flow["description"]) == ("2026-01-05T15:00:00.000Z", "-250.25", "'-wire")
    samples_ = rows_of(web.get("/api/exports/snapshots.csv").body)
    assert ("2026-01-05T15:00:00.000Z", "100000.5") in [(row["time"], row["net_liquidation"]) for row in samples_]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://evil.example";"x")']
)
def test_text_never_becomes_a_formula(web: Web, write: Writer, text: str) -> None:
    write.flush(executions=(samples.execution(50, order_ref=text, revision=1),))
    with psycopg.connect(write.store._conn.info.dsn, autocommit=True) as conn:
        conn.execute(
            "UPDATE executions SET order_ref = %s WHERE base_exec_id = %s", [text, samples.execution(50).base_exec_id]
        )
    found = rows_of(web.get("/api/exports/trades.csv").body)
    assert [row["order_ref"] for row in found if row["order_ref"]] == ["'" + text]


def test_rfc_4180(web: Web, write: Writer) -> None:
    strange = 'a "quoted", cell\nof two lines, Ünïcode'
    write.flush(executions=(samples.execution(60),))
    with psycopg.connect(write.store._conn.info.dsn, autocommit=True) as conn:
        conn.execute(
            "UPDATE executions SET order_ref = %s WHERE base_exec_id = %s",
            [strange, samples.execution(60).base_exec_id],
        )
    body = web.get("/api/exports/trades.csv").body
    assert body.endswith(b"\r\n")
    assert strange in [row["order_ref"] for row in rows_of(body)]
    assert body.count(b"\r\n") == len(rows_of(body)) + 1


def peak_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def test_a_long_file_takes_no_more_memory_than_a_short_one(web: Web, write: Writer, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO executions (account, base_exec_id, revision, effective, exec_id, changed_revision, source, kind, "
            "con_id, ts, session_date, side, quantity, price) SELECT %s, 'many.' || n, 1, true, 'many.' || n || '.01', 0, "
            "'api', 'trade', 2, timestamptz '2025-01-02 15:00Z' + n * interval '1 minute', '2025-01-02', 'SLD', 1, 1.5 "
            "FROM generate_series(1, %s) n",
            [ACCOUNT, MANY],
        )
    web.get("/api/exports/positions.csv")
    worker = web.worker_pid()
    Path(f"/proc/{worker}/clear_refs").write_text("5")  # begin the peak anew
    before = peak_kb(worker)
    body = web.get("/api/exports/trades.csv").body
    assert body.count(b"\r\n") > MANY
    assert len(body) > 20_000_000
    assert peak_kb(worker) - before < 8_000


def test_who_hangs_up_halfway_leaves_no_connection_behind(web: Web, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("DELETE FROM executions WHERE id > 40000")  # still more than any buffer holds
    request = f"GET /api/exports/trades.csv HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n\r\n".encode()
    for _ in range(25):  # more than the pool has connections
        with socket.create_connection(("127.0.0.1", web.port)) as raw:
            raw.sendall(request)
            assert raw.recv(100).startswith(b"HTTP/1.1 200")
    assert web.get("/api/exports/positions.csv").status == 200

    def copying() -> int:
        with psycopg.connect(url) as conn:
            row = conn.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'"
            ).fetchone()
        return row[0] if row else -1

    wait_until(lambda: copying() == 0, "no export goes on")
