"""`mtz bot -- thetagang --config …`: a bot's start in cron's place, and its dry run."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from dashboard.exits import CannotRunError, Exit
from dashboard.running import database_url_of
from dashboard.settings import Settings
from data.db import make_engine
from data.model import Role
from data.strategies.desired import BotStates
from data.strategies.folder import ControlFolder, ControlFolderError
from data.strategies.schedule import Schedule, ScheduleError
from data.strategies.wrapper import command
from data.strategies.wrapper.command import CommandError
from data.strategies.wrapper.previewing import Previewed, preview
from data.strategies.wrapper.runs import DatabaseAwayError, RunStore
from data.strategies.wrapper.starting import NotStartedError, Reason, Starter, Wanted, bot_environment

EXITS = {Reason.BUSY: Exit.IN_USE, Reason.FOLDER: Exit.DATA_DIR, Reason.UNKNOWN_STATE: Exit.DATABASE}


def run_bot(
    settings: Settings, arguments: Sequence[str], name: str | None, schedule: str | None, longest_s: int | None
) -> int:
    """Start the bot as control desires, wait for its end, and give its exit code; 0 where nothing of it had to run.

    Raises:
        CannotRunError: it was not started; one sentence says why.
    """
    try:
        if schedule is not None:
            Schedule.parse(schedule)
        wanted = Wanted(arguments, os.environ, Path.cwd(), name, schedule, longest_s)
        with _store(settings) as store:
            return Starter(control_folder(settings), store, _say).run(wanted).exit_code or 0
    except (CommandError, ScheduleError) as error:
        raise CannotRunError(str(error), Exit.SETTINGS) from None
    except NotStartedError as error:
        raise CannotRunError(str(error), EXITS.get(error.reason, Exit.FAILED)) from None


def preview_bot(settings: Settings, arguments: Sequence[str], name: str | None, say: Callable[[str], None]) -> int:
    """The bot's own dry run with this command line, now; says what it would send.

    Raises:
        CannotRunError: it can't be run; one sentence says why.
    """
    folder = control_folder(settings)
    environment = bot_environment(os.environ)
    try:
        bot = command.bot_name(arguments, name)
        done = preview(
            folder, bot, command.understand(arguments, environment, Path.cwd()), _states(settings, folder, bot)
        )
    except CommandError as error:
        raise CannotRunError(str(error), Exit.SETTINGS) from None
    if done.problem is not None:
        raise CannotRunError(done.problem, Exit.FAILED)
    for line in _listed(done):
        say(line)
    return Exit.OK


def _listed(done: Previewed) -> Iterator[str]:
    if not done.orders:
        yield "It would send no order."
    for order in done.orders:
        cash = "" if order["cash"] is None else f"  cash {order['cash']:+,.2f}"
        assignment = "" if order["assignment"] is None else f"  at assignment {order['assignment']:+,.2f}"
        note = f"  ({order['note']})" if order["note"] else ""
        yield f"{order['what']}{cash}{assignment}{note}"
    yield "Nothing was sent and nothing was cancelled."


def _states(settings: Settings, folder: ControlFolder, bot: str) -> BotStates:
    """As the next run would find them; where they can't be had, as if nothing were held back, which is said."""
    with _store(settings) as store, contextlib.suppress(DatabaseAwayError):
        if store is not None:
            return store.states(bot)
    with contextlib.suppress(ControlFolderError):
        if (known := folder.read_states(bot)) is not None:
            return known
    _say("What is paused can't be read: this shows what it would do with everything active.")
    return BotStates(bot)


def control_folder(settings: Settings) -> ControlFolder:
    return ControlFolder(settings.control_dir)


@contextlib.contextmanager
def _store(settings: Settings) -> Iterator[RunStore | None]:
    try:
        url = database_url_of(settings)
    except CannotRunError:  # no URL, and no `mtz run` whose database it could be
        yield None
        return
    engine = make_engine(url, Role.AGENT, "bot", pool_size=1)
    try:
        yield RunStore(engine)
    finally:
        engine.dispose()


def _say(sentence: str) -> None:
    print(f"mtz bot: {sentence}", file=sys.stderr, flush=True)
