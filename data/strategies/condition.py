"""What a bot is doing, judged from what is stored of it and the clock. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from data.control_views import BotStateName
from data.rows import Row
from data.strategies.schedule import IsTradingDay, Schedule, ScheduleError, is_late, is_overrunning, next_run

ENDED = {
    "failed": "failed",
    "refused": "was refused",
    "killed": "was ended from outside",
    "vanished": "ended without a word",
}
SILENT_AFTER = timedelta(seconds=45)  # an in-process bot's heartbeat comes every second, and is announced every 15


@dataclass(frozen=True, slots=True)
class Condition:
    """`words`: why, in the bot's words or one sentence; `seen_at`: its last sign of life."""

    state: BotStateName
    words: str | None
    seen_at: datetime | None
    next_run: datetime | None = None


def judge(row: Row, now: datetime, is_trading_day: IsTradingDay) -> Condition:
    """Judge a row of the named query `strategies` at `now`."""
    match row["adapter"]:
        case "in_process":
            return _in_process(row, now)
        case "wrapper":
            return _wrapped(row, now, is_trading_day)
        case _:
            return Condition("unknown", "No bot has reported this strategy.", None)


def _in_process(row: Row, now: datetime) -> Condition:
    seen, words = row["heartbeat_at"], row["bot_words"]
    if seen is None or now - seen > SILENT_AFTER:
        since = f" since {seen:%Y-%m-%d %H:%M} UTC" if seen else ""
        return Condition("silent", f"The bot has given no sign of life{since}.", seen)
    if row["problem"] or row["bot_status"] == "error":
        return Condition("error", words or row["problem"] or "The bot reports an error.", seen)
    state: BotStateName = "running" if row["bot_status"] == "running" else "idle"
    return Condition(state, words, seen, row["next_cycle_at"])


def _wrapped(row: Row, now: datetime, is_trading_day: IsTradingDay) -> Condition:
    started, ended = row["run_started"], row["run_ended"]
    seen = ended or started
    try:
        schedule = Schedule.parse(row["schedule"]) if row["schedule"] else None
    except ScheduleError as error:
        return Condition("error", f"The schedule can't be read: {error}", seen)
    following = next_run(schedule, now, is_trading_day) if schedule else None
    if started is not None and ended is None:
        if is_overrunning(started, row["longest_run_s"], now):
            minutes = row["longest_run_s"] / 60
            words = f"This run takes longer than the {minutes:g} minutes that were expected."
            return Condition("overrunning", words, seen, following)
        return Condition("running", None, seen, following)
    if schedule and is_late(schedule, started, row["first_seen"], now, is_trading_day):
        return Condition("late", "A run that was expected hasn't come: look at what starts the bot.", seen, following)
    if row["run_outcome"] in ("failed", "refused", "killed", "vanished"):
        return Condition("error", row["run_words"] or f"The last run {ENDED[row['run_outcome']]}.", seen, following)
    if row["problem"]:
        return Condition("error", row["problem"], seen, following)
    return Condition("idle", None if started else "No run has been seen yet.", seen, following)
