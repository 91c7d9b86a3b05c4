"""Time zones by the names that gateways use."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Abbreviations that are no names of the time zone database, or name a fixed offset there ("EST" has no summer time,
# but the gateway writes it all year round for New York).
ALIASES = {
    "EST": "America/New_York", "EDT": "America/New_York", "EST5EDT": "America/New_York",
    "CST": "America/Chicago", "CDT": "America/Chicago", "CST6CDT": "America/Chicago",
    "MST": "America/Denver", "MDT": "America/Denver", "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles",
    "GMT": "Europe/London", "BST": "Europe/London", "MET": "Europe/Berlin", "CET": "Europe/Berlin",
    "CEST": "Europe/Berlin", "EET": "Europe/Helsinki", "JST": "Asia/Tokyo", "HKT": "Asia/Hong_Kong",
    "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney", "Z": "UTC",
    "Eastern Standard Time": "America/New_York", "Central Standard Time": "America/Chicago",
    "Mountain Standard Time": "America/Denver", "Pacific Standard Time": "America/Los_Angeles",
    "Greenwich Mean Time": "Europe/London", "Central European Standard Time": "Europe/Berlin",
    "Central European Time": "Europe/Berlin", "Coordinated Universal Time": "UTC",
    "Japan Standard Time": "Asia/Tokyo", "China Standard Time": "Asia/Shanghai",
}  # fmt: skip


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of that name; None where it is not known."""
    name = name.split("(")[0].strip()
    try:
        return ZoneInfo(ALIASES.get(name, name)) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
