"""The control folder on the machine where bots run: what is read before a bot starts, also with the database away.

kill.json          the kill switch: while it is there, no bot starts
states/BOT.json    the desired states last known (the agent's acknowledgement)
locks/BOT.lock     held by flock while the bot runs, and while the agent cancels for it; says who holds it
audit-heads/DATABASE.json   the newest audit event's number and hash
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from data.strategies.desired import BotStates

WRITE_S, RETRY_S = 2.0, 0.01


class ControlFolderError(Exception):
    """The folder can't be used or holds something unreadable; one sentence for the user."""


class BusyError(Exception):
    """The bot's lock is held; `holder` is what the lock says of who holds it."""

    def __init__(self, holder: dict[str, Any]) -> None:
        super().__init__("The bot's lock is held.")
        self.holder = holder


class HeldLock:
    """A bot's lock while it is held."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def describe(self, holder: dict[str, Any]) -> None:
        """Say who holds it, for those who look. Raises ControlFolderError."""
        text = json.dumps(holder).encode()
        try:
            os.pwrite(self.descriptor, text, 0)
            os.ftruncate(self.descriptor, len(text))
        except OSError as error:
            raise ControlFolderError(f"The bot's lock can't be written ({error.strerror}).") from None


class ControlFolder:
    def __init__(self, path: Path) -> None:
        self.path = path

    # -- the kill switch

    def kill(self, actor: str, reason: str | None) -> None:
        """Throw the switch. Raises ControlFolderError."""
        said = {"killed_at": datetime.now(UTC).isoformat(), "actor": actor, "reason": reason}
        self._write("kill.json", said)

    def stamp(self, command: int) -> None:
        """Note the command that a thrown switch became: one without a note was thrown again since."""
        if (said := self.killed()) is not None and said.get("command") != command:
            self._write("kill.json", {**said, "command": command})

    def release(self) -> None:
        with self._explained():
            (self.path / "kill.json").unlink(missing_ok=True)

    def killed(self) -> dict[str, Any] | None:
        """Who threw the switch and when; None: it is not thrown. A file that can't be read counts as thrown."""
        try:
            return self._read("kill.json")
        except ControlFolderError as error:
            return {"killed_at": None, "actor": None, "reason": str(error)}

    # -- desired states

    def write_states(self, states: BotStates) -> None:
        """Keep what every start of the bot must read, safe against a power cut. An older one never replaces a newer one."""
        with self._alone(states.bot):
            known = None
            with contextlib.suppress(ControlFolderError):
                known = self.read_states(states.bot)
            if known is None or known.command <= states.command:
                self._write(f"states/{states.bot}.json", states.as_json())

    def replace_states(self, states: BotStates) -> None:
        """The same whatever is there: it may be another database's, whose numbers say nothing."""
        with self._alone(states.bot):
            self._write(f"states/{states.bot}.json", states.as_json())

    def read_states(self, bot: str) -> BotStates | None:
        """The last known states, None where none are. Raises ControlFolderError for a damaged file."""
        value = self._read(f"states/{bot}.json")
        if value is None:
            return None
        try:
            return BotStates.from_json(value)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ControlFolderError(
                f"{self.path}/states/{bot}.json is damaged: remove it once the database can be reached."
            ) from None

    # -- the lock

    @contextlib.contextmanager
    def lock(self, bot: str, holder: dict[str, Any]) -> Iterator[HeldLock]:
        """Hold the bot's lock; it goes with the process, and with those that were given its descriptor, however they end.

        Raises:
            BusyError: it is held.
            ControlFolderError: the folder can't be used.
        """
        path = self.path / "locks" / f"{bot}.lock"
        with self._explained():
            file = self._open_lock(path)
        try:
            if not _is_taken(file):
                raise BusyError(_holder(path))
            held = HeldLock(file)
            held.describe(holder)
            yield held
        finally:
            os.close(file)

    def lock_holder(self, bot: str) -> dict[str, Any] | None:
        """What the lock says of who holds it now; None: nobody does. Raises ControlFolderError."""
        path = self.path / "locks" / f"{bot}.lock"
        with self._explained():
            try:
                file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return None
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: others may look too
            except BlockingIOError:
                return _holder(path)
            finally:
                os.close(file)
        return None

    def last_holder(self, bot: str) -> dict[str, Any]:
        """What the lock says of who held it last, whether or not it is held; {} where nobody ever did."""
        return _holder(self.path / "locks" / f"{bot}.lock")

    # -- the audit log's head

    def write_audit_head(self, database: str, number: int, digest: str) -> None:
        """`database`: its name; one folder may serve the demo's and the paper account's."""
        self._write(_head_name(database), {"id": number, "hash": digest})

    def audit_head_path(self, database: str) -> Path:
        return self.path / _head_name(database)

    def audit_head(self, database: str) -> tuple[int, str] | None:
        value = self._read(_head_name(database))
        return (int(value["id"]), str(value["hash"])) if value else None

    # -- files

    def keep(self, name: str, value: dict[str, Any]) -> None:
        """Write `name` below the folder, readable by its owner only and safe against a power cut. Raises ControlFolderError."""
        self._write(name, value)

    def kept(self, name: str) -> dict[str, Any] | None:
        """What was kept under `name`, None where nothing was. Raises ControlFolderError."""
        return self._read(name)

    @contextlib.contextmanager
    def _alone(self, bot: str) -> Iterator[None]:
        """No other program writes the bot's states meanwhile. Raises ControlFolderError."""
        with self._explained():
            file = self._open_lock(self.path / "states" / f"{bot}.lock")
            try:
                deadline = time.monotonic() + WRITE_S
                while not _is_taken(file):
                    if time.monotonic() > deadline:
                        raise ControlFolderError(f"The states of {bot} are being written by another program.")
                    time.sleep(RETRY_S)
                yield
            finally:
                os.close(file)

    def _open_lock(self, path: Path) -> int:
        self._make(path.parent)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _make(self, folder: Path) -> None:
        """With `mode`, only the last of several new folders would be the owner's alone."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(exist_ok=True, mode=0o700)

    def _read(self, name: str) -> dict[str, Any] | None:
        path = self.path / name
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise ControlFolderError(f"{path} can't be read ({type(error).__name__}).") from None
        if not isinstance(value, dict):
            raise ControlFolderError(f"{path} is damaged.")
        return value

    def _write(self, name: str, value: dict[str, Any]) -> None:
        path = self.path / name
        with self._explained():
            self._make(path.parent)
            descriptor, new = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump(value, file, indent=1)
                    file.flush()
                    os.fsync(file.fileno())
                Path(new).replace(path)
            except OSError:
                Path(new).unlink(missing_ok=True)
                raise
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ControlFolderError(f"The control folder {self.path} can't be used ({error.strerror}).") from None


def _is_taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _head_name(database: str) -> str:
    return f"audit-heads/{quote(database, safe='')}.json"


def _holder(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        return value if isinstance(value, dict) else {}
    except (OSError, ValueError):
        return {}
