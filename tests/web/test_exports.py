"""CSV files: RFC 4180, safe for spreadsheets, marked with their source, in constant memory."""

from __future__ import annotations

import csv
import io
import re
import socket
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dashboard.exports.cells import line, safe
from data.model import Contract, Position
from tests.web import samples
from tests.web.samples import ACCOUNT, Writer
from tests.web.server import Web, wait_until

MANY = 200_000


def rows_of(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def cell(value: object) -> str:
    """A value of REST as a file has it."""
    if isinstance(value, bool):
        return "t" if value else "f"
    return "" if value is None else str(value)


def held(con_id: int, **contract: Any) -> Position:
    """A short put, unless `contract` says otherwise, that the poller knows all about."""
    terms: dict[str, Any] = {"symbol": "KO", "local_symbol": f"KO {con_id}", "sec_type": "OPT", "currency": "USD", "trading_class": "KO",
             "expiry": date(2040, 2, 17), "strike": 60.0, "right": "P", "multiplier": 100.0} | contract  # fmt: skip
    return samples.position(
        Contract(con_id, **terms), quantity=-2.0, avg_cost=150.0, market_price=0.6, market_value=-120.0, unrealized_pnl=180.0,
        delta=-0.3, gamma=0.08, theta=-0.04, vega=0.055, implied_vol=0.2, underlying_price=62.0,
    )  # fmt: skip


def hold(web: Web, write: Writer) -> list[dict[str, Any]]:
    """Two more options are held, and the web process has heard of them: all that is held."""
    strange = held(72, symbol="=X", local_symbol="+X 2040", trading_class="-X", strike=57.5, right="C")
    write.flush(positions=(held(71), strange))

    def shown() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = web.get("/api/portfolio/positions").json["items"]
        return items if {71, 72} <= {item["con_id"] for item in items} else []

    found: list[dict[str, Any]] = wait_until(shown, "the new positions are heard of")
    return found


def test_positions_are_what_the_page_shows(web: Web, write: Writer) -> None:
    shown = hold(web, write)
    answer = web.get("/api/exports/positions.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    day = datetime.now(UTC).date().isoformat()
    assert answer.headers["content-disposition"] == f'attachment; filename="moneytrailz-DEMO-positions-{day}.csv"'
    assert answer.body.endswith(b"\r\n")
    found = rows_of(answer.body)
    assert list(found[0])[: 2 + len(shown[0])] == ["source", "account", *shown[0]]
    assert {row["source"] for row in found} == {"DEMO"}
    for row, item in zip(found, shown, strict=True):
        for key, value in item.items():
            assert row[key].removeprefix("'") == cell(value) or float(row[key]) == value, key
    put, strange = (next(row for row in found if row["con_id"] == con_id) for con_id in ("71", "72"))
    assert (put["break_even"], put["pnl_of_max_profit"], put["moneyness"]) == ("58.5", "60", "otm")
    assert (put["average"], put["position_delta"], put["position_theta"]) == ("1.5", "60", "8")
    assert float(put["distance_sigma"]) > 0
    assert (strange["symbol"], strange["local_symbol"], strange["trading_class"]) == ("'=X", "'+X 2040", "'-X")


@pytest.mark.parametrize(
    ("query", "con_ids"),
    [
        ("", {"71", "72"}),
        ("text=ko%2017%20feb%2040", {"71"}),
        ("text=57.5%20C", {"72"}),
        ("text=2040-02%20%3Dx", {"72"}),
        ("text=nothing", set()),
        ("strategy=", {"71", "72"}),
        ("strategy=tg/wheel", set()),
        ("min_dte=46", {"71", "72"}),
        ("max_dte=7", set()),
    ],
)
def test_positions_by_the_filter_of_the_page(web: Web, write: Writer, query: str, con_ids: set[str]) -> None:
    hold(web, write)
    found = rows_of(web.get(f"/api/exports/positions.csv?{query}").body)
    assert {row["con_id"] for row in found} & {"71", "72"} == con_ids


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


ODD = st.text(st.sampled_from("=+-@\t\r\n \v\f\u00a0\u200b\ufeff＝＋－＠−'\",;a1Ü\\"), max_size=8) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=ODD)
@example(text=" =1+1")
@example(text="\u00a0\ufeff-1")
@example(text="−5")
@example(text="＝1")
@example(text="\\.")
def test_one_rule_in_sql_and_python(database_url: str, text: str) -> None:
    """The same cells are made safe, and a reader of CSV gets back what was written, whoever wrote the line."""
    with psycopg.connect(database_url) as conn:
        (found,) = conn.execute("SELECT csv_text(%s)", [text]).fetchone() or ("",)
        assert found == safe(text)
        with conn.cursor().copy("COPY (SELECT csv_text(%s), 1.5::float8) TO STDOUT (FORMAT csv)", [text]) as copy:
            (stored,) = copy
    for written in (bytes(stored)[:-1] + b"\r\n", line((text, 1.5))):
        assert list(csv.reader(io.StringIO(written.decode(), newline=""))) == [[found, "1.5"]]
    assert found.startswith("'") or not re.match(r"[\t\r\n]|\s*[\u200b\ufeff]*\s*[=+@＝＋－＠−-]", found)


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
