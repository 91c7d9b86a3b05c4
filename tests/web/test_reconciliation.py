"""Agreement with the broker and cash flows over REST."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from dashboard.api import reconciliation_schemas as schemas
from data.db import connect, make_engine
from data.model import Role
from data.reads import Reads
from tests.web.samples import ACCOUNT, Writer
from tests.web.server import Web


@pytest.fixture(scope="module")
def importer(url: str, write: Writer) -> Iterator[psycopg.Connection[Any]]:
    assert write
    with connect(url, Role.IMPORTER, "test", autocommit=True) as conn:
        for number, kind in enumerate(("deposit", "dividend", "dividend")):
            conn.execute(
                "INSERT INTO cash_flows (account, flow_id, ts, session_date, kind, amount, currency, rate_to_base, base_amount, source)"
                " VALUES (%s, %s, '2026-01-05 15:00Z', '2026-01-05', %s, 10, %s, %s, %s, 'statement')",
                [
                    ACCOUNT,
                    f"f{number}",
                    kind,
                    "EUR" if number else "USD",
                    "1.1" if number else None,
                    11 if number else 10,
                ],
            )
        yield conn


def test_nothing_is_compared_before_a_statement_is(web: Web, importer: psycopg.Connection[Any], url: str) -> None:
    assert importer
    answer = web.get("/api/reconciliation/")
    shown = schemas.Reconciliation.model_validate_json(answer.body, strict=True)
    assert (shown.open_breaks, shown.items, shown.as_of) == (None, [], None)
    engine = make_engine(url, Role.WEB, "test")
    assert Reads(engine, url).agreement.open_breaks(ACCOUNT)["count"] is None
    engine.dispose()


def test_statements_and_their_breaks(web: Web, importer: psycopg.Connection[Any], url: str) -> None:
    (number,) = importer.execute(
        "INSERT INTO statements (account, base_currency, first_day, last_day, generated_at, content_hash, file_name, sections, result)"
        " VALUES (%s, 'USD', '2026-01-01', '2026-01-31', now(), 'x', 'january.xml', '{}', '{}') RETURNING id",
        [ACCOUNT],
    ).fetchone() or (None,)
    importer.execute(
        "INSERT INTO reconciliations (statement, account, open_breaks, report) VALUES (%s, %s, 1, %s)",
        [number, ACCOUNT, json.dumps(schemas.REPORT)],
    )
    shown = schemas.Reconciliation.model_validate_json(web.get("/api/reconciliation").body, strict=True)
    assert shown.open_breaks == 1
    assert shown.items[0].report is not None
    assert shown.items[0].report.breaks[0].follows[0].difference == "-0.05"
    engine = make_engine(url, Role.WEB, "test")
    found = Reads(engine, url).agreement.open_breaks(ACCOUNT)
    assert (found["count"], found["items"][0]["statement"], found["items"][0]["first_day"]) == (1, number, "2026-01-01")
    engine.dispose()


def test_cash_flows_come_in_pages_with_sums_of_all(web: Web, importer: psycopg.Connection[Any]) -> None:
    assert importer
    first = schemas.CashFlows.model_validate_json(web.get("/api/cash-flows/?limit=2").body, strict=True)
    assert [(each.currency, each.kind, each.amount, each.base_amount) for each in first.totals] == [
        ("EUR", "dividend", 20, 22), ("USD", "deposit", 10, 10),
    ]  # fmt: skip
    rest = schemas.CashFlows.model_validate_json(
        web.get(f"/api/cash-flows/?limit=2&before={first.next_before}").body, strict=True
    )
    assert [each.id for each in [*first.items, *rest.items]] == ["f2", "f1", "f0"]
    assert (rest.items[0].rate_to_base, first.items[0].rate_to_base, rest.next_before) == (1.0, 1.1, None)
    of_kind = web.get("/api/cash-flows/?kind=deposit&currency=USD&from=2026-01-05&to=2026-01-05").json
    assert [each["id"] for each in of_kind["items"]] == ["f0"]
    assert web.get("/api/cash-flows/?from=2026-01-06").json["items"] == []
    for wrong in ("before=x", "kind=gift", "limit=0", "from=yesterday"):
        assert web.get(f"/api/cash-flows/?{wrong}").status == 422


def test_the_bridge_to_the_broker_s_number_sums_to_the_cent(
    web: Web, write: Writer, importer: psycopg.Connection[Any], url: str
) -> None:
    importer.execute(
        "UPDATE accounts SET baseline_net_liquidation = 100000, baseline_at = '2026-01-01Z' WHERE account = %s",
        [ACCOUNT],
    )
    write.worth(104_321.12)
    with psycopg.connect(url) as conn:
        conn.execute("UPDATE portfolio_latest SET unrealized_pnl = 800.5, realized_pnl = 20.25")
    shown = schemas.Bridge.model_validate_json(web.get("/api/reconciliation/bridge").body, strict=True)
    # The deposit of 5 January counts as none of it; the two dividends of 11 are ours alone.
    assert (shown.ours, shown.broker) == (4311.12, 820.75)
    assert shown.ours + sum(step.amount for step in shown.steps if step.amount is not None) == pytest.approx(
        820.75, abs=0.001
    )
    assert {step.cause: step.amount for step in shown.steps if step.cause in ("income", "fees")} == {
        "income": -22,
        "fees": 0,
    }
    assert shown.steps[-1].cause == "unexplained"
    answer = web.get("/api/reconciliation/bridge/rows?cause=income")
    rows = schemas.BridgeRows.model_validate_json(answer.body, strict=True)
    assert (rows.rows, rows.total.amount, [(row.what, row.amount) for row in rows.items]) == (
        2, -22, [("dividend", -11), ("dividend", -11)],
    )  # fmt: skip
    assert web.get("/api/reconciliation/bridge/rows?cause=income&figure=daily_pnl").json["rows"] == 0
    with psycopg.connect(url) as conn:
        conn.execute("UPDATE portfolio_latest SET unrealized_pnl = NULL")
    unknown = web.get("/api/reconciliation/bridge").json
    assert (unknown["ours"], unknown["broker"], unknown["steps"]) == (None, None, [])
    assert web.get("/api/reconciliation/bridge?figure=luck").status == 422


def test_suspected_transfers_are_told(web: Web) -> None:
    shown = schemas.SuspectedTransfers.model_validate_json(web.get("/api/cash-flows/suspected").body, strict=True)
    assert (shown.account, shown.items) == (ACCOUNT, [])
