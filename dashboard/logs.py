"""Logging of every process: to stderr, text or JSON, without secrets. `mtz run` collects it into files."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import sys
from datetime import UTC, datetime

URL_PASSWORD = re.compile(r"(://[^:/@\s]*):[^@\s]+@")
KEYWORD_PASSWORD = re.compile(r"(password\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)", re.IGNORECASE)
LEVEL = re.compile(r"\b(WARNING|ERROR|CRITICAL)\b")


def redact(text: str) -> str:
    """`text` without the passwords of URLs and connection strings."""
    return KEYWORD_PASSWORD.sub(r"\1***", URL_PASSWORD.sub(r"\1:***@", text))


class TextFormatter(logging.Formatter):
    """``2026-11-24T15:04:05.123Z WARNING mtz.poller the message``."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_timestamp(record)} {record.levelname} {record.name} {record.getMessage()}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return redact(line)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and exception where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": _timestamp(record),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            entry["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


def make_formatter(log_format: str) -> logging.Formatter:
    return JsonFormatter() if log_format == "json" else TextFormatter()


def configure_logging(level: str, log_format: str) -> None:
    """Send this process's log to stderr. Libraries speak from WARNING up only, unless level is DEBUG."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(make_formatter(log_format))
    logging.basicConfig(
        level=level if level == "DEBUG" else max(logging.WARNING, _number(level)), handlers=[handler], force=True
    )
    logging.getLogger("mtz").setLevel(level)


def is_warning(line: str) -> bool:
    """Whether a line of a part's log belongs on the terminal too."""
    return bool(LEVEL.search(line[:120]))


def last_words(line: str) -> str:
    """The sentence in a line by which a command says why it ends; empty for any other line."""
    if line.startswith("mtz: "):
        return line.removeprefix("mtz: ")
    if line.startswith("{"):
        with contextlib.suppress(ValueError):
            entry = json.loads(line)
            return str(entry["message"]) if entry.get("level") in ("ERROR", "CRITICAL") else ""
    match = re.match(r"\S+ (?:ERROR|CRITICAL) mtz\.\S+ (.*)", line)
    return match[1] if match else ""


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level]


def _timestamp(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
