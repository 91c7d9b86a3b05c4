"""The nightly statement: housekeeping starts `mtz fetch-flex` as a child every night, so that neither memory nor rights are shared."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dashboard.logs import redact
from dashboard.settings import Settings, child_environment

log = logging.getLogger("mtz.flex")

AT = time(5)  # in the account's zone: the broker has made the day's statements by then
AGAIN = timedelta(hours=1)
TRIES = 3


class Nightly:
    """Runs `command` at five in the morning, and up to twice more an hour later where it fails. :meth:`stop` ends a child that runs."""

    def __init__(
        self, settings: Settings, command: tuple[str, ...] = (sys.executable, "-m", "dashboard.cli", "fetch-flex"),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._settings, self._command, self._now = settings, command, now
        self._stopped = threading.Event()
        self._child: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._run, name="flex", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        child = self._child
        if child is not None:
            child.terminate()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        zone = ZoneInfo(self._settings.account_zone)
        while not self._wait(next_time(self._now(), zone)):
            for tried in range(1, TRIES + 1):
                if self._fetch() or self._stopped.is_set():
                    break
                if tried < TRIES and self._wait(self._now() + AGAIN):
                    return

    def _wait(self, until: datetime) -> bool:
        """Whether it was stopped meanwhile; by the clock, which may be set, and stands still while a machine sleeps."""
        while (left := (until - self._now()).total_seconds()) > 0:
            if self._stopped.wait(min(left, 60)):
                return True
        return self._stopped.is_set()

    def _fetch(self) -> bool:
        try:
            self._child = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                env=child_environment(self._settings),
            )  # fmt: skip
        except OSError as error:
            log.warning("the nightly statement could not be fetched: %s", error.strerror)
            return False
        said, _ = self._child.communicate()
        done = self._child.returncode == 0
        self._child = None
        if not done and not self._stopped.is_set():
            lines = redact(said or "").strip().splitlines()
            log.warning(
                "the nightly statement could not be fetched: %s", lines[-1] if lines else "the importer ended early"
            )
        return done


def next_time(now: datetime, zone: ZoneInfo) -> datetime:
    """The next five o'clock of the account's zone after `now`."""
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), AT, zone)
    return today if local < today else datetime.combine(local.date() + timedelta(days=1), AT, zone)
