"""One connection at work: subscribes, merges what is pushed, fills the holes in it, and passes it on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from data.ibkr import client, reasons, translate
from data.ibkr.bars import BarFeed, Gateway
from data.ibkr.book import Book
from data.ibkr.budget import TURN_S, LineBudget
from data.ibkr.dividends import DividendFeed, Source
from data.ibkr.fills import Fills
from data.ibkr.heartbeat import beat
from data.ibkr.lines import Lines
from data.ibkr.link import Link
from data.ibkr.outlet import Outlet
from data.ibkr.phases import watch_phases
from data.ibkr.pnl import PnlSubscriptions
from data.ibkr.reasons import LinkError
from data.ibkr.startup import REQUEST_S, await_download, await_first_pnl
from data.model import GatewayState, MarketPhase

log = logging.getLogger("mtz.ibkr")
DEBOUNCE_S = 0.25
LINES_S = 0.2
CLOSED_S = 10.0
"""How long a closed position's last figures (its realized P&L) are waited for."""
OTHER_LOGIN_S = 15.0
DELAYED_FROZEN = 4
"""Live data where there are, else delayed, and the last known ones while the market is closed."""
FINAL = frozenset({"Filled", "Cancelled", "ApiCancelled"})
"""What is over for good. What is Inactive may stand in TWS and be sent again."""
NO_DATA = frozenset({200, 354, 10089, 10090, 10091, 10168, 10186})
QUIET = frozenset({202, 300, 399, 10167}) | frozenset(range(2100, 2200)) - {2103, 2105, 2110}


