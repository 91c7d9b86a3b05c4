"""Errors as `application/problem+json` (RFC 9457), or as a page: what happened and what to do; no trace, nothing of the input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from http import HTTPStatus

CONTENT_TYPE = "application/problem+json"
PROGRAMS = ("/api", "/_dash", "/ws", "/health", "/docs/openapi.json")  # what no person reads: answered in JSON

# Whole in itself: it is sent where our style sheets may not be had.
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">{again}
<title>{title} · MoneyTrailz</title>
<style>
:root {{ color-scheme: dark light; --page: #0b0f16; --text: #e9eef5; --link: #5aa6ff; }}
@media (prefers-color-scheme: light) {{ :root {{ --page: #f2f4f8; --text: #16202d; --link: #1260cc; }} }}
body {{ margin: 0; padding: 12vh 24px 24px; font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); }}
main {{ max-width: 34rem; margin: 0 auto; }}
a {{ display: inline-block; padding: 8px 0; color: var(--link); }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{sentence}</p>
<p><a href="/">Go to the Overview</a></p>
</main>
</body>
</html>
"""
TITLES = {403: "You may not do this", 503: "One moment"}
AGAIN = '\n<meta http-equiv="refresh" content="{seconds}">'


def document(status: int, detail: str) -> bytes:
    """The body of a problem."""
    title = HTTPStatus(status).phrase
    return json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()


def status_line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def headers(body: bytes, more: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    fixed = {"Content-Type": CONTENT_TYPE, "Content-Length": str(len(body)), "Cache-Control": "no-store"}
    return list((fixed | dict(more or {})).items())


def page(status: int, sentence: str, retry_after: str | None = None) -> bytes:
    """The same for people; it loads itself again after `retry_after` seconds."""
    again = AGAIN.format(seconds=escape(retry_after)) if retry_after else ""
    title = TITLES.get(status, "This can't be done")
    return PAGE.format(again=again, title=escape(title), sentence=escape(sentence)).encode()


def answer(
    path: str, status: int, sentence: str, more: Mapping[str, str] | None = None
) -> tuple[bytes, list[tuple[str, str]]]:
    """Body and headers, as whoever asks for `path` reads them."""
    if path.startswith(PROGRAMS):
        body = document(status, sentence)
        return body, headers(body, more)
    body = page(status, sentence, (more or {}).get("Retry-After"))
    return body, headers(body, {"Content-Type": "text/html; charset=utf-8"} | dict(more or {}))
