"""`mtz import-flex` and `mtz fetch-flex`: statements into the database, and what each brought, in words or as JSON.

With `--json` standard output is one object, at the end: `{"files": [{"name", "statements": [{"state", "account", "first_day",
"last_day", "trades", "new_executions", …, "dropped": […], "lacks": […]}], "problem": sentence or null}], "problem": the first
sentence or null}` (see :class:`data.flex.importing.Imported`). The exit code is 0 when every statement of every file is in.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

import psycopg

from dashboard.exits import CannotRunError, Exit
from dashboard.running import database_url_of
from dashboard.settings import Settings
from data.db import DatabaseError, connect, explain
from data.flex.importing import Imported, import_statement
from data.flex.reading import read
from data.flex.safety import FlexError
from data.flex.service import FetchError, fetch
from data.model import Role

Say = Callable[[str], None]
NO_STATEMENT = "Nothing of it was changed."


class FileResult(TypedDict):
    name: str
    statements: list[Imported]
    problem: str | None


def import_files(settings: Settings, paths: Sequence[Path], say: Say, *, as_json: bool = False) -> int:
    """Import each file; the exit code.

    Raises:
        CannotRunError: the database can't be reached; what was imported before stays.
    """
    url = database_url_of(settings)
    found: list[FileResult] = []
    try:
        with connect(url, Role.IMPORTER, "import", autocommit=True) as conn:
            for number, path in enumerate(paths, start=1):
                if not as_json:
                    say(f"{path.name} ({number} of {len(paths)}) …")
                found.append(_import(conn, settings, path, say if not as_json else lambda _: None))
    except psycopg.Error as error:
        sentence = f"{explain(error, url)} What was imported before stays; nothing of this file was kept."
        if not as_json:
            raise CannotRunError(sentence, Exit.DATABASE) from None
        _tell(found, sentence, say)
        return Exit.DATABASE
    problem = next((one["problem"] for one in found if one["problem"]), None)
    if as_json:
        _tell(found, problem, say)
    return Exit.FAILED if problem else Exit.OK


def _import(conn: psycopg.Connection[Any], settings: Settings, path: Path, say: Say) -> FileResult:
    """One file: a statement that can't be read doesn't keep those before it out."""
    result: FileResult = {"name": path.name, "statements": [], "problem": None}
    try:
        for statement in read(path, ZoneInfo(settings.account_zone)):
            done = import_statement(conn, statement, path.name, ZoneInfo(settings.account_zone))
            result["statements"].append(done)
            for line in _lines(done):
                say(line)
    except (FlexError, DatabaseError) as error:
        result["problem"] = f"{path.name} was not imported: {error}. {_rest(result)}"
    if result["problem"]:
        say(result["problem"])
    return result


def _rest(result: FileResult) -> str:
    if not result["statements"]:
        return NO_STATEMENT
    return f"{len(result['statements'])} statement(s) before it are in; of this one nothing was changed."


def _lines(done: Imported) -> list[str]:
    span = f"{done['account']}, {done['first_day']} to {done['last_day']}"
    if done["state"] == "known":
        return [f"  {span}: known already, nothing changed"]
    return [
        f"  {span}: {done['trades']:,} trades ({done['new_executions']:,} that weren't known), {done['cash_transactions']:,} cash"
        f" transactions, {done['days']:,} days, {done['positions']:,} positions; {done['open_breaks']:,} open breaks (page Reports)",
        *(f"    {sentence}" for sentence in (*done["lacks"], *done["dropped"])),
    ]


def _tell(found: list[FileResult], problem: str | None, say: Say) -> None:
    say(json.dumps({"files": found, "problem": problem}))


def fetch_statement(settings: Settings, say: Say, stop: threading.Event | None = None) -> int:
    """Have the Flex query made by the broker, and import it; the exit code.

    Raises:
        CannotRunError: no token or query is set, the broker refused, or the database can't be reached.
    """
    if not settings.flex_token or not settings.flex_query_id:
        raise CannotRunError(
            "Set MTZ_FLEX_TOKEN and MTZ_FLEX_QUERY_ID first: docs/statements.md says how.", Exit.SETTINGS
        )
    stopped = stop or threading.Event()
    with tempfile.TemporaryDirectory(prefix="mtz-flex-") as folder:
        path = Path(folder) / "statement.xml"
        try:
            fetch(settings.flex_url, settings.flex_token, settings.flex_query_id, path, stopped.wait)
        except FetchError as error:
            raise CannotRunError(str(error), Exit.FAILED) from None
        return import_files(settings, [path], say)
