"""Statements that somebody uploads: kept as a file while a process of its own imports them, never read in the web worker.

An upload's state is a small file beside it in the data folder, so that it outlives the page and this process.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal, TypedDict

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dashboard.settings import Settings, child_environment
from data import audit
from data.audit import Caller
from data.db import DatabaseError

LARGEST = 256 * 1024 * 1024  # bytes: some years of a busy account
SLICE = 64 * 1024
KEPT = 50  # states of uploads
AT_ONCE = 4  # that wait or are imported
AWAY = "The database is away: nothing was imported and nothing changed. Upload the file again when it is back."
VANISHED = "The import was interrupted. A statement is stored whole or not at all: upload the file again, what is in already stays as it is."
TOO_LARGE = f"The file is larger than {LARGEST // 1024 // 1024} MB: ask the Flex query for fewer days."
TOO_MANY = "Other files are being imported: upload this one when they are done."
EMPTY = "The file is empty: nothing was imported."

State = Literal["importing", "done", "failed"]


class UploadView(TypedDict):
    """`result` is the importer's own, None until it is done or where it failed; `problem` one sentence, else None."""

    id: str
    name: str
    bytes: int
    state: State
    by: str
    started_at: str
    ended_at: str | None
    result: Any
    problem: str | None


class UploadRefusedError(Exception):
    """A file that isn't taken; the message is one sentence. `status` is what HTTP says of it."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)


class UnknownUploadError(LookupError):
    """There is no such upload."""


@dataclass(frozen=True, slots=True)
class _Place:
    state: Path
    file: Path
    output: Path


class Uploads:
    """Takes files and has them imported, one after the other."""

    def __init__(
        self, settings: Settings, engine: Engine, command: tuple[str, ...] = (sys.executable, "-m", "dashboard.cli")
    ) -> None:
        self._folder = settings.data_dir / "uploads"
        self._settings = settings
        self._engine = engine
        self._command = command
        self._turn = threading.Lock()
        self._mine: set[str] = set()  # those that this process sees to

    def take(self, caller: Caller, name: str, stream: IO[bytes]) -> UploadView:
        """Store what `stream` brings and begin to import it.

        Raises:
            UploadRefusedError: too large, empty, or too many at once.
            DatabaseError: the database is away: nothing was kept.
        """
        if len(self._mine) >= AT_ONCE:
            raise UploadRefusedError(429, TOO_MANY)
        number = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(6)}"
        place = self._place(number)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._mine.add(number)
        try:
            size = _store(stream, place.file)
            self._note(caller, name, size)
            view: UploadView = {
                "id": number, "name": name, "bytes": size, "state": "importing", "by": caller.name,
                "started_at": _now(), "ended_at": None, "result": None, "problem": None,
            }  # fmt: skip
            _write(place.state, view)
        except BaseException:
            self._mine.discard(number)
            place.file.unlink(missing_ok=True)
            raise
        threading.Thread(target=self._import, args=(view, place), daemon=True).start()
        self._forget()
        return view

    def list(self) -> list[UploadView]:
        """The newest first."""
        found = sorted(self._folder.glob("*.json"), reverse=True) if self._folder.is_dir() else []
        return [self._read(path) for path in found]

    def get(self, number: str) -> UploadView:
        """Raises UnknownUploadError."""
        if (
            not all(char.isalnum() or char == "-" for char in number)
            or not (path := self._place(number).state).is_file()
        ):
            raise UnknownUploadError("There is no such upload; the list is at /api/statements/uploads.")
        return self._read(path)

    def _place(self, number: str) -> _Place:
        return _Place(self._folder / f"{number}.json", self._folder / f"{number}.xml", self._folder / f"{number}.out")

    def _note(self, caller: Caller, name: str, size: int) -> None:
        try:
            with self._engine.begin() as conn:
                audit.write(conn, "statement.uploaded", caller, name, {"bytes": size})
        except (DBAPIError, PoolTimeoutError) as error:
            raise DatabaseError(AWAY) from error

    def _import(self, view: UploadView, place: _Place) -> None:
        """In a thread: wait for the turn, run the importer, and write down what it said."""
        try:
            with self._turn:
                ended = self._run(view, place)
        except OSError as error:
            ended = {
                **view,
                "state": "failed",
                "problem": f"The importer could not be started ({error.strerror}); nothing changed.",
            }
        finally:
            place.file.unlink(missing_ok=True)
            place.output.unlink(missing_ok=True)
        _write(place.state, {**ended, "ended_at": _now()})
        self._mine.discard(view["id"])

    def _run(self, view: UploadView, place: _Place) -> UploadView:
        environment = child_environment(self._settings) | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with place.output.open("wb") as output:
            child = subprocess.Popen(
                [*self._command, "import-flex", "--json", "--", str(place.file)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL, env=environment, start_new_session=True,
            )  # fmt: skip
            code = child.wait()
        try:
            words = place.output.read_text(encoding="utf-8")
            said = json.loads(words.replace(place.file.name, json.dumps(view["name"])[1:-1]))  # as the reader calls it
        except ValueError:
            return {**view, "state": "failed", "problem": VANISHED}
        problem = said.get("problem") if isinstance(said, dict) else None
        if code:
            return {**view, "state": "failed", "result": said, "problem": problem or VANISHED}
        return {**view, "state": "done", "result": said, "problem": problem}

    def _read(self, path: Path) -> UploadView:
        found: UploadView = json.loads(path.read_text(encoding="utf-8"))
        if found["state"] == "importing" and found["id"] not in self._mine:  # of a process that is no more
            return {**found, "state": "failed", "problem": VANISHED}
        return found

    def _forget(self) -> None:
        for path in sorted(self._folder.glob("*.json"), reverse=True)[KEPT:]:
            if path.stem not in self._mine:
                for old in (path, path.with_suffix(".xml"), path.with_suffix(".out")):
                    old.unlink(missing_ok=True)


def _store(stream: IO[bytes], path: Path) -> int:
    """Raises UploadRefusedError; the file is gone then."""
    size = 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while piece := stream.read(SLICE):
            size += len(piece)
            if size > LARGEST:
                raise UploadRefusedError(413, TOO_LARGE)
            file.write(piece)
    if not size:
        raise UploadRefusedError(422, EMPTY)
    return size


def _write(path: Path, view: UploadView) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(view), encoding="utf-8")
    with contextlib.suppress(OSError):
        fresh.chmod(0o600)
    fresh.replace(path)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
