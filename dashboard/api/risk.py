"""`/api/today`, `/api/calendar/expiries`, `/api/assignments/`, `/api/positions/{con_id}` and `/api/portfolio/greeks`: what can happen to what is held."""

from __future__ import annotations

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, risk_schemas, schemas
from dashboard.api.documented import documented
from data import risk_reads
from data.reads import Reads


def blueprint(reads: Reads) -> APIBlueprint:
    api = APIBlueprint("risk", __name__, url_prefix="/api", abp_tags=[Tag(name="risk")])

    @api.get("/today", strict_slashes=False, responses=documented(risk_schemas.Today))
    def today(query: schemas.AccountQuery) -> Response:
        """What asks for a decision today, the most urgent first"""
        return answers.fresh(risk_reads.today_view(reads, answers.which(reads, query.account)))

    @api.get("/calendar/expiries", strict_slashes=False, responses=documented(risk_schemas.Expiries))
    def expiries(query: schemas.AccountQuery) -> Response:
        """Expiries with what assignment would take, of all shorts and of those in the money, against what is there"""
        return answers.tagged(risk_reads.expiries(reads, answers.which(reads, query.account)))

    @api.get("/assignments/", strict_slashes=False, responses=documented(risk_schemas.Assignments))
    def assignments(query: schemas.AccountQuery) -> Response:
        """Assignments and exercises of two weeks: booked by the broker, or inferred from positions and not confirmed yet"""
        return answers.tagged(risk_reads.assignments(reads, answers.which(reads, query.account)))

    @api.get("/positions/<int:con_id>", responses=documented(risk_schemas.PositionDetail))
    def position(path: schemas.ContractPath, query: schemas.AccountQuery) -> Response:
        """One held contract, and what its Greeks come to in money"""
        return answers.tagged(risk_reads.position(reads, answers.which(reads, query.account), path.con_id))

    @api.get("/portfolio/greeks", strict_slashes=False, responses=documented(risk_schemas.Greeks))
    def greeks(query: schemas.AccountQuery) -> Response:
        """The Greeks of all that is held in money, and delta weighted by beta"""
        return answers.tagged(risk_reads.portfolio_greeks(reads, answers.which(reads, query.account)))

    return api
