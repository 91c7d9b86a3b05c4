"""Put a running bot under the control of a MoneyTrailz dashboard: pause, resume and stop its strategies, and prove it.

One file to copy beside a bot. It needs Python 3.10 or newer and nothing else, and imports nothing of the dashboard.
docs/in-process-bots.md says how. In short:

    control = Control("http://127.0.0.1:8000", "mybot", [Strategy("wheel", symbols=["KO"])], token="…", state_file="mybot.json")
    control.start()                                   # a thread of its own talks to the dashboard: nothing here waits for it
    while True:
        with control.cycle():                         # commands are applied here, in the bot's own thread
            if control.may_open("wheel", "KO"):
                control.order_queued("wheel", "KO")   # whatever is queued is told, so that a pause can be seen to hold
                …

While the dashboard is away the last known states hold, also after a restart (`state_file`). Where none were ever known, no
strategy runs until the first answer.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

__all__ = ["Control", "RegistryControl", "State", "Strategy"]

log = logging.getLogger("mtz.bot_client")

ACTIVE, OPENING_PAUSED, PAUSED, STOPPED = SAFETY = ("active", "opening_paused", "paused", "stopped")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
LONGEST_PAUSE_S = 5.0  # between two tries while the dashboard is away
SHORTEST_PAUSE_S = 0.05
MOST_DECISIONS, AT_ONCE = 5000, 200
LONGEST_WORD, LONGEST_SENTENCE = 64, 1000


@dataclass(frozen=True)
class State:
    """What a strategy has to do: active, opening_paused, paused or stopped; `symbols`: single ones that differ."""

    desired: str = ACTIVE
    symbols: Mapping[str, str] = field(default_factory=dict)

    def of(self, symbol: str | None = None) -> str:
        """What holds for one symbol of it: the safer of both."""
        return max(self.desired, self.symbols.get(symbol or "", ACTIVE), key=SAFETY.index)

    def may_trade(self, symbol: str | None = None) -> bool:
        """Whether any order may be sent: rolls and closes, too."""
        return self.of(symbol) in (ACTIVE, OPENING_PAUSED)

    def may_open(self, symbol: str | None = None) -> bool:
        """Whether orders may be sent that open something new."""
        return self.of(symbol) == ACTIVE


UNKNOWN = State(PAUSED)
OnState = Callable[[str, State], None]


@dataclass
class Strategy:
    """One strategy of the bot.

    `on_state(name, state)` is called in the bot's thread when its state changes; for "stopped" it cancels the strategy's own
    working orders. What it raises is shown as the reason why the command failed, and it is called again with the next cycle.
    """

    name: str
    title: str | None = None
    symbols: Sequence[str] = ()
    allocation: float | None = None  # share of the account, a fraction of 1
    can_pause_opening: bool = False  # the bot tells openings from rolls and closes
    on_state: OnState | None = None


@dataclass
class _Book:
    """What is kept of a strategy: what was said of it last, what it acts on, and whether that holds."""

    strategy: Strategy
    said: dict[str, Any] = field(default_factory=dict)
    applied: State | None = None
    command: int = 0
    failure: str | None = None
    cycles: int = 0
    queued: int = 0
    broken_in: int = -1  # the cycle in which an order was queued against the state

    def report(self) -> dict[str, Any]:
        applied, strategy = self.applied or UNKNOWN, self.strategy
        return {
            "name": strategy.name, "title": _text(strategy.title, LONGEST_WORD), "symbols": list(strategy.symbols),
            "allocation": strategy.allocation, "can_pause_opening": strategy.can_pause_opening,
            "applied_command": self.command, "desired": applied.desired, "symbol_states": dict(applied.symbols),
            "failure": _text(self.failure), "cycles_since": self.cycles, "queued_orders": self.queued, **self.said,
        }  # fmt: skip


class Control:
    """The bot's side of the dashboard. Every method may be called from any thread, and none waits for the network."""

    def __init__(
        self,
        url: str,
        bot: str,
        strategies: Sequence[Strategy] = (),
        *,
        token: str | None = None,
        state_file: str | os.PathLike[str] | None = None,
        kill_file: str | os.PathLike[str] | None = None,
        account: str | None = None,
        client_id: int | None = None,
        gateway: tuple[str, int] | None = None,
        version: str | None = None,
        run_unknown: bool = False,
        on_change: Callable[[], None] | None = None,
        heartbeat_s: float = 1.0,
        timeout_s: float = 5.0,
    ) -> None:
        """`token`: one of the dashboard's with the scope "control". `kill_file`: `control/kill.json` in the dashboard's data
        folder, where the bot is on the same machine: `mtz kill` writes it, also while the dashboard and its database are down. `client_id`, `gateway`: the bot's own at TWS or IB Gateway;
        with them the dashboard can cancel a stopped strategy's orders when the bot has died. `run_unknown`: run strategies of
        which no state was ever known. `on_change`: called in the heartbeat's thread when there is something to apply (an
        asyncio bot passes `lambda: loop.call_soon_threadsafe(control.apply)`), so that a command need not wait for the next cycle.
        """
        self.bot = bot
        self.changed = threading.Event()  # there is something to apply
        self._base = f"{url.rstrip('/')}/api/bots/{urllib.parse.quote(bot)}"
        self._send = _Sender(self._base, token, timeout_s)
        host, port = gateway or (None, None)
        self._meta = {
            "account": account, "client_id": client_id, "gateway_host": host, "gateway_port": port, "pid": os.getpid(),
            "version": _text(version, LONGEST_WORD), "problem": None,
        }  # fmt: skip
        self._file = Path(state_file).absolute() if state_file is not None else None
        self._kill_file = Path(kill_file) if kill_file is not None else None
        self._was_killed = False
        self._run_unknown, self._on_change, self._heartbeat_s = run_unknown, on_change, heartbeat_s
        self._lock = threading.RLock()
        self._books: dict[str, _Book] = {}
        self._states = self._kept()
        self._cycle: dict[str, Any] | None = None
        self._number, self._is_eventful = 0, False
        self._decisions: deque[dict[str, Any]] = deque(maxlen=MOST_DECISIONS)
        self._wake, self._answered, self._ended = threading.Event(), threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._is_away: bool | None = None
        for strategy in strategies:
            self.add(strategy)

    # -- life

    def start(self, wait_s: float = 5.0) -> bool:
        """Begin to talk to the dashboard; whether it has answered within `wait_s` (0: don't wait)."""
        self._thread = threading.Thread(target=self._talk, name="mtz heartbeat", daemon=True)
        self._thread.start()
        return self._answered.wait(wait_s) if wait_s > 0 else False

    def close(self, wait_s: float = 5.0) -> None:
        """Tell what there is to be told once more, and end."""
        self._ended.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(wait_s)

    def add(self, strategy: Strategy) -> None:
        """One more strategy; one of the same name is replaced."""
        with self._lock:
            known = self._books.get(strategy.name)
            self._books[strategy.name] = _Book(strategy, known.said if known else {})

    def remove(self, name: str) -> None:
        """The bot has it no more."""
        with self._lock:
            self._books.pop(name, None)

    @property
    def is_connected(self) -> bool:
        """Whether the dashboard answered the last heartbeat."""
        return self._is_away is False

    # -- what holds

    def state(self, name: str) -> State:
        """What the strategy has to do, as far as is known now."""
        with self._lock:
            return self._wanted(name)[0]

    def may_trade(self, name: str, symbol: str | None = None) -> bool:
        """Whether the strategy may send orders at all."""
        return self.state(name).may_trade(symbol)

    def may_open(self, name: str, symbol: str | None = None) -> bool:
        """Whether the strategy may send orders that open something."""
        return self.state(name).may_open(symbol)

    def _wanted(self, name: str) -> tuple[State, int]:
        if self._is_killed_here():
            return State(STOPPED), self._seen()
        if self._states is None:
            return (State() if self._run_unknown else UNKNOWN), 0
        found = self._states["strategies"].get(name)
        command = int(found["command"] if found else self._states["command"])
        if self._states["is_killed"]:
            return State(STOPPED), command
        return (State(found["desired"], dict(found["symbols"])) if found else State()), command

    def _is_killed_here(self) -> bool:
        return self._kill_file is not None and self._kill_file.exists()

    def apply(self) -> list[str]:
        """Act on what is known now: `on_state` of each strategy whose state changed. Gives their names.

        Call it in the bot's own thread; :meth:`cycle` does.
        """
        with self._lock:
            self.changed.clear()
            books = list(self._books.values())
        changed = [book.strategy.name for book in books if self._apply(book)]
        self._wake.set()
        return changed

    def _apply(self, book: _Book) -> bool:
        name = book.strategy.name
        with self._lock:
            state, command = self._wanted(name)
            if book.applied == state:
                book.command = command
                return False
        try:
            if book.strategy.on_state is not None:
                book.strategy.on_state(name, state)
        except Exception as error:
            log.exception("%s can't be made %s", name, state.desired)
            with self._lock:
                book.failure = f"{type(error).__name__}: {error}"
            return False
        with self._lock:
            is_as_safe = book.applied is not None and not (book.applied.may_trade() or state.may_trade())
            book.applied, book.command, book.failure = state, command, None
            book.cycles, book.queued, book.broken_in = book.cycles if is_as_safe else 0, 0, -1
        log.info("%s is %s now", name, state.desired)
        return True

    # -- a cycle

    @contextlib.contextmanager
    def cycle(self, next_at: datetime | None = None) -> Iterator[Control]:
        """Wrap each pass of the bot in it. A pass without an order of a paused strategy is what proves the pause."""
        self.apply()
        with self._lock:
            self._number += 1
            if self._cycle is None or self._is_eventful:  # quiet ones share one line in the dashboard
                self._cycle = {"run_id": str(uuid.uuid4())}
            self._is_eventful = False
            self._cycle = {"run_id": self._cycle["run_id"], "started_at": _now(), "command_seen": self._seen()}
            before = {name: book.applied for name, book in self._books.items()}
        try:
            yield self
        except BaseException as error:
            self._end_cycle("failed", f"{type(error).__name__}: {error}", before, next_at)
            raise
        self._end_cycle("ok", None, before, next_at)

    def _seen(self) -> int:
        return int(self._states["command"]) if self._states else 0

    def _end_cycle(
        self, outcome: str, words: str | None, before: Mapping[str, State | None], next_at: datetime | None
    ) -> None:
        with self._lock:
            assert self._cycle is not None
            self._cycle = {**self._cycle, "ended_at": _now(), "outcome": outcome, "words": _text(words)}
            self._is_eventful = self._is_eventful or outcome != "ok"
            for name, book in self._books.items():
                if next_at is not None:
                    book.said["next_cycle_at"] = _stamp(next_at)
                is_whole = outcome == "ok" and book.applied is not None and before.get(name) is book.applied
                if is_whole and book.broken_in != self._number:
                    book.cycles += 1
                    book.failure = None if book.broken_in >= 0 else book.failure
        self._wake.set()

    def order_queued(
        self, name: str, symbol: str | None = None, *, opening: bool = True, ref: str | None = None
    ) -> bool:
        """Tell of every order that the bot is about to send; whether it may be sent. False: don't send it.

        An order that the state forbids is shown in the dashboard as a command that does not hold.
        """
        with self._lock:
            self._is_eventful = True
            book = self._books.get(name)
            if book is None:
                return True
            wanted, acts_on = self._wanted(name)[0], book.applied or UNKNOWN
            allowed = wanted.may_open(symbol) if opening else wanted.may_trade(symbol)
            agreed = acts_on.may_open(symbol) if opening else acts_on.may_trade(symbol)
            if not allowed and not agreed:
                what = " ".join(
                    filter(None, ["an order", f"for {symbol}" if symbol else "", f"({ref})" if ref else ""])
                )
                book.queued, book.cycles, book.broken_in = book.queued + 1, 0, self._number
                book.failure = (
                    f"{name} is {acts_on.of(symbol).replace('_', ' ')}, but {what} of it was queued all the same."
                )
                log.error("%s", book.failure)
        self._wake.set()
        return allowed

    # -- what is told

    def report(
        self,
        name: str,
        *,
        status: str | None = None,
        words: str | None = None,
        figures: Mapping[str, float | str | None] | None = None,
        open_orders: int | None = None,
        symbols: Sequence[str] | None = None,
        allocation: float | None = None,
    ) -> None:
        """What the bot says of a strategy: running, idle, error or a word of its own, and why. It holds until the next report."""
        with self._lock:
            book = self._books.get(name)
            if book is None:
                raise ValueError(f"this bot has no strategy {name!r}: add it first")
            book.strategy.symbols = book.strategy.symbols if symbols is None else list(symbols)
            book.strategy.allocation = book.strategy.allocation if allocation is None else allocation
            book.said.update(
                status=_text(status, LONGEST_WORD),
                words=_text(words),
                figures=_figures(figures or {}),
                open_orders=open_orders,
            )

    def about(self, *, account: str | None = None, version: str | None = None) -> None:
        """What is known of the bot only once it is connected."""
        with self._lock:
            self._meta.update({k: v for k, v in {"account": account, "version": version}.items() if v is not None})
        self._wake.set()

    def problem(self, words: str | None) -> None:
        """What keeps the whole bot from working; None: nothing does."""
        with self._lock:
            self._meta["problem"] = _text(words)
        self._wake.set()

    def decide(self, name: str, kind: str, reason: str | None = None, **more: Any) -> str:
        """A line for the ledger; its key. `kind`: intent, skip, rejection, error or note.

        `more`: symbol, con_id, contract, action, quantity, limit_price, bid, ask, order_id, perm_id, order_ref, detail.
        Lines are kept while the dashboard is away; of very many the oldest are lost.
        """
        key = str(more.pop("source_key", None) or uuid.uuid4())
        line = {"source_key": key, "strategy": name, "ts": _now(), "kind": kind, "reason": _text(reason), **more}
        with self._lock:
            self._is_eventful = True
            self._decisions.append(line | {"run_id": self._cycle["run_id"] if self._cycle else None})
        self._wake.set()
        return key

    # -- the heartbeat's thread

    def _talk(self) -> None:
        pause = self._heartbeat_s
        while True:
            is_last = self._ended.is_set()
            self._wake.clear()
            self._look_for_kill()
            try:
                self._beat()
                self._tell_decisions()
                pause = self._heartbeat_s
            except _AwayError as error:
                self._note_away(str(error))
                pause = min(pause * 2, LONGEST_PAUSE_S)
            except Exception:  # the bot must not lose its control over an error of ours
                log.exception("the heartbeat failed; it is tried again")
                pause = LONGEST_PAUSE_S
            if is_last:
                return
            time.sleep(SHORTEST_PAUSE_S)  # what comes together is told together
            if self._is_away:
                self._ended.wait(pause)
            else:
                self._wake.wait(pause)

    def _beat(self) -> None:
        with self._lock:
            body = dict(self._meta, strategies=[book.report() for book in self._books.values()], cycle=self._cycle)
        answer = self._send("heartbeat", body)
        states = _checked(answer, self.bot)
        with self._lock:
            is_news, self._states = states != self._states, states
        if is_news:
            self._keep(states)
        if self._is_away is not False:
            log.info("the dashboard at %s answers", self._base)
        self._is_away = False
        self._answered.set()
        if is_news:
            self._tell_change()

    def _look_for_kill(self) -> None:
        is_killed = self._is_killed_here()
        if is_killed != self._was_killed:
            self._was_killed = is_killed
            log.warning("the kill switch in %s is %s", self._kill_file, "thrown" if is_killed else "released")
            self._tell_change()

    def _tell_change(self) -> None:
        self.changed.set()
        if self._on_change is not None:
            self._on_change()

    def _tell_decisions(self) -> None:
        while self._decisions:
            with self._lock:
                lines = [self._decisions[n] for n in range(min(AT_ONCE, len(self._decisions)))]
            try:
                self._send("decisions", {"items": lines})
            except _RefusedError as error:
                log.error("%d lines for the ledger were refused and are lost: %s", len(lines), error)
            with self._lock:
                for line in lines:
                    with contextlib.suppress(ValueError):  # the oldest may have made room
                        self._decisions.remove(line)

    def _note_away(self, why: str) -> None:
        if self._is_away is not True:
            kept = "the last known states hold" if self._states is not None else "no state is known: no strategy runs"
            log.warning(
                "the dashboard at %s can't be asked (%s); %s, new commands are not known", self._base, why, kept
            )
        self._is_away = True

    # -- the last known states

    def _kept(self) -> dict[str, Any] | None:
        if self._file is None:
            return None
        try:
            return _checked(json.loads(self._file.read_text(encoding="utf-8")), self.bot)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, _AwayError) as error:
            log.error("the last known states in %s can't be read (%s): none are known", self._file, error)
            return None

    def _keep(self, states: Mapping[str, Any]) -> None:
        if self._file is None:
            return
        try:
            with tempfile.NamedTemporaryFile("w", dir=self._file.parent, delete=False, encoding="utf-8") as file:
                json.dump(states, file)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(self._file)
        except OSError as error:
            log.error(
                "the states can't be kept in %s (%s): a restart without the dashboard won't know them",
                self._file,
                error,
            )


