"""A year's statement of 20,000 trades, with their lots and every section, by `mtz import-flex` in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from bench.book import lives
from bench.common import Row, database, folder
from tests.support.statement import NEW_YORK, Writer, write

ACCOUNT = "DU1000001"
TRADES = 20_000
# The child tells of its own memory: the parent's is of the writer.
CHILD = """
import resource, sys
from dashboard.cli import app
sys.argv[0] = "mtz"
try:
    app()
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def _own(con_id: int) -> int:
    """The broker's ids are positive."""
    return con_id if con_id > 0 else 10_000_000 - con_id


def run() -> Iterator[Row]:
    fills = [replace(fill, terms=replace(fill.terms, con_id=_own(fill.terms.con_id))) for fill in lives(TRADES)]
    first, last = (fill.ts.astimezone(NEW_YORK).date() for fill in (fills[0], fills[-1]))
    with folder() as place, database() as url:
        draft = Writer(ACCOUNT, fills).statement(first, last + timedelta(days=1))
        path = write(place / "year.xml", draft)
        yield Row("a statement's size", path.stat().st_size / 1e6, "MB")
        env = {**os.environ, "DATABASE_URL": url}
        for what, limit in (("imported, with its trust report", 20.0), ("… the same again", None)):
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", CHILD, "import-flex", "--json", str(path)], env=env, capture_output=True, text=True, check=False,
            )  # fmt: skip
            took = time.perf_counter() - start
            assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
            (result,) = json.loads(done.stdout)["files"][0]["statements"]
            yield Row(f"{result['trades']:,} trades {what}", took, "s", limit)
            yield Row("… its most memory", int(done.stderr.split()[-1]) / 1024, "MB", 400)
        yield Row("… open breaks", result["open_breaks"], "", 0)
