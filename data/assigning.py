"""Saying by hand whose order it was: a row of attributions that wins for ever, an audit event, a NOTIFY.

The strategy agent copies it to the order and its fills; figures change from then on, samples that were taken before stay.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, text

from data import audit
from data.audit import Caller
from data.commands import UnknownStrategyError
from data.control_views import AssignedView
from data.queries import statement
from data.transactions import transaction

HOW = "hand"


class UnknownOrderError(LookupError):
    """There is no such order, nor a fill of it; one sentence for the user."""


class AmbiguousOrderError(ValueError):
    """The permId is of several accounts' orders."""


@dataclass(frozen=True, slots=True)
class Assignments:
    """Through `engine` (role web)."""

    engine: Engine
    url: str | None = None

    def assign(self, caller: Caller, perm_id: int, strategy: str | None, account: str | None = None) -> AssignedView:
        """Say whose order `perm_id` was; None: nobody's. The same again changes nothing.

        Raises:
            UnknownOrderError, UnknownStrategyError, AmbiguousOrderError: nothing was changed.
            DatabaseError: the database is away; nothing was changed.
        """
        with transaction(self.engine, self.url, "Nothing was changed.") as conn:
            if strategy is not None:
                names = list(conn.execute(text("SELECT name FROM strategies ORDER BY name")).scalars())
                if strategy not in names:
                    listed = ", ".join(names[:20]) or "none yet"
                    raise UnknownStrategyError(f"There is no such strategy; there is {listed}.")
            found = conn.exec_driver_sql(statement("order_owner"), {"perm_id": perm_id, "account": account}).fetchall()
            if not found:
                raise UnknownOrderError("There is no order of this permId.")
            if len(found) > 1:
                raise AmbiguousOrderError("Several accounts have an order of this permId: add ?account=.")
            owner = found[0]
            is_new = owner.how != HOW or owner.strategy != strategy
            if is_new:
                row = {"account": owner.account, "perm_id": perm_id, "strategy": strategy, "actor": caller.name}
                conn.exec_driver_sql(statement("assignment"), row)
                detail = {"account": owner.account, "from": owner.strategy, "to": strategy, "how": HOW}
                audit.write(conn, "order.reassigned", caller, f"order {perm_id}", detail)
                conn.exec_driver_sql(statement("strategies_changed"))
            return {
                "account": owner.account,
                "perm_id": perm_id,
                "strategy": strategy,
                "before": owner.strategy,
                "is_new": is_new,
            }
