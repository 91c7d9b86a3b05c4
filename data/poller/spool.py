"""What the database could not take, kept on disk in order until it can.

One file of frames: length, CRC-32, JSON. A frame is on the disk before :meth:`Spool.append` returns; a torn tail (the
process was killed while writing) is cut off at the next start. Draining writes each record again from the front, and the
file is emptied only when all were taken: the store's writes are idempotent, so a crash in between repeats, never loses.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HEADER = struct.Struct(">II")
SAMPLE_KINDS = ("portfolio_samples", "position_samples")

Record = dict[str, Any]


class Spool:
    """The queue of one account; one process at a time (the file is locked), any thread.

    Raises:
        BlockingIOError: another process has it open.
        OSError: the file can't be made, read or written.
    """

    def __init__(self, path: Path, limit_bytes: int) -> None:
        self.path = path
        self.thinned = 0  # samples given up because the spool was full
        self._limit = limit_bytes
        self._lock = threading.Lock()
        self._draining = False
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.size = self._end_of_whole_frames()
            os.ftruncate(self._file, self.size)
        except OSError:
            os.close(self._file)
            raise

    def close(self) -> None:
        os.close(self._file)

    def append(self, record: Record) -> None:
        """Keep `record`; samples are thinned first when it would not fit. Executions are kept whatever happens."""
        frame = _frame(record)
        with self._lock:
            # While it is being drained the file keeps its frames where they are.
            if self.size + len(frame) > self._limit and not self._draining:
                self._thin()
            if self.size + len(frame) > self._limit:
                self.thinned += sum(len(record.get(kind, ())) for kind in SAMPLE_KINDS)
                frame = _frame(record | {kind: [] for kind in SAMPLE_KINDS})
            self._write(frame)

    def drain(self, write: Callable[[Record], None]) -> int:
        """Hand every record to `write` in order and empty the file; what `write` raises leaves everything in place.

        Records that are appended meanwhile are drained too.
        """
        count = position = 0
        self._draining = True
        try:
            while True:
                with self._lock:
                    if position >= self.size:
                        os.ftruncate(self._file, 0)
                        os.fsync(self._file)
                        self.size = 0
                        return count
                    record, position = self._read(position)
                write(record)
                count += 1
        finally:
            self._draining = False

    def _write(self, frame: bytes) -> None:
        try:
            _write_all(self._file, frame, self.size)
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        self.size += len(frame)

    def _read(self, position: int) -> tuple[Record, int]:
        length, _ = HEADER.unpack(os.pread(self._file, HEADER.size, position))
        start = position + HEADER.size
        return json.loads(os.pread(self._file, length, start)), start + length

    def _records(self) -> Iterator[Record]:
        position = 0
        while position < self.size:
            record, position = self._read(position)
            yield record

    def _thin(self) -> None:
        """Give up every second sample of each series; everything else stays."""
        seen: dict[object, int] = {}
        given_up = 0
        partial = self.path.with_suffix(".thin")
        target = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(target, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it takes the place of the locked file
            size = 0
            for record in self._records():
                for kind in SAMPLE_KINDS:
                    kept = []
                    for sample in record.get(kind, ()):
                        series = (kind, sample.get("con_id"))
                        seen[series] = seen.get(series, 0) + 1
                        if seen[series] % 2:
                            kept.append(sample)
                    given_up += len(record.get(kind, ())) - len(kept)
                    record[kind] = kept
                size += _write_all(target, _frame(record), size)
            os.fsync(target)
            partial.replace(self.path)
        except OSError:
            os.close(target)
            partial.unlink(missing_ok=True)
            return  # no room for the copy: the caller gives up the new samples
        os.close(self._file)
        self._file, self.size = target, size
        self.thinned += given_up

    def _end_of_whole_frames(self) -> int:
        end, size = 0, os.fstat(self._file).st_size
        while end + HEADER.size <= size:
            length, checksum = HEADER.unpack(os.pread(self._file, HEADER.size, end))
            body = os.pread(self._file, length, end + HEADER.size)
            if len(body) < length or zlib.crc32(body) != checksum:
                break
            end += HEADER.size + length
        return end


def _write_all(file: int, data: bytes, position: int) -> int:
    written = 0
    while written < len(data):  # a nearly full disk takes a part
        written += os.pwrite(file, data[written:], position + written)
    return written


def _frame(record: Record) -> bytes:
    body = json.dumps(record, separators=(",", ":")).encode()
    return HEADER.pack(len(body), zlib.crc32(body)) + body
