"""`/api/portfolio/`: an account's figures, positions, metric cards and connection states."""

from __future__ import annotations

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, schemas
from dashboard.api.documented import documented
from dashboard.encode import Encoder
from data.reads import Reads


def blueprint(reads: Reads, encoder: Encoder) -> APIBlueprint:
    api = APIBlueprint("portfolio", __name__, url_prefix="/api/portfolio", abp_tags=[Tag(name="portfolio")])

    @api.get("/", strict_slashes=False, responses=documented(schemas.Portfolio))
    def portfolio(query: schemas.AccountQuery) -> Response:
        """The account's figures"""
        encoded = encoder.portfolio(answers.which(reads, query.account))
        return answers.conditional(encoded.body, encoded.etag)

    @api.get("/positions", strict_slashes=False, responses=documented(schemas.Positions))
    def positions(query: schemas.AccountQuery) -> Response:
        """What is held, with prices and Greeks"""
        encoded = encoder.positions(answers.which(reads, query.account))
        return answers.conditional(encoded.body, encoded.etag)

    @api.get("/summary", strict_slashes=False, responses=documented(schemas.Summary))
    def summary(query: schemas.AccountQuery) -> Response:
        """The metric cards, each with its source and rule"""
        return answers.tagged(reads.summary(answers.which(reads, query.account)))

    @api.get("/health", strict_slashes=False, responses=documented(schemas.Health))
    def health(query: schemas.AccountQuery) -> Response:
        """Connection states with their ages"""
        return answers.fresh(reads.health(answers.which(reads, query.account)))

    return api
