"""What a bot's output says in the few lines that are known: why it failed, what it skipped and why, which strategy had trouble.

1.16 and its forks keep no records, so this is all there is of them; 2.x records what it sends, but not what it skips. What
isn't known is not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from data.strategies.thetagang.attribution import VIX, VIX_SYMBOL, WHEEL
from data.strategies.thetagang.configuration import framework_name

COLUMNS = "240"  # how wide the bot may write, so that a row of its tables is one line
LONGEST = 500
MOST = 200
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
LAST_WORDS = re.compile(r"^\s*(?:(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception|Exit|Interrupt)|Error|ERROR|Aborted)\b.*")
ALERT = re.compile(r"^ALERT: (.*)")
FRAMEWORK = re.compile(r"Failed to execute strategy (\S+?)(?: for (\S+?))?: (.*)")
TROUBLE = re.compile(r"Submitting orders failed|Failed to submit contract|Failed to execute strategy|Continuing anyway")
CELLS = re.compile(r"[│┃|]")
OPTION = re.compile(r"([A-Z. ]{1,6}?) *(\d\d)(\d\d)(\d\d)([CP])(\d{8})")
TABLES = {
    "Put writing summary": "did not write puts on {}",
    "Call writing summary": "did not write calls on {}",
    "Rollable & closeable": "did not roll {}",
}
LINES = (
    (re.compile(r"^(\S+): Finding eligible contracts failed"), "did not write {}: no contract meets the target"),
    (
        re.compile(r"^(\S+): Error occurred when trying to roll position"),
        "did not roll {}: no contract meets the limits",
    ),
    (re.compile(r"^(\S+): Unable to find a suitable contract to roll to"), "could not roll {}: closes it instead"),
    (re.compile(r"^Invalid market price for (\S+)"), "skipped {}: no price"),
    (re.compile(r"^(\S+): Failed to submit contract"), "could not send the order for {}"),
)


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something the bot did not do, in words; `strategy` is named without the bot."""

    kind: Literal["skip", "error"]
    strategy: str
    symbol: str | None
    contract: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Said:
    """`words`: why it failed. `trouble`: what went wrong although it ended well. `strategies`: whose trouble, in the bot's words."""

    words: str | None = None
    trouble: str | None = None
    strategies: dict[str, str] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()


def read(text: str) -> Said:
    """The masked output of one run."""
    lines = lines_of(text)
    alerts = [found[1] for line in lines if (found := ALERT.match(line))]
    last = alerts or [line for line in lines if LAST_WORDS.match(line)] or lines[-1:]
    strategies = {}
    for line in lines:
        if found := FRAMEWORK.search(line):
            strategies[found[1]] = (f"{found[2]}: {found[3]}" if found[2] else found[3])[:LONGEST]
    troubled = [line for line in lines if TROUBLE.search(line)]
    return Said(
        words=last[-1][:LONGEST] if last else None,
        trouble=troubled[-1][:LONGEST] if troubled else None,
        strategies=strategies,
        skipped=tuple(_skipped(lines))[:MOST],
    )


def lines_of(text: str) -> list[str]:
    """Lines without colours, borders kept, none empty."""
    lines = (ANSI.sub("", line).strip() for line in re.split(r"[\r\n]+", text))
    return [line for line in lines if line]


def cells_of(line: str) -> list[str]:
    """A table row's cells, or none where the line is no row."""
    return [cell.strip() for cell in CELLS.split(line) if cell.strip()] if CELLS.search(line) else []


def _skipped(lines: list[str]) -> Iterator[Skipped]:
    deed = "skipped {}"
    for line in lines:
        cells = cells_of(line)
        deed = next((words for title, words in TABLES.items() if title in line), deed)
        if len(cells) == 3 and cells[1] == "None":
            symbol, contract = _contract(cells[0])
            reason = f"{deed.format(contract or symbol)}: {cells[2]}"
            yield Skipped("skip", _strategy(symbol), symbol, contract, reason[:LONGEST])
        for pattern, words in LINES:
            if found := pattern.match(line):
                kind: Literal["skip", "error"] = "error" if "send" in words else "skip"
                yield Skipped(kind, _strategy(found[1]), found[1], None, words.format(found[1]))
        if found := FRAMEWORK.search(line):
            yield Skipped("error", framework_name(found[1]), found[2], None, found[3][:LONGEST])


def _contract(name: str) -> tuple[str, str | None]:
    """F     261218P00012500 → F, and the contract as people read it; a bare symbol has none."""
    found = OPTION.fullmatch(name)
    if found is None:
        return name, None
    symbol, year, month, day, right, strike = found.groups()
    return symbol.strip(), f"{symbol.strip()} 20{year}-{month}-{day} {int(strike) / 1000:g} {right}"


def _strategy(symbol: str) -> str:
    return VIX if symbol == VIX_SYMBOL else WHEEL
