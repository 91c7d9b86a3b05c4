"""`/api/trades/`: executions and the round trips that they fold into, within a filter, and what they add up to."""

from __future__ import annotations

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, book_schemas, schemas, trade_schemas
from dashboard.api.documented import documented
from data.reads import Reads


def blueprint(reads: Reads) -> APIBlueprint:
    api = APIBlueprint("trades", __name__, url_prefix="/api/trades", abp_tags=[Tag(name="trades")])

    @api.get("/", strict_slashes=False, responses=documented(schemas.Trades))
    def trades(query: trade_schemas.TradesQuery) -> Response:
        """Executions within a filter, in one order, by pages or by offset"""
        account = answers.which(reads, query.account)
        return answers.tagged(
            reads.trades(account, query.limit, query.before, query.wanted(), query.sorting(), query.offset)
        )

    @api.get("/round-trips", responses=documented(book_schemas.RoundTrips))
    def round_trips(query: trade_schemas.RoundTripsQuery) -> Response:
        """Round trips, flat to flat, within a filter, in one order, by pages or by offset"""
        account = answers.which(reads, query.account)
        return answers.tagged(
            reads.trading.round_trips(account, query.wanted(), query.sorting(), query.limit, query.before, query.offset)
        )

    @api.get("/orders", responses=documented(trade_schemas.Orders))
    def orders(query: trade_schemas.OrdersQuery) -> Response:
        """Executions folded into orders, newest first"""
        account = answers.which(reads, query.account)
        return answers.tagged(reads.trading.orders(account, query.wanted(), query.limit, query.offset))

    @api.get("/statistics", responses=documented(trade_schemas.Statistics))
    def statistics(query: trade_schemas.StatisticsQuery) -> Response:
        """Win rate, profit factor, expectancy and averages: in all, by symbol, strategy, days to expiry and weekday"""
        account = answers.which(reads, query.account)
        return answers.tagged(reads.trading.statistics(account, query.wanted(), query.unit))

    @api.get("/premium", responses=documented(trade_schemas.PremiumIncome))
    def premium(query: trade_schemas.PremiumQuery) -> Response:
        """Premium income of short options by month or day: by sale, by end or accrued; gross and net of buy-backs"""
        account = answers.which(reads, query.account)
        return answers.tagged(reads.trading.premium(account, query.wanted(), query.view, query.step))

    return api
