"""What the database could not take, kept on disk in order until it can.

One file of frames: length, CRC-32, JSON. A frame is on the disk before :meth:`Spool.append` returns; a torn tail (the
process was killed while writing) is cut off at the next start. Draining writes each record again from the front, and the
file is emptied only when all were taken: the store's writes are idempotent, so a crash in between repeats, never loses.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HEADER = struct.Struct(">II")
SAMPLE_KINDS = ("portfolio_samples", "position_samples")

Record = dict[str, Any]


class Spool:
    """The queue of one account. Not safe for two processes: the advisory lock sees to that.

    Raises:
        OSError: the file can't be made, read or written.
    """

    def __init__(self, path: Path, limit_bytes: int) -> None:
        self.path = path
        self._limit = limit_bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.size = self._end_of_whole_frames()
        os.ftruncate(self._file, self.size)
        self.thinned = 0  # samples given up because the spool was full

    def close(self) -> None:
        os.close(self._file)

    def append(self, record: Record) -> None:
        """Keep `record`; samples are thinned first when it would not fit. Executions are kept whatever happens."""
        frame = _frame(record)
        if self.size + len(frame) > self._limit:
            self._thin()
        if self.size + len(frame) > self._limit:
            self.thinned += sum(len(record.get(kind, ())) for kind in SAMPLE_KINDS)
            frame = _frame(record | {kind: [] for kind in SAMPLE_KINDS})
        self._write(frame)

    def drain(self, write: Callable[[Record], None]) -> int:
        """Hand every record to `write` in order and empty the file; what `write` raises leaves everything in place."""
        count = 0
        for record in self._records():
            write(record)
            count += 1
        os.ftruncate(self._file, 0)
        os.fsync(self._file)
        self.size = 0
        return count

    def _write(self, frame: bytes) -> None:
        try:
            written = 0
            while written < len(frame):  # a nearly full disk takes a part
                written += os.pwrite(self._file, frame[written:], self.size + written)
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        self.size += len(frame)

    def _records(self) -> Iterator[Record]:
        position = 0
        while position < self.size:
            length, _ = HEADER.unpack(os.pread(self._file, HEADER.size, position))
            yield json.loads(os.pread(self._file, length, position + HEADER.size))
            position += HEADER.size + length

    def _thin(self) -> None:
        """Give up every second sample of each series; everything else stays."""
        seen: dict[object, int] = {}
        partial = self.path.with_suffix(".thin")
        with partial.open("wb") as out:
            for record in self._records():
                for kind in SAMPLE_KINDS:
                    kept = []
                    for sample in record.get(kind, ()):
                        series = (kind, sample.get("con_id"))
                        seen[series] = seen.get(series, 0) + 1
                        if seen[series] % 2:
                            kept.append(sample)
                    self.thinned += len(record.get(kind, ())) - len(kept)
                    record[kind] = kept
                out.write(_frame(record))
            out.flush()
            os.fsync(out.fileno())
        partial.replace(self.path)
        os.close(self._file)
        self._file = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        self.size = os.fstat(self._file).st_size

    def _end_of_whole_frames(self) -> int:
        end, size = 0, os.fstat(self._file).st_size
        while end + HEADER.size <= size:
            length, checksum = HEADER.unpack(os.pread(self._file, HEADER.size, end))
            body = os.pread(self._file, length, end + HEADER.size)
            if len(body) < length or zlib.crc32(body) != checksum:
                break
            end += HEADER.size + length
        return end


def _frame(record: Record) -> bytes:
    body = json.dumps(record, separators=(",", ":")).encode()
    return HEADER.pack(len(body), zlib.crc32(body)) + body
