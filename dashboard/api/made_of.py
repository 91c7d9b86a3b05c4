"""The rows that totals are made of, beside each total: `/api/trades/statistics/rows`, `/api/trades/premium/rows` and
`/api/wheel/cycles/{cycle}/rows`."""

from __future__ import annotations

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, book_schemas, made_of_schemas
from dashboard.api.documented import documented
from dashboard.api.schemas import AccountQuery
from data.reads import Reads


def blueprint(reads: Reads) -> APIBlueprint:
    api = APIBlueprint("rows", __name__, url_prefix="/api", abp_tags=[Tag(name="rows of totals")])

    @api.get("/trades/statistics/rows", responses=documented(made_of_schemas.ResultRows))
    def results(query: made_of_schemas.ResultRowsQuery) -> Response:
        """What a figure of the statistics is made of: what is closed and counts, with its net"""
        account = answers.which(reads, query.account)
        return answers.tagged(
            reads.made_of.results(account, query.currency, query.wanted(), query.unit, query.part, query.name)
        )

    @api.get("/trades/premium/rows", responses=documented(made_of_schemas.PremiumRows))
    def premium(query: made_of_schemas.PremiumRowsQuery) -> Response:
        """What a month's or day's premium is made of: each sale with what of it counts there"""
        account = answers.which(reads, query.account)
        return answers.tagged(
            reads.made_of.premium(account, query.currency, query.day, query.wanted(), query.view, query.step)
        )

    @api.get("/wheel/cycles/<cycle>/rows", responses=documented(made_of_schemas.CycleRows))
    def cycle(path: book_schemas.CyclePath, query: AccountQuery) -> Response:
        """What premium, fees and dividends of a wheel cycle are made of"""
        return answers.tagged(reads.made_of.cycle(answers.which(reads, query.account), path.cycle))

    return api
