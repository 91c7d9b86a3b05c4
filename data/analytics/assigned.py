"""Assignments and exercises: those that the broker has booked, and those that only its list of positions shows. Pure.

A position's move that executions don't explain is *unexplained*. An option that vanished so, with shares of its underlying that moved
the way it would move them, in whole contracts, within one session, is inferred: unconfirmed until an execution or a row of a
statement says it. All of a session are matched together, as a multiset: two puts and 200 shares are two assignments in whatever
order they were seen. Nothing of this is in the book.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from data import rows
from data.analytics.positions import CASH_SETTLED, is_non_standard
from data.risk_views import AssignmentView

PRICE_TOLERANCE = 0.005  # of the strike, for what the broker's average cost says that shares came at
Row = Mapping[str, Any]  # of the queries position_moves and moving_executions


@dataclass(slots=True)
class Unexplained:
    """What of a contract's moves in one session no execution explains; `quantity` is signed, `moves` all of that session."""

    day: date
    quantity: float
    moves: list[Row]

    @property
    def last(self) -> Row:
        return self.moves[-1]


def assignments(moves: Sequence[Row], executions: Sequence[Row]) -> list[AssignmentView]:
    """Newest first; those that aren't confirmed before the others of a session."""
    shares = {
        (row["symbol"], row["currency"]): row["con_id"] for row in (*moves, *executions) if row["sec_type"] == "STK"
    }
    found = [_booked(row, shares) for row in executions if _is_delivery(row)]
    found += _inferred(moves, executions)
    return sorted(
        found, key=lambda each: (each["session_date"], each["state"] == "unconfirmed", each["seen_at"]), reverse=True
    )


def unexplained(moves: Iterable[Row], executions: Iterable[Row]) -> Iterator[Unexplained]:
    """What is left of one contract's moves. An execution may be seen a session before or after the move that it makes."""
    moved: dict[date, list[Row]] = defaultdict(list)
    for row in moves:
        moved[row["session_date"]].append(row)
    executed: dict[date, float] = defaultdict(float)
    for row in executions:
        executed[row["session_date"]] += row["quantity"]
    left: list[Unexplained] = []
    for day in sorted(moved.keys() | executed.keys()):
        change = sum(row["quantity"] - row["quantity_before"] for row in moved[day])
        rest = change - executed[day]
        for before in reversed(left):
            rest = _cancel(before, rest)
        if rest:
            left.append(Unexplained(day, rest, moved[day]))
    return (each for each in left if each.quantity and each.moves)


def _cancel(before: Unexplained, rest: float) -> float:
    """Of opposite signs they are one move and its execution."""
    if before.quantity * rest >= 0:
        return rest
    both = min(abs(before.quantity), abs(rest))
    before.quantity -= both if before.quantity > 0 else -both
    return rest - both if rest > 0 else rest + both


