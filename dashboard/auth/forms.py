"""What every page of the auth package needs: the token against forged forms, safe ways back, refusals as pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, make_response, render_template, request, session
from flask_wtf.csrf import CSRFError, generate_csrf
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dashboard.api.errors import problem
from dashboard.auth.gate import AWAY, NOBODY
from dashboard.auth.identity import ENVIRON, Identity
from dashboard.auth.security import CSRF_COOKIE, Guard
from dashboard.problems import PROGRAMS
from dashboard.security import SAFE_METHODS

CSRF_HEADER = "X-CSRFToken"
# What is answered to nobody in particular; a path of a public folder that isn't there would else be Dash's page.
PUBLIC_ENDPOINTS = frozenset({
    "health.service_health", "entrance.login", "entrance.log_in", "entrance.code", "entrance.check_code", "auth_script",
    "_dash_assets.static", "bootstrap_css", "bundle_css", "bundle_js",
})  # fmt: skip
FORGED = "This page is too old, or another site sent this: load the page again and repeat it. Nothing was changed."


class ForbiddenError(Exception):
    """Who asks is known but may not do this; the message is one sentence for them. The answer is 403."""


class UnknownCallerError(Exception):
    """The request didn't come through the gate."""


def current_identity() -> Identity:
    """Who this request comes from."""
    found: Identity | None = request.environ.get(ENVIRON)
    if found is None:
        raise UnknownCallerError("Nobody is known to have sent this request.")
    return found


def page(template: str, status: int = 200, headers: dict[str, str] | None = None, /, **values: Any) -> Response:
    """A page that no cache keeps."""
    answer = make_response(render_template(f"auth/{template}", **values), status)
    answer.headers.update({"Cache-Control": "no-store"} | (headers or {}))
    return answer


def refused(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    """A problem for programs, a page for people."""
    if request.path.startswith(PROGRAMS):
        return problem(status, sentence, headers)
    return page("refused.html", status, headers, status=status, sentence=sentence)


def safe_next(target: str | None) -> str:
    """Where to go after the log-in: a path of ours, else the first page."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or len(target) > 1000:
        return "/"
    if any(ord(char) < 0x20 or char == "\\" for char in target):
        return "/"
    parts = urlsplit(target)
    return "/" if parts.scheme or parts.netloc or parts.path.startswith(("/login", "/logout")) else target


def protect(server: Flask, guard: Guard) -> None:
    """Every change that a session (or nobody yet: the log-in) asks for must carry the token."""

    @server.before_request
    def check() -> None:
        identity: Identity | None = request.environ.get(ENVIRON)
        if identity is None and request.endpoint is not None and request.endpoint not in PUBLIC_ENDPOINTS:
            raise UnknownCallerError(NOBODY)
        if request.method not in SAFE_METHODS and (identity is None or identity.kind == "user"):
            guard.csrf.protect()

    @server.after_request
    def hand_out(answer: Response) -> Response:
        """With every page of a session the token for its scripts; no cache keeps it."""
        identity: Identity | None = request.environ.get(ENVIRON)
        if identity is not None and identity.kind == "user" and answer.mimetype == "text/html":
            answer.headers["Cache-Control"] = "no-store"  # after a log-out the way back shows nothing
            answer.set_cookie(
                server.config[CSRF_COOKIE], generate_csrf(), samesite="Strict", secure=request.is_secure, httponly=False
            )
        elif request.path.startswith(("/_dash-layout", "/_dash-update-component")):
            answer.headers["Cache-Control"] = "no-store"
        return answer

    server.register_error_handler(CSRFError, lambda _: refused(403, FORGED))
    for away in (DBAPIError, PoolTimeoutError):
        server.register_error_handler(away, _away)
    server.register_error_handler(UnknownCallerError, lambda _: refused(401, NOBODY))
    server.register_error_handler(ForbiddenError, lambda error: refused(403, str(error)))


def _away(error: Exception) -> Response:
    """The database is away; any other trouble with it goes the way of what nobody foresaw."""
    if isinstance(error, DBAPIError) and not isinstance(error, OperationalError | InterfaceError):
        raise error
    return refused(503, AWAY, {"Retry-After": "2"})


def renew_session(**keep: Any) -> None:
    """A new cookie with a new form token: whoever knew or planted the old one has nothing."""
    session.clear()
    g.pop("csrf_token", None)
    session.update(keep)
