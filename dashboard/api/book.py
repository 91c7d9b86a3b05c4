"""`/api/wheel/cycles`: the cycles that the executions fold into."""

from __future__ import annotations

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, book_schemas
from dashboard.api.documented import documented
from dashboard.api.schemas import AccountQuery
from data.cycle_benchmarks import benchmarks
from data.reads import Reads


def blueprint(reads: Reads, benchmark: str) -> APIBlueprint:
    """`benchmark` is the symbol that cycles are held against."""
    api = APIBlueprint("book", __name__, url_prefix="/api", abp_tags=[Tag(name="book")])

    @api.get("/wheel/cycles", responses=documented(book_schemas.Cycles))
    def cycles(query: book_schemas.BookQuery) -> Response:
        """Wheel cycles, newest first, in pages: premium, the broker's basis, the break-even, returns on two capitals"""
        account = answers.which(reads, query.account)
        return answers.fresh(
            reads.cycles(account, query.symbol, query.strategy, query.state, query.limit, query.before)
        )

    @api.get("/wheel/cycles/<cycle>/benchmarks", responses=documented(book_schemas.CycleBenchmarks))
    def against(path: book_schemas.CyclePath, query: AccountQuery) -> Response:
        """A wheel cycle against the same money in its stock and in the benchmark, on the same days, dividends included"""
        account = answers.which(reads, query.account)
        return answers.fresh(benchmarks(reads, account, path.cycle, benchmark))

    return api
