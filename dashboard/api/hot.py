"""`GET /api/portfolio/` in its plain form, answered before Flask: the one route that pollers ask many times a second.

It sends the bytes that the Flask route sends and leaves every other case to it: a query string, several accounts, an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dashboard.api.answers import JSON, REVALIDATE
from dashboard.encode import Encoder
from data.reads import DatabaseAway, Reads, UnknownAccount

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATHS = frozenset({"/api/portfolio/", "/api/portfolio"})


class HotPortfolio:
    """WSGI middleware around Flask."""

    def __init__(self, application: WSGIApplication, reads: Reads, encoder: Encoder) -> None:
        self._application = application
        self._reads = reads
        self._encoder = encoder

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if (
            environ.get("PATH_INFO") not in PATHS
            or environ["REQUEST_METHOD"] != "GET"
            or environ.get("QUERY_STRING")
            or "HTTP_IF_NONE_MATCH" in environ
        ):
            return self._application(environ, start_response)
        try:
            accounts = self._reads.accounts()
            encoded = self._encoder.portfolio(accounts[0]) if len(accounts) == 1 else None
        except (DatabaseAway, UnknownAccount):
            encoded = None
        if encoded is None:
            return self._application(environ, start_response)
        start_response(
            "200 OK",
            [
                ("ETag", encoded.etag),
                ("Cache-Control", REVALIDATE),
                ("Content-Type", JSON),
                ("Content-Length", str(len(encoded.body))),
            ],
        )
        return [encoded.body]
