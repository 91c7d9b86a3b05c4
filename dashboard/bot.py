"""`mtz bot -- thetagang --config …`: a bot's start in cron's place, and its dry run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from dashboard.exits import CannotRunError, Exit
from dashboard.running import database_url_of
from dashboard.settings import Settings
from data.db import make_engine
from data.model import Role
from data.strategies.folder import ControlFolder
from data.strategies.schedule import Schedule, ScheduleError
from data.strategies.wrapper.command import CommandError
from data.strategies.wrapper.runs import RunStore
from data.strategies.wrapper.starting import NotStartedError, Reason, Starter, Wanted

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
        return Starter(control_folder(settings), _store(settings), _say).run(wanted).exit_code or 0
    except (CommandError, ScheduleError) as error:
        raise CannotRunError(str(error), Exit.SETTINGS) from None
    except NotStartedError as error:
        raise CannotRunError(str(error), EXITS.get(error.reason, Exit.FAILED)) from None


def control_folder(settings: Settings) -> ControlFolder:
    return ControlFolder(settings.data_dir / "control")


def _store(settings: Settings) -> RunStore | None:
    try:
        return RunStore(make_engine(database_url_of(settings), Role.AGENT, "bot", pool_size=1))
    except CannotRunError:  # no URL, and no `mtz run` whose database it could be
        return None


def _say(sentence: str) -> None:
    print(f"mtz bot: {sentence}", file=sys.stderr, flush=True)
