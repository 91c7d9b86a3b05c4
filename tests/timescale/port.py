"""TimescaleDB as WebAssembly (wasm/port.cjs) behind so much of a psycopg connection as this program uses.

One session in a process of its own: no second connection, no LISTEN, no background jobs.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import errors, sql
from psycopg._queries import PostgresQuery  # the driver's own parser of %s and %(name)s
from psycopg.adapt import Transformer
from psycopg.pq import Format

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = PROJECT / ".cache" / "wasm"
SCRIPT = Path(__file__).parent / "wasm" / "port.cjs"


class PortError(Exception):
    """The process can't be started or has ended."""


class Port:
    """`execute(sql, params)` over the stdin and stdout of a Node process."""

    def __init__(self, node: str = "node") -> None:
        install = subprocess.run(
            ["sh", str(PROJECT / "scripts" / "node.sh")], capture_output=True, text=True, check=False
        )
        if install.returncode:
            raise PortError(install.stderr.strip())
        self._process = subprocess.Popen(
            [node, str(SCRIPT), str(PACKAGES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.node = self._read()["node"]

    def ask(self, query: str, params: Sequence[str | None] | None, types: Sequence[int] = ()) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"sql": query, "params": params, "types": types}) + "\n")
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise PortError(f"the TimescaleDB process ended with {self._process.wait()}")
        found: dict[str, Any] = json.loads(line)
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query answered as PostgreSQL wrote it: comparable between servers, types included."""

    columns: tuple[tuple[str, int], ...]  # names and type OIDs
    rows: tuple[tuple[str | None, ...], ...]


class PortCursor:
    def __init__(self, reply: dict[str, Any], transformer: Transformer) -> None:
        self.answer = Answer(tuple(map(tuple, reply["fields"])), tuple(map(tuple, reply["rows"])))
        self.rowcount: int = reply["affected"] or len(self.answer.rows)
        self._loaders = [transformer.get_loader(oid, Format.TEXT) for _, oid in self.answer.columns]
        self._left = iter(self.answer.rows)

    def fetchone(self) -> tuple[Any, ...] | None:
        row = next(self._left, None)
        return None if row is None else self._load(row)

    def fetchall(self) -> list[tuple[Any, ...]]:
        return [self._load(row) for row in self._left]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return map(self._load, self._left)

    def _load(self, row: Sequence[str | None]) -> tuple[Any, ...]:
        return tuple(
            None if value is None else loader.load(value.encode())
            for loader, value in zip(self._loaders, row, strict=True)
        )


class PortConnection:
    """Autocommit, as the owner's connections are."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._transformer = Transformer()
        self._depth = 0
        self.execute("SET timezone = 'UTC'")

    def execute(
        self, query: str | sql.Composable, params: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> PortCursor:
        text = query if isinstance(query, str) else query.as_string(None)
        reply = self._port.ask(text, None) if params is None else self._port.ask(*self._convert(text, params))
        if error := reply.get("error"):
            kind = errors.lookup(error["code"]) if error["code"] else PortError
            raise kind(error["message"])
        return PortCursor(reply, self._transformer)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        self._depth += 1
        name = f"nested_{self._depth}"
        begin, commit, rollback = (
            ("BEGIN", "COMMIT", "ROLLBACK")
            if self._depth == 1
            else (f"SAVEPOINT {name}", f"RELEASE {name}", f"ROLLBACK TO {name}")
        )
        self.execute(begin)
        try:
            yield
        except BaseException:
            self.execute(rollback)
            raise
        else:
            self.execute(commit)
        finally:
            self._depth -= 1

    @contextlib.contextmanager
    def pipeline(self) -> Iterator[None]:
        yield

    def _convert(
        self, text: str, params: Sequence[Any] | Mapping[str, Any]
    ) -> tuple[str, list[str | None], Sequence[int]]:
        as_text = re.sub(r"(?<!%)%(\(\w+\))?s", r"%\1t", text)
        query = PostgresQuery(self._transformer)
        query.convert(as_text, params)
        values = [None if value is None else bytes(value).decode() for value in query.params or ()]
        return query.query.decode(), values, query.types
