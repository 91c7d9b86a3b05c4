"""The Flex Web Service: ask for a statement, wait until the broker has made it, take it into a file.

Two steps (IBKR, *Flex Web Service*, version 3): SendRequest answers with a reference code, GetStatement with the statement, or with
an error code for as long as it isn't ready. The token is in the address of both: it is never part of an error or a log line.
"""

from __future__ import annotations

import http.client
import logging
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeVar
from urllib.parse import urlencode, urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from data.flex.safety import MOST_BYTES

log = logging.getLogger("mtz.flex")

SERVICE = "https://ndcdyn.interactivebrokers.com/AccountManagement/FlexWebService"
OWN_HOST = ".interactivebrokers.com"
ANSWER = 64 * 1024  # bytes that an answer which is no statement may have
SLICE = 1 << 20
TIMEOUT_S = 60
WAITS_S = (5, 5, 10, 20, 40, 60, 120, 120, 120)  # between tries: some eight minutes
AGENT = "moneytrailz-dashboard"

NOT_YET = "the broker hasn't made it yet"
BUSY = frozenset({"1001", "1004", "1005", "1006", "1007", "1008", "1009", "1018", "1019", "1021"})
REASONS = {
    "1003": "the broker has no such statement: look at the period of the Flex query",
    "1010": "it is a legacy Flex query: make an Activity Flex query",
    "1011": "the service account is not active",
    "1012": "the token has expired: make a new one in the Client Portal and set MTZ_FLEX_TOKEN",
    "1013": "the token may not be used from this address: look at its IP restriction in the Client Portal",
    "1014": "the query isn't known: look at MTZ_FLEX_QUERY_ID",
    "1015": "the token isn't valid: look at MTZ_FLEX_TOKEN",
    "1016": "the account isn't valid for this query",
    "1017": "the broker forgot the request: try again",
    "1018": "too many requests came from this token: try again in some minutes",
    "1020": "the broker didn't understand the request: look at MTZ_FLEX_TOKEN and MTZ_FLEX_QUERY_ID",
}
T = TypeVar("T")
Wait = Callable[[float], bool]  # whether to stop


class FetchError(Exception):
    """No statement came. One sentence, without the token."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Nobody else is given the token."""

    def redirect_request(self, *_: object) -> None:
        return None


OPENER = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler())


def fetch(service: str, token: str, query: str, path: Path, wait: Wait, waits: tuple[float, ...] = WAITS_S) -> None:
    """Have `query` made and write the statement to `path` (readable by its owner alone).

    `wait` sleeps; it returns True where the caller wants to stop.

    Raises:
        FetchError: refused, unreachable, stopped, or not ready in all the `waits`.
    """
    if not re.fullmatch(r"[A-Za-z0-9]{6,64}", token) or not re.fullmatch(r"[0-9]{1,12}", query):
        raise FetchError(
            "The token or the number of the query is malformed: look at MTZ_FLEX_TOKEN and MTZ_FLEX_QUERY_ID."
        )
    begun = _patiently(lambda: _begin(service, token, query), wait, waits)
    _patiently(lambda: _take(begun[0], token, begun[1], path), wait, waits)


class _NotYetError(Exception):
    """Trying again may help; `str` is why."""


def _patiently(step: Callable[[], T], wait: Wait, waits: tuple[float, ...]) -> T:
    for pause in (*waits, None):
        try:
            return step()
        except _NotYetError as error:
            if pause is None:
                raise FetchError(
                    f"No statement came: {error}. Nothing was changed; it is asked for again later."
                ) from None
            log.info("no statement yet: %s; asking again in %g s", error, pause)
            if wait(pause):
                raise FetchError("Stopped while the broker was making the statement; nothing was changed.") from None
    raise AssertionError


def _begin(service: str, token: str, query: str) -> tuple[str, str]:
    """Where to get the statement, and its reference code."""
    with _open(f"{service}/SendRequest", {"t": token, "q": query, "v": "3"}) as answer:
        root = _answer(answer.read(ANSWER))
    code = root.findtext("ReferenceCode") or ""
    if root.findtext("Status") != "Success" or not code.isalnum():
        _refuse(root)
    told = root.findtext("Url") or ""
    return (told if _is_theirs(told, service) else f"{service}/GetStatement"), code


def _take(address: str, token: str, code: str, path: Path) -> None:
    with _open(address, {"t": token, "q": code, "v": "3"}) as answer:
        first = answer.read(ANSWER)
        if b"<FlexQueryResponse" not in first:
            _refuse(_answer(first))
        path.touch(mode=0o600)
        with path.open("wb") as file:
            size = file.write(first)
            while piece := answer.read(SLICE):
                size += file.write(piece)
                if size > MOST_BYTES:
                    raise FetchError(
                        f"The statement is larger than {MOST_BYTES >> 20} MB: choose a shorter period in the Flex query."
                    )


def _open(address: str, query: dict[str, str]) -> IO[bytes]:
    request = urllib.request.Request(f"{address}?{urlencode(query)}", headers={"User-Agent": AGENT})  # noqa: S310 - checked
    try:
        answer: IO[bytes] = OPENER.open(request, timeout=TIMEOUT_S)
        return answer
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (429, 500, 502, 503, 504):
            raise _NotYetError(f"the Flex Web Service answered {error.code}") from None
        raise FetchError(f"The Flex Web Service answered {error.code}: look at MTZ_FLEX_URL.") from None
    except (OSError, http.client.HTTPException):
        raise _NotYetError("the Flex Web Service can't be reached") from None


def _answer(text: bytes) -> Element:
    try:
        found: Element = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise _NotYetError("the Flex Web Service answered something else than XML") from None
    return found


def _refuse(root: Element) -> None:
    code = root.findtext("ErrorCode") or ""
    reason = REASONS.get(
        code, NOT_YET if code in BUSY else f"the Flex Web Service answered with error {code[:8] or 'unknown'}"
    )
    if code in BUSY:
        raise _NotYetError(reason)
    raise FetchError(f"No statement came: {reason}. Nothing was changed.")


def _is_theirs(address: str, service: str) -> bool:
    """Whether the token may go there: the broker's own hosts by https, or the very server that was asked first."""
    parts = urlsplit(address)
    if parts.query or parts.username:
        return False
    ours = urlsplit(service)
    if (parts.scheme, parts.netloc) == (ours.scheme, ours.netloc):
        return True
    return parts.scheme == "https" and (parts.hostname or "").endswith(OWN_HOST) and ours.hostname is not None and ours.hostname.endswith(OWN_HOST)  # fmt: skip
