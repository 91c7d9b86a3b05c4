"""What a password must be. Long beats complicated: no rules on kinds of characters."""

from __future__ import annotations

import unicodedata

SHORTEST, LONGEST = 12, 128
FEWEST_CHARACTERS = 6  # different ones

# What people choose when twelve characters are asked for; a longer password that contains one is fine.
_COMMON = (
    "password1234 passwordpassword password12345 password123456 passw0rd1234 p@ssw0rd1234 123456789012 1234567890123 "
    "12345678901234 123456123456 qwertyuiop12 qwertyuiop123 qwertyuiopas qwerty123456 qwertyqwerty 1q2w3e4r5t6y 1qaz2wsx3edc "
    "q1w2e3r4t5y6 abcdefghijkl abcdefg12345 abcd1234abcd iloveyou1234 iloveyouiloveyou letmeinletmein letmein12345 "
    "welcome12345 administrator administrator1 admin1234567 adminadmin12 changemechangeme changeme1234 trustno1trustno1 "
    "moneytrailz1 moneytrailz123 moneytrailz1234 interactivebrokers dashboard123 correcthorsebatterystaple"
)
COMMON = frozenset(_COMMON.split())


def normalize(password: str) -> str:
    """The same characters however a keyboard composes them."""
    return unicodedata.normalize("NFKD", password)


def problem(password: str, username: str) -> str | None:
    """Why this password isn't taken, as one sentence; None when it is."""
    if len(password) < SHORTEST:
        return f"The password is too short: take at least {SHORTEST} characters; a few words in a row are fine."
    if len(password) > LONGEST:
        return f"The password is too long: {LONGEST} characters are the most."
    lowered = password.casefold()
    if len(set(lowered)) < FEWEST_CHARACTERS:
        return f"The password repeats itself too much: use at least {FEWEST_CHARACTERS} different characters."
    if (
        username
        and lowered.replace(username.casefold(), "") != lowered
        and len(lowered) - len(username) < SHORTEST // 2
    ):
        return "The password is hardly more than the name: choose another."
    if lowered in COMMON:
        return "The password is among those that are guessed first: choose another."
    return None
