"""The standing session with a gateway: connects, serves, and connects again, for ever."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from dataclasses import dataclass

from data.ibkr import client, reasons
from data.ibkr.bars import BarFeed
from data.ibkr.budget import LineBudget
from data.ibkr.connection import Connection
from data.ibkr.dividends import DividendFeed
from data.ibkr.events import BarStore, Listener
from data.ibkr.link import Link
from data.ibkr.outlet import Outlet
from data.ibkr.reasons import LinkError
from data.model import GatewayState

log = logging.getLogger("mtz.ibkr")
FIRST_DELAY_S = 0.5
UNANSWERED_DELAY_S = 1.5
"""An attempt on a gateway that takes connections but doesn't answer costs its own time-out already."""
ACCOUNT_DELAY_S = 30.0
RESTART_S = 600.0
STEADY_S = 30.0
"""A connection that has held this long ends a row of failures."""


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """Where to connect to, as whom, and how patiently. Times in seconds.

    `account` None takes the log-in's only account. `line_budget`: market data lines taken at most. `bar_requests`:
    requests for historical bars in ten minutes at most.
    """

    host: str
    port: int
    client_id: int
    account: str | None = None
    line_budget: int = 40
    heartbeat_s: float = 5.0
    silence_s: float = 10.0
    reconcile_s: float = 45.0
    connect_timeout_s: float = 8.0
    backoff_cap_s: float = 5.0
    benchmark: str = "SPY"
    bar_requests: int = 20


class Session:
    """Reads one account through one gateway; never places, changes or cancels an order."""

    def __init__(self, options: SessionOptions, listener: Listener, bars: BarStore | None = None) -> None:
        self._options = options
        self._bars = BarFeed(bars, options.benchmark, options.bar_requests) if bars else None
        self._dividends = DividendFeed()
        self._outlet = Outlet(listener)
        self._budget = LineBudget(options.line_budget)
        self._restart_ends = 0.0
        self._connection: Connection | None = None
        self._down: LinkError = LinkError(GatewayState.CONNECTING, reasons.NOT_CONNECTED)

    async def run(self) -> None:
        """Connect and serve until cancelled; whatever goes wrong is a state, and is tried again."""
        asyncio.set_event_loop(asyncio.get_running_loop())  # the library asks for the thread's loop
        client.unreadable.tell = self._on_unreadable
        self._outlet.say(GatewayState.CONNECTING, f"Connecting to {self._options.host}:{self._options.port}.")
        failures = 0
        while True:
            started = time.monotonic()
            error = await self._serve_once()
            self._down = error
            self._report(error)
            failures = 0 if time.monotonic() - started > STEADY_S else failures + 1
            await asyncio.sleep(self._delay(error.state, failures))

    async def open_orders(self) -> frozenset[int]:
        """The permIds of all orders that work now, asked of the broker.

        Raises:
            LinkError: there is no connection that could say.
        """
        if self._connection is None:
            raise self._down
        return await self._connection.open_orders()

    def _report(self, error: LinkError) -> None:
        """Say why there is no connection. A gateway that restarts refuses for some minutes: that is still a restart."""
        now = time.monotonic()
        if error.state is GatewayState.RESTARTING:
            self._restart_ends = now + RESTART_S
        elif error.state in (GatewayState.REFUSED, GatewayState.DISCONNECTED) and now < self._restart_ends:
            return
        self._outlet.say(error.state, error.reason)

    async def _serve_once(self) -> LinkError:
        """One connection from its start to its end; why it ended."""
        options = self._options
        link = Link(options.host, options.port, options.client_id)
        try:
            await link.open(options.connect_timeout_s)
            account = choose_account(options.account, link.ib.client.getAccounts())
            self._outlet.watch(account)
            self._outlet.listener.on_info(server_version=link.ib.client.serverVersion())
            connection = Connection(
                link, account, self._outlet, self._budget, self._bars, self._dividends, heartbeat_s=options.heartbeat_s,
                silence_s=options.silence_s, reconcile_s=options.reconcile_s,
            )  # fmt: skip
            self._connection = connection
            await connection.run()
            raise AssertionError("a connection ends by an error")
        except LinkError as error:
            return error
        except Exception as error:
            log.exception("the session with %s failed", link.address)
            return LinkError(
                GatewayState.DISCONNECTED,
                f"Reading from {link.address} failed by an error of this program ({type(error).__name__}); "
                "its log has the details. Connecting again; the last figures stay.",
            )
        finally:
            self._connection = None
            link.close()
            await asyncio.sleep(0)  # the transport lets go of its socket in the loop's next turn

    def _delay(self, state: GatewayState, failures: int) -> float:
        """Seconds until the next attempt: growing, capped, and never the same for two clients."""
        if state is GatewayState.UNKNOWN_ACCOUNT:
            longest = ACCOUNT_DELAY_S
        elif state is GatewayState.WAITING_FOR_LOGIN:
            longest = UNANSWERED_DELAY_S
        else:
            longest = min(FIRST_DELAY_S * 2 ** min(failures, 10), self._options.backoff_cap_s)
        return longest * random.uniform(0.6, 1.0)  # noqa: S311

    def _on_unreadable(self, message: str) -> None:
        self._outlet.listener.on_info(error=f"A message of the gateway could not be read: {message}")


def choose_account(named: str | None, known: list[str]) -> str:
    """The account to watch: the named one, or the only one.

    Raises:
        LinkError: UNKNOWN_ACCOUNT, with a sentence that names the known ones.
    """
    if named:
        if named in known:
            return named
    elif len(known) == 1:
        return known[0]
    raise reasons.not_usable(named, known)
