"""Time zones by the names that gateways use, and times by the forms that they use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
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


def moment(text: str, default: tzinfo = UTC) -> datetime | None:
    """A time of the wire in UTC; None where it can't be read.

    Forms: `20261123 09:30:00 US/Eastern`, `20261123-14:30:00` (which is UTC), `20261123  09:30:00` and seconds of the
    epoch. Without a zone, or with one that nobody knows, it is the gateway's own: `default`.
    """
    text = text.strip()
    try:
        if text.isdigit() and len(text) > 8:
            return datetime.fromtimestamp(int(text), UTC)
        if "-" in text[:9]:
            return datetime.strptime(text[:17], "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
        day, clock, *zone = text.split(maxsplit=2)
        local = datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=UTC)
        where = (zone_of(zone[0]) if zone else None) or default
        return local.replace(tzinfo=where).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def gateway_zone(greeting: str, now: datetime) -> tzinfo:
    """The gateway's zone, from its greeting (`20261123 09:30:00 EST`): by name, or else by how its clock differs
    from ours, to a quarter of an hour; UTC where neither makes sense.
    """
    words = greeting.split(maxsplit=2)
    if len(words) == 3 and (named := zone_of(words[2])):
        return named
    local = moment(" ".join(words[:2]))
    if local is None:
        return UTC
    quarters = round((local - now.astimezone(UTC)) / timedelta(minutes=15))
    return timezone(timedelta(minutes=15 * quarters)) if abs(quarters) <= 14 * 4 else UTC
