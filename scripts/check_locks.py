"""Do the locks belong to pyproject.toml's dependency lists? Compares a stored hash; needs no network.

`--write` stores the hash (done by `make lock`).
"""

import hashlib
import json
import re
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
STORED = PROJECT / "requirements" / "inputs.sha256"


def inputs_hash() -> str:
    """The hash of what the locks are made from."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    lists = [project["project"]["dependencies"], project["dependency-groups"], project["project"]["requires-python"]]
    return hashlib.sha256(json.dumps(lists, sort_keys=True).encode()).hexdigest()


def problems() -> list[str]:
    """One sentence for everything that doesn't fit."""
    found = []
    if STORED.read_text(encoding="utf-8").strip() != inputs_hash():
        found.append("pyproject.toml's dependencies changed since the locks were made: run `make lock`.")
    for lock in sorted((PROJECT / "requirements").glob("*.lock")):
        text = lock.read_text(encoding="utf-8")
        if "://" in text or "--index-url" in text or "--find-links" in text:
            found.append(f"{lock.name} names a registry: locks hold names, versions and hashes only.")
        entries = [entry for entry in re.split(r"\n(?=\S)", text.replace("\\\n", " ")) if entry.strip()]
        found += [f"{lock.name}: {entry.split()[0]} has no hash." for entry in entries if "--hash=sha256:" not in entry]
    return found


if __name__ == "__main__":
    if "--write" in sys.argv:
        STORED.write_text(inputs_hash() + "\n", encoding="utf-8")
    trouble = problems()
    sys.stderr.writelines(f"{sentence}\n" for sentence in trouble)
    sys.exit(bool(trouble))
