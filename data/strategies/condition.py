"""What a bot is doing, judged from what is stored of it and the clock. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from data.control_views import BotStateName
from data.rows import Row

SILENT_AFTER = timedelta(seconds=90)  # an in-process bot's heartbeat comes far more often


@dataclass(frozen=True, slots=True)
class Condition:
    """`words`: why, in the bot's words or one sentence; `seen_at`: its last sign of life."""

    state: BotStateName
    words: str | None
    seen_at: datetime | None
    next_run: datetime | None = None


def judge(row: Row, now: datetime) -> Condition:
    """Judge a row of the named query `strategies` at `now`."""
    match row["adapter"]:
        case "in_process":
            return _in_process(row, now)
        case "wrapper":
            return _wrapped(row, now)
        case _:
            return Condition("unknown", "No bot has reported this strategy.", None)


def _in_process(row: Row, now: datetime) -> Condition:
    seen, words = row["heartbeat_at"], row["bot_words"]
    if seen is None or now - seen > SILENT_AFTER:
        since = f" since {seen:%Y-%m-%d %H:%M} UTC" if seen else ""
        return Condition("silent", f"The bot has given no sign of life{since}.", seen)
    if row["problem"] or row["bot_status"] == "error":
        return Condition("error", words or row["problem"] or "The bot reports an error.", seen)
    return Condition("running" if row["bot_status"] == "running" else "idle", words, seen)


def _wrapped(row: Row, now: datetime) -> Condition:
    started, ended = row["run_started"], row["run_ended"]
    seen = ended or started
    if started is not None and ended is None:
        longest = row["longest_run_s"]
        if longest is not None and now - started > timedelta(seconds=longest):
            minutes = longest / 60
            return Condition(
                "overrunning", f"This run takes longer than the {minutes:g} minutes that were expected.", seen
            )
        return Condition("running", None, seen)
    if row["run_outcome"] in ("failed", "refused", "killed", "vanished"):
        return Condition("error", row["run_words"] or f"The last run {row['run_outcome']}.", seen)
    if row["problem"]:
        return Condition("error", row["problem"], seen)
    return Condition("idle", None if started else "No run has been seen yet.", seen)
