"""A bot's own dry run now: what it would send, with nothing sent and nothing cancelled.

It runs beside the bot on a client id of its own, with an effective configuration at a path of its own and, for ThetaGang 2, a
copy of its records, so that what it remembers counts and what it writes doesn't. Cancelling is switched off: 1.16's dry run
would cancel live orders otherwise.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from data.control_views import PreviewOrder
from data.strategies.desired import BotStates
from data.strategies.folder import BusyError, ControlFolder, ControlFolderError
from data.strategies.thetagang import configuration, orders, output
from data.strategies.thetagang.configuration import Configuration, ConfigurationError
from data.strategies.thetagang.effective import Preview, effective, shortcomings
from data.strategies.wrapper import child, command
from data.strategies.wrapper.command import BotCommand, CommandError
from data.strategies.wrapper.secrets import Masker
from data.strategies.wrapper.starting import check, effective_path, write_beside

COLUMNS = "1000"
LONGEST_S = 240.0
CLIENT_IDS = range(7000, 9000)
TRIES = 3
TAKEN = re.compile(r"\b326\b|client ?id.{0,40}in use", re.IGNORECASE)
WORDS = 8000
COPY_S = 5.0
PAGES = 256


@dataclass(frozen=True, slots=True)
class Previewed:
    """`problem`: why there is none, one sentence. `words`: the end of what the bot wrote, secrets masked."""

    orders: list[PreviewOrder] = field(default_factory=list)
    words: str | None = None
    problem: str | None = None


def last_command(folder: ControlFolder, bot: str) -> BotCommand:
    """How `mtz bot` started this bot last. Raises CommandError."""
    try:
        last = folder.kept(f"last/{bot}.json")
    except ControlFolderError as error:
        raise CommandError(str(error)) from None
    if last is None:
        raise CommandError(f"How {bot} is started isn't known on this machine: run it once by `mtz bot`.")
    try:
        return command.understand(last["arguments"], last["environment"], Path(last["folder"]))
    except (KeyError, TypeError):
        raise CommandError(f"What is kept of the last start of {bot} is damaged: run it once by `mtz bot`.") from None


def preview(
    folder: ControlFolder,
    bot: str,
    found: BotCommand,
    states: BotStates,
    is_stopping: Callable[[], bool] = lambda: False,
) -> Previewed:
    """Run the dry run to its end, up to four minutes. One at a time for each bot."""
    try:
        with folder.lock(f"{bot}~preview", {}):
            return _preview(folder, bot, found, states, is_stopping)
    except BusyError:
        return Previewed(problem=f"A dry run of {bot} is under way already.")
    except (ControlFolderError, ConfigurationError) as error:
        return Previewed(problem=str(error))
    except child.CannotStartError as error:
        return Previewed(problem=str(error))


def _preview(
    folder: ControlFolder, bot: str, found: BotCommand, states: BotStates, is_stopping: Callable[[], bool]
) -> Previewed:
    original = configuration.read(found.config, found.environment)
    if not _has_gateway(found):
        return Previewed(
            problem=f"{bot} starts a gateway of its own (no --without-ibc): a dry run beside it would start a second one."
        )
    mask = Masker(original.secrets)
    end = time.monotonic() + LONGEST_S
    with _records(folder, bot, original) as records:
        for client_id in random.sample(CLIENT_IDS, TRIES):
            changed = effective(original, states, Preview(client_id, records))
            if not changed.runs:
                return Previewed(words="Every strategy is paused or stopped: the bot would not be started.")
            if problems := shortcomings(changed.text, original, states):
                return Previewed(problem=f"{original.path.name} can't be changed as desired: {' '.join(problems)}")
            done = _run(found, changed.text, original, mask, lambda: is_stopping() or time.monotonic() > end)
            if not (done.problem and TAKEN.search(f"{done.problem} {done.words}")):
                return done
    return done


def _run(found: BotCommand, text: str, original: Configuration, mask: Masker, give_up: Callable[[], bool]) -> Previewed:
    path = effective_path(original.path, "mtz-preview")
    try:
        write_beside(path, text, original.path)
    except OSError as error:
        return Previewed(problem=f"{path} can't be written ({error.strerror}).")
    try:
        if (problem := check(found, path).problem) is not None:
            return Previewed(problem=mask(problem))
        arguments, environment = found.with_config(path, "--dry-run")
        ended = child.run(arguments, environment | {"COLUMNS": COLUMNS}, found.folder, in_front=False, give_up=give_up)
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
    kept = mask(ended.output)
    said = output.read(kept)
    words = "\n".join(output.lines_of(kept))[-WORDS:]
    if ended.exit_code != 0:
        why = said.words or f"It ended with exit code {ended.exit_code}."
        return Previewed(words=words, problem=f"The dry run failed: {why}")
    return Previewed(orders.intended(kept), words)


def _has_gateway(found: BotCommand) -> bool:
    told = found.environment.get(f"{found.prefix}_WITHOUT_IBC", "").lower()
    return "--without-ibc" in found.arguments or told in ("1", "true", "yes", "on", "t", "y")


@contextlib.contextmanager
def _records(folder: ControlFolder, bot: str, original: Configuration) -> Iterator[Path | None]:
    """A copy of the bot's records under which the dry run finds its memory; None: it has none, or it can't be copied now."""
    source = original.records_path
    if source is None or not source.exists():
        yield None
        return
    copy = folder.path / "previews" / f"{bot}.db"
    copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    copy.unlink(missing_ok=True)
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield copy if _copy(source, copy, _paths(original.path)) else None
    finally:
        for left in (copy, copy.with_name(f"{copy.name}-journal")):
            left.unlink(missing_ok=True)


def _paths(original: Path) -> Mapping[str, str]:
    """The configurations under whose names the bot remembers → the one that the dry run has."""
    own = str(effective_path(original, "mtz-preview"))
    return {str(effective_path(original)): own}


def _copy(source: Path, target: Path, renamed: Mapping[str, str]) -> bool:
    """In short steps, so that a bot that starts meanwhile isn't kept waiting."""
    deadline = time.monotonic() + COPY_S

    def step(_status: int, _left: int, _all: int) -> None:
        if time.monotonic() > deadline:
            raise TimeoutError

    try:
        with (
            contextlib.closing(
                sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=0.2)
            ) as reading,
            contextlib.closing(sqlite3.connect(target)) as writing,
        ):
            reading.backup(writing, pages=PAGES, progress=step, sleep=0.02)
            for before, after in renamed.items():
                writing.execute("UPDATE runs SET config_path = ? WHERE config_path = ?", (after, before))
            writing.commit()
    except (sqlite3.Error, TimeoutError):
        return False
    return True
