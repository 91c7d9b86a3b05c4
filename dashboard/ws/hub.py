"""The hub: one LISTEN connection, the newest frame of each state, every trade in order; clients take what they lack.

NOTIFY names an account, a topic and a revision; the hub reads the rows, encodes them once and wakes the clients. Once a
second it reads the board, so that what no NOTIFY can tell is pushed too: a dead poller, numbers that went stale, a closed
market, a NOTIFY that got lost.
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import gevent
import psycopg
from gevent.event import Event

from dashboard.encode import Encoder, dump
from dashboard.ws import frames
from dashboard.ws.client import GOING_AWAY, TOO_SLOW, Client
from data.board import Board
from data.db import connect
from data.model import Role, Topic
from data.positions import PositionRows, positions_view
from data.reads import DatabaseAway, Reads, UnknownAccount
from data.views import HealthView

log = logging.getLogger("mtz.hub")

CHANNEL = "mtz"
TICK_S = 1.0
FIRST_RETRY_S, LAST_RETRY_S = 0.1, 1.0
MAX_CLIENTS = 4000
TRADES_KEPT = 10_000  # for clients that are behind; who is further behind is closed and reads the trades anew
TURN = 200  # clients in a row, some milliseconds: then requests have their turn
FAREWELL_S = 0.8  # for the close frames at the end

STATES = (Topic.STATUS, Topic.PORTFOLIO, Topic.STRATEGIES, Topic.NOTES)


@dataclass(slots=True)
class Slot:
    """The newest frame of a state; `content` tells whether it changed."""

    version: int = 0
    frame: bytes = b""
    content: Any = None


@dataclass(slots=True)
class TradeLog:
    """Trades in the order they were written; the first one kept has the number `first`."""

    revision: int
    first: int = 0
    frames: deque[bytes] = field(default_factory=deque)

    @property
    def end(self) -> int:
        return self.first + len(self.frames)


class Follower(Protocol):
    """Somebody else who hears the database through the hub's connection, on a channel of their own."""

    channel: str

    def follow(self) -> None:
        """LISTEN stands: what is remembered from before counts no more."""

    def unfollow(self) -> None:
        """LISTEN is lost."""

    def heard(self, payload: str) -> None:
        """A NOTIFY on the channel. Must not wait."""

    def run(self) -> None:
        """A greenlet of its own, for ever."""


class FullError(Exception):
    """There are as many clients as can be served."""


