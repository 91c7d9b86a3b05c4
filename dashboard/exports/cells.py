"""A line of CSV (RFC 4180) that no spreadsheet runs. SQL has the same rule: csv_text() among the migrations."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

# What a spreadsheet may take for a formula, also behind blanks that it trims, and full-width as some locales write it.
_FORMULA = re.compile("[\t\r\n]|[ \t\r\n\v\f\u00a0\u200b\ufeff]*[-=+@\uff1d\uff0b\uff0d\uff20\u2212]")

Value = str | float | bool | None


def line(values: Iterable[Value]) -> bytes:
    """UTF-8, ended with CR LF. None is an empty cell, true and false are t and f as PostgreSQL writes them."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow([_cell(value) for value in values])
    return text.getvalue().encode()


def safe(text: str) -> str:
    """`text`, with ' before it where a spreadsheet would run it."""
    return f"'{text}" if _FORMULA.match(text) else text


def _cell(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "t" if value else "f"
        case str():
            return safe(value)
        case _:
            return repr(value).removesuffix(".0")
