"""In-process bots report and ask: `POST /api/bots/{bot}/heartbeat`, `POST /api/bots/{bot}/decisions`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, bot_schemas
from dashboard.api.bot_schemas import BotPath, Decisions, Heartbeat
from dashboard.api.documented import documented
from data.audit import Caller
from data.strategies.reports import Reports

REFUSED: dict[str | int, Any] = {"409": {"description": "A bot that `mtz bot` runs has this name."}}


def blueprint(reports: Reports, who: Callable[[], Caller]) -> APIBlueprint:
    """`who` says who calls; it raises where the caller may not control."""
    api = APIBlueprint("bots", __name__, url_prefix="/api/bots", abp_tags=[Tag(name="bots")])

    @api.post("/<bot>/heartbeat", responses=documented(bot_schemas.States) | REFUSED)
    def heartbeat(path: BotPath, body: Heartbeat) -> Response:
        """A sign of life: what the bot does with its strategies; the answer is what it has to do"""
        meta = body.model_dump(mode="json", exclude={"strategies", "cycle"})
        cycle = body.cycle.model_dump() if body.cycle else None
        strategies = [strategy.row() for strategy in body.strategies]
        return answers.fresh(reports.heartbeat(who(), path.bot, meta, strategies, cycle).as_json())

    @api.post("/<bot>/decisions", responses=documented(bot_schemas.Written) | REFUSED)
    def decisions(path: BotPath, body: Decisions) -> Response:
        """Lines for the ledger; told twice, each is one"""
        who()
        rows = [item.model_dump(mode="json") for item in body.items]
        return answers.fresh({"written": reports.decisions(path.bot, rows)})

    return api
