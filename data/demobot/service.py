"""The demo bot's life: connect, look around every few seconds, obey at once, begin again when the gateway goes."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from zoneinfo import ZoneInfo

from data.demobot.broker import Broker, RealMoneyError
from data.demobot.desk import Budget, Desk, Own, Said
from data.demobot.options import BOT, DemoBotOptions
from data.demobot.strategies import ALL, DemoStrategy
from data.ibkr.reasons import LinkError
from data.strategies.bot_client import STOPPED, Control, State, Strategy

log = logging.getLogger("mtz.demobot")
RETRY_S = 3.0
EXCHANGE = ZoneInfo("America/New_York")


def run_demo_bot(options: DemoBotOptions) -> int:
    """Trade until SIGTERM or SIGINT; the exit code. A gateway or dashboard that is away ends nothing.

    4: the account is a live one, as every command of this program says "the gateway refuses".
    """
    try:
        asyncio.run(DemoBot(options).run())
    except RealMoneyError as error:
        log.error("%s", error)
        return 4
    return 0


class DemoBot:
    """One bot; `run` is its life."""

    def __init__(self, options: DemoBotOptions) -> None:
        self._options = options
        self._stop, self._told = asyncio.Event(), asyncio.Event()
        self._strategies: dict[str, DemoStrategy] = {one.name: one() for one in ALL}
        self._budget = Budget(options.burst, options.refill_s)
        self._own = Own(options.state_file.with_name("positions.json"))
        self._said: Said = {}
        self._broker: Broker | None = None
        self._why = ""  # the gateway is away

    async def run(self) -> None:
        self._loop = loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        options = self._options
        self._control = Control(
            options.dashboard, BOT, [self._declared(one) for one in self._strategies.values()],
            token=options.token, state_file=options.state_file, kill_file=options.kill_file, client_id=options.client_id,
            gateway=(options.host, options.port), version=version("moneytrailz-dashboard"),
            on_change=self._tell,
        )  # fmt: skip
        self._control.start(wait_s=0)
        try:
            while not self._stop.is_set():
                await self._connected()
        finally:
            await asyncio.to_thread(self._control.close, 2.0)

    def _tell(self) -> None:
        """From the heartbeat's thread: there is something to apply."""
        with suppress(RuntimeError):  # the loop is closed at the very end
            self._loop.call_soon_threadsafe(self._told.set)

    def _declared(self, one: DemoStrategy) -> Strategy:
        return Strategy(one.name, one.title, one.symbols, one.allocation, one.can_pause_opening, self._on_state)

    async def _connected(self) -> None:
        """One connection, until it is lost or the bot ends."""
        broker = Broker(self._options.host, self._options.port, self._options.client_id)
        try:
            await broker.open()
            log.info("connected to %s:%s, account %s", self._options.host, self._options.port, broker.account)
            self._why = ""
            self._control.problem(None)
            self._control.about(account=broker.account)
            self._own.begin(broker.holdings() if self._options.adopts else [])
            self._broker = broker
            await self._serve(broker)
        except LinkError as error:
            self._away(error.reason)
        except (ConnectionError, TimeoutError):
            self._away(f"The gateway doesn't answer; it is asked again every {RETRY_S:g} s.")
        finally:
            self._broker = None
            broker.close()
            await asyncio.sleep(0)  # the transport lets go of its socket in the loop's next turn
        with suppress(TimeoutError):
            async with asyncio.timeout(RETRY_S):
                await self._stop.wait()

    def _away(self, why: str) -> None:
        if why != self._why:
            log.warning("%s", why)
        self._why = why
        self._control.problem(why)

    async def _serve(self, broker: Broker) -> None:
        while not (self._stop.is_set() or broker.lost.is_set()):
            next_at = datetime.now(UTC) + timedelta(seconds=self._options.cycle_s)
            with self._control.cycle(next_at):
                await self._cycle(broker)
            while not (self._stop.is_set() or broker.lost.is_set()) and (left := _seconds_to(next_at)) > 0:
                await self._pause(left, broker)
                if self._told.is_set():
                    self._told.clear()
                    if self._control.apply():  # a command: a cycle at once shows whether it holds
                        break

    async def _pause(self, seconds: float, broker: Broker) -> None:
        """Wait, unless something happens."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._stop, self._told, broker.lost)]
        await asyncio.wait(waits, timeout=seconds, return_when="FIRST_COMPLETED")
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)

    # -- a cycle

    async def _cycle(self, broker: Broker) -> None:
        self._tidy(broker)
        today = datetime.now(EXCHANGE).date()
        if not await broker.is_open():
            for name in self._strategies:
                self._control.report(name, status="idle", words="The market is closed.")
            return
        for name, strategy in self._strategies.items():
            # A desk of its own each: what one has sent is there for the next to see.
            desk = Desk(broker, self._control, self._budget, self._own, self._said, today)
            try:
                if self._control.may_trade(name):
                    await strategy.run(desk)
                self._report(name, strategy, desk)
            except (ConnectionError, TimeoutError):
                raise
            except Exception as error:  # the others go on
                log.exception("%s failed", name)
                words = f"{type(error).__name__}: {error}"
                self._control.report(name, status="error", words=words)
                desk.skip(name, "", words, f"The strategy failed: {words}")

    def _tidy(self, broker: Broker) -> None:
        """Cancel what has waited too long, and whatever still works of a stopped strategy."""
        for trade in broker.working(f"{BOT}:"):
            strategy = trade.order.orderRef.split(":")[1]
            is_stopped = self._control.state(strategy).desired == STOPPED
            if is_stopped or broker.age(trade) > self._options.patience_s:
                broker.cancel(trade)

    def _report(self, name: str, strategy: DemoStrategy, desk: Desk) -> None:
        positions, working = strategy.mine(desk), desk.broker.working(f"{BOT}:{name}:")
        state = self._control.state(name).desired
        status = "running" if state in ("active", "opening_paused") else state
        words = f"{_count(len(positions), 'option')} open, {_count(len(working), 'order')} working"
        symbols = sorted({*strategy.symbols, *(h.symbol for h in positions)})
        self._control.report(
            name, status=status, words=words, open_orders=len(working), symbols=symbols,
            allocation=strategy.allocation, figures={"options open": len(positions)},
        )  # fmt: skip

    def _on_state(self, name: str, state: State) -> None:
        """A stopped strategy's working orders are cancelled at once."""
        if state.desired == STOPPED and self._broker is not None:
            for trade in self._broker.working(f"{BOT}:{name}:"):
                with suppress(ConnectionError):  # the next connection begins with a look at them
                    self._broker.cancel(trade)


def _seconds_to(moment: datetime) -> float:
    return (moment - datetime.now(UTC)).total_seconds()


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
