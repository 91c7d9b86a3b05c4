"""The front door, before Flask: Host and Origin of every request are checked, every answer carries the security headers.

Any web page can open ws://127.0.0.1 or post to it, and a name that is made to resolve to 127.0.0.1 reaches us too. A browser
always tells the page's Origin on a WebSocket and on unsafe methods; programs send none, which is let through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from dashboard import problems

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SOCKET_PATH = "/ws"

SCRIPTS_MARK = "{scripts}"
POLICY = "; ".join([
    "default-src 'self'",
    f"script-src 'self' {SCRIPTS_MARK}",
    "style-src 'self' 'unsafe-inline'",  # AG Grid, Swagger and the charts style their elements in place
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
])  # fmt: skip

HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),  # without any, browsers send our own forms with the Origin null
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]


class FrontDoor:
    """WSGI middleware. `allowed` are host names without a port; `scripts` gives the hashes of the page's inline scripts."""

    def __init__(
        self, application: WSGIApplication, allowed: frozenset[str], scripts: Callable[[], Iterable[str]]
    ) -> None:
        self._application = application
        self._allowed = allowed
        self._scripts = scripts
        self._page_headers: list[tuple[str, str]] | None = None
        self._data_headers = [*HEADERS, ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")]
        docs = POLICY.replace(SCRIPTS_MARK, "'unsafe-inline'")  # Swagger's page starts itself by an inline script
        self._docs_headers = [*HEADERS, ("Content-Security-Policy", docs)]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"] = "/" + environ.get("PATH_INFO", "").lstrip("/")  # as Flask reads it: //ws is /ws
        _mend_cookies(environ)
        security = self._headers_for(path)
        refused = self._refusal(environ, path)
        if refused is not None:
            body, headers = problems.answer(path, *refused)
            start_response(problems.status_line(refused[0]), headers + security)
            return [body]

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start_response(status, headers + security, *more)

        return self._application(environ, start)

    def _refusal(self, environ: WSGIEnvironment, path: str) -> tuple[int, str] | None:
        host = environ.get("HTTP_HOST")
        if not host:
            return 400, "The request names no Host."
        if host not in self._allowed and name_of(host) not in self._allowed:
            return 421, "This server answers under its own names only, for example 127.0.0.1 or localhost."
        if environ["REQUEST_METHOD"] in SAFE_METHODS and not path.startswith(SOCKET_PATH):
            return None
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
            return 403, "A page of another site may not do this."
        return None

    def _headers_for(self, path: str) -> list[tuple[str, str]]:
        folder = path.split("/", 2)[1]  # /docsx is a page like any other
        if folder == "api":
            return self._data_headers
        if folder == "docs":
            return self._docs_headers
        if self._page_headers is None:
            policy = POLICY.replace(SCRIPTS_MARK, " ".join(self._scripts()))
            self._page_headers = [*HEADERS, ("Content-Security-Policy", policy)]
        return self._page_headers


def _mend_cookies(environ: WSGIEnvironment) -> None:
    """Another server of this host may have set a cookie that isn't UTF-8, over which Werkzeug would stumble."""
    cookies: str = environ.get("HTTP_COOKIE", "")
    if not cookies.isascii():
        environ["HTTP_COOKIE"] = cookies.encode("latin-1").decode("utf-8", "replace").encode().decode("latin-1")


def name_of(host: str) -> str:
    """The lower-case name or address in a Host header, without port and brackets; "" when it is malformed."""
    host = host.lower()
    if host.startswith("["):
        name, closed, port = host[1:].partition("]")
        if not closed or (port and not (port.startswith(":") and port[1:].isdigit())):
            return ""
        return name
    name, colon, port = host.partition(":")
    return name if not colon or port.isdigit() else ""
