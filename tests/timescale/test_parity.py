"""The same sample gives the same answers, of the same types, on every flavour; and they are right.

A history goes through its life step by step: new rows, half rolled up, compressed, late rows and corrections, all rolled up.
After each step every relation and every named query is compared between the databases, and the figures with plain Python.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from data.db import literal
from data.flavour import Flavour
from data.queries import SQL_DIR
from tests.timescale import expected
from tests.timescale.conftest import PLACES, Make
from tests.timescale.sample import FIRST, LAST, MIDDLE, MOMENTS, PUT, STOCK, Row, rows, utc
from tests.timescale.sides import Side

pytestmark = pytest.mark.xdist_group("timescale")

LEVELS = ("1m", "1h", "1d")
RELATIONS = [
    *(
        f"{relation}_{level}"
        for relation in ("portfolio", "position", "strategy")
        for level in (*LEVELS, "1d_parts", "history")
    ),
    "portfolio_snapshots",
    "position_snapshots",
    "strategy_snapshots",
    "cash_flows",
    "price_bars",
    "outages",
]

# Every named query is asked with every combination of these; a new parameter must be given a value here.
STEPS: tuple[dict[str, Any], ...] = tuple(
    {"resolution": level, "step_s": seconds, "step_days": max(1, seconds // 86_400), "skip_days": skip}
    for level, seconds, skip in (
        ("1m", 60, 0), ("1m", 300, 0), ("1m", 1800, 0), ("1h", 3600, 0), ("1h", 14_400, 0),
        ("1d", 86_400, 0), ("1d", 432_000, 0), ("1d", 432_000, 3),
    )
)  # fmt: skip
SPANS: tuple[dict[str, Any], ...] = (
    {"since": FIRST, "until": LAST, "first_day": date(2025, 10, 1), "last_day": date(2026, 3, 31)},
    {"since": utc("2025-10-31 19:58:30"), "until": utc("2025-11-28 18:00:30"), "first_day": date(2025, 11, 3), "last_day": date(2025, 11, 28)},
)  # fmt: skip
VALUES: dict[str, Iterable[Any]] = {
    "account": ["DU1"],
    "amount": [1],
    "actor": [None],
    "actor_kind": ["user"],
    "bases": [["e1"]],
    "before": [date(2025, 10, 31)],
    "before_figure": [None],
    "before_flow": ["~"],
    "benchmark": ["KO"],
    "before_id": [2**62],
    "before_ts": [LAST],
    "before_word": [None],
    "bot": ["bot"],
    "cancels": [["1"]],
    "cause": ["income", "earlier", "premium"],
    "command_id": [None],
    "cycle": [None, "1"],
    "con_id": [STOCK.con_id, PUT.con_id],
    "con_ids": [[STOCK.con_id, PUT.con_id]],
    "currency": [None, "USD"],
    "day": [date(2026, 3, 31)],
    "days": [[LAST.date() - timedelta(days=n) for n in range(4)]],
    "first": [date(2025, 10, 1)],
    "figure": ["daily_pnl", "total_pnl"],
    "first_ts": [MOMENTS[4]],
    "from_day": [None, date(2025, 11, 3)],
    "generated": [LAST],
    "gone": [["t1"]],
    "hash": [b""],
    "id": [1],
    "is_descending": [True, False],
    "is_open": [True, False],
    "key": [0x4D545A03],
    "kind": [None, "skip", "orphan"],
    "last": [date(2025, 11, 3), date(2026, 3, 31)],
    "last_ts": [MOMENTS[5] + timedelta(minutes=5)],
    "least_s": [0, 600],
    "limit": [3],
    "line": ["KO", "over 90"],
    "live_from": [None, date(2025, 11, 3)],
    "name": ["*", "bot/wheel"],
    "names": [["", "bot/wheel"]],
    "no_money": ["combo"],
    "now": [LAST],
    "offset": [0],
    "page": ["positions"],
    "part": ["all", "symbol", "strategy", "dte", "weekday"],
    "preview_id": ["00000000-0000-0000-0000-000000000004"],
    "reader": [None],
    "seconds": [10, 300],
    "session_date": [date(2025, 11, 3)],
    "sessions": [252],
    "sort": ["time", "symbol", "price", "net"],
    "step": ["month", "day"],
    "strategy": [None, "bot/wheel"],
    "subject": ["execution", "round_trip", "underlying"],
    "subjects": [["user somebody"]],
    "state": ["all", "open", "closed"],
    "symbol": [None, "KO"],
    "symbols": [["KO"]],
    "trades": [["t1"]],
    "to_day": [None, date(2026, 3, 9)],
    "unit": ["contract", "chain", "cycle"],
    "user": [None],
    "view": ["open", "close", "accrued"],
    "wanted": [
        "{}",
        '{"side": "SLD", "strategy": "", "from": "2025-11-03", "noted": "false", "text": "ko", "state": "closed"}',
    ],
    "what": ["trades", "implied_vol"],
}
SINCE: dict[str, Any] = {
    "positions": 0,
    "trades_since": 0,
    "poller_alive": 0,
    "agent_seen": 0,
    "bot_alive": 0,
}  # a revision or seconds, not an instant
QUERIES = sorted(path.stem for path in (SQL_DIR / "queries").glob("*.sql"))


def parameters(name: str) -> Iterator[dict[str, Any]]:
    """Every combination of values of a query's parameters."""
    words = re.sub(r"--.*", "", Path(SQL_DIR / "queries" / f"{name}.sql").read_text())
    wanted = set(re.findall(r"(?<!:):([a-z_]+)", words)) | set(re.findall(r"%\((\w+)\)s", words))
    steps = STEPS if wanted & STEPS[0].keys() else ({},)
    spans = SPANS if wanted & SPANS[0].keys() else ({},)
    rest = sorted(wanted - STEPS[0].keys() - SPANS[0].keys())
    assert set(rest) <= VALUES.keys(), f"say in VALUES what the query {name} is asked with: {set(rest) - VALUES.keys()}"
    for step, span, values in itertools.product(steps, spans, itertools.product(*(VALUES[key] for key in rest))):
        chosen = {**step, **span, **dict(zip(rest, values, strict=True))}
        if name == "commands":
            chosen["key"] = None  # of the caller's, where others' is a lock's
        if name in SINCE:
            chosen["since"] = SINCE[name]
        yield {key: chosen[key] for key in wanted}