class RegistryControl:
    """Control over a registry of running strategies, as `PortfolioManager.active_strategies` of MoneyTrailz.

    The `pause()` of such a strategy may be a mere flag that its caller doesn't look at. So a strategy that may not trade is
    taken out of the registry while it may not, and put back in its place; a symbol, out of the strategy's list of symbols.
    """

    def __init__(
        self,
        control: Control,
        registry: MutableMapping[str, Any],
        *,
        cancel: Callable[[str], None] | None = None,
        symbols: str = "symbols",
    ) -> None:
        """`registry`: name → running strategy, the very one that the bot goes through. `cancel(name)`: cancels the working
        orders of a strategy that is stopped. `symbols`: the attribute in which a strategy keeps its list of symbols.
        """
        self._control, self._registry, self._cancel, self._attribute = control, registry, cancel, symbols
        self._all: dict[str, Any] = {}
        self._symbols: dict[str, list[str]] = {}
        self._states: dict[str, State] = {}
        self._left: set[str] = (
            set()
        )  # what was left in the registry: if it isn't there any more, the bot took it out itself
        self._look()

    def _list_of(self, strategy: Any) -> list[str]:
        return [str(symbol) for symbol in getattr(strategy, self._attribute, None) or ()]

    @contextlib.contextmanager
    def cycle(self, next_at: datetime | None = None) -> Iterator[None]:
        """Wrap each pass of the bot in it, as :meth:`Control.cycle`; what the strategies say of themselves is told after it."""
        self._look()
        with self._control.cycle(next_at):
            self._enforce()  # also what has not changed: the bot may have made its registry anew
            try:
                yield
            finally:
                self._tell()

    def order_queued(
        self, name: str, symbol: str | None = None, *, opening: bool = True, ref: str | None = None
    ) -> bool:
        """See :meth:`Control.order_queued`."""
        return self._control.order_queued(name, symbol, opening=opening, ref=ref)

    def enforce(self) -> None:
        """Call it right before the bot goes through its registry, where it fills that within a pass."""
        if self._look():
            self._control.apply()
        self._enforce()

    def _on_state(self, name: str, state: State) -> None:
        self._states[name] = state
        self._enforce()
        if state.desired == STOPPED and self._cancel is not None:
            self._cancel(name)
        word = "resume" if state.may_trade() else "stop" if state.desired == STOPPED else "pause"
        told = getattr(self._all[name], word, None)
        if callable(told):  # for what the bot itself shows; nothing depends on it
            with contextlib.suppress(Exception):
                told()

    def _look(self) -> bool:
        """Take up what the bot has put into its registry or out of it; whether there is anything new."""
        for name in self._left - self._registry.keys():
            for known in (self._all, self._symbols, self._states):
                known.pop(name, None)
            self._control.remove(name)
        new = [name for name in self._registry if name not in self._all]
        for name, strategy in self._registry.items():
            if self._all.get(name) is not strategy:
                self._all[name], self._symbols[name] = strategy, self._list_of(strategy)
        for name in new:
            self._control.add(Strategy(name, symbols=self._symbols[name], on_state=self._on_state))
        self._left = set(self._registry)
        return bool(new)

    def _enforce(self) -> None:
        """Leave in the registry what may trade, in its order."""
        runs: dict[str, Any] = {}
        for name, strategy in self._all.items():
            state = self._states.get(name, UNKNOWN)
            if state.may_trade():
                runs[name] = strategy
            wanted = [symbol for symbol in self._symbols[name] if state.may_trade(symbol) or not state.may_trade()]
            if self._list_of(strategy) != wanted:
                setattr(strategy, self._attribute, wanted)
        if dict(self._registry) != runs:
            self._registry.clear()
            self._registry.update(runs)
        self._left = set(runs)

    def _tell(self) -> None:
        for name, strategy in self._all.items():
            status = getattr(strategy, "status", None)
            words = str(getattr(status, "value", status or "")).lower() or None
            errors = getattr(strategy, "errors", None) or []
            figures = {"executions": getattr(strategy, "execution_count", None)}
            self._control.report(name, status=words, words=str(errors[-1]) if errors else None, figures=figures)


