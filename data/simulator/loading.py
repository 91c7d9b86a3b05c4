"""The told past into the database: snapshots by COPY, everything else by the store that the poller writes with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg

from data import bulk
from data.db import literal
from data.model import BarAnswer, BarCoverage, Flush, Source
from data.queries import statement
from data.simulator.history import Chapter, History
from data.simulator.pastbot import BOT, CLIENT, STRATEGIES
from data.simulator.records import CURRENCY, CashFlow, utc
from data.store import Sessions, Store, bar_rows

CHAPTERS_AT_ONCE = 20
FINAL_AFTER = timedelta(minutes=10)
"""A session's bars don't change any more this long after its close."""
Report = Callable[[float, date], None]
"""Called with the share that is done (0 to 1) and the day that was reached."""


@dataclass(slots=True)
class Counts:
    """What was written."""

    portfolio: int = 0
    positions: int = 0
    executions: int = 0
    flows: int = 0
    bars: int = 0


def load(conn: psycopg.Connection[Any], store: Store, history: History, report: Report) -> Counts:
    """Tell ``history`` and write it in the caller's transaction; claims the database for the demo.

    Raises:
        WrongSourceError: the database belongs to another source.
        psycopg.Error: nothing may be kept: roll back.
    """
    account, counts = history.account_id, Counts()
    store.claim_source(Source.DEMO, account)
    store.flush(Flush(account, contracts=tuple(history.contracts())))
    _introduce_bot(conn, history)
    waiting: list[Chapter] = []
    for chapter in history.tell():
        waiting.append(chapter)
        if len(waiting) == CHAPTERS_AT_ONCE or chapter.done == 1.0:
            _write(conn, store, account, waiting, counts)
            waiting = []
        report(chapter.done, chapter.until)
    assert history.first_figures is not None
    moment, figures = history.first_figures
    conn.execute(
        literal(statement("baseline")),
        {
            "account": account,
            "currency": CURRENCY,
            "as_of": utc(moment),
            "net_liquidation": figures.net_liquidation,
        },
    )
    counts.bars = _write_bars(store, history)
    conn.execute(
        "SET LOCAL synchronous_commit = on"
    )  # bars alone can do without; a past that a state goes on from can't
    return counts


def _write(
    conn: psycopg.Connection[Any], store: Store, account: str, chapters: Sequence[Chapter], counts: Counts
) -> None:
    counts.portfolio += bulk.load(conn, "portfolio", (row for chapter in chapters for row in chapter.portfolio))
    counts.positions += bulk.load(conn, "position", (row for chapter in chapters for row in chapter.positions))
    executions = tuple(item for chapter in chapters for item in chapter.executions)
    orders = tuple(item for chapter in chapters for item in chapter.orders)
    states = tuple(item for chapter in chapters for item in chapter.cash_states)
    store.flush(Flush(account, executions=executions, orders=orders, cash_states=states))
    flows = [flow for chapter in chapters for flow in chapter.flows]
    _write_flows(conn, account, flows, store.sessions)
    decisions = json.dumps([item.row() for chapter in chapters for item in chapter.decisions])
    conn.execute(literal(statement("report_decisions")), {"bot": BOT, "rows": decisions})
    counts.executions += len(executions)
    counts.flows += len(flows)


def _introduce_bot(conn: psycopg.Connection[Any], history: History) -> None:
    """The demo's bot and its strategies, whose orders the past is full of."""
    since = utc(history.begin)
    strategies = [
        {
            "name": f"{BOT}/{name}",
            "title": title,
            "symbols": symbols,
            "allocation": allocation,
            "created_at": since.isoformat(),
        }
        for name, (title, symbols, allocation) in STRATEGIES.items()
    ]
    values = {
        "bot": BOT,
        "account": history.account_id,
        "client_id": CLIENT,
        "since": since,
        "rows": json.dumps(strategies),
    }
    conn.execute(literal(statement("demo_bot")), values)


def _write_flows(conn: psycopg.Connection[Any], account: str, flows: Iterable[CashFlow], sessions: Sessions) -> None:
    rows = [
        {
            "account": account,
            "flow_id": flow.flow_id,
            "ts": flow.ts.isoformat(),
            "session_date": sessions.date_of(flow.ts).isoformat(),
            "kind": flow.kind,
            "amount": str(flow.amount),
            "currency": CURRENCY,
            "base_amount": str(flow.amount),
            "description": flow.description,
            "source": "demo",
        }
        for flow in flows
    ]
    conn.execute(literal(statement("cash_flows")), {"rows": json.dumps(rows)})


def _write_bars(store: Store, history: History) -> int:
    count, end = 0, utc(history.end)
    # Asked for when the last of them was final: nobody asked a gateway just now, whose pace the poller would count them against.
    asked_at = min(store.sessions.last_close(end) + FINAL_AFTER, end)
    for contract in history.contracts():
        for what, bars in history.bars(contract.con_id).items():
            if bars:
                coverage = BarCoverage(contract.con_id, what, "1d", bars[0].ts, bars[-1].ts, asked_at)
                rows = bar_rows(BarAnswer(contract, coverage, tuple(bars)), store.sessions)
                store.write_bars(contract, rows, coverage)
                count += len(bars)
    return count
