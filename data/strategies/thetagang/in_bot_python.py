"""Run by the *bot's own* Python, never imported here: checks a configuration as the bot itself would, and tells its version.

    python in_bot_python.py PACKAGE EFFECTIVE ORIGINAL

Prints one line of JSON: version, and `problem` where the bot would refuse. Nothing is written or connected.
"""

import importlib
import importlib.metadata
import json
import sys


def check(package: str, effective: str, original: str) -> None:
    config = importlib.import_module(f"{package}.config")
    try:
        migration = importlib.import_module(f"{package}.config_migration.startup_migration")
    except ImportError:
        toml = importlib.import_module("toml")
        with open(effective, encoding="utf8") as file:  # noqa: PTH123 - as the bot does
            config.Config(**config.normalize_config(toml.load(file)))
        return
    # The original, so that the sentence about a file of 1.x names the one that the user has to migrate.
    migration.run_startup_migration(
        original, migrate_only=False, auto_approve=False, stdin_isatty=False, stdout_isatty=False
    )
    tomlkit = importlib.import_module("tomlkit")
    with open(effective, encoding="utf8") as file:  # noqa: PTH123 - as the bot does
        document = tomlkit.parse(file.read()).unwrap()
    config.Config(**config.expand_env_vars_in_config_doc(document))


def words(error: BaseException) -> str:
    """The bot's words, without the values that it was given: they may be secret."""
    if hasattr(error, "errors"):
        found = error.errors(include_url=False, include_input=False, include_context=False)
        return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}".lstrip(": ") for one in found)
    return str(error) or type(error).__name__


def main() -> None:
    package, effective, original = sys.argv[1:4]
    answer: dict[str, str | None] = {"version": None, "problem": None}
    try:
        answer["version"] = importlib.metadata.version(package)
        check(package, effective, original)
    except (importlib.metadata.PackageNotFoundError, ModuleNotFoundError):
        pass  # another Python than the bot's: nothing can be said
    except Exception as error:
        answer["problem"] = words(error)
    print("\n" + json.dumps(answer))


if __name__ == "__main__":
    main()