class Hub:
    """Lives in the worker's loop, from :meth:`start` to :meth:`stop`."""

    def __init__(self, reads: Reads, encoder: Encoder, url: str) -> None:
        self._reads = reads
        self._encoder = encoder
        self._url = url
        self._clients: set[Client] = set()
        self._slots: dict[tuple[Topic, str], Slot] = {}
        self._positions: dict[str, PositionRows] = {}
        self._position_frames: dict[tuple[str, int | None], bytes] = {}
        self._trades: dict[str, TradeLog] = {}
        self._published: dict[tuple[str, str], int] = {}
        self._dirty: set[tuple[str, str]] = set()
        self._changed = Event()
        self._stopping = False
        self._started = False
        self._followers: dict[str, Follower] = {}

    # -- life ----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._reads.watched()
        for work in (self._listen_forever, self._publish_forever, self._tick_forever):
            gevent.spawn(work)
        for follower in self._followers.values():
            gevent.spawn(follower.run)

    def also(self, follower: Follower) -> None:
        """Listen for `follower` too; before :meth:`start`."""
        self._followers[follower.channel] = follower

    def stop(self) -> None:
        """Tell every client that the server goes away (1001); who doesn't take it is dropped."""
        self._stopping = True
        clients = list(self._clients)
        for client in clients:
            client.close(GOING_AWAY, "the server stops")
        deadline = time.monotonic() + FAREWELL_S
        while self._clients and time.monotonic() < deadline:
            gevent.sleep(0.02)
        for client in list(self._clients):
            client.abort()

    def add(self, client: Client) -> None:
        self._clients.add(client)
        if self._stopping:
            client.close(GOING_AWAY, "the server stops")

    def remove(self, client: Client) -> None:
        self._clients.discard(client)

    def full(self) -> bool:
        return len(self._clients) >= MAX_CLIENTS

    # -- what clients ask ------------------------------------------------------------------------------------------------

    def accounts(self) -> list[str]:
        board = self._reads.board()
        return list(board.accounts) if board else []

    def trade_numbers(self) -> dict[str, int]:
        """Where each account's trades end now: a new client gets those after."""
        return {account: kept.end for account, kept in self._trades.items()}

    def news(self, client: Client) -> Iterator[bytes]:
        """The frames that `client` lacks; each counts as sent when the next is asked for."""
        for account in [client.account] if client.account else self.accounts():
            for topic in STATES:
                if topic in client.topics:
                    yield from self._state_news(client, topic, account)
            if Topic.POSITIONS in client.topics:
                yield from self._position_news(client, account)
            yield from self._trade_news(client, account, Topic.TRADES in client.topics)

    def _state_news(self, client: Client, topic: Topic, account: str) -> Iterator[bytes]:
        slot = self._slots.get((topic, account))
        if slot is not None and slot.version > client.seen.get((topic, account), 0):
            client.seen[topic, account] = slot.version
            yield slot.frame

    def _position_news(self, client: Client, account: str) -> Iterator[bytes]:
        found = self._positions.get(account)
        has = client.seen.get((Topic.POSITIONS, account))
        if found is None or has == found.revision:
            return
        client.seen[Topic.POSITIONS, account] = found.revision
        frame = self._position_frames.get((account, has))
        if frame is None:
            view = positions_view(account, found, has)
            frame = frames.update(Topic.POSITIONS, account, found.revision, view["as_of"], dump(view))
            self._position_frames[account, has] = frame
        yield frame

    def _trade_news(self, client: Client, account: str, wanted: bool) -> Iterator[bytes]:
        kept = self._trades.get(account)
        if kept is None:
            return
        number = client.trades_seen.get(account, 0)
        if wanted and number < kept.first:
            client.close(TOO_SLOW, "too far behind")
            return
        while wanted and number < kept.end:
            client.trades_seen[account] = number + 1
            yield kept.frames[number - kept.first]
            number += 1
        client.trades_seen[account] = kept.end

    # -- hearing ---------------------------------------------------------------------------------------------------------

    def _listen_forever(self) -> None:
        delay = FIRST_RETRY_S
        while not self._stopping:
            try:
                with connect(self._url, Role.WEB, "listen", autocommit=True) as conn:
                    for channel in (CHANNEL, *self._followers):
                        conn.execute(f"LISTEN {channel}")
                    for follower in self._followers.values():
                        follower.follow()
                    self._know(self._reads.follow())
                    self._mark_everything()
                    delay = FIRST_RETRY_S
                    for notify in conn.notifies():
                        if notify.channel in self._followers:
                            self._followers[notify.channel].heard(notify.payload)
                        else:
                            self._heard(notify.payload)
            except (psycopg.Error, DatabaseAway) as error:
                log.warning("not listening to the database: %s", str(error).splitlines()[0] if str(error) else error)
            except Exception:
                log.exception("listening failed")
            finally:
                self._reads.unfollow()
                for follower in self._followers.values():
                    follower.unfollow()
            gevent.sleep(delay)
            delay = min(delay * 2, LAST_RETRY_S)

    def _heard(self, payload: str) -> None:
        try:
            message = json.loads(payload)
            account, topic, revision = str(message["account"]), str(message["topic"]), int(message["revision"])
        except (ValueError, KeyError, TypeError):
            log.warning("a NOTIFY on %s is not ours", CHANNEL)
            return
        self._reads.heard(account, topic, revision)
        self._mark(account, topic)

    def _mark(self, account: str, topic: str) -> None:
        self._dirty.add((account, topic))
        self._changed.set()

    def _know(self, board: Board) -> None:
        """What was traded before the hub began is no news; an account that comes later begins with its first trade."""
        for account, state in board.accounts.items():
            begin = 0 if self._started else state.revisions.get(Topic.TRADES.value, 0)
            self._trades.setdefault(account, TradeLog(begin))
        self._started = True

    def _mark_everything(self) -> None:
        for account in self.accounts():
            for topic in Topic:
                self._mark(account, topic)

    # -- publishing ------------------------------------------------------------------------------------------------------

    def _publish_forever(self) -> None:
        while True:
            self._changed.wait()
            self._changed.clear()
            dirty, self._dirty = self._dirty, set()
            changed = False
            # The status first: it tells the numbers' freshness.
            for account, topic in sorted(dirty, key=lambda item: item[1] != Topic.STATUS):
                changed = self._publish_safely(account, topic) or changed
            if changed:
                self._push_all()

    def _push_all(self) -> None:
        for number, client in enumerate(list(self._clients), start=1):
            if client in self._clients:  # it may have gone while others had their turn
                client.push()
            if number % TURN == 0:
                gevent.sleep(0)

    def _publish_safely(self, account: str, topic: str) -> bool:
        try:
            if topic in (Topic.STATUS, Topic.NOTES) or account not in self.accounts():
                self._know(self._reads.refresh())
            return self._publish(account, topic)
        except DatabaseAway:
            return False  # the tick finds what wasn't published
        except UnknownAccount:
            log.warning("a NOTIFY names an account that isn't there")
        except Exception:
            log.exception("publishing %s failed", topic)
        return False

    def _publish(self, account: str, topic: str) -> bool:
        match topic:
            case Topic.STATUS:
                changed = self._publish_clock(account)
            case Topic.PORTFOLIO:
                changed = self._publish_portfolio(account)
            case Topic.POSITIONS:
                changed = self._publish_positions(account)
            case Topic.TRADES:
                changed = self._publish_trades(account)
            case Topic.STRATEGIES:
                changed = self._publish_strategies(account)
            case Topic.NOTES:
                changed = self._publish_notes(account)
            case _:
                changed = False
        return changed

    def _put(self, topic: Topic, account: str, content: Any, frame: bytes) -> None:
        slot = self._slots.setdefault((topic, account), Slot())
        slot.version += 1
        slot.content, slot.frame = content, frame

    def _publish_clock(self, account: str) -> bool:
        """What the clock alone can change: the status, and the portfolio's freshness."""
        changed = self._publish_status(account)
        return self._publish_portfolio(account) or changed

    def _publish_status(self, account: str) -> bool:
        view = self._reads.health(account)
        content = _lasting(view)
        slot = self._slots.get((Topic.STATUS, account))
        if slot is not None and slot.content == content:
            return False
        revision = self._revision(account, Topic.STATUS)
        self._put(
            Topic.STATUS, account, content, frames.update(Topic.STATUS, account, revision, view["as_of"], dump(view))
        )
        return True

    def _publish_portfolio(self, account: str) -> bool:
        encoded = self._encoder.portfolio(account)
        slot = self._slots.get((Topic.PORTFOLIO, account))
        self._published[account, Topic.PORTFOLIO] = encoded.revision
        if slot is not None and slot.content == encoded.body:
            return False
        frame = frames.update(Topic.PORTFOLIO, account, encoded.revision, encoded.as_of, encoded.body)
        self._put(Topic.PORTFOLIO, account, encoded.body, frame)
        return True

    def _publish_positions(self, account: str) -> bool:
        found = self._reads.position_rows(account)
        before = self._positions.get(account)
        self._published[account, Topic.POSITIONS] = found.revision
        if before is found:
            return False
        self._positions[account] = found
        self._position_frames = {key: f for key, f in self._position_frames.items() if key[0] != account}
        return before is None or before.revision != found.revision

    def _publish_trades(self, account: str) -> bool:
        kept = self._trades.setdefault(account, TradeLog(0))
        revision, trades = self._reads.trades_since(account, kept.revision)
        for index, (written, trade) in enumerate(trades):
            # "revision" promises everything up to it: a revision with several trades is complete with its last.
            complete = index + 1 == len(trades) or trades[index + 1][0] > written
            kept.frames.append(
                frames.update(Topic.TRADES, account, written if complete else written - 1, trade["time"], dump(trade))
            )
        kept.revision = revision
        self._published[account, Topic.TRADES] = revision
        while len(kept.frames) > TRADES_KEPT:
            kept.frames.popleft()
            kept.first += 1
        return bool(trades)

    def _publish_strategies(self, account: str) -> bool:
        view = self._reads.strategies(account)
        slot = self._slots.get((Topic.STRATEGIES, account))
        revision = self._revision(account, Topic.STRATEGIES)
        self._published[account, Topic.STRATEGIES] = revision
        content = {**view, "agent": {**view["agent"], "heartbeat_at": None}}  # its age alone is no news
        if slot is not None and slot.content == content:
            return False
        self._put(
            Topic.STRATEGIES, account, content, frames.update(Topic.STRATEGIES, account, revision, None, dump(view))
        )
        return True

    def _publish_notes(self, account: str) -> bool:
        """That there are other notes: who shows them reads them again."""
        revision = self._revision(account, Topic.NOTES)
        slot = self._slots.get((Topic.NOTES, account))
        self._published[account, Topic.NOTES] = revision
        if not revision or (slot is not None and slot.content == revision):
            return False
        self._put(Topic.NOTES, account, revision, frames.update(Topic.NOTES, account, revision, None, b"null"))
        return True

    def _revision(self, account: str, topic: Topic) -> int:
        board = self._reads.board()
        return board.accounts[account].revisions.get(topic.value, 0) if board else 0

    # -- the clock -------------------------------------------------------------------------------------------------------

    def _tick_forever(self) -> None:
        reading: gevent.Greenlet[[], None] | None = None
        while True:
            if reading is None or reading.ready():
                # On its own: a database that hangs must not stop the clock.
                reading = gevent.spawn(self._read_board)
            reading.join(TICK_S / 2)
            try:
                self._tick()
            except Exception:
                log.exception("the clock's look failed")
            gevent.sleep(TICK_S)

    def _read_board(self) -> None:
        try:
            board = self._reads.refresh()
        except DatabaseAway as error:
            log.debug("%s", error)
            return
        self._know(board)
        for account, state in board.accounts.items():
            self._mark(account, Topic.STRATEGIES)  # the clock alone makes a bot late and an agent away
            for topic in Topic:
                published = self._published.get((account, topic))
                if topic is not Topic.STATUS and (published is None or state.revisions.get(topic.value, 0) > published):
                    self._mark(account, topic)

    def _tick(self) -> None:
        changed = False
        for account in self.accounts():
            try:
                changed = self._publish_clock(account) or changed
            except DatabaseAway:
                continue  # nothing is known of it yet
        if changed:
            self._push_all()
        now = time.monotonic()
        for client in list(self._clients):
            client.look(now)


def _lasting(view: HealthView) -> dict[str, Any]:
    """The status without its ages: what is pushed when it changes."""
    content: dict[str, Any] = {key: value for key, value in view.items() if key not in ("as_of", "age_s")}
    for part in ("database", "poller", "gateway"):
        content[part] = {key: value for key, value in content[part].items() if key != "age_s"}
    return content