# -- the wire


class _AwayError(Exception):
    """The dashboard can't be asked now."""


class _RefusedError(_AwayError):
    """It understood and refused: the same again would be refused again."""


class _Sender:
    """POST of JSON, the answer as JSON."""

    def __init__(self, base: str, token: str | None, timeout_s: float) -> None:
        parts = urllib.parse.urlsplit(base)
        if parts.scheme not in ("http", "https"):
            raise ValueError(f"the dashboard's address begins with http:// or https://, not {base!r}")
        is_near = parts.hostname in LOOPBACK
        if token and parts.scheme == "http" and not is_near:
            log.warning("the token goes over the network in the clear: use https for %s", parts.hostname)
        handlers = [urllib.request.ProxyHandler({})] if is_near else []
        self._open = urllib.request.build_opener(_NoRedirect, *handlers).open
        self._base, self._timeout_s = base, timeout_s
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def __call__(self, path: str, body: Mapping[str, Any]) -> Any:
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self._base}/{path}", data, self._headers, method="POST")  # noqa: S310 - checked above
        try:
            with self._open(request, timeout=self._timeout_s) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise (_RefusedError if error.code == 422 else _AwayError)(_sentence(error)) from None
        except (OSError, ValueError, urllib.error.URLError) as error:
            raise _AwayError(str(getattr(error, "reason", error)) or type(error).__name__) from None
        except Exception as error:  # http.client's own
            raise _AwayError(f"{type(error).__name__}: {error}") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would lead to a page for people, and take the token along."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _sentence(error: urllib.error.HTTPError) -> str:
    try:
        return f"{error.code}: {json.load(error)['detail']}"
    except Exception:
        return f"{error.code} {error.reason}"


