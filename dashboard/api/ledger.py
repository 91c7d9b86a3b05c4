"""What strategies earned and decided: one strategy, the comparison, the decision ledger, and whose order it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, schemas, strategy_schemas
from dashboard.api.command_schemas import StrategyPath
from dashboard.api.documented import documented
from dashboard.encode import dump
from data.assigning import Assignments
from data.audit import Caller
from data.reads import Reads
from data.resolution import BadWindow


def blueprint(reads: Reads, assignments: Assignments, who: Callable[[], Caller]) -> APIBlueprint:
    """`who` says who calls; it raises where the caller may not command."""
    api = APIBlueprint("ledger", __name__, url_prefix="/api", abp_tags=[Tag(name="strategies")])

    @api.get("/strategies/compare", responses=documented(strategy_schemas.Comparison))
    def compare(query: strategy_schemas.CompareQuery) -> Response:
        """Two to four strategies side by side: returns on capital at risk, rebased on one time base"""
        names = [name.strip() for name in query.names.split(",")]
        return answers.tagged(reads.compare(names, _day(query.since), _day(query.until), query.account))

    @api.get(
        "/strategies/<bot>/<strategy>", strict_slashes=False, responses=documented(strategy_schemas.StrategyDetail)
    )
    def strategy(path: StrategyPath, query: schemas.AccountQuery) -> Response:
        """One strategy: its card, its closes of a year, its open shorts, its bot's runs"""
        return answers.fresh(reads.strategy(path.name, query.account))

    @api.get("/decisions/", strict_slashes=False, responses=documented(strategy_schemas.Decisions))
    def decisions(query: strategy_schemas.DecisionsQuery) -> Response:
        """The decision ledger, newest first, in pages: intent, order, status, fill, or why not"""
        return answers.tagged(
            reads.decisions(query.account, query.strategy, query.symbol, query.kind, query.limit, query.before)
        )

    @api.post("/orders/<int:perm_id>/strategy", responses=documented(strategy_schemas.Assigned))
    def assign(
        path: strategy_schemas.OrderPath, query: schemas.AccountQuery, body: strategy_schemas.AssignBody
    ) -> Response:
        """Say by hand whose order it was; figures change from then on"""
        view = assignments.assign(who(), path.perm_id, body.strategy, query.account)
        return Response(dump(view), mimetype=answers.JSON, headers={"Cache-Control": answers.NEVER})

    return api


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadWindow(f"{text} is no day.") from None
