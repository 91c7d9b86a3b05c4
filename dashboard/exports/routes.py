"""CSV files (RFC 4180), streamed in constant memory however long they are: out of PostgreSQL, positions as the page has them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import chain
from typing import Any, Literal, cast

import psycopg
from flask import Response
from flask_openapi3 import APIBlueprint, OpenAPI, Tag
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dashboard.api import answers, schemas
from dashboard.api.documented import PROBLEMS
from dashboard.api.reconciliation_schemas import CashFlowFilter
from dashboard.api.trade_schemas import TradeFilter, TripFilter
from dashboard.exports import positions
from dashboard.exports.positions import PositionFilter
from dashboard.problems import CONTENT_TYPE
from data.db import literal
from data.queries import query as named_query
from data.reads import DatabaseAway, Reads

SLICE = 64 * 1024
CSV = "text/csv; charset=utf-8"

Name = Literal["trades", "round_trips", "cash_flows", "snapshots"]


def register(app: OpenAPI, reads: Reads) -> None:
    api = APIBlueprint("exports", __name__, url_prefix="/api/exports", abp_tags=[Tag(name="exports")])
    responses: dict[str | int, Any] = {
        "200": {"description": "The file", "content": {"text/csv": {"schema": {"type": "string"}}}},
        **{
            status: {"description": text, "content": {CONTENT_TYPE: {"schema": schemas.Problem.model_json_schema()}}}
            for status, text in PROBLEMS.items()
        },
    }

    @api.get("/positions.csv", responses=responses)
    def positions_csv(query: PositionFilter) -> Response:
        """What is held, within a filter, with all that is worked out of it"""
        account = answers.which(reads, query.account)
        return _file(reads, "positions", account, positions.lines(reads, account, _source(reads, account), query))

    @api.get("/trades.csv", responses=responses)
    def trades_csv(query: TradeFilter) -> Response:
        """Effective executions within a filter with their notes and tags, newest first"""
        return _stored(reads, "trades", answers.which(reads, query.account), wanted=query.wanted().json())

    @api.get("/round_trips.csv", responses=responses)
    def round_trips_csv(query: TripFilter) -> Response:
        """Round trips within a filter with their notes and tags, newest first"""
        return _stored(reads, "round_trips", answers.which(reads, query.account), wanted=query.wanted().json())

    @api.get("/cash_flows.csv", responses=responses)
    def cash_flows_csv(query: CashFlowFilter) -> Response:
        """Money that came or went without a trade, within a filter, newest first"""
        return _stored(
            reads, "cash_flows", answers.which(reads, query.account), kind=query.kind, currency=query.currency,
            symbol=query.symbol, from_day=query.since, to_day=query.until,
        )  # fmt: skip

    @api.get("/snapshots.csv", responses=responses)
    def snapshots_csv(query: schemas.AccountQuery) -> Response:
        """The account's figures as they were sampled, oldest first"""
        return _stored(reads, "snapshots", answers.which(reads, query.account))

    app.register_api(api)


def _stored(reads: Reads, name: Name, account: str, **filters: Any) -> Response:
    return _file(reads, name, account, stream(reads.engine, name, account, **filters))


def _source(reads: Reads, account: str) -> str:
    """DEMO, PAPER or LIVE; raises UnknownAccount."""
    return reads.health(account)["source"].upper()


def _file(reads: Reads, name: str, account: str, lines: Iterator[bytes]) -> Response:
    badge = _source(reads, account)
    try:
        first = next(lines)  # a database that is away is a 503, not a broken file
    except (OperationalError, PoolTimeoutError, psycopg.OperationalError) as error:
        raise DatabaseAway("The database can't be read now: try the export again when it is back.") from error
    filename = f"moneytrailz-{badge}-{name}-{reads.clock().date().isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{filename}"', "Cache-Control": answers.NEVER}
    return Response(chain([first], lines), content_type=CSV, headers=headers)


def stream(engine: Engine, name: Name, account: str, **filters: Any) -> Iterator[bytes]:
    """The file in slices, from one snapshot of the database. `filters` are parameters of its query."""
    connection = engine.raw_connection()
    try:
        driver = cast("psycopg.Connection[Any]", connection.driver_connection)
        statement = f"COPY ({named_query(f'export_{name}')}) TO STDOUT (FORMAT csv, HEADER)"
        with driver.cursor() as cursor, cursor.copy(literal(statement), {"account": account, **filters}) as copy:
            pending = bytearray()
            for row in copy:  # PostgreSQL sends a message a row and ends it with \n; RFC 4180 wants \r\n
                pending += bytes(row)[:-1]
                pending += b"\r\n"
                if len(pending) >= SLICE:
                    yield bytes(pending)
                    pending.clear()
                    time.sleep(0)  # others' turn: a local database is never waited for
            yield bytes(pending)
    finally:
        connection.close()
