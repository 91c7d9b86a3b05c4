"""The spool at any crash point: what was appended is there, in order, and nothing else."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.poller import spool as module
from data.poller.spool import Spool

ROOM = 1 << 20


def record(n: int, size: int = 20) -> dict[str, Any]:
    return {"account": "DU1", "n": n, "executions": [n], "portfolio_samples": [{"con_id": 0, "v": "x" * size}],
            "position_samples": [{"con_id": c, "v": n} for c in (1, 2)]}  # fmt: skip


def drained(spool: Spool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    spool.drain(found.append)
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "DU1.spool"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    made = Spool(path, ROOM)
    yield made
    made.close()


def test_records_come_back_in_order_and_once(spool: Spool) -> None:
    made = [record(n) for n in range(5)]
    for one in made:
        spool.append(one)
    assert spool.size == spool.path.stat().st_size > 0
    assert drained(spool) == made
    assert (spool.size, drained(spool)) == (0, [])


@settings(max_examples=60, deadline=None)
@given(count=st.integers(0, 4), torn=st.integers(0, 10_000), junk=st.binary(max_size=30))
def test_whatever_byte_the_process_died_at(count: int, torn: int, junk: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.spool"
        first = Spool(path, ROOM)
        ends = [0]
        for n in range(count):
            first.append(record(n))
            ends.append(first.size)
        first.close()
        length = min(torn, ends[-1])
        with path.open("r+b") as file:  # cut there, with whatever the disk held behind it
            file.truncate(length)
            file.seek(length)
            file.write(junk)
        whole = sum(end <= length for end in ends) - 1
        again = Spool(path, ROOM)
        again.append(record(99))
        assert [r["n"] for r in drained(again)] == [*range(whole), 99]
        again.close()


def test_a_drain_that_fails_keeps_everything(spool: Spool, path: Path) -> None:
    for n in range(3):
        spool.append(record(n))

    def fail_at_the_second(taken: dict[str, Any]) -> None:
        if taken["n"] == 1:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        spool.drain(fail_at_the_second)
    assert [r["n"] for r in drained(spool)] == [0, 1, 2]


def test_what_is_appended_while_draining_is_drained_too(spool: Spool) -> None:
    found = []

    def take(taken: dict[str, Any]) -> None:
        found.append(taken["n"])
        if taken["n"] < 3:
            spool.append(record(taken["n"] + 1))

    spool.append(record(0))
    assert spool.drain(take) == 4
    assert (found, spool.size) == ([0, 1, 2, 3], 0)


def test_one_process_at_a_time(spool: Spool, path: Path) -> None:
    with pytest.raises(BlockingIOError):
        Spool(path, ROOM)
    spool.append(record(1))
    assert len(drained(spool)) == 1


def test_a_full_spool_gives_up_samples_but_no_execution(path: Path) -> None:
    spool = Spool(path, 4000)
    for n in range(100):
        spool.append(record(n, size=100))
    with pytest.raises(BlockingIOError):  # the thinned copy that took the file's place is locked like it
        Spool(path, ROOM)
    kept = drained(spool)
    spool.close()
    assert [r["executions"] for r in kept] == [[n] for n in range(100)]
    samples = sum(len(r["portfolio_samples"]) + len(r["position_samples"]) for r in kept)
    assert spool.thinned == 300 - samples
    assert spool.thinned > 0
    # Thinned evenly: of the first half and the last something is left in every series, until not even fills fit.
    assert any(r["position_samples"] for r in kept[:50])


def test_a_full_disk_leaves_the_spool_as_it_was(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.append(record(0))
    write = os.pwrite

    def full(file: int, data: bytes, position: int) -> int:
        if position > spool.size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(file, data[:10], position)

    with monkeypatch.context() as patched:
        patched.setattr(module.os, "pwrite", full)
        with pytest.raises(OSError, match="No space"):
            spool.append(record(1))
    spool.append(record(2))
    assert [r["n"] for r in drained(spool)] == [0, 2]
