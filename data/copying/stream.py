"""Rows from one server to another by binary COPY: nothing is parsed, nothing is written to disk."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

BLOCK = 64 * 1024  # bytes gathered before they are sent on; the driver itself waits until they are taken


def stream(
    source: psycopg.Connection[Any], query: sql.Composable, target: psycopg.Connection[Any], into: sql.Composable
) -> tuple[int, int]:
    """COPY the rows of `query` into the table and columns `into`; return rows and bytes. In the target's transaction.

    Raises:
        psycopg.Error: of either side; the target's transaction is lost.
    """
    out = sql.SQL("COPY ({}) TO STDOUT (FORMAT BINARY)").format(query)
    back = sql.SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(into)
    size, block = 0, bytearray()
    with source.cursor() as reading, target.cursor() as writing:
        with reading.copy(out) as rows, writing.copy(back) as sink:
            for data in rows:
                block += data
                if len(block) >= BLOCK:
                    size += len(block)
                    sink.write(bytes(block))
                    block.clear()
            size += len(block)
            sink.write(bytes(block))
        return writing.rowcount, size
