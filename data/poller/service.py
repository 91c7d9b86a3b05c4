"""The poller's process: a session that listens, a collector that coalesces, a writer that stores."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from data.db import DatabaseError
from data.ibkr import reasons
from data.ibkr.reasons import LinkError
from data.ibkr.session import Session, SessionOptions
from data.model import GatewayState, Outage, PollerStatus
from data.poller.asking import Answerer
from data.poller.bars import StoredBars
from data.poller.collector import Collector
from data.poller.options import PollerOptions
from data.poller.writer import Writer
from data.serving import DATABASE_EXIT

log = logging.getLogger("mtz.poller")

LOOK_S = 0.2  # how often due samples and a changed state are looked for while nothing else happens
HANGING_S = 2.0  # a flush that takes longer: what comes meanwhile is kept on disk
STOP_TIMEOUT_S = 5.0
CANCEL_AGAIN_S = 1.0
ORDERS_S = 10.0  # longer than the broker's list takes at the worst


def run_poller(options: PollerOptions) -> int:
    """Watch one account until SIGTERM or SIGINT; the exit code.

    0: stopped as asked. 3: the database refuses us, its schema doesn't fit, or it belongs to another source; the log has
    the sentence. A database or gateway that is merely away ends nothing: both are tried again for ever.
    """
    try:
        asyncio.run(Poller(options).run())
    except DatabaseError as error:
        log.error("%s", error)
        return DATABASE_EXIT
    return 0


class Poller:
    """One account's poller; `run` is its life."""

    def __init__(self, options: PollerOptions) -> None:
        self._options = options
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._collector = Collector(options, _now, self._wake.set)
        self._session: Session | None = None

    async def run(self) -> None:
        """Serve until a signal comes.

        Raises:
            DatabaseError: see :func:`run_poller`.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        self._writer = Writer(
            self._options,
            on_change=lambda: _into(loop, self._wake.set),
            on_restored=lambda outage: _into(loop, self._restored, outage),
        )
        self._writer.start()
        answers = Answerer(self._options.database_url, lambda: self._writer.owned, lambda: self._open_orders(loop))
        answers.start()
        tasks = [asyncio.create_task(work()) for work in (self._listen, self._flush_forever, self._report_forever)]
        stopped = asyncio.create_task(self._stop.wait())
        try:
            done, _ = await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            answers.stop()
            await _cancel([*tasks, stopped])
            await self._finish()
        if self._writer.fatal:
            raise self._writer.fatal
        for task in done - {stopped}:
            task.result()

    async def _listen(self) -> None:
        """Serve the session while the account is ours; where no account is known yet, the session finds it."""
        options = self._options
        wanted = SessionOptions(
            options.host, options.port, options.client_id, options.account,
            line_budget=options.line_budget, reconcile_s=options.reconcile_s,
            benchmark=options.benchmark, bar_requests=options.bar_requests,
        )  # fmt: skip
        while True:
            while not self._may_listen():
                await asyncio.sleep(LOOK_S)
            self._session = Session(wanted, self._collector, StoredBars(self._writer))
            session = asyncio.create_task(self._session.run())
            try:
                while not self._writer.is_standby and not session.done():
                    await asyncio.sleep(LOOK_S)
                if session.done():
                    session.result()
            finally:
                self._session = None
                await _cancel([session])
            self._collector.forget_samples()

    def _open_orders(self, loop: asyncio.AbstractEventLoop) -> frozenset[int]:
        """From another thread: what works at the broker now. Raises LinkError."""
        away = LinkError(GatewayState.DISCONNECTED, reasons.NOT_CONNECTED)
        session = self._session
        if session is None or loop.is_closed():
            raise away
        asking = asyncio.run_coroutine_threadsafe(session.open_orders(), loop)
        try:
            return asking.result(ORDERS_S)
        except (TimeoutError, CancelledError, ConnectionError):
            asking.cancel()
            raise away from None

    def _may_listen(self) -> bool:
        writer = self._writer
        return writer.connected_once and not writer.is_standby and writer.account in {None, writer.owned}

    async def _flush_forever(self) -> None:
        """At once after a quiet spell, then at most one flush in each coalescing span."""
        loop = asyncio.get_running_loop()
        span = self._options.coalesce_ms / 1000
        last = 0.0
        while self._writer.fatal is None:
            await self._woken(LOOK_S)
            if (rest := last + span - loop.time()) > 0:
                await asyncio.sleep(rest)
            self._collector.stored = self._writer.stored
            if self._writer.idle and (flush := self._collector.take(_now())):
                last = loop.time()
                self._writer.offer(flush)
            elif self._writer.busy_s > HANGING_S:
                await asyncio.to_thread(self._writer.keep_on_disk, self._collector.take(_now()))
                self._collector.error("The database doesn't answer; what comes meanwhile is kept on disk.")

    async def _report_forever(self) -> None:
        """The status row: every second, and at once when the gateway's state changes."""
        loop = asyncio.get_running_loop()
        said: tuple[object, ...] = ()
        due = 0.0
        while True:
            error = self._writer.error
            if error and error != self._collector.status.last_error:
                self._collector.error(error)
            status = self._collector.status
            news = (status.gateway_state, status.gateway_reason, self._writer.owned)
            if self._writer.owned and (news != said or loop.time() >= due):
                said, due = news, loop.time() + self._options.heartbeat_s
                self._writer.report(self._status(self._writer.owned))
            await asyncio.sleep(LOOK_S)

    def _status(self, account: str) -> PollerStatus:
        return replace(
            self._collector.status,
            account=account,
            heartbeat_at=_now(),
            queue_depth=self._collector.queue_depth(),
            spool_bytes=self._writer.spool_bytes,
        )

    def _restored(self, outage: Outage | None) -> None:
        if outage is not None:
            self._collector.note(outage)
        self._collector.stored = self._writer.stored
        self._collector.refresh()

    async def _woken(self, timeout: float) -> None:
        # Not wait_for: on Python 3.11 it swallows the cancellation that comes together with the wake-up.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._wake.wait()
        self._wake.clear()

    async def _finish(self) -> None:
        """Store what is pending, then end the thread."""
        if self._writer.idle and (flush := self._collector.take(_now())):
            self._writer.offer(flush)
        self._writer.stop()
        await asyncio.to_thread(self._writer.join, STOP_TIMEOUT_S)


async def _cancel(tasks: list[asyncio.Task[Any]]) -> None:
    """Cancel until all have ended: the broker's library waits by wait_for, which may swallow one cancellation."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # taken note of, so that it isn't reported as never retrieved


def _into(loop: asyncio.AbstractEventLoop, call: Callable[..., object], *arguments: object) -> None:
    """From the writer's thread into the loop, which may be closed already at the very end."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(call, *arguments)


def _now() -> datetime:
    return datetime.now(UTC)