def _checked(answer: Any, bot: str) -> dict[str, Any]:
    """The states as they came, if they are states of this bot."""
    try:
        strategies = {
            str(name): {
                "desired": SAFETY[SAFETY.index(found["desired"])],
                "command": int(found["command"]),
                "symbols": {str(symbol): SAFETY[SAFETY.index(value)] for symbol, value in found["symbols"].items()},
            }
            for name, found in answer["strategies"].items()
        }
        if answer["bot"] != bot:
            raise ValueError(f"they are of the bot {answer['bot']!r}")
        is_killed, command = bool(answer["is_killed"]), int(answer["command"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _AwayError(f"the answer is not understood ({error})") from None
    return {"bot": bot, "command": command, "is_killed": is_killed, "strategies": strategies}


def _now() -> str:
    return _stamp(datetime.now(timezone.utc))  # noqa: UP017 - Python 3.10 has no other name for it


def _stamp(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat()  # noqa: UP017


def _text(value: str | None, longest: int = LONGEST_SENTENCE) -> str | None:
    """As the dashboard takes it: not too long, and without what no database holds; None where nothing is left."""
    return (value.replace("\0", "")[:longest] or None) if value else None


def _figures(values: Mapping[str, Any]) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, (int, float)):
            return float(value) if math.isfinite(value) else None
        return None if value is None else _text(str(value))

    return {str(name)[:LONGEST_WORD]: plain(value) for name, value in values.items()}
