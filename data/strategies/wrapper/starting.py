"""One start of a bot: kill file, lock, desired states, effective configuration, check, child, record; in this order.

A bot whose desired states can be read neither in the database nor in the file of those last known isn't started.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from data.strategies.desired import BotStates
from data.strategies.folder import BusyError, ControlFolder, ControlFolderError, HeldLock
from data.strategies.thetagang import configuration, output, validation
from data.strategies.thetagang.configuration import Configuration, ConfigurationError, framework_name
from data.strategies.thetagang.effective import Effective, effective, shortcomings
from data.strategies.wrapper import child, command
from data.strategies.wrapper.command import BotCommand
from data.strategies.wrapper.runs import DatabaseAwayError, Run, RunStore, Spool, TakenNameError, UnfitError
from data.strategies.wrapper.secrets import Masker

PEEK_S = 2.0  # who only looks who holds a lock holds it for a moment
AGENT_S = 60.0  # the agent holds it while it cancels a stopped strategy's orders
RETRY_S = 0.05
OURS = ("MTZ_", "DATABASE_URL")  # of the environment: nothing that the bot is given

Say = Callable[[str], None]


class Reason(Enum):
    """Why a bot wasn't started."""

    KILLED = "killed"
    BUSY = "busy"
    UNKNOWN_STATE = "unknown_state"
    CONFIGURATION = "configuration"
    NAME = "name"
    FOLDER = "folder"


