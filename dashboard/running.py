"""What a data folder says of the `mtz run` on it: one at a time, held by a lock that dies with its process."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from dashboard.exits import CannotRunError, Exit
from dashboard.settings import Settings

LOCK_NAME = "run.lock"


@dataclass(frozen=True, slots=True)
class Running:
    """Who holds the folder. `database_url` is the embedded one's (no password in it), None for a server of the user's."""

    pid: int
    url: str
    database_url: str | None = None


class RunLock:
    """The folder's lock, with a description of its holder in the file."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / LOCK_NAME
        self._fd = -1

    def acquire(self, running: Running) -> None:
        """Take the lock.

        Raises:
            CannotRunError: another `mtz run` has it, or the folder can't be written.
        """
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            other = _read(self._path)
            who = f"(pid {other.pid}) at {other.url}" if other else "of another process"
            raise CannotRunError(
                f"The data folder {self._path.parent} is in use by a running dashboard {who}: "
                "use that one, stop it, or set another MTZ_DATA_DIR.",
                Exit.IN_USE,
            ) from None
        except OSError as error:
            raise unwritable(self._path.parent, error) from None
        self.describe(running)

    def describe(self, running: Running) -> None:
        """Write what others may know of us."""
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, json.dumps(asdict(running)).encode(), 0)

    def release(self) -> None:
        os.ftruncate(self._fd, 0)
        os.close(self._fd)


def unwritable(folder: Path, error: OSError) -> CannotRunError:
    return CannotRunError(
        f"The data folder {folder} can't be used ({error.strerror}): make it writable, or set MTZ_DATA_DIR to another.",
        Exit.DATA_DIR,
    )


def find_running(data_dir: Path) -> Running | None:
    """The `mtz run` that holds `data_dir` now, if any."""
    path = data_dir / LOCK_NAME
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(path)
    finally:
        os.close(fd)
    return None


def database_url_of(settings: Settings) -> str:
    """DATABASE_URL, or the embedded database of the `mtz run` that is running.

    Raises:
        CannotRunError: there is neither.
    """
    if settings.database_url:
        return settings.database_url
    running = find_running(settings.data_dir)
    if running and running.database_url:
        return running.database_url
    raise CannotRunError(
        "DATABASE_URL is not set and no `mtz run` with its own database is running on "
        f"{settings.data_dir}: set DATABASE_URL, or start `mtz run`.",
        Exit.DATABASE,
    )


def _read(path: Path) -> Running | None:
    try:
        return Running(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
