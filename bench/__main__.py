"""`make bench [WHAT=storage,rest,…]`: run the benchmarks and print one table; exit 1 when a limit was missed."""

from __future__ import annotations

import importlib
import sys

PARTS = (
    "storage", "history", "charts", "seed", "rest", "sockets", "live", "positions", "control", "book", "pricing", "trades", "statements",
    "tree",
)  # fmt: skip


def main(chosen: list[str]) -> int:
    missed = 0
    for part in chosen or PARTS:
        for row in importlib.import_module(f"bench.{part}").run():
            print(row, flush=True)
            missed += not row.ok
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main([part for argument in sys.argv[1:] for part in argument.split(",")]))