def require_parity(sides: list[Side], step: str) -> None:
    first, *others = sides
    for relation in RELATIONS:
        answer = first.relation(relation)
        assert answer.rows, relation
        for other in others:
            assert other.relation(relation) == answer, f"{relation} on {other.name}, {step}"
    for name in QUERIES:
        answered = 0
        for params in parameters(name):
            answer = first.named(name, params)
            answered += len(answer.rows)
            for other in others:
                assert other.named(name, params) == answer, f"{name} {params} on {other.name}, {step}"
        assert answered or name in EMPTY, name


# Nobody keeps house, nobody logs in, no option is short, no bot is without records, no statement is stored here and no note leaves out.
EMPTY = {
    "command_key",
    "conversion_rates_span",
    "corporate_actions",
    "lots_told",
    "auth_locked",
    "housekeeping_alive",
    "auth_session",
    "auth_token",
    "auth_tokens",
    "auth_users",
    "bots_without_records",
    "preference",
    "statement_accruals",
    "statement_anchor",
    "statement_cash",
    "statement_lots_span",
    "statement_nav_span",
    "statement_option_events_span",
    "statement_positions",
    "statement_trades_asked",
    "statement_trades_span",
    "statement_trades_taken_back",
    "statements_counting",
    "strategies_left_out",
    "strategy_shorts",
}


@pytest.fixture(scope="module")
def sides(make: Make) -> list[Side]:
    """The same accounts on every flavour, without a history."""
    made = [make(place) for place in PLACES]
    for side in made:
        side.introduce()
    return made


@pytest.fixture(scope="module")
def history(sides: list[Side]) -> Iterator[list[Row]]:
    """What every side holds; the steps below add to it, one after the other."""
    held = rows()
    for side in sides:
        side.write(held)
    return held


