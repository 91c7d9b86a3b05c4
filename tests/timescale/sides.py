"""One database of either flavour, wherever it runs, as the parity tests use it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self, cast

import psycopg
from sqlalchemy import text
from sqlalchemy.dialects.postgresql.psycopg import dialect

from data.calendar import sessions
from data.db import connect, literal
from data.flavour import Flavour
from data.housekeeping.keeper import Keeper
from data.housekeeping.levels import RELATIONS, Levels
from data.migrate import bring_up
from data.model import Role
from data.queries import query, statement
from data.store import Store
from tests.timescale.port import Answer, Port, PortConnection
from tests.timescale.sample import ACCOUNTS, Row, batches, bots, flows_and_bars, introduce, strategy_samples

Connection = psycopg.Connection[Any]


@dataclass
class Side:
    """`conn` is the owner's in autocommit mode; `Side.write` and housekeeping go through it too."""

    name: str
    flavour: Flavour
    conn: Connection
    port: Port | None = None

    def __post_init__(self) -> None:
        self.store = Store(self.conn)
        self.keeper = Keeper(Levels(self.conn, self.flavour))

    @classmethod
    def native(cls, name: str, flavour: Flavour, url: str) -> Self:
        conn = connect(url, Role.OWNER, "test", autocommit=True)
        conn.execute("RESET ROLE")  # what other roles write is written here too
        return cls(name, flavour, conn)

    @classmethod
    def wasm(cls, port: Port) -> Self:
        """A new database in a process of its own, set up by the program's own migrations."""
        conn = cast("Connection", PortConnection(port))
        conn.execute("CREATE EXTENSION timescaledb")
        bring_up(conn)
        conn.execute("RESET ROLE")
        conn.execute(
            "INSERT INTO market_sessions SELECT * FROM unnest(%s::date[], %s::timestamptz[], %s::timestamptz[])",
            [list(column) for column in zip(*sessions(date.today()), strict=True)],
        )
        return cls("wasm", Flavour.TIMESCALE, conn, port)

    def close(self) -> None:
        self.conn.close() if self.port is None else self.port.close()

    # -- what is written

    def introduce(self) -> None:
        introduce(self.store)
        flows_and_bars(self.conn)
        bots(self.conn)

    def write(self, rows: Iterable[Row], accounts: Sequence[str] = ACCOUNTS) -> None:
        """As the poller and the agent do: late rows are noted."""
        rows = list(rows)
        for flush in batches(rows, accounts):
            self.store.flush(flush)
        samples = strategy_samples([row for row in rows if row.account in accounts], self.store.sessions)
        self.conn.execute(literal(statement("strategy_samples")), {"rows": json.dumps(samples)})

    def correct(self, words: str, first: datetime, last: datetime) -> None:
        """Change raw rows of every relation from `first` to `last`; {table} and {daily} are the relation's."""
        for relation in RELATIONS:
            with self.conn.transaction():
                self.conn.execute(
                    literal(
                        words.format(
                            table=f"{relation}_snapshots", daily="pnl_day" if relation == "strategy" else "daily_pnl"
                        )
                    ),
                    {"first": first, "last": last},
                )
                self.conn.execute(
                    "INSERT INTO dirty_windows (relation, first_ts, last_ts) VALUES (%s, %s, %s)",
                    [relation, first, last],
                )

    # -- housekeeping

    def roll_up(self, upto: datetime | None = None) -> None:
        """Everything before `upto` (now), and what came late."""
        self.keeper.raise_threshold(timedelta(0) if upto is None else datetime.now(UTC) - upto)
        while not self.keeper.is_settled():
            time.sleep(0.02)
        self.keeper.advance()
        while self.keeper.settle():
            pass

    def compress(self) -> int:
        """Compress all chunks that are not; how many there are then. On plain PostgreSQL there is nothing to compress."""
        if self.flavour is Flavour.PLAIN:
            return 0
        for relation in RELATIONS:
            table = f"{relation}_snapshots"
            self.conn.execute(
                "SELECT compress_chunk(c, if_not_compressed => true) FROM show_chunks(%s::regclass) c", [table]
            )
        row = self.conn.execute("SELECT count(*) FROM timescaledb_information.chunks WHERE is_compressed").fetchone()
        assert row is not None
        return int(row[0])

    # -- what is read

    def relation(self, name: str) -> Answer:
        """All rows of a relation in an order of their own."""
        found = self.ask(f"SELECT * FROM {name}")
        return Answer(found.columns, tuple(sorted(found.rows, key=str)))

    def named(self, name: str, params: Mapping[str, Any]) -> Answer:
        words = query(name)
        if "%(" not in words:  # the program's own way from :name to the driver's parameters
            words = str(text(words).compile(dialect=dialect()))
        return self.ask(words, params)

    def ask(self, words: str, params: Mapping[str, Any] | None = None) -> Answer:
        cursor = self.conn.execute(literal(words), params)
        if not isinstance(cursor, psycopg.Cursor):
            return cast("Any", cursor).answer
        result = cursor.pgresult
        assert result is not None

        def cell(row: int, column: int) -> str | None:
            value = result.get_value(row, column)
            return None if value is None else value.decode()

        names = tuple(((result.fname(c) or b"").decode(), result.ftype(c)) for c in range(result.nfields))
        return Answer(names, tuple(tuple(cell(r, c) for c in range(result.nfields)) for r in range(result.ntuples)))
