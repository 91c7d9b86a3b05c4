"""Masks what must not be kept: the broker's log-in, and what the environment calls a password, a token or a key."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "***"
NAMED = re.compile(
    r"(?i)\b((?:ib)?(?:fix)?(?:login)?(?:userid|user[_ ]?name|password|passwd|token|secret|api[_-]?key))"
    r"(\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;)}\]|]+)"
)
IN_URL = re.compile(r"(\w+://[^\s:/@]+:)[^\s@/]+@")


class Masker:
    """Takes `secrets` out of texts, and whatever stands after a name like password or token."""

    def __init__(self, secrets: Iterable[str]) -> None:
        longest_first = sorted({secret for secret in secrets if secret.strip()}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(MASK, text)
        text = NAMED.sub(lambda found: f"{found[1]}{found[2]}{MASK}", text)
        return IN_URL.sub(rf"\g<1>{MASK}@", text)

    def arguments(self, arguments: Iterable[str]) -> list[str]:
        """A command line: also what follows an option that is called so."""
        masked, hide = [], False
        for argument in arguments:
            masked.append(MASK if hide else self(argument))
            hide = bool(
                re.fullmatch(r"(?i)--?[\w-]*(password|passwd|token|secret|userid|username|api[_-]?key)", argument)
            )
        return masked