def test_there_are_both_flavours(sides: list[Side]) -> None:
    assert {side.flavour for side in sides} == set(Flavour)
    for side in sides:
        stored = side.conn.execute("SELECT flavour FROM storage").fetchall()
        assert stored == [(side.flavour.value,)]


def test_new_rows(sides: list[Side], history: list[Row]) -> None:
    check(sides, history, "not rolled up at all")


def test_half_rolled_up(sides: list[Side], history: list[Row]) -> None:
    for side in sides:
        side.roll_up(MIDDLE)
    check(sides, history, "rolled up to the middle")


def test_compressed(sides: list[Side], history: list[Row]) -> None:
    for side in sides:
        assert (side.compress() > 0) == (side.flavour is Flavour.TIMESCALE)
    check(sides, history, "compressed")


def test_late_rows(sides: list[Side], history: list[Row]) -> None:
    """Between, before and after what there is: into compressed chunks and rolled-up buckets."""
    late = [
        *(row for row in rows(seed=2) if row.ts.second % 3),
        *rows(seed=3, moments=[utc("2025-10-30 15:00"), utc("2025-11-05 16:00"), utc("2026-03-10 14:00")]),
    ]
    fresh = {(row.account, row.ts) for row in history}
    late = [row for row in late if (row.account, row.ts) not in fresh]
    for side in sides:
        side.write(late)
        side.roll_up(MIDDLE)
    history += late
    check(sides, history, "late rows")


def test_corrections(sides: list[Side], history: list[Row]) -> None:
    lower, upper = utc("2025-11-03 14:28"), utc("2025-11-03 14:29:30")
    for side in sides:
        side.correct("DELETE FROM {table} WHERE ts BETWEEN %(first)s AND %(last)s", lower, upper)
        if side.flavour is Flavour.TIMESCALE:
            side.compress()
        side.correct(
            "UPDATE {table} SET {daily} = NULL WHERE ts BETWEEN %(first)s AND %(last)s",
            FIRST,
            utc("2025-10-31 19:59"),
        )
        side.roll_up(MIDDLE)
    kept = [row for row in history if not lower <= row.ts <= upper]
    history[:] = [
        Row(
            row.account,
            row.ts,
            row.worth,
            None if FIRST <= row.ts <= utc("2025-10-31 19:59") else row.daily,
            row.cash,
            row.price,
        )
        for row in kept
    ]
    check(sides, history, "corrections")


def test_all_rolled_up(sides: list[Side], history: list[Row]) -> None:
    for side in sides:
        side.roll_up()
        side.compress()
    check(sides, history, "all rolled up")


def test_a_row_from_the_future(sides: list[Side], history: list[Row]) -> None:
    """It is in a bucket of its own, beyond what is rolled up, and spoils nothing: not even the rows that follow it."""
    ahead = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    late = MOMENTS[-1] + timedelta(minutes=7)
    for ts in (ahead, late):  # the clock jumps forward, then back
        row = Row("DU1", ts, 123_456.0, 1.0, 2.0, 3.0)
        for side in sides:
            side.write([row])
            side.roll_up()
        history.append(row)
        check(sides, history, f"a row of {ts}")


def test_every_role_may_read(sides: list[Side], history: list[Row]) -> None:
    """Also what TimescaleDB keeps elsewhere: chunks, compressed ones, and what is materialised."""
    for side, role, relation in itertools.product(sides, ("mtz_web", "mtz_poller", "mtz_importer"), RELATIONS):
        side.conn.execute(literal(f"SET ROLE {role}"))
        try:
            found = side.relation(relation)
        finally:
            side.conn.execute("RESET ROLE")
        assert found.rows, (side.name, role, relation)


def check(sides: list[Side], history: list[Row], step: str) -> None:
    require_parity(sides, step)
    for level in LEVELS:
        wanted = expected.buckets(history, level, sides[0].store.sessions)
        assert expected.portfolio(sides[0], level) == wanted, (level, step)
        assert expected.strategy(sides[0], level) == wanted, (level, step)
