"""Every error of /api, /docs, /health and /ws as a problem; unknown paths there never reach Dash's page."""

from __future__ import annotations

import logging

from flask import Flask, Response, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from dashboard import problems
from dashboard.api.answers import AmbiguousAccountError, NoAccountError
from data.assigning import AmbiguousOrderError, UnknownOrderError
from data.commands import ImpossibleCommandError, KeyReusedError, UnknownCommandError, UnknownStrategyError
from data.cursor import BadCursor
from data.cycle_benchmarks import UnknownCycle
from data.db import DatabaseError
from data.history import UnknownInstrument
from data.notes import StaleNoteError, UnknownSubjectError
from data.payoffs import BadDatesError, CannotPriceError, NoPayoffError, PricingAwayError
from data.reads import DatabaseAway, UnknownAccount
from data.resolution import BadWindow
from data.risk_reads import UnknownPosition
from data.strategies.reports import UnknownBotError, WrappedBotError
from data.strategy_ledger import BadComparison

log = logging.getLogger("mtz.web")

OURS = ("/api", "/docs", "/ws", "/health")
DETAILS = {
    400: "The request is malformed.",
    404: "There is nothing here; /docs/ lists what there is.",
    405: "This method isn't possible here.",
    413: "The request is too large.",
    415: "This media type isn't understood.",
}
UNEXPECTED = "Something went wrong in the dashboard; the log of the web process says what. Nothing stored is touched."


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """As whoever asks reads it: JSON for programs, a page for people."""
    if request.path.startswith(OURS):
        body = problems.document(status, detail)
        return Response(body, status, problems.headers(body, headers))
    body, fields = problems.answer(request.path, status, detail, headers)
    return Response(body, status, fields)


def invalid(error: ValidationError) -> Response:
    """422 that names the parameter and the rule, not what the caller sent."""
    known = {name for model in error.errors() for name in model["loc"][:1] if model["type"] != "extra_forbidden"}
    sentences = [
        f"{item['loc'][0] if item['loc'] else 'input'}: {item['msg']}."
        for item in error.errors(include_input=False, include_url=False, include_context=False)
        if not item["loc"] or item["loc"][0] in known
    ]
    if len(sentences) < error.error_count():
        sentences.append("There is a parameter that isn't known here.")
    return problem(422, " ".join(sentences))


def register(app: Flask) -> None:
    """Handlers and the catch-alls."""
    app.before_request(_no_nul)
    for prefix in ("/api", "/docs", "/ws"):
        app.add_url_rule(f"{prefix}/<path:rest>", f"unknown{prefix}", _unknown)
    app.add_url_rule("/api/", "unknown/api/", _unknown, strict_slashes=False)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(UnknownAccount, lambda e: problem(404, str(e)))
    app.register_error_handler(AmbiguousAccountError, lambda e: problem(422, str(e)))
    app.register_error_handler(NoAccountError, lambda e: problem(503, str(e), {"Retry-After": "2"}))
    app.register_error_handler(UnknownInstrument, lambda e: problem(404, str(e)))
    app.register_error_handler(UnknownCycle, lambda e: problem(404, str(e)))
    app.register_error_handler(UnknownPosition, lambda e: problem(404, str(e)))
    app.register_error_handler(BadCursor, lambda e: problem(422, str(e)))
    app.register_error_handler(BadWindow, lambda e: problem(422, str(e)))
    app.register_error_handler(DatabaseAway, lambda e: problem(503, str(e), {"Retry-After": "2"}))
    app.register_error_handler(UnknownStrategyError, lambda e: problem(404, str(e)))
    app.register_error_handler(UnknownCommandError, lambda e: problem(404, str(e)))
    app.register_error_handler(ImpossibleCommandError, lambda e: problem(409, str(e)))
    app.register_error_handler(UnknownBotError, lambda e: problem(404, str(e)))
    app.register_error_handler(WrappedBotError, lambda e: problem(409, str(e)))
    app.register_error_handler(UnknownOrderError, lambda e: problem(404, str(e)))
    app.register_error_handler(AmbiguousOrderError, lambda e: problem(422, str(e)))
    app.register_error_handler(UnknownSubjectError, lambda e: problem(404, str(e)))
    app.register_error_handler(StaleNoteError, lambda e: problem(409, str(e)))
    app.register_error_handler(BadComparison, lambda e: problem(422, str(e)))
    app.register_error_handler(NoPayoffError, lambda e: problem(404, str(e)))
    app.register_error_handler(BadDatesError, lambda e: problem(422, str(e)))
    app.register_error_handler(CannotPriceError, lambda e: problem(409, str(e)))
    app.register_error_handler(PricingAwayError, lambda e: problem(503, str(e), {"Retry-After": "2"}))
    app.register_error_handler(KeyReusedError, lambda e: problem(422, str(e)))
    app.register_error_handler(DatabaseError, lambda e: problem(503, str(e), {"Retry-After": "2"}))
    app.register_error_handler(Exception, _unexpected)


def _no_nul() -> Response | None:
    """PostgreSQL's text can't hold it, so nothing that is looked for has it. (Bodies are checked by their schemas.)"""
    if "%00" in request.environ.get("QUERY_STRING", "") or "\0" in request.path:
        return problem(422, "The address holds a NUL character, which no name has.")
    return None


def _unknown(rest: str = "") -> Response:
    del rest
    return problem(404, DETAILS[404])


def _http(error: HTTPException) -> Response | HTTPException:
    if error.response is not None:
        return error  # made by us already
    status = error.code or 500
    if not request.path.startswith(OURS):
        return problem(status, DETAILS.get(status, "The request can't be answered."))
    if isinstance(error, MethodNotAllowed) and _is_catch_all():
        status = 404
    allowed = (
        {"Allow": ", ".join(error.valid_methods)}
        if status == 405 and isinstance(error, MethodNotAllowed) and error.valid_methods
        else None
    )
    return problem(status, DETAILS.get(status, "The request can't be answered."), allowed)


def _is_catch_all() -> bool:
    from flask import current_app

    adapter = current_app.url_map.bind("localhost")
    endpoint, _ = adapter.match(request.path, method="GET")
    return str(endpoint).startswith("unknown")


def _unexpected(error: Exception) -> Response:
    log.exception("unexpected error at %s %s", request.method, request.path, exc_info=error)
    return problem(500, UNEXPECTED)
