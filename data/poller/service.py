"""The poller's process: a session that listens, a collector that coalesces, a writer that stores."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from dataclasses import replace
from datetime import UTC, datetime

from data.ibkr.session import Session, SessionOptions
from data.model import Outage
from data.poller.collector import Collector
from data.poller.options import PollerOptions
from data.poller.writer import Writer

log = logging.getLogger("mtz.poller")

SAMPLE_TICK_S = 0.25  # how often due samples are looked for while nothing else happens
STOP_TIMEOUT_S = 5.0


def run_poller(options: PollerOptions) -> int:
    """Watch one account until SIGTERM or SIGINT; return 0.

    Raises:
        DatabaseError: the database refuses us, its schema doesn't fit, or it belongs to another source.
    """
    return asyncio.run(Poller(options).run())


class Poller:
    """One account's poller; `run` is its life."""

    def __init__(self, options: PollerOptions) -> None:
        self._options = options
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        self._collector = Collector(self._options, _now, self._wake.set)
        self._writer = Writer(
            self._options,
            on_change=lambda: _into(loop, self._wake.set),
            on_restored=lambda outage: _into(loop, self._restored, outage),
        )
        self._writer.start()
        tasks = [asyncio.create_task(work()) for work in (self._listen, self._flush_forever, self._report_forever)]
        stopped = asyncio.create_task(self._stop.wait())
        try:
            done, _ = await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel([*tasks, stopped])
            await self._finish()
        if self._writer.fatal:
            raise self._writer.fatal
        for task in done - {stopped}:
            task.result()
        return 0

    async def _listen(self) -> None:
        """Wait for the database and the account's lock, where the account is known, then serve the session."""
        while not (self._writer.connected_once and (self._writer.account in {None, self._writer.owned})):
            await self._woken(SAMPLE_TICK_S)
        self._collector.adopt(self._writer.held)
        options = self._options
        await Session(
            SessionOptions(
                options.host, options.port, options.client_id, options.account,
                line_budget=options.line_budget, reconcile_s=options.reconcile_s,
            ),
            self._collector,
        ).run()  # fmt: skip

    async def _flush_forever(self) -> None:
        """At once after a quiet spell, then at most one flush in each coalescing span."""
        loop = asyncio.get_running_loop()
        span = self._options.coalesce_ms / 1000
        last = 0.0
        while self._writer.fatal is None:
            await self._woken(SAMPLE_TICK_S)
            if (rest := last + span - loop.time()) > 0:
                await asyncio.sleep(rest)
            if self._writer.idle and (flush := self._collector.take(_now())):
                last = loop.time()
                self._writer.offer(flush)

    async def _report_forever(self) -> None:
        while True:
            if self._writer.error != self._collector.status.last_error and self._writer.error:
                self._collector.error(self._writer.error)
            self._writer.report(self._status())
            await asyncio.sleep(self._options.heartbeat_s)

    def _status(self):  # type: ignore[no-untyped-def]
        return replace(
            self._collector.status,
            account=self._collector.account or self._writer.account or "",
            heartbeat_at=_now(),
            queue_depth=self._collector.queue_depth(),
            spool_bytes=self._writer.spool_bytes,
        )

    def _restored(self, outage: Outage) -> None:
        self._collector.note(outage)
        self._collector.refresh()

    async def _woken(self, timeout: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), timeout)
        self._wake.clear()

    async def _finish(self) -> None:
        """Store what is pending, say that we went, end the thread."""
        if self._writer.idle and (flush := self._collector.take(_now())):
            self._writer.offer(flush)
        self._writer.stop()
        await asyncio.to_thread(self._writer.join, STOP_TIMEOUT_S)


async def _cancel(tasks: list[asyncio.Task[object]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _into(loop: asyncio.AbstractEventLoop, call, *args) -> None:  # type: ignore[no-untyped-def]
    """From the writer's thread into the loop, which may be closed already at the very end."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(call, *args)


def _now() -> datetime:
    return datetime.now(UTC)