def _inferred(moves: Sequence[Row], executions: Sequence[Row]) -> Iterator[AssignmentView]:
    by_contract: dict[int, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for n, source in enumerate((moves, executions)):
        for row in source:
            by_contract[row["con_id"]][n].append(row)
    options: dict[tuple[str, str, date], list[Unexplained]] = defaultdict(list)
    shares: dict[tuple[str, str, date], Unexplained] = {}
    for moved, executed in by_contract.values():
        for each in unexplained(moved, executed):
            key = (each.last["symbol"], each.last["currency"], each.day)
            if each.last["sec_type"] == "STK":
                shares[key] = each
            elif _may_deliver(each):
                options[key].append(each)
    for key, those in options.items():
        if key in shares:
            yield from _match(
                those, shares[key], [row for row in executions if row["con_id"] == shares[key].last["con_id"]]
            )


def _may_deliver(each: Unexplained) -> bool:
    """An option on shares of which less is held than before."""
    row, held = each.last, each.moves[0]["quantity_before"]
    is_plain = row["sec_type"] == "OPT" and row["strike"] is not None and not is_non_standard(row)
    return is_plain and row["trading_class"] not in CASH_SETTLED and held * each.quantity < 0


def _match(options: list[Unexplained], shares: Unexplained, executed: list[Row]) -> list[AssignmentView]:
    """Whole contracts as far as the shares go: those first whose strike the shares came at, then the deepest in the money."""
    price = _price(shares, executed)
    those = [each for each in options if _delivers(each) * shares.quantity > 0]
    those.sort(key=lambda each: (not _fits([(each, 1.0)], price), -_in_the_money(each.last), each.last["con_id"]))
    left, taken = abs(shares.quantity), []
    for each in those:
        contracts = min(abs(each.quantity), left // each.last["multiplier"])
        if contracts >= 1:
            taken.append((each, contracts))
            left -= contracts * each.last["multiplier"]
    if not _fits(taken, price):
        return []
    return [_view(each, contracts, shares) for each, contracts in taken]


def _delivers(each: Unexplained) -> int:
    """Which way the shares go: 1 bought, -1 sold."""
    is_short = each.moves[0]["quantity_before"] < 0
    return 1 if (each.last["right"] == "P") == is_short else -1


def _price(shares: Unexplained, executed: list[Row]) -> float | None:
    """What the shares came at by the broker's average cost; None where that doesn't tell."""
    first, last = shares.moves[0], shares.last
    trades = [row for row in executed if row["session_date"] == shares.day]
    before = 0.0 if first["quantity_before"] == 0 else first["avg_cost_before"]
    if first["quantity_before"] < 0 or shares.quantity < 0 or before is None or last["avg_cost"] is None:
        return None
    if any(row["quantity"] < 0 for row in trades):
        return None
    cost = last["quantity"] * last["avg_cost"] - first["quantity_before"] * before
    return float((cost - sum(row["quantity"] * row["price"] for row in trades)) / shares.quantity)


def _fits(taken: Sequence[tuple[Unexplained, float]], price: float | None) -> bool:
    """Whether shares at `price` may have come by these: at the strikes, or less the premium that joins their basis."""
    contracts = sum(n for _, n in taken)
    if not contracts or price is None:
        return True
    strike = sum(each.last["strike"] * n for each, n in taken) / contracts
    premium = (
        sum((each.moves[0]["avg_cost_before"] or 0.0) / each.last["multiplier"] * n for each, n in taken) / contracts
    )
    tolerance = PRICE_TOLERANCE * strike
    return bool(strike - premium - tolerance <= price <= strike + premium + tolerance)


def _in_the_money(row: Row) -> float:
    """By the last price that is known; what is not known comes last."""
    if row["underlying_price"] is None:
        return float("-inf")
    return float((row["strike"] - row["underlying_price"]) * (1 if row["right"] == "P" else -1))


def _is_delivery(row: Row) -> bool:
    return row["kind"] in ("assignment", "exercise") and row["sec_type"] == "OPT" and row["strike"] is not None


def _booked(row: Row, shares: Mapping[tuple[str, str], int]) -> AssignmentView:
    is_short = row["quantity"] > 0
    sign = 1 if (row["right"] == "P") == is_short else -1
    moved = 0.0 if row["trading_class"] in CASH_SETTLED else sign * abs(row["quantity"]) * row["multiplier"]
    return _made(
        row, row["ts"], abs(row["quantity"]), is_short, moved, shares.get((row["symbol"], row["currency"])),
        "confirmed", row["source"],
    )  # fmt: skip


def _view(each: Unexplained, contracts: float, shares: Unexplained) -> AssignmentView:
    seen = max(each.last["ts"], shares.last["ts"])
    moved = _delivers(each) * contracts * each.last["multiplier"]
    is_short = each.moves[0]["quantity_before"] < 0
    return _made(each.last, seen, contracts, is_short, moved, shares.last["con_id"], "unconfirmed", "positions")


def _made(
    row: Row, seen: datetime, contracts: float, is_short: bool, shares: float, shares_con_id: int | None, state: Any, source: Any
) -> AssignmentView:  # fmt: skip
    return {
        "session_date": row["session_date"].isoformat(),
        "seen_at": rows.stamp(seen),
        "is_current": row["is_current"],
        "kind": "assignment" if is_short else "exercise",
        "state": state,
        "source": source,
        "con_id": row["con_id"],
        "symbol": row["symbol"],
        "local_symbol": row["local_symbol"],
        "currency": row["currency"],
        "contracts": contracts,
        "strike": row["strike"],
        "shares": shares,
        "shares_con_id": shares_con_id,
    }
