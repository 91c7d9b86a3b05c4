"""Files that are uploaded: kept while a process imports them, and what is said when that ends badly."""

from __future__ import annotations

import io
import os
import signal
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dashboard.settings import Settings
from dashboard.uploads import AWAY, LARGEST, VANISHED, UploadRefusedError, Uploads, UploadView
from data.audit import Caller
from data.db import DatabaseError, make_engine
from data.model import Role

ANNA = Caller("anna", "user", "127.0.0.1")
# In the importer's place: says what it was given, or waits to be killed.
IMPORTER = """
import json, pathlib, sys, time
path = pathlib.Path(sys.argv[-1])
words = path.read_text()
if words == "wait":
    pathlib.Path(str(path) + ".pid").write_text(str(__import__("os").getpid()))
    time.sleep(60)
print(json.dumps({"arguments": sys.argv[1:-1], "read": words, "problem": "Not a Flex statement." if words == "bad" else None}))
sys.exit(words == "bad")
"""


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    found = make_engine(database_url, Role.WEB, "test")
    yield found
    found.dispose()


@pytest.fixture
def command(tmp_path: Path) -> tuple[str, ...]:
    script = tmp_path / "importer.py"
    script.write_text(textwrap.dedent(IMPORTER))
    return (sys.executable, str(script))


def settings(folder: Path, url: str) -> Settings:
    return Settings.model_validate({"MTZ_DATA_DIR": folder, "DATABASE_URL": url})


def ended(uploads: Uploads, view: UploadView) -> UploadView:
    while (found := uploads.get(view["id"]))["state"] == "importing":
        time.sleep(0.02)
    return found


def test_a_file_is_imported_by_a_process_of_its_own(
    tmp_path: Path, database_url: str, engine: Engine, command: tuple[str, ...]
) -> None:
    uploads = Uploads(settings(tmp_path, database_url), engine, command)
    view = ended(uploads, uploads.take(ANNA, "january.xml", io.BytesIO(b"a statement")))
    assert (view["state"], view["name"], view["bytes"], view["problem"]) == ("done", "january.xml", 11, None)
    assert view["result"]["arguments"] == ["import-flex", "--json", "--"]
    bad = ended(uploads, uploads.take(ANNA, "bad.xml", io.BytesIO(b"bad")))
    assert (bad["state"], bad["problem"]) == ("failed", "Not a Flex statement.")
    assert [each["name"] for each in uploads.list()] == ["bad.xml", "january.xml"]
    assert not [path for path in (tmp_path / "uploads").iterdir() if path.suffix != ".json"]  # no file stays
    with engine.connect() as conn:
        found = conn.exec_driver_sql(
            "SELECT actor, subject FROM audit_events WHERE kind = 'statement.uploaded' ORDER BY id"
        ).all()
    assert [tuple(row) for row in found] == [("anna", "january.xml"), ("anna", "bad.xml")]


def test_an_importer_that_is_killed_is_said(
    tmp_path: Path, database_url: str, engine: Engine, command: tuple[str, ...]
) -> None:
    uploads = Uploads(settings(tmp_path, database_url), engine, command)
    view = uploads.take(ANNA, "january.xml", io.BytesIO(b"wait"))
    pid = tmp_path / "uploads" / f"{view['id']}.xml.pid"
    while not pid.is_file() or not pid.read_text():
        time.sleep(0.02)
    # A process that begins anew knows of no import of its own: what it finds unfinished was interrupted.
    assert Uploads(settings(tmp_path, database_url), engine, command).get(view["id"])["problem"] == VANISHED
    os.kill(int(pid.read_text()), signal.SIGKILL)
    assert (ended(uploads, view)["state"], ended(uploads, view)["problem"]) == ("failed", VANISHED)


def test_what_is_refused_leaves_nothing(
    tmp_path: Path, database_url: str, engine: Engine, command: tuple[str, ...]
) -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return b"x" * size

    uploads = Uploads(settings(tmp_path, database_url), engine, command)
    for stream, status in ((Endless(), 413), (io.BytesIO(), 422)):
        with pytest.raises(UploadRefusedError) as refused:
            uploads.take(ANNA, "x.xml", stream)  # type: ignore[arg-type]
        assert refused.value.status == status
    assert LARGEST > 2**27
    away = Uploads(
        settings(tmp_path, database_url), make_engine("postgresql://127.0.0.1:1/none", Role.WEB, "test"), command
    )
    with pytest.raises(DatabaseError, match=AWAY[:20]):
        away.take(ANNA, "x.xml", io.BytesIO(b"a statement"))
    assert list((tmp_path / "uploads").iterdir()) == []
    assert uploads.list() == []
