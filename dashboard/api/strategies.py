"""`/api/strategies/`."""

from __future__ import annotations

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, schemas, strategy_schemas
from dashboard.api.documented import documented
from data.reads import Reads


def blueprint(reads: Reads) -> APIBlueprint:
    api = APIBlueprint("strategies", __name__, url_prefix="/api/strategies", abp_tags=[Tag(name="strategies")])

    @api.get("/", strict_slashes=False, responses=documented(strategy_schemas.Strategies))
    def strategies(query: schemas.AccountQuery) -> Response:
        """Every strategy: its state, its bot, what it earned and decided"""
        return answers.fresh(reads.strategies(query.account))

    return api
