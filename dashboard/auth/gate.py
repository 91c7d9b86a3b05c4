"""The gate, before Flask and before the fast answer: nobody gets past it unknown, except to what anybody may see.

It leaves in the WSGI environment who asks (:data:`ENVIRON`) and what showed it (:data:`PROOF`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.http import parse_cookie

from dashboard import problems
from dashboard.auth.admission import PREFIX, Admission, Proof, UnknownNowError, hashed
from dashboard.auth.identity import ENVIRON, LOCAL, Identity, Level
from dashboard.auth.proxies import Networks, resolve
from dashboard.security import SAFE_METHODS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PROOF = "mtz.proof"
SECRET = "sid"  # noqa: S105 - its name in the cookie
LOGIN, ACCOUNT = "/login", "/account"

PUBLIC = frozenset({"/health", "/health/", "/login", "/login/code", "/auth/page.js", "/favicon.ico"})
PUBLIC_FOLDERS = ("/assets/", "/_style/")  # our own style sheets, scripts and pictures: nothing of an account
PROGRAM = "/api"  # whoever shows a token reads JSON, whatever they ask for
VARY = ("Vary", "Cookie, Authorization")

NOBODY = "Log in, or send an API token: `Authorization: Bearer mtz_…` (docs/users.md)."
NOT_VALID = "This API token isn't known, has expired or was revoked: make another with `mtz token create`."
AWAY = "The database doesn't answer, so nobody can say who you are: it is tried again at the next request."
OWN = "/api/preferences/"  # how somebody likes a page is theirs to change, whatever else they may
READ_ONLY = "This may only read: pause, resume and stop need the role trader, or a token with the scope control."
NOT_FOR_TOKENS = "An API token can't do this: log in."


class Gate:
    """WSGI middleware. `needs_login` is asked at every request: a database may turn out to hold a real account."""

    def __init__(
        self,
        application: WSGIApplication,
        admission: Admission,
        needs_login: Callable[[], bool],
        serializer: URLSafeTimedSerializer,
        cookie: str,
        trusted: Networks,
    ) -> None:
        self._application = application
        self._admission = admission
        self._needs_login = needs_login
        self._serializer = serializer
        self._cookie = cookie
        self._trusted = trusted
        self._cookies: OrderedDict[str, str] = OrderedDict()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._trusted or "HTTP_X_FORWARDED_FOR" in environ or environ["wsgi.url_scheme"] != "http":
            resolve(environ, self._trusted)
        path: str = environ.get("PATH_INFO", "")
        try:
            proof = self._proof(environ)
            identity = self._admission.identity(proof) if proof is not None else None
        except UnknownNowError:
            if self._needs_login() and not _is_public(path):
                return _refuse(start_response, path, 503, AWAY, {"Retry-After": "2"})
            identity, proof = None, None
        if identity is None and proof is not None and proof[0] == "token":
            return _refuse(
                start_response, PROGRAM, 401, NOT_VALID, {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            )
        needed = self._needs_login()
        if identity is None and not needed:
            identity, proof = LOCAL, None
        environ[ENVIRON], environ[PROOF] = identity, proof
        if identity is None:
            if _is_public(path):
                return self._application(environ, start_response)
            return _ask_to_log_in(environ, start_response, path)
        refusal = _refusal(environ, identity, path)
        if refusal:
            return _refuse(start_response, PROGRAM if identity.kind == "token" else path, 403, refusal)
        if identity.kind == "user" and proof is not None and _is_activity(environ, path):
            self._admission.active(proof)
        if needed and path.startswith("/api"):
            return self._application(environ, _varying(start_response))
        return self._application(environ, start_response)

    def _proof(self, environ: WSGIEnvironment) -> Proof | None:
        """What the request shows: a token, else a session's cookie, else nothing."""
        header: str = environ.get("HTTP_AUTHORIZATION", "")
        if header:
            scheme, _, value = header.partition(" ")
            if scheme.lower() == "bearer":  # others are a proxy's business
                return "token", hashed(value.strip()) if value.startswith(PREFIX) else b""
        cookies: str = environ.get("HTTP_COOKIE", "")
        if self._cookie not in cookies:
            return None
        value = parse_cookie(cookies).get(self._cookie, "")
        secret = self._cookies.get(value)
        if secret is None:
            secret = self._unsigned(value)
            if secret:  # what isn't signed by us may be large, and there is no end to it
                self._cookies[value] = secret
            if len(self._cookies) > 10_000:
                self._cookies.popitem(last=False)
        return ("session", hashed(secret)) if secret else None

    def _unsigned(self, cookie: str) -> str:
        try:
            return str(self._serializer.loads(cookie).get(SECRET) or "")
        except (BadSignature, AttributeError, ValueError):  # a ValueError: not even ASCII
            return ""


def _refusal(environ: WSGIEnvironment, identity: Identity, path: str) -> str:
    """Why this identity may not do this at all; the routes look closer."""
    changes = environ["REQUEST_METHOD"] not in SAFE_METHODS
    is_own = identity.kind == "user" and path.startswith(OWN)
    if changes and path.startswith("/api") and identity.level < Level.CONTROL and not is_own:
        return READ_ONLY
    if identity.kind == "token" and path.startswith((ACCOUNT, LOGIN)):
        return NOT_FOR_TOKENS
    return ""


def _is_public(path: str) -> bool:
    """What anybody may ask for; Flask's routes then say whether there is such a thing (forms.py)."""
    return path in PUBLIC or path.startswith(PUBLIC_FOLDERS)


def _is_activity(environ: WSGIEnvironment, path: str) -> bool:
    """Whether a person is behind it: a page that is opened, a command, or the page's word that somebody moved (session.js).

    What pages do by themselves (callbacks, /ws, reading of /api, files) never is.
    """
    if path.startswith(("/_", "/assets/", "/ws", "/auth/", "/health", "/favicon.ico")):
        return False
    return not path.startswith(("/api", "/docs/openapi")) or environ["REQUEST_METHOD"] not in SAFE_METHODS


def _ask_to_log_in(environ: WSGIEnvironment, start_response: StartResponse, path: str) -> Iterable[bytes]:
    if path.startswith(problems.PROGRAMS):
        return _refuse(start_response, path, 401, NOBODY, {"WWW-Authenticate": "Bearer"})
    if environ["REQUEST_METHOD"] not in SAFE_METHODS:
        path = "/"  # what was sent is lost: nothing is sent again behind the reader's back
    there = path + ("?" + environ["QUERY_STRING"] if environ.get("QUERY_STRING") else "")
    address = LOGIN if there == "/" else f"{LOGIN}?next={quote(there.encode('latin-1'), safe='/')}"
    start_response("303 See Other", [("Location", address), ("Cache-Control", "no-store"), ("Content-Length", "0")])
    return [b""]


def _refuse(
    start_response: StartResponse, path: str, status: int, sentence: str, headers: dict[str, str] | None = None
) -> Iterable[bytes]:
    body, answered = problems.answer(path, status, sentence, headers)
    start_response(problems.status_line(status), [*answered, VARY])
    return [body]


def _varying(start_response: StartResponse) -> StartResponse:
    def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        kept = [header for header in headers if header[0] != "Vary"]
        return start_response(status, [*kept, VARY], *more)

    return start
