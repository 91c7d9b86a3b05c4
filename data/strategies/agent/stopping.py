"""A stop's second half: the strategy's working orders are cancelled, and a fresh list of the broker's shows that they are gone."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from data import audit
from data.audit import Caller
from data.control_views import RemainingOrder
from data.model import GatewayState
from data.strategies import cancelling
from data.strategies.agent import orders, progress
from data.strategies.agent.asking import NoAnswerError, ask
from data.strategies.agent.options import AgentOptions
from data.strategies.agent.orders import How, Owners, Working
from data.strategies.agent.progress import Open
from data.strategies.base import Adapter, Bot, Status
from data.strategies.desired import CommandState, Desired
from data.strategies.folder import BusyError, ControlFolderError

log = logging.getLogger("mtz.agent")
Conn = psycopg.Connection[Any]
CANCELLED = ("Cancelled", "ApiCancelled")
Claimed = dict[int, list[tuple[Working, How]]]  # by number of the stop


@dataclass(slots=True)
class Tried:
    """What came of cancelling. `why_not`: why nothing could be cancelled; `is_waiting`: only a run has to end first."""

    refusals: dict[int, str] = field(default_factory=dict)
    why_not: str | None = None
    is_waiting: bool = False


class Stopper:
    """Enforces the stops of one bot, all together."""

    def __init__(self, options: AgentOptions, agent: Caller, adapter: Adapter, bot: Bot) -> None:
        self._options, self._agent, self._adapter, self._bot = options, agent, adapter, bot

    def run(self, conn: Conn, stops: Sequence[Open], status: Status) -> None:
        """Cancel what is the bot's own, ask again, and settle each stop. No run that read an older state is in flight."""
        accounts = self._accounts(conn)
        if not accounts:
            self._without_account(conn, stops)
            return
        claimed, problem = self._look(conn, accounts, stops)
        self._options.step("listed")
        tried = self._cancel(conn, claimed, stops, status)
        if problem is None and any(how is How.CANCEL for found in claimed.values() for _, how in found):
            claimed, problem = self._look(conn, accounts, stops)
        self._options.step("before settle")
        for stop in progress.in_force(conn, stops):
            self._settle(conn, stop, claimed[stop.id], tried, problem)
        self._options.step("settled")

    def _accounts(self, conn: Conn) -> list[str]:
        """The bot's account; where it has named none, every one that it may trade in."""
        if self._bot.account is not None:
            return [self._bot.account]
        return [row[0] for row in conn.execute("SELECT account FROM accounts ORDER BY account").fetchall()]

    def _without_account(self, conn: Conn, stops: Sequence[Open]) -> None:
        has_run = self._bot.gateway_host is not None or self._bot.client_id is not None
        for stop in stops:
            if has_run:
                self._wait(conn, stop, NO_ACCOUNT, ())
            else:
                progress.settle(conn, self._agent, stop, CommandState.ENFORCED, NEVER_RUN)

    def _look(self, conn: Conn, accounts: Sequence[str], stops: Sequence[Open]) -> tuple[Claimed, str | None]:
        """What works of the stopped strategies. With the reason why it can't be asked for: what was known to work last."""
        perm_ids: dict[str, Sequence[int]] = {}
        problem: str | None = None
        for account in accounts:
            try:
                perm_ids[account] = ask(conn, account, self._options.answer_s)
            except NoAnswerError as error:
                problem, perm_ids[account] = str(error), orders.known_working(conn, account)
        return self._claimed(conn, perm_ids, stops), problem

    def _claimed(self, conn: Conn, perm_ids: Mapping[str, Sequence[int]], stops: Sequence[Open]) -> Claimed:
        found = [order for account, numbers in perm_ids.items() for order in orders.working(conn, account, numbers)]
        of = self._owners(conn)
        claimed: Claimed = {stop.id: [] for stop in stops}
        for stop in stops:
            for order in found:
                if (how := of.judge(order, stop.wish.strategy)) is not None:
                    claimed[stop.id].append((order, how))
        return claimed

    def _owners(self, conn: Conn) -> Owners:
        states = progress.states(conn)
        stopped = [name for name in self._bot.strategies if states.get((name, ""), (None, 0))[0] is Desired.STOPPED]
        return orders.owners(conn, self._bot, stopped)

    def _cancel(self, conn: Conn, claimed: Claimed, stops: Sequence[Open], status: Status) -> Tried:
        """Cancel with the bot's own client id, holding its lock so that it doesn't start meanwhile."""
        bot, wanted = self._bot, {o.perm_id for found in claimed.values() for o, how in found if how is How.CANCEL}
        if not wanted:
            return Tried()
        if status.is_running and status.cancels_itself:
            return Tried(why_not=f"{bot.name} cancels its own orders and has not done so yet.", is_waiting=True)
        if bot.gateway_host is None or bot.gateway_port is None or bot.client_id is None:
            return Tried(why_not=f"It is not known yet at which gateway {bot.name} trades.")
        try:
            with self._adapter.hold(bot):
                self._options.step("lock held")
                if len(progress.in_force(conn, stops)) < len(stops):
                    return Tried(why_not="It was resumed in the meantime.", is_waiting=True)
                done = cancelling.cancel(
                    bot.gateway_host, bot.gateway_port, bot.client_id, wanted, self._options.cancel_s
                )
                self._options.step("cancelled")
        except BusyError:
            return Tried(
                why_not=f"{bot.name} has just started a run: its orders are cancelled when that ends.", is_waiting=True
            )
        except ControlFolderError as error:
            return Tried(why_not=str(error))
        except cancelling.LinkError as error:
            return Tried(why_not=self._unreachable(error))
        self._note(conn, claimed, done.ended)
        return Tried(dict(done.refused))

    def _unreachable(self, error: cancelling.LinkError) -> str:
        if error.state is GatewayState.CLIENT_ID_IN_USE:
            return f"{self._bot.name} still runs: its client id {self._bot.client_id} is connected, so that the agent can't cancel."
        return f"The agent can't cancel: {error.reason}"

    def _note(self, conn: Conn, claimed: Claimed, ended: Mapping[int, str]) -> None:
        """What became of each order is an event."""
        of = {order.perm_id: order for found in claimed.values() for order, _ in found}
        with conn.transaction():
            for perm_id in sorted(ended.keys() & of.keys()):
                detail = {"perm_id": perm_id, "what": of[perm_id].what, "status": ended[perm_id]}
                detail |= {"client_id": self._bot.client_id}
                kind = "order.cancelled" if ended[perm_id] in CANCELLED else "order.ended"  # as it filled meanwhile
                audit.write(conn, kind, self._agent, self._bot.name, detail)

    def _settle(
        self, conn: Conn, stop: Open, found: list[tuple[Working, How]], tried: Tried, problem: str | None
    ) -> None:
        left = [orders.remaining(o, how, self._bot, tried.refusals, tried.why_not) for o, how in found]
        if problem is not None:
            self._wait(conn, stop, problem, left)
        elif not left:
            progress.settle(conn, self._agent, stop, CommandState.ENFORCED, STOPPED)
        elif tried.is_waiting and all(how is How.CANCEL for _, how in found):
            self._wait(conn, stop, str(tried.why_not), left)
        else:
            progress.settle(conn, self._agent, stop, CommandState.NOT_ENFORCED, orders.sentence(left), left)

    def _wait(self, conn: Conn, stop: Open, why: str, left: Sequence[RemainingOrder]) -> None:
        wait(conn, self._agent, stop, why, self._options.patience_s, left)


def wait(
    conn: Conn, agent: Caller, command: Open, why: str, patience_s: float, left: Sequence[RemainingOrder] = ()
) -> None:
    """Say what a command waits for; after a while that it isn't enforced, which lets other commands be given."""
    if command.state == CommandState.NOT_ENFORCED or command.waited_s > patience_s:
        progress.settle(conn, agent, command, CommandState.NOT_ENFORCED, why, left)
    else:
        progress.explain_wait(conn, command, why)


STOPPED = "No run is in flight and no order of it works at the broker. Positions stay as they are."
NEVER_RUN = "The bot has never run here, so that no order of it can work. Positions stay as they are."
NO_ACCOUNT = "No poller has seen an account yet, so that nobody can say which orders work at the broker: start one."
