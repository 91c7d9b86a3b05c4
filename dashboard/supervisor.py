"""A small supervisor: starts parts in order, says when each is ready, restarts what dies, stops all in reverse.

It knows nothing of what the parts are; `dashboard/stack.py` does.
"""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from dashboard.exits import CannotRunError, Exit
from dashboard.logs import is_warning, last_words

FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 5.0
STEADY_AFTER_S = 30.0  # a part that ran this long starts its back-off anew
PATIENCE_S = 10.0  # how long the announcement waits for a part that may fail
MOST_FIRST_ATTEMPTS = 5
SHOW_AGAIN_S = 60.0
LOG_BYTES = 5_000_000
LOG_FILES = 3
CLEAR = "\r\x1b[K"  # the terminal's line, from its start


class Console:
    """Lines for the user, and the same lines in `run.log`."""

    def __init__(self, folder: Path, formatter: logging.Formatter | None = None) -> None:
        self._formatter = formatter
        self._file = LogFile(folder / "run.log")
        self._lock = threading.Lock()
        self._progress = ""
        self.has_progress = formatter is None and sys.stdout.isatty()

    def say(self, part: str, text: str, *, level: int = logging.INFO) -> None:
        """One line about one part."""
        record = logging.makeLogRecord({"name": f"mtz.{part}", "msg": text, "levelno": level})
        record.levelname = logging.getLevelName(level)
        self.line(self._formatter.format(record) if self._formatter else f"{part:<10} {text}")

    def close(self) -> None:
        """Close `run.log`; a later line opens it again."""
        self._file.close()

    def line(self, text: str) -> None:
        """One line as it is."""
        with self._lock:
            self._file.write(text)
            self._write(f"{CLEAR}{text}\n{self._progress}" if self._progress else text + "\n")

    def progress(self, text: str) -> None:
        """Show `text` in a line of its own below the others, instead of the last one; "" takes it away. Terminals only."""
        with self._lock:
            self._write(CLEAR + text)
            self._progress = text

    @staticmethod
    def _write(text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # the terminal may be gone; the parts live on
            sys.stdout.write(text)
            sys.stdout.flush()


class LogFile(logging.handlers.RotatingFileHandler):
    """A bounded file of lines. A full disk costs log lines, never the program."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES - 1, encoding="utf-8", delay=True)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # what the disk didn't take is tried once more by closing
            super().close()

    def write(self, line: str) -> None:
        self.handle(logging.makeLogRecord({"msg": line.replace("%", "%%"), "args": ()}))

    def format(self, record: logging.LogRecord) -> str:
        return str(record.msg).replace("%%", "%")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Nothing to be done, and nobody to tell."""


class Guard:
    """Our end of `dashboard/guard.py`."""

    def __init__(self) -> None:
        self._listed: dict[int, str] = {}
        self._process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py"))]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            text=True, cwd="/", start_new_session=True,
        )  # fmt: skip

    def add(self, stage: int, pid: int, number: int) -> None:
        self._listed[pid] = f"+ {stage} {pid} {number}\n"
        self._tell(self._listed[pid])

    def remove(self, pid: int) -> None:
        if self._listed.pop(pid, None):
            self._tell(f"- {pid}\n")

    def check(self) -> None:
        """Replace a guard that was killed."""
        if self._process.poll() is not None:
            self._process = self._start()
            self._tell("".join(self._listed.values()))

    def close(self) -> None:
        for pid in list(self._listed):
            self.remove(pid)
        with contextlib.suppress(OSError):
            self._pipe.close()
        self._process.wait(5)

    @property
    def _pipe(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    def _tell(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._pipe.write(text)
            self._pipe.flush()


class Part:
    """Something that is started, becomes ready, may die, and is stopped."""

    stage = 0  # in which the guard ends it
    stop_signal = signal.SIGTERM
    once = False  # runs to its end, once, before the parts that need it

    def __init__(
        self, name: str, *, needs: Sequence[Part] = (), patience_s: float = 2.0, may_fail: bool = False
    ) -> None:
        self.name = name
        self.needs = needs
        self.patience_s = patience_s
        self.may_fail = may_fail  # the rest is of use without it
        self.was_ready = False
        self.ready = False
        self.attempts = 0
        self.started_at = 0.0  # wall clock
        self.due = 0.0  # monotonic time of the next start

    def start(self) -> None:
        """Start, or raise CannotRunError."""
        raise NotImplementedError

    def pid(self) -> int | None:
        """The main process's id, None when there is none."""
        raise NotImplementedError

    def exit_code(self) -> int | None:
        """How it ended, as subprocess has it; None while it runs."""
        raise NotImplementedError

    def check_ready(self) -> str | None:
        """What to say when it is ready; None when it isn't. Quick."""
        raise NotImplementedError

    def stop(self) -> None:
        """End it in order, within a second of `patience_s` at most."""
        raise NotImplementedError

    def last_words(self) -> str:
        """Why it ended, as far as it said."""
        raise NotImplementedError


class ProcessPart(Part):
    """A child process whose output goes to a log file, warnings to the terminal too."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: dict[str, str],
        folder: Path,
        console: Console,
        ready: Callable[[ProcessPart], str | None],
        needs: Sequence[Part] = (),
        patience_s: float = 2.0,
        may_fail: bool = False,
        once: bool = False,
        echo: bool = False,
        show: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """`show` gets every line of output first; what it took is not shown again."""
        super().__init__(name, needs=needs, patience_s=patience_s, may_fail=may_fail)
        self.once = once
        self.log_path = folder / f"{name}.log"
        self._command = list(command)
        self._env = env
        self._cwd = folder
        self._console = console
        self._ready = ready
        self._echo = echo
        self._show = show
        self._log = LogFile(self.log_path)
        self._process: subprocess.Popen[bytes] | None = None
        self._pump: threading.Thread | None = None
        self._last_words = ""
        self._shown: dict[str, float] = {}  # warning → when the terminal showed it

    def start(self) -> None:
        self._last_words = ""
        self._process = subprocess.Popen(
            self._command, env=self._env, cwd=self._cwd, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self._pump = threading.Thread(target=self._copy_output, args=(self._process.stdout,), daemon=True)
        self._pump.start()

    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def exit_code(self) -> int | None:
        if self._process is None or self._process.poll() is None:
            return None
        self._end_group()
        if self._pump:
            self._pump.join(2)
        return self._process.returncode

    def check_ready(self) -> str | None:
        return self._ready(self)

    def stop(self) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(self.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(self.patience_s)
        self._end_group()
        self._process.wait(5)
        if self._pump:
            self._pump.join(2)
        self._process = None

    def last_words(self) -> str:
        return self._last_words or f"see {self.log_path}"

    def _end_group(self) -> None:
        # What a killed part leaves behind (gunicorn's worker) would hold its port.
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _copy_output(self, stream: IO[bytes]) -> None:
        with stream, contextlib.closing(self._log):
            for raw in stream:
                line = raw.decode(errors="replace").rstrip("\n")
                self._log.write(line)
                self._last_words = last_words(line) or (line if self.once else self._last_words)
                if not self._show(line) and (self._echo or self._is_news(line)):
                    self._console.line(line if line.startswith("{") else f"{self.name:<10} {line}")

    def _is_news(self, line: str) -> bool:
        """A warning, or why a command ended, that the terminal has not shown in the last minute."""
        if not (is_warning(line) or (line.startswith("mtz: ") and self.was_ready)):
            return False
        what = line.partition(", " if line.startswith("{") else " ")[2]  # without its time
        now = time.monotonic()
        self._shown = {text: at for text, at in self._shown.items() if now - at < SHOW_AGAIN_S}
        return self._shown.setdefault(what, now) == now


class Supervisor:
    """Runs parts until told to stop. One thread; signals only set a flag."""

    def __init__(
        self, parts: Sequence[Part], console: Console, stopping: threading.Event, *, on_all_ready: Callable[[], None]
    ) -> None:
        self._parts = list(parts)
        self._console = console
        self._on_all_ready = on_all_ready
        self._announced = False
        self._guard = Guard()
        self._stopping = stopping
        self._restart: set[str] = set()

    def restart(self, name: str) -> None:
        """Stop a part and start it again, soon."""
        self._restart.add(name)

    def run(self, every_turn: Callable[[], None] = lambda: None) -> None:
        """Until `stopping` is set; then, or when a part can't run, all are stopped in reverse order.

        Raises:
            CannotRunError: a part that the rest needs never became ready.
        """
        try:
            while not self._stopping.is_set():
                self._turn()
                every_turn()
                self._stopping.wait(0.25 if self._announced and all(p.ready for p in self._parts) else 0.05)
        finally:
            self._stop_all()

    def _turn(self) -> None:
        self._guard.check()
        for part in self._parts:
            if self._stopping.is_set():
                return
            if part.name in self._restart:
                self._restart.discard(part.name)
                self._end(part)
            if part.once and part.ready:
                continue
            if part.pid() is None:
                if time.monotonic() >= part.due and all(need.ready for need in part.needs):
                    self._start(part)
            elif (code := part.exit_code()) is not None:
                self._ended(part, code)
            elif not part.ready and not part.once and (detail := part.check_ready()) is not None:
                self._became_ready(part, detail)
        if not self._announced and all(part.ready or _not_waited_for(part) for part in self._parts):
            self._announced = True
            self._on_all_ready()

    def _start(self, part: Part) -> None:
        part.attempts += 1
        part.started_at = time.time()
        try:
            part.start()
        except CannotRunError as error:
            if not part.was_ready:
                raise
            self._console.say(part.name, f"not back yet: {error}", level=logging.WARNING)
            self._later(part)
            return
        pid = part.pid()
        if pid is not None:
            self._guard.add(part.stage, pid, part.stop_signal)

    def _became_ready(self, part: Part, detail: str) -> None:
        part.ready = True
        self._console.say(part.name, f"ready{' again' if part.was_ready else ''}  {detail}".rstrip())
        part.was_ready = True

    def _ended(self, part: Part, code: int) -> None:
        words = part.last_words()
        self._end(part)
        if part.once and code == 0:
            self._became_ready(part, words)
            return
        if (
            not part.was_ready
            and not part.may_fail
            and (code in set(Exit) - {Exit.FAILED} or part.attempts >= MOST_FIRST_ATTEMPTS or part.once)
        ):
            raise CannotRunError(
                words if words.endswith(".") else f"The {part.name} can't start: {words}.", _exit_of(code)
            )
        self._later(part)
        if part.attempts > 3 and part.attempts % 12:
            return  # said often enough
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        self._console.say(part.name, f"{how}; it is started again ({words})", level=logging.WARNING)

    def _end(self, part: Part) -> None:
        pid = part.pid()
        part.stop()
        part.ready = False
        if pid is not None:
            self._guard.remove(pid)

    def _later(self, part: Part) -> None:
        if time.time() - part.started_at > STEADY_AFTER_S:
            part.attempts = 1
        delay = min(FIRST_DELAY_S * 2 ** (part.attempts - 1), LONGEST_DELAY_S)
        part.due = time.monotonic() + delay

    def _stop_all(self) -> None:
        for part in reversed(self._parts):
            if part.pid() is not None:
                self._end(part)
        self._guard.close()


def _not_waited_for(part: Part) -> bool:
    """A part that the rest can do without, and that has had its chance."""
    return part.may_fail and (part.attempts > 2 or (part.attempts > 0 and time.time() - part.started_at > PATIENCE_S))


def _exit_of(code: int) -> Exit:
    return Exit(code) if code in set(Exit) and code != 0 else Exit.FAILED
