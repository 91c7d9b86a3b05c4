"""What follows from all statements of an account together, made anew after each: what contracts became, what corporate actions
booked, and what was held before the first execution that is known."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from data.db import literal
from data.flex.tables import Table, put
from data.queries import query, statement
from data.store import Sessions

Conn = psycopg.Connection[Any]
Row = dict[str, Any]
ZERO = Decimal(0)
SHARES = Decimal("1E-4")
ACTION = "flex:action:"
SPLITS = frozenset({"FS", "RS", "FI"})
STOCK_DIVIDENDS = frozenset({"SD"})
RATIO = re.compile(r"(\d+(?:\.\d+)?)\s+FOR\s+(\d+(?:\.\d+)?)", re.IGNORECASE)

TRADED = "SELECT DISTINCT con_id FROM executions WHERE account = %s AND con_id = ANY (%s) AND kind <> 'corporate'"


@dataclass(frozen=True, slots=True)
class Became:
    """Quantities of `con_id` × ratio are of `into`."""

    key: str
    con_id: int
    into: int
    ts: datetime
    ratio: Fraction


def corporate(conn: Conn, account: str, revision: int) -> None:
    """Splits and renamings become changes of contracts; everything else that moves a position is booked as it stands."""
    names = ("action", "action_id", "con_id", "ts", "type", "description", "quantity", "proceeds")
    rows = [
        dict(zip(names, row, strict=True))
        for row in conn.execute(literal(query("corporate_actions")), {"account": account})
    ]
    contracts = [row["con_id"] for row in rows]
    traded = {con_id for (con_id,) in conn.execute(TRADED, [account, contracts])}
    changes, booked = sort_out(rows, traded)
    _replace(
        conn, "contract_changes", "change", account,
        [
            {"change": c.key, "con_id": c.con_id, "into_con_id": c.into, "ts": c.ts,
             "numerator": c.ratio.numerator, "denominator": c.ratio.denominator}
            for c in changes
        ],
    )  # fmt: skip
    sessions = Sessions.load(conn) if booked else None
    for row in booked:
        assert sessions is not None
        quantity = row["quantity"]
        (multiplier,) = conn.execute(
            "SELECT multiplier FROM contracts WHERE con_id = %s", [row["con_id"]]
        ).fetchone() or (1,)
        price = abs(row["proceeds"] / quantity / Decimal(repr(multiplier))).quantize(Decimal("1E-8"))
        conn.execute(literal(statement("corporate_booking")), {
            "account": account, "base": ACTION + row["action"], "revision": revision, "con_id": row["con_id"], "ts": row["ts"],
            "day": sessions.date_of(row["ts"]), "side": "BOT" if quantity > 0 else "SLD", "quantity": abs(quantity), "price": price,
        })  # fmt: skip
    conn.execute(
        literal(statement("corporate_bookings_gone")),
        {"account": account, "revision": revision, "kept": [ACTION + row["action"] for row in booked]},
    )


def sort_out(rows: Iterable[Row], traded: Set[int]) -> tuple[list[Became], list[Row]]:
    """The rows of one action belong together: one contract whose number changed, or one that became another.

    `traded`: contracts that were traded before, which tells what went from what came.
    """
    groups: dict[tuple[str, datetime], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["action_id"] or row["description"] or row["action"], row["ts"]].append(row)
    changes: list[Became] = []
    booked: list[Row] = []
    for those in groups.values():
        found = _became(those, traded)
        if found is not None:
            changes.append(found)
        else:
            booked += [row for row in those if row["quantity"]]
    return changes, booked


def _became(those: Sequence[Row], traded: Set[int]) -> Became | None:
    if any(row["proceeds"] for row in those):
        return None
    if len(those) == 1:
        (row,) = those
        ratio = _ratio(row)
        return None if ratio is None else Became(row["action"], row["con_id"], row["con_id"], row["ts"], ratio)
    if len(those) != 2 or those[0]["con_id"] == those[1]["con_id"] or those[0]["quantity"] * those[1]["quantity"] >= 0:
        return None
    known = [row for row in those if row["con_id"] in traded]
    gone = known[0] if len(known) == 1 else min(those, key=lambda row: row["quantity"])
    came = those[0] if gone is those[1] else those[1]
    exact = abs(Fraction(came["quantity"]) / Fraction(gone["quantity"]))
    return Became(gone["action"], gone["con_id"], came["con_id"], gone["ts"], exact)


def _ratio(row: Row) -> Fraction | None:
    """Of “KO(US1912161007) SPLIT 2 FOR 1 (KO, COCA COLA CO, US1912161007)”."""
    if row["type"] not in SPLITS | STOCK_DIVIDENDS or not row["quantity"]:
        return None
    found = RATIO.search(row["description"] or "")
    if found is None or not Fraction(found[2]) or not Fraction(found[1]):
        return None
    ratio = Fraction(found[1]) / Fraction(found[2])
    return 1 + ratio if row["type"] in STOCK_DIVIDENDS else ratio


# -- fees of trades that were taken back

KEPT_FEE = "flex:k:"
"""How the flows begin that are of a cancelled trade, and of no cash transaction."""


def kept_fees(conn: Conn, account: str) -> None:
    """The fees that the broker keeps on trades that it takes back, as cash flows. Raises psycopg.Error."""
    conn.execute(literal(statement("kept_fees")), {"account": account})


# -- what was held before

CHANGES = "SELECT con_id, into_con_id, ts, numerator, denominator FROM contract_changes WHERE account = %s AND ts < %s ORDER BY ts"
HELD = "SELECT con_id, quantity FROM statement_positions WHERE statement = %s"
TRANSFERS = (
    "SELECT transfer, con_id, ts, quantity, price FROM statement_transfers WHERE account = %s AND con_id IS NOT NULL"
)


def openings(conn: Conn, account: str, zone: ZoneInfo) -> None:
    """What the first statement with positions has that no execution explains, at the broker's cost where its lots tell it; and
    positions that came from or went to another broker."""
    sessions = Sessions.load(conn)
    rows = [
        {"opening": f"transfer:{key}", "con_id": con_id, "ts": ts, "session_date": sessions.date_of(ts), "quantity": quantity,
         "price": price}
        for key, con_id, ts, quantity, price in conn.execute(TRANSFERS, [account])
    ]  # fmt: skip
    anchor = conn.execute(literal(query("statement_anchor")), {"account": account}).fetchone()
    if anchor is not None:
        number, first_day, last_day = anchor
        moved = [(row["con_id"], row["ts"], row["quantity"]) for row in rows]
        rows += _before(conn, account, number, first_day, last_day, zone, sessions, moved)
    _replace(conn, "openings", "opening", account, rows)


def _before(
    conn: Conn, account: str, number: int, first_day: date, last_day: date, zone: ZoneInfo, sessions: Sessions,
    moved: list[tuple[int, datetime, Decimal]],
) -> list[Row]:  # fmt: skip
    end = datetime.combine(last_day + timedelta(days=1), time(), zone)
    held: dict[int, Decimal] = defaultdict(Decimal)
    held.update(dict(conn.execute(HELD, [number]).fetchall()))
    moves = [
        *conn.execute(literal(query("moves_before")), {"account": account, "day": last_day}).fetchall(),
        *(move for move in moved if move[1] < end),
    ]
    changes = conn.execute(CHANGES, [account, end]).fetchall()
    first: dict[int, datetime] = {}
    for con_id, ts, _ in sorted(moves, key=lambda move: move[1]):
        first.setdefault(con_id, ts)
    _undo(held, moves, changes)
    start = datetime.combine(first_day, time(), zone)
    lots: dict[int, list[tuple[datetime, Decimal, Decimal | None, Decimal]]] = defaultdict(list)
    for con_id, opened, quantity, cost, multiplier in conn.execute(literal(query("lots_told")), {"account": account}):
        if opened < min(first.get(con_id, start), start):
            lots[con_id].append((opened, quantity, cost, multiplier))
    changed = {con_id for con_id, *_ in changes}
    found: list[Row] = []
    for con_id, quantity in sorted(held.items()):
        if not quantity:
            continue
        mine = [] if con_id in changed else lots[con_id]
        if sum((lot[1] for lot in mine), ZERO) == abs(quantity) and all(lot[2] is not None for lot in mine):
            found += _by_lots(con_id, quantity, mine, sessions)
        else:
            at = min(start, first.get(con_id, start)) - timedelta(seconds=1)
            found.append({"opening": f"before:{con_id}", "con_id": con_id, "ts": at, "session_date": sessions.date_of(at),
                          "quantity": quantity, "price": None})  # fmt: skip
    return found


def _undo(held: dict[int, Decimal], moves: Iterable[tuple[int, datetime, Decimal]], changes: Sequence[Any]) -> None:
    """From what was held at the end back to the beginning."""
    back: list[tuple[datetime, bool, int, int, Fraction]] = [
        *((ts, True, con_id, con_id, Fraction(quantity)) for con_id, ts, quantity in moves),
        *((ts, False, con_id, into, Fraction(n) / Fraction(d)) for con_id, into, ts, n, d in changes),
    ]
    for _, is_move, before, after, amount in sorted(back, key=lambda event: event[:2], reverse=True):
        if is_move:
            held[before] -= Decimal(amount.numerator) / amount.denominator
        else:
            exact = Fraction(held.pop(after, ZERO)) / amount
            held[before] += (Decimal(exact.numerator) / exact.denominator).quantize(SHARES)


def _by_lots(
    con_id: int, quantity: Decimal, lots: Iterable[tuple[datetime, Decimal, Decimal | None, Decimal]], sessions: Sessions
) -> list[Row]:  # fmt: skip
    """One for each time at which something was opened."""
    units: dict[datetime, Decimal] = defaultdict(Decimal)
    costs: dict[datetime, Decimal] = defaultdict(Decimal)
    by: dict[datetime, Decimal] = {}
    for opened, number, cost, multiplier in lots:
        units[opened] += number
        costs[opened] += abs(cost or ZERO)
        by[opened] = multiplier
    sign = 1 if quantity > 0 else -1
    return [
        {"opening": f"before:{con_id}:{opened.isoformat()}", "con_id": con_id, "ts": opened, "session_date": sessions.date_of(opened),
         "quantity": sign * number, "price": (costs[opened] / number / by[opened]).quantize(Decimal("1E-8"))}
        for opened, number in sorted(units.items())
    ]  # fmt: skip


def _replace(conn: Conn, table: str, key: str, account: str, rows: list[Row]) -> None:
    conn.execute(
        literal(f"DELETE FROM {table} WHERE account = %s AND NOT {key} = ANY (%s)"),  # noqa: S608 - names of our own
        [account, [row[key] for row in rows]],
    )
    put(conn, Table(table, ("account", key)), [row | {"account": account} for row in rows])
