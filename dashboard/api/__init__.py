"""REST: a blueprint a noun, thin routes over `Reads`."""

from __future__ import annotations

from collections.abc import Callable

from flask_openapi3 import Info, OpenAPI

from dashboard.api import (
    analytics,
    book,
    bots,
    commands,
    errors,
    health,
    ledger,
    made_of,
    notes,
    payoff,
    placing,
    portfolio,
    preferences,
    reconciliation,
    risk,
    statements,
    strategies,
    trades,
)
from dashboard.encode import Encoder
from dashboard.uploads import Uploads
from data.assigning import Assignments
from data.audit import Caller
from data.commands import Commands
from data.notes import Notes
from data.payoffs import Payoffs
from data.placing import Placements
from data.preferences import Preferences
from data.reads import Reads
from data.strategies.reports import Reports

DOCS = "/docs"


def make_app(name: str, version: str) -> OpenAPI:
    """The Flask application with its OpenAPI document at /docs/openapi.json and Swagger at /docs/swagger."""
    return OpenAPI(
        name,
        info=Info(title="MoneyTrailz Dashboard", version=version),
        doc_prefix=DOCS,
        validation_error_callback=errors.invalid,
        static_folder=None,
    )


def register(
    app: OpenAPI,
    reads: Reads,
    encoder: Encoder,
    given: Commands,
    reports: Reports,
    assignments: Assignments,
    written: Notes,
    placements: Placements,
    uploads: Uploads,
    who: Callable[[], Caller],
    is_known: Callable[[], bool],
    kept: Preferences,
    reader: Callable[[], int | None],
    payoffs: Payoffs,
    benchmark: str,
) -> None:
    """`who` says who gives a command, reports for a bot or says whose an order was; `is_known`, whether the caller is anybody;
    `reader`, whose preferences they are; `benchmark`, what cycles are held against."""
    for blueprint in (
        health.blueprint(reads, is_known),
        portfolio.blueprint(reads, encoder),
        trades.blueprint(reads),
        made_of.blueprint(reads),
        notes.blueprint(reads, written, who),
        book.blueprint(reads, benchmark),
        placing.blueprint(placements, who),
        reconciliation.blueprint(reads),
        risk.blueprint(reads),
        statements.blueprint(uploads, who),
        payoff.blueprint(reads, payoffs),
        strategies.blueprint(reads),
        commands.blueprint(given, who),
        ledger.blueprint(reads, assignments, who),
        bots.blueprint(reports, who),
        analytics.blueprint(reads),
        preferences.blueprint(kept, reader),
    ):
        app.register_api(blueprint)
    errors.register(app)
