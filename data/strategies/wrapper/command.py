"""The bot's own command line: which configuration it names, and the same line with another one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SHORT, LONG = "-c", "--config"
SHEBANG = re.compile(rb"#!\s*(\S+)")
EXEC_LINE = re.compile(rb"^'''exec'\s+\"?([^\"\s]+)", re.MULTILINE)  # what installers write where a path is long
PACKAGE = re.compile(r"^(?:from|import)\s+(\w+)[\w.]*", re.MULTILINE)
BOT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


class CommandError(Exception):
    """The command line can't be used; one sentence for the user."""


@dataclass(frozen=True, slots=True)
class BotCommand:
    """A command line with its environment and folder. `where`: the argument that holds the configuration; None: a variable
    of the environment does, or it is the bot's default."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    config: Path  # absolute, links followed
    prefix: str  # of the environment variables that stand for the bot's options: THETAGANG
    where: int | None

    @property
    def package(self) -> str:
        """The bot's Python package, as far as its program's name tells."""
        return self.prefix.lower()

    def with_config(self, config: Path, *more: str) -> tuple[list[str], dict[str, str]]:
        """Arguments and environment that start the same with another configuration; `more`: further options."""
        arguments, environment = list(self.arguments), dict(self.environment)
        if self.where is None:
            environment[f"{self.prefix}_CONFIG"] = str(config)
        else:
            given = arguments[self.where]
            head = f"{LONG}=" if given.startswith(f"{LONG}=") else SHORT if given.startswith(SHORT) else ""
            arguments[self.where] = f"{head}{config}"
        return arguments + list(more), environment


def understand(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> BotCommand:
    """Raises CommandError."""
    if not arguments:
        raise CommandError("Say after -- what to start: mtz bot -- thetagang --config thetagang.toml.")
    prefix = _prefix(arguments)
    given, where = _given(arguments)
    if given is None:
        given = environment.get(f"{prefix}_CONFIG") or f"{prefix.lower()}.toml"
    path = folder / given
    if not path.is_file():
        raise CommandError(
            f"There is no configuration {path}: give the bot's own command line, as `thetagang --config FILE`."
        )
    return BotCommand(tuple(arguments), dict(environment), folder, path.resolve(), prefix, where)


def bot_name(arguments: Sequence[str], wanted: str | None) -> str:
    """How the bot is called: as wished, else as its program. Raises CommandError."""
    name = wanted or _prefix(arguments).lower()
    if not BOT_NAME.fullmatch(name):
        raise CommandError(f"{name!r} can't name a bot: use letters, digits, '.', '_' and '-', 63 at most (--name).")
    return name


def interpreter(arguments: Sequence[str], environment: Mapping[str, str]) -> Path | None:
    """The Python that runs the bot; None: its program is no Python script that can be looked into."""
    found = shutil.which(arguments[0], path=environment.get("PATH"))
    if found is None:
        return None
    program = Path(found)
    if re.fullmatch(r"python[\d.]*", program.name):
        return program
    try:
        with program.open("rb") as file:
            start = file.read(1024)
    except OSError:
        return None
    line = EXEC_LINE.search(start) or SHEBANG.match(start)
    python = Path(line[1].decode()) if line else None
    return python if python and re.fullmatch(r"python[\d.]*", python.name) and python.exists() else None


def package_of(command: BotCommand) -> str:
    """The package that the bot's program starts, read in its script; else as the program is called."""
    found = shutil.which(command.arguments[0], path=command.environment.get("PATH"))
    try:
        text = Path(found or "").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return command.package
    packages = [name for name in PACKAGE.findall(text) if name not in ("sys", "re", "os", "importlib")]
    return packages[0] if packages else command.package


def _prefix(arguments: Sequence[str]) -> str:
    """THETAGANG of `thetagang …`, `/path/thetagang …`, `python -m thetagang …`, `uv run thetagang …`."""
    names = [Path(argument).stem for argument in arguments if not argument.startswith("-")]
    known = next((name for name in names if name.partition(".")[0] in ("thetagang", "moneytrailz")), None)
    return (known or names[0] if names else "bot").partition(".")[0].upper().replace("-", "_")


def _given(arguments: Sequence[str]) -> tuple[str | None, int | None]:
    """The configuration that the command line names, and in which argument."""
    for number, argument in enumerate(arguments):
        if argument in (SHORT, LONG):
            if number + 1 == len(arguments):
                raise CommandError(f"{argument} wants a file after it.")
            return arguments[number + 1], number + 1
        if argument.startswith(f"{LONG}="):
            return argument.removeprefix(f"{LONG}="), number
        if argument.startswith(SHORT) and not argument.startswith("--"):
            return argument.removeprefix(SHORT), number
    return None, None
