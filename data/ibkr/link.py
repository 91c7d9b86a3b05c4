"""One connection to a gateway: made step by step, so that each way of failing has its own name."""

from __future__ import annotations

import asyncio
import re
import socket
from datetime import UTC, datetime, tzinfo
from typing import Any

from data.ibkr import client, reasons
from data.ibkr.zones import gateway_zone, moment

GREETING_S = 4.0
CLIENT_ID_IN_USE = 326
GREETING = re.compile(rb"\0(\d{8} \d\d:\d\d:\d\d[^\0]*)\0")


class Link:
    """A fresh `IB` and what is known of its socket. Make it, :meth:`open` it once, :meth:`close` it."""

    def __init__(self, host: str, port: int, client_id: int) -> None:
        self.ib: Any = client.new_ib(lambda text: moment(text, self.zone or UTC))
        self.host, self.port, self.client_id = host, port, client_id
        self.address = f"{host}:{port}"
        self.zone: tzinfo | None = None
        self.closed = asyncio.Event()
        self.detail = ""
        self.errors: list[tuple[int, str]] = []
        self._greeted = False
        self.ib.client.conn.hasData += self._on_data
        self.ib.client.conn.disconnected += self._on_closed
        self.ib.errorEvent += self._on_error

    async def open(self, timeout: float) -> None:
        """Connect, shake hands and wait until the gateway takes requests.

        Raises:
            LinkError: it didn't, with the reason.
        """
        self.ib.wrapper.clientId = self.client_id
        opening = asyncio.ensure_future(self.ib.client.connectAsync(self.host, self.port, self.client_id, 0))
        closed = asyncio.ensure_future(self.closed.wait())
        try:
            await asyncio.wait({opening, closed}, timeout=min(GREETING_S, timeout), return_when="FIRST_COMPLETED")
            if self._greeted and not opening.done() and not closed.done():
                await asyncio.wait({opening, closed}, timeout=timeout, return_when="FIRST_COMPLETED")
            if opening.done():
                opening.result()
            if closed.done() or not opening.done():
                raise self._failure(bool(self.ib.client.conn.transport))
        except OSError as error:
            raise self._refusal(error) from None
        finally:
            closed.cancel()
            await _end(opening)

    def _failure(self, is_connected: bool) -> reasons.LinkError:
        if any(code == CLIENT_ID_IN_USE for code, _ in self.errors):
            return reasons.client_id_in_use(self.address, self.client_id)
        if self.closed.is_set():
            said = "; ".join(text for _, text in self.errors)
            return reasons.broke_off(self.address, said) if self._greeted else reasons.untrusted(self.address)
        if is_connected:
            return reasons.waiting_for_login(self.address)
        return reasons.unreachable(self.address, "no answer")

    def _refusal(self, error: OSError) -> reasons.LinkError:
        if isinstance(error, ConnectionRefusedError):
            return reasons.refused(self.address)
        if isinstance(error, ConnectionResetError):
            return reasons.untrusted(self.address)
        detail = "no such host" if isinstance(error, socket.gaierror) else (error.strerror or type(error).__name__)
        return reasons.unreachable(self.address, detail)

    @property
    def local_now(self) -> datetime | None:
        """The gateway's wall clock; None where its zone is not known."""
        return datetime.now(UTC).astimezone(self.zone) if self.zone else None

    def close(self) -> None:
        """End it, whatever state it is in."""
        conn = self.ib.client.conn
        conn.hasData -= self._on_data
        conn.disconnected -= self._on_closed
        client.close(self.ib)

    def _on_data(self, data: bytes) -> None:
        """The first frame says in which zone the gateway lives; executions without a zone are in that one."""
        if self._greeted:
            return
        self._greeted = True
        if match := GREETING.search(data):
            self.zone = gateway_zone(match[1].decode(errors="replace"), datetime.now(UTC))

    def _on_closed(self, detail: str) -> None:
        self.detail = detail or ""
        self.closed.set()

    def _on_error(self, _request: int, code: int, text: str, _contract: Any) -> None:
        if not 2100 <= code < 2200:  # information on data farms
            self.errors = [*self.errors[-9:], (code, text)]


async def _end(task: asyncio.Future[Any]) -> None:
    """Cancel, and take note of however it ended."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
