"""Logs: one line a record, text or JSON, no secret."""

from __future__ import annotations

import json
import logging

import pytest

from dashboard.logs import is_warning, last_words, make_formatter, redact


def record(message: str, level: int = logging.WARNING, **fields: object) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "mtz.poller", "msg": message, "levelno": level, "levelname": logging.getLevelName(level), **fields}
    )


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://mtz:hunter2@db:5432/mtz",
        "postgresql+psycopg://mtz:hunter2@@db/mtz",
        "host=db password=hunter2 user=mtz",
        "host=db password='hunter2 \\' x' user=mtz",
    ],
)
def test_passwords_are_taken_out(text: str) -> None:
    for log_format in ("text", "json"):
        line = make_formatter(log_format).format(record(f"can't connect to {text}"))
        assert "hunter2" not in line
        assert "***" in line


def test_passwords_are_taken_out_of_traces() -> None:
    try:
        raise ValueError("postgresql://mtz:hunter2@db/mtz")
    except ValueError as error:
        trace = (type(error), error, error.__traceback__)
    for log_format in ("text", "json"):
        assert "hunter2" not in make_formatter(log_format).format(record("failed", exc_info=trace))


def test_plain_text_stays() -> None:
    assert redact("see http://127.0.0.1:8000/docs at 10:30") == "see http://127.0.0.1:8000/docs at 10:30"


def test_json_is_one_object_a_line() -> None:
    line = make_formatter("json").format(record('two\nlines and a "quote"', created=0.5))
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.500Z",
        "level": "WARNING",
        "logger": "mtz.poller",
        "message": 'two\nlines and a "quote"',
    }


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_the_supervisor_understands_both(log_format: str) -> None:
    formatter = make_formatter(log_format)
    assert is_warning(formatter.format(record("storm")))
    assert not is_warning(formatter.format(record("calm", logging.INFO)))
    assert last_words(formatter.format(record("The database is full.", logging.ERROR))) == "The database is full."
    assert last_words(formatter.format(record("storm"))) == ""
    assert last_words("mtz: Wrong password.") == "Wrong password."