class Connection:
    """Serves one account over an open link until the link is lost."""

    def __init__(
        self, link: Link, account: str, outlet: Outlet, budget: LineBudget, bars: BarFeed | None,
        dividends: DividendFeed, *, heartbeat_s: float, silence_s: float, reconcile_s: float,
    ) -> None:  # fmt: skip
        self._link, self._ib, self._account, self._outlet = link, link.ib, account, outlet
        self._heartbeat_s, self._silence_s, self._reconcile_s = heartbeat_s, silence_s, reconcile_s
        self._book = Book(account)
        self._lines = Lines(link.ib, budget)
        self._bars, self._dividends = bars, dividends
        self._phase: MarketPhase | None = None
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pnl = PnlSubscriptions(link.ib, account, lambda: self._book.held)
        self._closed_at: dict[int, float] = {}
        self._fills = Fills(link.ib)
        self._asking_orders = asyncio.Lock()  # the library knows one such request at a time
        self._ask_again = asyncio.Event()
        self._rearrange = asyncio.Event()
        self._beside: asyncio.Future[Any] | None = None
        self._whole = False
        self._unreachable = False
        self._other_login_until: float | None = None
        self._goes_down = ""
        self._facts: dict[str, Any] = {}

    # -- life

    async def run(self) -> None:
        """Serve until the link is lost.

        Raises:
            LinkError: always; why it ended.
        """
        hooks = self._hooks()
        for event, handler in hooks:
            event += handler
        beats = beat(self._ib, self._link.address, self._heartbeat_s, self._silence_s, self._proven)
        work = (self._serve(), self._pnl.keep(), beats, self._watch_socket())
        jobs: list[asyncio.Future[Any]] = [self._failed, *map(asyncio.ensure_future, work)]
        try:
            done, _ = await asyncio.wait(jobs, return_when="FIRST_COMPLETED")
            for job in done:
                job.result()
        except ConnectionError:
            raise self._lost() from None
        finally:
            for event, handler in hooks:
                event -= handler
            jobs += [self._beside] if self._beside is not None else []
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    def _hooks(self) -> list[tuple[Any, Callable[..., None]]]:
        ib = self._ib
        pairs: list[tuple[Any, Callable[..., None]]] = [
            (ib.accountValueEvent, lambda v: self._book.on_value(v, _now())),
            (ib.pnlEvent, lambda p: self._book.on_pnl(p, _now())),
            (ib.pnlSingleEvent, lambda p: self._book.on_pnl_single(p, _now())),
            (ib.positionEvent, self._on_position),
            (ib.updatePortfolioEvent, self._on_item),
            (ib.pendingTickersEvent, self._on_tickers),
            (ib.openOrderEvent, self._on_order),
            (ib.orderStatusEvent, self._on_order),
            (ib.updateEvent, self._on_packet),
            (ib.errorEvent, self._on_error),
        ]
        return [(event, self._guarded(handler)) for event, handler in pairs]

    def _guarded(self, handler: Callable[..., None]) -> Callable[..., None]:
        """The library swallows what a handler raises: an error of ours must end the connection, not go unseen."""

        def run(*arguments: Any) -> None:
            try:
                handler(*arguments)
            except LinkError as error:
                self._fail(error)
            except Exception as error:
                log.exception("a message of the gateway could not be handled")
                self._fail(error)

        return run

    def _fail(self, error: Exception) -> None:
        if not self._failed.done():
            self._failed.set_exception(error)

    async def _watch_socket(self) -> None:
        await self._link.closed.wait()
        raise self._lost()

    def _lost(self) -> LinkError:
        return reasons.lost(self._link.address, self._link.detail, self._link.local_now, self._goes_down)

    def _proven(self) -> None:
        if not self._unreachable and self._other_login_until is None:
            self._outlet.listener.on_feed_proven(_now())

    # -- the start

    async def _serve(self) -> None:
        self._outlet.say(GatewayState.CONNECTING, reasons.READING)
        await self._subscribe()
        await asyncio.gather(
            self._keep_reconciled(),
            self._keep_lines(),
            self._keep_hours(),
            self._keep_tidy(),
            self._keep_bars(),
            self._keep_dividends(),
        )

    async def _subscribe(self) -> None:
        """Ask for everything, as after the start and again after a loss of data. A missing end stops nothing."""
        self._ib.reqMarketDataType(DELAYED_FROZEN)
        download = self._ib.reqAccountUpdatesAsync(self._account)
        await asyncio.gather(self._answer(self._ib.reqPositionsAsync()), self._ask_orders())
        await self._ask_executions()
        self._pnl.ask()
        await await_download(download, self._book, self._say_incomplete)
        self._rearrange.set()
        await await_first_pnl(self._book)
        self._outlet.held(self._book.held)
        self._whole = True
        self._flush()
        self._say()

    async def _answer(self, request: Awaitable[Any]) -> Any | None:
        """A request's answer; None where its end never comes (real gateways have left such messages out)."""
        try:
            # Not wait_for: on Python 3.11 it may swallow the cancellation that ends a connection.
            async with asyncio.timeout(REQUEST_S):
                return await request
        except TimeoutError:
            return None

    def _say_incomplete(self) -> None:
        if not self._unreachable:
            self._outlet.say(GatewayState.CONNECTING, reasons.INCOMPLETE)

    async def _resubscribe(self) -> None:
        """1101: the connection is back, but the gateway has forgotten what we asked for."""
        self._pnl.forget_all()
        self._book.pnl = None
        self._lines.restart()
        await self._subscribe()

    # -- pushes

    def _on_position(self, wire: Any) -> None:
        if self._book.on_position(wire, _now()) and self._whole:
            self._quantity_changed()

    def _on_item(self, wire: Any) -> None:
        before = self._book.held
        self._book.on_item(wire, _now())
        if self._whole and self._book.held != before:
            self._quantity_changed()

    def _quantity_changed(self) -> None:
        """Fills of other clients are not always pushed: ask for them. And the lines may be due elsewhere now."""
        self._pnl.ask()
        self._ask_again.set()
        self._rearrange.set()

    def _on_tickers(self, tickers: Any) -> None:
        now = _now()
        for con_id, computation in self._lines.fresh_greeks(tickers):
            self._book.on_greeks(con_id, computation, now)
        if self._other_login_until is not None and time.monotonic() > self._other_login_until:
            self._other_login_until = None  # data flow again
            self._say()
        self._tell(market_data_type=self._lines.data_type)
        self._flush()

    def _on_order(self, trade: Any) -> None:
        found = translate.order(self._account, trade, _now())
        if found is not None:
            self._outlet.order(found)

    def _on_packet(self) -> None:
        """After each packet: the fills that no event tells of, and whatever has changed."""
        self._pass_on_fills()
        self._flush()

    def _pass_on_fills(self) -> None:
        if fresh := self._fills.fresh():
            self._outlet.executions(fresh, self._link.client_id)

    def _flush(self) -> None:
        """Pass on what changed, once the download is whole and while the gateway vouches for its figures."""
        if not self._whole or not self._book.is_ready:
            return
        book = self._book
        changed, book.changed = book.changed, set()
        for con_id in changed:
            if not book.holdings[con_id].quantity:
                self._closed_at.setdefault(con_id, time.monotonic())
            self._outlet.position(book.position(con_id))
        if book.portfolio_changed:
            is_new, book.new_net_liquidation, book.portfolio_changed = book.new_net_liquidation, False, False
            self._outlet.portfolio(book.portfolio(_now()), bool(book.held), is_new)

    # -- errors

    def _on_error(self, request: int, code: int, text: str, _contract: Any) -> None:
        is_of_bars = self._bars is not None and self._bars.heard(request, code, text)  # stored with their series
        if code == 1100:
            self._unreachable = True
            self._say()
        elif code in (1101, 1102):
            self._unreachable = False
            if code == 1101:
                self._whole = False
                self._spawn(self._resubscribe())
            self._ask_again.set()
            self._say()
        elif code == 1300:
            raise reasons.port_changed(self._link.address, text)
        elif code == 10197:
            self._other_login_until = time.monotonic() + OTHER_LOGIN_S
            self._say()
        elif code == 321 and request == -1 and "invalid account" in text.lower():
            raise reasons.not_usable(self._account, self._ib.managedAccounts())
        elif not is_of_bars:
            self._on_smaller_error(request, code, text)

    def _on_smaller_error(self, request: int, code: int, text: str) -> None:
        if code in NO_DATA | {101} and self._lines.borrowed_refused(request, code == 101):
            pass  # a question that is asked again later
        elif code == 101 and self._lines.no_line_left(request):
            self._tell(market_data_lines=len(self._lines))
        elif code in NO_DATA and self._lines.not_available(request):
            self._tell(market_data_lines=len(self._lines))
            self._tell(error=f"No market data for a position ({code}): {text}")
        elif code not in QUIET:
            if request == -1 and reasons.GOES_DOWN.search(text):
                self._goes_down = text
            self._tell(error=f"The gateway said ({code}): {text}")

    def _spawn(self, job: Any) -> None:
        """Run it beside the rest, instead of what ran there; its failure ends the connection."""
        if self._beside is not None:
            self._beside.cancel()
        task = self._beside = asyncio.ensure_future(job)

        def done(finished: asyncio.Future[Any]) -> None:
            if not finished.cancelled() and (error := finished.exception()):
                self._fail(error if isinstance(error, Exception) else RuntimeError(str(error)))

        task.add_done_callback(done)

    def _say(self) -> None:
        if self._unreachable:
            self._outlet.say(GatewayState.BROKER_UNREACHABLE, reasons.BROKER_UNREACHABLE)
        elif not self._whole:
            self._outlet.say(GatewayState.CONNECTING, reasons.READING)
        elif self._other_login_until is not None:
            self._outlet.say(GatewayState.OTHER_LOGIN, reasons.OTHER_LOGIN)
        else:
            self._outlet.say(GatewayState.CONNECTED)

    def _tell(self, **facts: Any) -> None:
        new = {name: value for name, value in facts.items() if value is not None and self._facts.get(name) != value}
        if new:
            self._facts.update(new)
            self._outlet.listener.on_info(**new)

    # -- beside the pushes

    async def _ask_executions(self) -> None:
        await self._answer(self._ib.reqExecutionsAsync())
        self._pass_on_fills()

    async def open_orders(self) -> frozenset[int]:
        """The permIds of everybody's orders that work in the account, listed by the broker after this call.

        Raises:
            LinkError: nobody can say now.
        """
        if self._unreachable:
            raise LinkError(GatewayState.BROKER_UNREACHABLE, reasons.BROKER_UNREACHABLE)
        answer = await self._ask_orders()
        if answer is None:
            raise LinkError(GatewayState.SILENT, reasons.NO_ORDERS)
        found = [translate.order(self._account, trade, _now()) for trade in answer]
        return frozenset(o.perm_id for o in found if o and o.account == self._account and o.status not in FINAL)

    async def _ask_orders(self) -> list[Any] | None:
        """Ask for everybody's orders and pass them on; None where the end of the list never came."""
        async with self._asking_orders:
            answer = await self._answer(self._ib.reqAllOpenOrdersAsync())
            if answer is None:
                # The library keeps such a request open, and would then pass no order on by an event.
                client.abandon(self._ib, "openOrders")
        for trade in answer if answer is not None else self._ib.openTrades():
            self._on_order(trade)
        if answer is not None:
            self._outlet.open_orders(frozenset(t.order.permId or t.orderStatus.permId for t in answer))
        return answer

    async def _keep_reconciled(self) -> None:
        """Pushes have holes: ask for fills soon after a position moved, and for everything once in a while."""
        due = time.monotonic() + self._reconcile_s
        while True:
            try:
                async with asyncio.timeout(max(due - time.monotonic(), 0.0)):
                    await self._ask_again.wait()
                await asyncio.sleep(DEBOUNCE_S)
                self._ask_again.clear()
                await self._ask_executions()
            except TimeoutError:
                due = time.monotonic() + self._reconcile_s
                await self._reconcile()

    async def _reconcile(self) -> None:
        await self._ask_executions()
        await self._ask_orders()
        asked_at = _now()
        positions = await self._answer(self._ib.reqPositionsAsync())
        if positions is not None and self._whole:
            listed = {p.contract.conId for p in positions if p.account == self._account and p.position}
            self._book.close_unlisted(listed, asked_at)
            self._flush()

    async def _keep_lines(self) -> None:
        while True:
            is_more_due = self._lines.arrange(self._book.quantities())
            self._tell(market_data_lines=len(self._lines))
            if is_more_due:
                await asyncio.sleep(LINES_S)
                continue
            try:
                async with asyncio.timeout(TURN_S):
                    await self._rearrange.wait()
                await asyncio.sleep(DEBOUNCE_S)
                self._rearrange.clear()
            except TimeoutError:
                continue

    async def _keep_tidy(self) -> None:
        """Let go of positions that have been closed for a while."""
        while True:
            await asyncio.sleep(1.0)
            for con_id, since in list(self._closed_at.items()):
                if self._book.holdings[con_id].quantity:
                    del self._closed_at[con_id]
                elif time.monotonic() - since > CLOSED_S:
                    self._let_go(con_id)
            self._book.portfolio_changed |= self._outlet.doubts  # time alone may confirm what was not believed
            self._flush()

    def _let_go(self, con_id: int) -> None:
        del self._closed_at[con_id]
        self._book.forget(con_id)
        self._outlet.forget(con_id)
        self._pnl.let_go(con_id)

    async def _keep_hours(self) -> None:
        def tell(phase: MarketPhase | None, following: datetime | None) -> None:
            self._phase = phase
            self._outlet.listener.on_market(phase, following)

        await watch_phases(self._book.contracts, self._details, tell)

    async def _keep_bars(self) -> None:
        if self._bars is None:
            return
        gateway = Gateway(
            self._ib, self._book.contracts, self._details,
            is_ready=lambda: self._whole and not self._unreachable,
            is_open=lambda: self._phase in (None, MarketPhase.OPEN),
            complain=lambda sentence: self._tell(error=sentence),
        )  # fmt: skip
        await self._bars.keep(gateway)

    async def _keep_dividends(self) -> None:
        source = Source(
            self._lines, self._book.quantities, self._details,
            is_ready=lambda: self._whole and not self._unreachable and self._other_login_until is None,
            arrange=self._rearrange.set,
            tell=self._outlet.listener.on_dividends,
        )  # fmt: skip
        await self._dividends.keep(source)

    def _details(self, wire: Any) -> Awaitable[Any]:
        return self._answer(self._ib.reqContractDetailsAsync(wire))


def _now() -> datetime:
    return datetime.now(UTC)
