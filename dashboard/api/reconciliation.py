"""`/api/reconciliation/` and `/api/cash-flows/`: agreement with the broker's statements, and money that came or went."""

from __future__ import annotations

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dashboard.api import answers, reconciliation_schemas, schemas
from dashboard.api.documented import documented
from data.reads import Reads


def blueprint(reads: Reads) -> APIBlueprint:
    api = APIBlueprint("reconciliation", __name__, url_prefix="/api", abp_tags=[Tag(name="reconciliation")])

    @api.get("/reconciliation/", strict_slashes=False, responses=documented(reconciliation_schemas.Reconciliation))
    def reconciliation(query: schemas.AccountQuery) -> Response:
        """Imported statements with their trust reports: what matches to 0.00, and what doesn't, folded under its cause"""
        return answers.tagged(reads.agreement.reconciliation(answers.which(reads, query.account)))

    @api.get("/reconciliation/bridge", responses=documented(reconciliation_schemas.Bridge))
    def bridge(query: reconciliation_schemas.BridgeQuery) -> Response:
        """Why is this not TWS's number? From our P&L to the broker's, in steps that sum to the cent"""
        return answers.tagged(reads.agreement.bridge(answers.which(reads, query.account), query.figure))

    @api.get("/reconciliation/bridge/rows", responses=documented(reconciliation_schemas.BridgeRows))
    def bridge_rows(query: reconciliation_schemas.BridgeRowsQuery) -> Response:
        """What a step of the bridge is made of: cash flows, or round trips"""
        account = answers.which(reads, query.account)
        return answers.tagged(reads.agreement.bridge_rows(account, query.figure, query.cause))

    @api.get("/cash-flows/", strict_slashes=False, responses=documented(reconciliation_schemas.CashFlows))
    def cash_flows(query: reconciliation_schemas.CashFlowsQuery) -> Response:
        """Deposits, dividends, interest, taxes and fees, newest first, in pages, with sums by currency and kind"""
        account = answers.which(reads, query.account)
        return answers.tagged(
            reads.agreement.cash_flows(
                account, query.kind, query.currency, query.symbol, query.since, query.until, query.limit, query.before
            )
        )

    @api.get("/cash-flows/suspected", responses=documented(reconciliation_schemas.SuspectedTransfers))
    def suspected(query: schemas.AccountQuery) -> Response:
        """Deposits and withdrawals that no statement has told of yet, by what cash and net liquidation did"""
        return answers.tagged(reads.agreement.suspected(answers.which(reads, query.account)))

    return api
