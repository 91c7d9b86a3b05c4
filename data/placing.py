"""Saying by hand which wheel cycle a round trip belongs to, where the rules see it otherwise: a row, an audit event, a NOTIFY.

What rolls and assignments bind moves with it. The strategy agent folds the book anew, within two seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from sqlalchemy import Connection, Engine, Row, text

from data import audit
from data.audit import Caller
from data.notes import UnknownSubjectError
from data.queries import query, statement
from data.transactions import transaction


class PlacedView(TypedDict):
    """`PUT` and `DELETE /api/trades/round-trips/{id}/cycle`."""

    account: str
    id: int
    cycle: str | None  # that it was placed in; None: in one of its own, or where the rules see it
    is_by_hand: bool
    is_new: bool  # something was changed


@dataclass(frozen=True, slots=True)
class Placements:
    """Through `engine` (role web). Every method raises DatabaseError when the database is away; nothing was changed then."""

    engine: Engine
    url: str | None = None

    def place(self, caller: Caller, trip: int, cycle: str | None) -> PlacedView:
        """Say that the round trip of that number belongs to `cycle`; None: to none of the others. The same again changes nothing.

        Raises:
            UnknownSubjectError: there is no such round trip, or no such cycle of its underlying; nothing was changed.
        """
        with transaction(self.engine, self.url, "Nothing was changed.") as conn:
            found = _read(conn, trip, cycle)
            if cycle is not None and not found.is_there:
                raise UnknownSubjectError(f"There is no such cycle of {found.symbol}.")
            values = {"account": found.account, "key": found.key, "beside": cycle, "actor": caller.name}
            is_new = conn.exec_driver_sql(statement("cycle_placement"), values).first() is not None
            if is_new:
                _tell(conn, caller, found, {"from": found.cycle, "to": cycle})
            return {"account": found.account, "id": trip, "cycle": cycle, "is_by_hand": True, "is_new": is_new}

    def take_back(self, caller: Caller, trip: int) -> PlacedView:
        """Let the rules say again. Raises UnknownSubjectError: there is no such round trip."""
        with transaction(self.engine, self.url, "Nothing was changed.") as conn:
            found = _read(conn, trip, None)
            values = {"account": found.account, "key": found.key}
            is_new = conn.exec_driver_sql(statement("cycle_placement_taken_back"), values).first() is not None
            if is_new:
                _tell(conn, caller, found, {"from": found.cycle, "taken_back": True})
            return {"account": found.account, "id": trip, "cycle": None, "is_by_hand": False, "is_new": is_new}


def _read(conn: Connection, trip: int, cycle: str | None) -> Row[tuple[object, ...]]:
    found = conn.execute(text(query("cycle_placement")), {"id": trip, "cycle": cycle}).first()
    if found is None:
        raise UnknownSubjectError("There is no such round trip.")
    return found


def _tell(conn: Connection, caller: Caller, found: Row[tuple[object, ...]], detail: dict[str, object]) -> None:
    audit.write(conn, "cycle.placed", caller, f"round trip {found.key}", {"account": found.account, **detail})
    conn.exec_driver_sql(statement("cycles_changed"), {"account": found.account})
