"""`/api/underlyings/{symbol}/payoff`: what the positions in one underlying come to, computed by the pricing process."""

from __future__ import annotations

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, payoff_schemas
from dashboard.api.documented import documented
from dashboard.api.note_schemas import SymbolPath
from data.payoffs import Payoffs
from data.reads import Reads


def blueprint(reads: Reads, payoffs: Payoffs) -> APIBlueprint:
    api = APIBlueprint("payoff", __name__, url_prefix="/api", abp_tags=[Tag(name="payoff")])

    @api.get("/underlyings/<symbol>/payoff", responses=documented(payoff_schemas.Payoff) | payoff_schemas.REFUSED)
    def payoff(path: SymbolPath, query: payoff_schemas.PayoffQuery) -> Response:
        """Profit and loss at the nearest expiry, today and on chosen dates, with the most, the least and the break-evens"""
        account = answers.which(reads, query.account)
        return answers.fresh(payoffs.view(account, path.symbol, query.days, query.currency))

    return api
