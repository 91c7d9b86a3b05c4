"""Between the file and ibflex, which raises on codes it doesn't know: they become “other”, unknown names are left out.

Each is named in the result. What is known but malformed (a number that is none) is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from ibflex import Types, enums, parser

from data.flex.safety import FlexError

OTHER = "other"
SECTIONS = frozenset(Types.FlexStatement.__annotations__)
_ENUMS: list[type[Enum]] = enums.ENUMS  # type: ignore[assignment]
ENUMS = {f"enums.{e.__name__} | None": frozenset(str(member.value) for member in e) for e in _ENUMS}
CODES = frozenset(code.value for code in enums.Code)
# What ibflex itself still understands of older files.
OLDER = {"Deposits/Withdrawals", "ACAT"}
CURRENCY = re.compile(r"[A-Z][A-Z0-9]{1,9}")
ZONED = re.compile(r"(.*\d)\s*(Z|[+-]\d\d:?\d\d|[A-Z]{2,5})")
OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
NEW_YORK = ZoneInfo("America/New_York")
ZONES: dict[str, tzinfo] = {"Z": UTC, "UTC": UTC, "GMT": UTC, "EST": NEW_YORK, "EDT": NEW_YORK, "ET": NEW_YORK}
MOST_DIGITS = 30


@dataclass(slots=True)
class Row:
    """An element as ibflex read it, and what the reading would lose."""

    value: Any  # of one of ibflex's classes
    raw: dict[str, str]  # the attributes as they were, without unknown ones
    zones: dict[str, tzinfo]  # of times that name one
    other: frozenset[str]  # attributes whose code is not known

    def time(self, name: str, zone: tzinfo) -> datetime | None:
        """A time in UTC, read in its own zone or else in `zone`."""
        found = getattr(self.value, name)
        return None if found is None else found.replace(tzinfo=self.zones.get(name, zone)).astimezone(UTC)

    def has_time(self, name: str) -> bool:
        """Whether it names a time of the day, not a day alone."""
        return len(self.raw.get(name, "")) > len("2026-01-05")


@dataclass(slots=True)
class Cleaner:
    """Reads elements; counts what it leaves out."""

    sections: Counter[str] = field(default_factory=Counter)
    attributes: Counter[str] = field(default_factory=Counter)
    codes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def row(self, element: Element) -> Row | None:
        """None where ibflex has no such element. Raises FlexError: a value is malformed."""
        kinds = _kinds(element.tag)
        if kinds is None:
            self.sections[element.tag] += 1
            return None
        raw: dict[str, str] = {}
        zones: dict[str, tzinfo] = {}
        other: set[str] = set()
        currencies: dict[str, str] = {}
        for name, value in element.items():
            kind = kinds.get(name)
            if kind is None:
                self.attributes[f"{element.tag}.{name}"] += 1
                del element.attrib[name]
                continue
            raw[name] = value
            if kind in ENUMS:
                if value and value not in ENUMS[kind] and value not in OLDER and ";" not in value:
                    other.add(name)
                    self.codes[f"{element.tag}.{name}", value[:60]] += 1
                    element.attrib[name] = ""
            elif kind == CODE_LIST:
                self._code_list(element, name, value, other)
            elif kind == TIME:
                _zoned(element, name, value, zones)
            elif kind == DAY:
                _unambiguous(element, name, value)
            elif kind == MONEY_NAME and value not in parser.CURRENCY_CODES:
                if not CURRENCY.fullmatch(value):
                    raise FlexError(f"{element.tag}.{name} is {value[:20]!r}, which is no currency")
                currencies[name] = value
                element.attrib[name] = ""
        return Row(
            replace(_read(element), **currencies) if currencies else _read(element), raw, zones, frozenset(other)
        )

    def _code_list(self, element: Element, name: str, value: str, other: set[str]) -> None:
        found = [code for code in re.split("[;,]", value) if code]
        known = [code for code in found if code in CODES]
        if len(known) < len(found):
            other.add(name)
            for code in set(found) - CODES:
                self.codes[f"{element.tag}.{name}", code[:60]] += 1
            element.attrib[name] = ";".join(known)

    @property
    def dropped(self) -> list[str]:
        """A sentence for each thing that was left out."""
        return [
            *(
                f"Section or line {name} isn't known and was left out ({_times(n)})."
                for name, n in self.sections.items()
            ),
            *(f"Field {name} isn't known and was left out." for name in self.attributes),
            *(
                f"{name} “{code}” isn't known and counts as other ({_times(n)})."
                for (name, code), n in self.codes.items()
            ),
        ]


CODE_LIST, TIME, DAY, MONEY_NAME = "codes", "time", "day", "currency"


@cache
def _kinds(tag: str) -> dict[str, str] | None:
    """What ibflex makes of each attribute of an element."""
    its = getattr(Types, tag, None) if tag in Types.__all__ or tag in ALSO else None
    if its is None:
        return None
    found = {}
    for name, kind in its.__annotations__.items():
        if "currency" in name.lower():
            found[name] = MONEY_NAME
        elif kind == "tuple[enums.Code, ...]":
            found[name] = CODE_LIST
        elif kind.startswith("datetime.datetime"):
            found[name] = TIME
        elif kind.startswith("datetime.date"):
            found[name] = DAY
        else:
            found[name] = kind
    return found


ALSO = frozenset({"Lot", "FlexStatement"})  # classes that ibflex has and doesn't list


def _read(element: Element) -> Any:
    try:
        value = parser.parse_data_element(element)
    except parser.FlexParserError as error:
        raise FlexError(_sentence(str(error))) from None
    for name in element.attrib:
        number = getattr(value, name)
        if isinstance(number, Decimal) and not (number.is_finite() and abs(number.adjusted()) <= MOST_DIGITS):
            raise FlexError(f"{element.tag}.{name} is {str(number)[:20]!r}, which is no amount")
    return value


def _sentence(words: str) -> str:
    """Of ibflex's “Trade.quantity - Can't convert 'x' to <class 'decimal.Decimal'>”."""
    name, _, rest = words.partition(" - ")
    wrong = re.search(r"convert '(.*?)' to <class '(?:\w+\.)?(\w+)'", rest)
    if wrong is None:
        return f"{name[:60]} can't be read"
    what = {"Decimal": "number", "int": "number", "date": "date", "datetime": "time", "bool": "yes or no"}
    return f"{name[:60]} is {wrong[1][:40]!r}, which is no {what.get(wrong[2], wrong[2])}"


def _zoned(element: Element, name: str, value: str, zones: dict[str, tzinfo]) -> None:
    _unambiguous(element, name, value)
    found = ZONED.fullmatch(value)
    if found is None:
        return
    plain, word = found.groups()
    if offset := OFFSET.fullmatch(word):
        if not re.search(r"\d\d:?\d\d:?\d\d$", plain):
            return  # a date's own hyphens
        minutes = int(offset[2]) * 60 + int(offset[3])
        zones[name] = timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    elif word in ZONES:
        zones[name] = ZONES[word]
    else:
        raise FlexError(
            f"{element.tag}.{name} names the time zone {word}, which isn't known: leave it out of the query"
        )
    element.attrib[name] = plain


def _unambiguous(element: Element, name: str, value: str) -> None:
    if "/" in value:
        raise FlexError(
            f"{element.tag}.{name} is {value[:20]!r}, a date that can be read in two ways: "
            "choose the date format yyyy-MM-dd in the Flex query"
        )


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"
