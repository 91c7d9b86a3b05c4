"""`/api/analytics/`: history at any zoom, in at most `points` points; each answer names the resolution it used."""

from __future__ import annotations

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, schemas
from dashboard.api.documented import documented
from data.reads import Reads
from data.resolution import Window, parse_bound


def blueprint(reads: Reads) -> APIBlueprint:
    api = APIBlueprint("analytics", __name__, url_prefix="/api/analytics", abp_tags=[Tag(name="analytics")])

    @api.get("/equity", strict_slashes=False, responses=documented(schemas.History))
    def equity(query: schemas.HistoryQuery) -> Response:
        """Net liquidation, P&L and time-weighted return over any span"""
        return answers.tagged(reads.history.equity(answers.which(reads, query.account), window(query)))

    @api.get("/positions/<int:con_id>", strict_slashes=False, responses=documented(schemas.PositionHistory))
    def position(path: schemas.ContractPath, query: schemas.HistoryQuery) -> Response:
        """A position's market price and unrealised P&L over any span"""
        account = answers.which(reads, query.account)
        return answers.tagged(reads.history.position(account, path.con_id, window(query)))

    @api.get("/bars/<symbol>", strict_slashes=False, responses=documented(schemas.Bars))
    def bars(path: schemas.SymbolPath, query: schemas.WindowQuery) -> Response:
        """The broker's price bars of a symbol"""
        return answers.tagged(reads.history.bars(path.symbol, window(query)))

    @api.get("/indicators/<symbol>", strict_slashes=False, responses=documented(schemas.Indicators))
    def indicators(path: schemas.SymbolPath, query: schemas.IndicatorsQuery) -> Response:
        """Moving averages, bands, oscillators and volatilities of a symbol"""
        return answers.tagged(reads.history.indicators(path.symbol, window(query)))

    return api


def window(query: schemas.WindowQuery) -> Window:
    """What a query asks for. Raises BadWindow."""
    return Window(
        since=None if query.since is None else parse_bound(query.since),
        until=None if query.until is None else parse_bound(query.until),
        resolution=query.resolution,
        points=query.points,
        frame=query.frame,
    )
