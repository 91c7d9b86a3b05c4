"""`/api/trades/`: executions, newest first."""

from __future__ import annotations

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, schemas
from dashboard.api.documented import documented
from data.reads import Reads


def blueprint(reads: Reads) -> APIBlueprint:
    api = APIBlueprint("trades", __name__, url_prefix="/api/trades", abp_tags=[Tag(name="trades")])

    @api.get("/", strict_slashes=False, responses=documented(schemas.Trades))
    def trades(query: schemas.TradesQuery) -> Response:
        """Executions, newest first, in pages"""
        return answers.tagged(reads.trades(answers.which(reads, query.account), query.limit, query.before))

    return api