class NotStartedError(Exception):
    """The bot isn't started; one sentence for the user. `run`: as far as it had come, where that is more than its beginning."""

    def __init__(self, message: str, reason: Reason, run: Run | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.run = run


def bot_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what is ours."""
    return {name: value for name, value in environment.items() if not name.startswith(OURS)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `mtz bot` was asked for. `environment`: the whole one; the bot gets it without what is ours."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    name: str | None = None
    schedule: str | None = None
    longest_s: int | None = None

    @property
    def of_bot(self) -> dict[str, str]:
        return bot_environment(self.environment)


@dataclass(frozen=True, slots=True)
class Done:
    """How it ended: `exit_code` is the bot's; None: nothing of it had to run."""

    exit_code: int | None
    words: str | None


class Starter:
    """Starts bots on this machine. `store` None: no database is known."""

    def __init__(self, folder: ControlFolder, store: RunStore | None, say: Say) -> None:
        self._folder, self._store, self._say = folder, store, say
        self._spool = Spool(folder)

    def run(self, wanted: Wanted) -> Done:
        """Raises NotStartedError (recorded as a run that was refused) and command.CommandError (not recorded)."""
        name = command.bot_name(wanted.arguments, wanted.name)
        bot = command.understand(wanted.arguments, wanted.of_bot, wanted.folder)
        run = _new_run(name, wanted, bot)
        try:
            self._refuse_if_killed()
            with self._lock(run) as held:
                self._refuse_if_killed()
                return self._start(bot, run, held)
        except NotStartedError as refusal:
            self._record((refusal.run or run).end("refused", None, str(refusal)))
            raise

    def _start(self, bot: BotCommand, run: Run, held: HeldLock) -> Done:
        try:
            found = configuration.read(bot.config, bot.environment)
        except ConfigurationError as error:
            raise _refused(run, str(error)) from None
        mask = Masker(found.secrets)
        run = _with_configuration(run, found, mask.arguments(bot.arguments))
        states, seen = self._states(run)
        run = replace(run, command_seen=seen)
        try:
            held.describe(_holder(run))
        except ControlFolderError as error:
            raise NotStartedError(str(error), Reason.FOLDER, run) from None
        self._remember(run, bot)
        if states.is_killed:
            raise NotStartedError("The kill switch is thrown: the bot is not started.", Reason.KILLED, run)
        changed = effective(found, states)
        self._say_all(changed.notes)
        if not changed.runs:
            words = "Every strategy is paused or stopped: the bot was not started."
            self._say(words)
            self._record(run.end("ok", None, words))
            return Done(None, words)
        path, first = self._write(found, changed, states, run)
        verdict = self._check(bot, path, run, mask)
        run = replace(run, version=verdict.version)
        self._refuse_if_killed()  # all this took a while
        self._begin(run)
        return self._child(bot, path, run, held, mask, first)

    def _child(self, bot: BotCommand, path: Path, run: Run, held: HeldLock, mask: Masker, first: str | None) -> Done:
        arguments, environment = bot.with_config(path)
        if not os.isatty(1):
            environment["COLUMNS"] = output.COLUMNS
        try:
            ended = child.run(arguments, environment, bot.folder, held.descriptor)
        except child.CannotStartError as error:
            raise _refused(run, str(error)) from None
        kept = mask(ended.output)
        said = output.read(kept)
        outcome, words = _outcome(ended, said)
        run = replace(
            run,
            statuses={f"{run.bot['bot']}/{framework_name(name)}": why for name, why in said.strategies.items()},
            decisions=[_decision(run, number, skipped) for number, skipped in enumerate(said.skipped)],
        )
        self._record(run.end(outcome, ended.exit_code, "\n".join(filter(None, [words, first])) or None, kept))
        self._read_decisions(run)
        return Done(ended.exit_code, words)

    # -- what is desired

    def _refuse_if_killed(self) -> None:
        if (said := self._folder.killed()) is None:
            return
        who = f" by {said['actor']}" if said.get("actor") else ""
        why = f" ({said['reason']})" if said.get("reason") else ""
        raise NotStartedError(f"The kill switch was thrown{who}{why}: the bot is not started.", Reason.KILLED)

    def _states(self, run: Run) -> tuple[BotStates, int]:
        """From the database, which makes the bot known to it, else the last known ones; and up to which command they tell all."""
        name = run.bot["bot"]
        away = "no database is known"
        if self._store is not None:
            try:
                states = self._read_states(self._store, run)
                self._keep(states)
                with contextlib.suppress(DatabaseAwayError):  # what waits on the disk waits on
                    self._store.drain(self._spool)
                return states, _seen(states)
            except TakenNameError as error:
                raise NotStartedError(str(error), Reason.NAME) from None
            except DatabaseAwayError as error:
                away = f"the database is away ({error})"
        try:
            known = self._folder.read_states(name)
        except ControlFolderError as error:
            raise NotStartedError(f"Also {away}, and {error} The bot is not started.", Reason.UNKNOWN_STATE) from None
        if known is None:
            raise NotStartedError(
                f"What {name} shall do is not known: {away}, and nothing was kept from an earlier start. "
                "It is not started; start it again when the database can be reached.",
                Reason.UNKNOWN_STATE,
            )
        self._say(f"{away}: started by the states last known (command {known.command}).".capitalize())
        return known, known.command

    def _read_states(self, store: RunStore, run: Run) -> BotStates:
        """What is desired counts also where the database doesn't take what the bot says of itself."""
        try:
            return store.begin(run)
        except UnfitError as error:
            self._say(f"The database doesn't take what is known of this run ({error}).")
            return store.states(run.bot["bot"])

    def _keep(self, states: BotStates) -> None:
        """What was read now is what counts when the database is away the next time."""
        try:
            self._folder.write_states(states)
        except ControlFolderError as error:
            raise NotStartedError(str(error), Reason.FOLDER) from None

    # -- the lock

    @contextlib.contextmanager
    def _lock(self, run: Run) -> Iterator[HeldLock]:
        started = time.monotonic()
        while True:
            with contextlib.ExitStack() as stack:
                try:
                    held = stack.enter_context(self._folder.lock(run.bot["bot"], _holder(run)))
                except BusyError as error:
                    patience = AGENT_S if error.holder.get("holder") == "agent" else PEEK_S
                    if time.monotonic() - started > patience:
                        raise NotStartedError(_busy(run.bot["bot"], error.holder), Reason.BUSY) from None
                except ControlFolderError as error:
                    raise NotStartedError(str(error), Reason.FOLDER) from None
                else:
                    yield held
                    return
            time.sleep(RETRY_S)

    # -- the effective configuration

    def _write(self, found: Configuration, changed: Effective, states: BotStates, run: Run) -> tuple[Path, str | None]:
        """The effective configuration's path, and what the first run with it loses."""
        if problems := shortcomings(changed.text, found, states):
            raise _refused(run, f"{found.path.name} can't be changed as desired: {' '.join(problems)}")
        path = effective_path(found.path)
        is_first = not path.exists()
        try:
            write_beside(path, changed.text, found.path)
        except OSError as error:
            raise _refused(
                run,
                f"{path} can't be written ({error.strerror}): `mtz bot` needs to write beside the bot's configuration.",
            ) from None
        lost = None
        if is_first and found.records_path is not None and found.records_path.exists():
            lost = FIRST_RUN.format(name=path.name)
            self._say(lost)
        return path, lost

    def _check(self, bot: BotCommand, path: Path, run: Run, mask: Masker) -> validation.Verdict:
        verdict = check(bot, path)
        if verdict.problem is not None:
            raise _refused(replace(run, version=verdict.version), mask(verdict.problem))
        return verdict

    # -- records

    def _begin(self, run: Run) -> None:
        with contextlib.suppress(DatabaseAwayError, TakenNameError):  # its end is spooled
            if self._store is not None:
                self._store.store(run)

    def _record(self, run: Run) -> None:
        """Into the database, else onto the disk."""
        if self._store is not None:
            try:
                self._store.store(run)
                return
            except (DatabaseAwayError, TakenNameError) as error:
                self._say(f"This run's record waits in {self._folder.path} to be stored ({error}).")
        try:
            self._spool.keep(run)
        except ControlFolderError as error:
            self._say(f"This run is recorded nowhere: {error}")

    def _read_decisions(self, run: Run) -> None:
        with contextlib.suppress(DatabaseAwayError):  # the agent reads them later
            if self._store is not None:
                self._store.read_decisions(run.bot["bot"])

    def _remember(self, run: Run, bot: BotCommand) -> None:
        """For the preview: it may hold secrets, so it lies in the control folder and not in the database."""
        last = {
            "arguments": list(bot.arguments),
            "environment": dict(bot.environment),
            "folder": str(bot.folder),
            "started_at": run.started_at,
        }
        with contextlib.suppress(ControlFolderError):
            self._folder.keep(f"last/{run.bot['bot']}.json", last)

    def _say_all(self, sentences: Sequence[str]) -> None:
        for sentence in sentences:
            self._say(sentence)


FIRST_RUN = (
    "ThetaGang keeps its memory by the path of its configuration, so this first run with {name} begins without the regime "
    "rebalance's flow state, the smoothed volatility weights and the trend states of earlier runs; cooldowns, tail entries and "
    "price history are kept by account and go on."
)


def effective_path(original: Path, kind: str = "mtz") -> Path:
    """thetagang.toml → thetagang.mtz.toml, beside it and always the same."""
    return original.with_name(f"{original.stem}.{kind}{original.suffix}")


def write_beside(path: Path, text: str, original: Path) -> None:
    """Whole or not at all, readable by whoever may read the original. Raises OSError."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
    ) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), original.stat().st_mode & 0o777)
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise


def check(bot: BotCommand, path: Path) -> validation.Verdict:
    """What the bot itself says of the effective configuration at `path`."""
    python = command.interpreter(bot.arguments, bot.environment)
    return validation.ask_bot(python, command.package_of(bot), path, bot.config, bot.environment, bot.folder)


def _new_run(name: str, wanted: Wanted, bot: BotCommand) -> Run:
    row: dict[str, Any] = dict.fromkeys(("family", "account", "client_id", "gateway_host", "gateway_port", "problem"))
    row |= {"bot": name, "config_path": str(bot.config), "command": Masker(()).arguments(bot.arguments)}
    row |= {"schedule": wanted.schedule, "longest_run_s": wanted.longest_s}
    now = datetime.now(UTC).isoformat()
    return Run(row, None, str(uuid.uuid4()), now, os.uname().nodename, os.getpid())


def _with_configuration(run: Run, found: Configuration, masked: list[str]) -> Run:
    row = run.bot | {
        "family": found.family,
        "account": found.account,
        "client_id": found.client_id,
        "gateway_host": found.host,
        "gateway_port": found.port,
        "command": masked,
    }
    listed = [
        {
            "name": f"{row['bot']}/{strategy.name}",
            "title": strategy.title,
            "symbols": list(strategy.symbols),
            "allocation": strategy.allocation,
            "can_pause_opening": strategy.can_pause_opening,
        }
        for strategy in found.strategies
    ]
    return replace(run, bot=row, strategies=listed)


def _holder(run: Run) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "pid": run.pid,
        "started_at": run.started_at,
        "command_seen": run.command_seen,
    }


def _refused(run: Run, words: str) -> NotStartedError:
    """Its file can't be used: that is the bot's trouble until a start finds it mended."""
    return NotStartedError(words, Reason.CONFIGURATION, replace(run, bot=run.bot | {"problem": words}))


def _seen(states: BotStates) -> int:
    """The newest command of which, and of all older ones, this run knows the effect: a resume that waits for the agent isn't in it."""
    return min([states.command, *(state.command for state in states.strategies.values() if not states.is_killed)])


def _busy(name: str, holder: Mapping[str, Any]) -> str:
    if holder.get("holder") == "agent":
        return f"The strategy agent is cancelling orders of {name}: start it again in a minute."
    who = f"a run of {name}" + (f" (process {holder['pid']})" if holder.get("pid") else "")
    since = f" since {holder['started_at'][:19]}Z" if holder.get("started_at") else ""
    return f"There is {who}{since} already: this one is not started."


def _decision(run: Run, number: int, skipped: output.Skipped) -> dict[str, Any]:
    """A row of `decisions`, of the time of the run's end: the output tells no times."""
    return {
        "bot": run.bot["bot"],
        "source_key": f"{run.run_id}:output:{number:03}",
        "account": run.bot["account"],
        "strategy": f"{run.bot['bot']}/{skipped.strategy}",
        "run_id": run.run_id,
        "ts": datetime.now(UTC).isoformat(),
        "kind": skipped.kind,
        "symbol": skipped.symbol,
        "contract": skipped.contract,
        "reason": skipped.reason,
        "detail": {"from": "output"},
    }


def _outcome(ended: child.Ended, said: output.Said) -> tuple[Any, str | None]:
    if ended.was_killed:
        return "killed", f"It was ended by a signal (exit code {ended.exit_code})."
    if ended.exit_code != 0:
        return "failed", said.words or f"It ended with exit code {ended.exit_code}."
    return "ok", said.trouble
