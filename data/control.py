"""What a command does and what it leaves alone, in words: the same sentences on the page, in REST and on the command line."""

from __future__ import annotations

from data.commands import Commands, Submitted
from data.control_views import CommandAnswer, CommandView, ShortView
from data.strategies.desired import EVERY

NAMED_SHORTS = 5


def answer(commands: Commands, submitted: Submitted) -> CommandAnswer:
    """The answer to pause, resume and stop. Raises DatabaseError."""
    command = submitted.command
    shorts = [] if command["action"] == "resume" else commands.shorts(command["strategy"])
    return {
        "command": command,
        "is_new": submitted.is_new,
        "effect": effect(command),
        "positions": positions(shorts),
        "shorts": shorts,
    }


def effect(command: CommandView) -> str:
    """One sentence: what the command asks for."""
    of = _subject(command)
    match command["action"], command["scope"]:
        case "pause", "opening":
            return f"{of} opens nothing new: no writes and buys; rolls and closes go on."
        case "pause", _:
            return f"{of} sends no new orders. Nothing is cancelled by us; the bot itself may cancel stale orders when it starts."
        case "stop", _:
            return f"{of} sends no new orders, and its working orders are cancelled."
        case _ if command["strategy"] == EVERY:
            return "The kill switch is released; each strategy stays stopped until it is resumed."
        case _:
            return f"{of} trades again."


def positions(shorts: list[ShortView]) -> str:
    """One sentence: that positions stay, and which of them can still be assigned."""
    if not shorts:
        return "Positions stay as they are; nothing is closed."
    names = ", ".join(f"{short['quantity']:g} {_contract(short)}" for short in shorts[:NAMED_SHORTS])
    more = f" and {len(shorts) - NAMED_SHORTS} more" if len(shorts) > NAMED_SHORTS else ""
    options = "option" if len(shorts) == 1 else "options"
    return f"Positions stay as they are; nothing is closed. {len(shorts)} short {options} can still be assigned: {names}{more}."


def _contract(short: ShortView) -> str:
    """As people read it: T 2026-12-18 26 P."""
    if short["expiry"] is None or short["strike"] is None:
        return " ".join(short["local_symbol"].split())
    return f"{short['symbol']} {short['expiry']} {short['strike']:g} {short['right']}"


def _subject(command: CommandView) -> str:
    if command["strategy"] == EVERY:
        return "Every strategy"
    return f"{command['symbol']} in {command['strategy']}" if command["symbol"] else command["strategy"]
