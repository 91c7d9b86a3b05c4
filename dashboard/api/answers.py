"""How a view leaves the house: conditional requests, caching rules, and which account is meant."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from dashboard.encode import dump, etag
from data.reads import Reads

JSON = "application/json"
REVALIDATE = "private, no-cache"  # may be kept, must be asked about: the entity tag decides
NEVER = "no-store"


class AmbiguousAccountError(LookupError):
    """Several accounts and none named."""

    def __init__(self, accounts: list[str]) -> None:
        super().__init__(f"There are several accounts: add ?account= with one of {', '.join(accounts)}.")


class NoAccountError(LookupError):
    """None has been seen yet."""

    def __init__(self) -> None:
        super().__init__("No account has been seen yet: the poller must have connected to the gateway once.")


def which(reads: Reads, account: str | None) -> str:
    """The account that is meant; it may be left out when there is one."""
    if account is not None:
        return account
    accounts = reads.accounts()
    if len(accounts) == 1:
        return accounts[0]
    raise AmbiguousAccountError(accounts) if accounts else NoAccountError()


def fresh(view: Any) -> Response:
    """A view that holds ages: never stored anywhere."""
    return Response(dump(view), mimetype=JSON, headers={"Cache-Control": NEVER})


def tagged(view: Any) -> Response:
    body = dump(view)
    return conditional(body, etag(body))


def conditional(body: bytes, tag: str) -> Response:
    """`body`, or 304 when the caller has these very bytes."""
    headers = {"ETag": tag, "Cache-Control": REVALIDATE}
    wanted = request.environ.get("HTTP_IF_NONE_MATCH")
    if wanted is not None and _matches(wanted, tag):
        return Response(status=304, headers=headers)
    return Response(body, content_type=JSON, headers=headers)


def _matches(wanted: str, tag: str) -> bool:
    return wanted.strip() == "*" or tag in (part.strip().removeprefix("W/") for part in wanted.split(","))
