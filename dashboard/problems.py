"""Errors as `application/problem+json` (RFC 9457): what happened and what to do; no trace, nothing of the caller's input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

CONTENT_TYPE = "application/problem+json"


def document(status: int, detail: str) -> bytes:
    """The body of a problem."""
    title = HTTPStatus(status).phrase
    return json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()


def status_line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def headers(body: bytes, more: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    fixed = {"Content-Type": CONTENT_TYPE, "Content-Length": str(len(body)), "Cache-Control": "no-store"}
    return list((fixed | dict(more or {})).items())
