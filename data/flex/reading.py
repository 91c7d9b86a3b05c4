"""A file → its statements, one after the other: :func:`data.flex.safety.rows` → ibflex → :mod:`data.flex.records`."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from data.flex import translate
from data.flex.cleaning import SECTIONS, Cleaner, Row
from data.flex.records import ClosedLot, ConversionRate, Statement, Trade
from data.flex.safety import FlexError, check, opened, rows
from data.model import Contract

LONGEST = timedelta(days=366 * 3)
# What is read; the other sections of ibflex's are passed over.
LINES = {
    "AccountInformation": ("AccountInformation",),
    "ChangeInNAV": ("ChangeInNAV",),
    "CashReport": ("CashReportCurrency",),
    "EquitySummaryInBase": ("EquitySummaryByReportDateInBase",),
    "OpenPositions": ("OpenPosition",),
    "Trades": ("Trade", "Lot"),
    "OptionEAE": ("OptionEAE",),
    "CorporateActions": ("CorporateAction",),
    "CashTransactions": ("CashTransaction",),
    "Transfers": ("Transfer",),
    "ChangeInDividendAccruals": ("ChangeInDividendAccrual",),
    "OpenDividendAccruals": ("OpenDividendAccrual",),
    "SecuritiesInfo": ("SecurityInfo",),
    "ConversionRates": ("ConversionRate",),
}
# Other levels of the same section: the same money again, in sums.
SUMS = frozenset({"Order", "SymbolSummary", "AssetSummary"})
DETAIL, EXECUTION, CLOSED_LOT = "DETAIL", "EXECUTION", "CLOSED_LOT"


def read(path: Path, zone: ZoneInfo) -> Iterator[Statement]:
    """The statements of a file; `zone`: of times that name none.

    The whole file is looked through before the first is given.

    Raises:
        FlexError: the file, or the statement that would be next, can't be read.
    """
    with opened(path) as file:
        check(file)
        file.seek(0)
        yield from _statements(file, zone)


def _statements(file: IO[bytes], zone: ZoneInfo) -> Iterator[Statement]:
    query: str | None = None
    reading: _Reading | None = None
    section = ""
    for depth, element in rows(file):
        if depth == 0:
            query = element.get("queryName")
        elif depth == -2:
            reading = _Reading(element, zone)
        elif reading is None:
            continue
        elif depth == -3:
            section = element.tag
            reading.begin(element)
        elif (depth == 3 and element.attrib) or depth == 4:
            reading.line(section, element)
        elif depth == 2:
            yield reading.statement(query)
            reading = None


class _Reading:
    """One statement on its way. The start of an element has its attributes, its end all that is in it."""

    def __init__(self, element: Element, zone: ZoneInfo) -> None:
        self._zone = zone
        self._cleaner = Cleaner()
        self._head = dict(element.attrib)
        self._hash = hashlib.sha256()
        self._hash.update(repr(sorted((k, v) for k, v in self._head.items() if k != "whenGenerated")).encode())
        self._lines: dict[str, list[Row]] = defaultdict(list)
        self._fields: dict[str, set[str]] = {}
        self._trades: list[Trade] = []
        self._lots: list[ClosedLot] = []
        self._rates: list[ConversionRate] = []
        self._loose_lots = 0
        self._has_sums = False
        self._keys = translate.Keys()
        self._contracts: dict[int, Contract] = {}

    def begin(self, element: Element) -> None:
        self._fields.setdefault(element.tag, set())

    def line(self, section: str, element: Element) -> None:
        """A row of a section."""
        if section not in SECTIONS:
            self._cleaner.sections[section] += 1
            return
        if section not in LINES:
            return
        if element.tag in SUMS:
            self._has_sums = True
            return
        if element.tag not in LINES[section]:
            self._cleaner.sections[f"{section}/{element.tag}"] += 1
            return
        self._hash.update(f"{element.tag}{sorted(element.attrib.items())!r}".encode())
        row = self._cleaner.row(element)
        if row is None:
            return
        fields = self._fields.setdefault(section, set())
        if not fields >= row.raw.keys():
            fields |= row.raw.keys()
        if section == "Trades":
            self._trade(row)  # made at once: there are many
        elif section == "ConversionRates":
            self._rates.append(translate.conversion_rate(row))
        else:
            self._lines[section].append(row)

    def _trade(self, row: Row) -> None:
        level = row.raw.get("levelOfDetail", EXECUTION)
        if type(row.value).__name__ == "Lot" or level == CLOSED_LOT:
            lot = translate.closed_lot(row, self._zone, self._keys, self._trades[-1] if self._trades else None)
            if lot is None:
                self._loose_lots += 1
            else:
                self._lots.append(lot)
        elif level == EXECUTION:
            found = translate.trade(row, self._zone, self._keys)
            self._contracts[found.contract.con_id] = found.contract
            self._trades.append(found)
        else:
            self._has_sums = True

    def statement(self, query: str | None) -> Statement:
        head = self._cleaner.row(_head(self._head))
        assert head is not None
        its = head.value
        generated = head.time("whenGenerated", self._zone)
        if not its.accountId or its.fromDate is None or its.toDate is None or generated is None:
            raise FlexError("a statement doesn't say of which account and span it is")
        if its.toDate < its.fromDate or its.toDate - its.fromDate > LONGEST:
            raise FlexError(f"a statement's span, {its.fromDate} to {its.toDate}, can't be")
        about = self._lines["AccountInformation"]
        base = about[0].value.currency if about else None
        keys, zone, lines = self._keys, self._zone, self._lines
        for section in LINES:
            for row in lines[section]:
                if getattr(row.value, "conid", None) and hasattr(row.value, "putCall"):
                    found = translate.contract(row)
                    self._contracts.setdefault(found.con_id, found)
        nav = tuple(translate.nav_day(row, base) for row in _whole(lines["EquitySummaryInBase"]))
        base = base or next((day.currency for day in nav if day.currency), None)
        change = lines["ChangeInNAV"]
        return Statement(
            account=its.accountId,
            base_currency=base,
            first_day=its.fromDate,
            last_day=its.toDate,
            generated=generated,
            content_hash=self._hash.hexdigest(),
            query=query,
            trades=tuple(self._trades),
            closed_lots=tuple(self._lots),
            option_events=tuple(translate.option_event(row, keys) for row in lines["OptionEAE"]),
            cash_transactions=tuple(
                translate.cash_transaction(r, zone, keys) for r in _details(lines["CashTransactions"])
            ),
            corporate_actions=tuple(
                translate.corporate_action(r, zone, keys) for r in _details(lines["CorporateActions"])
            ),
            transfers=tuple(translate.transfer(row, zone, keys) for row in _details(lines["Transfers"])),
            accruals=(
                *(translate.accrual(r, keys, is_open=False) for r in _details(lines["ChangeInDividendAccruals"])),
                *(translate.accrual(r, keys, is_open=True) for r in _details(lines["OpenDividendAccruals"])),
            ),
            nav=nav,
            rates=tuple(self._rates),
            positions=translate.positions(lines["OpenPositions"], its.toDate, zone),
            cash=tuple(translate.cash_balance(row) for row in _whole(lines["CashReport"])),
            contracts=tuple(self._contracts.values()),
            nav_change=translate.amounts(change[0].value) if change else {},
            sections={name: frozenset(names) for name, names in self._fields.items()},
            dropped=tuple(self._dropped()),
        )

    def _dropped(self) -> Iterator[str]:
        for section in self._fields:
            if section not in SECTIONS and section not in self._cleaner.sections:
                yield f"Section or line {section} isn't known and was left out."
        yield from self._cleaner.dropped
        if self._has_sums and not self._trades:
            yield "Trades has orders or sums only: tick Executions in the Flex query, or no fill comes from it."
        if self._loose_lots:
            yield f"{self._loose_lots:,} closed lots name no trade or opening time and were left out."


def _head(attributes: dict[str, str]) -> Element:
    return Element("FlexStatement", attributes)


def _details(found: Iterable[Row]) -> list[Row]:
    """Sums of the same money are left out where the details are there."""
    lines = list(found)
    levels = Counter(row.raw.get("levelOfDetail", DETAIL) for row in lines)
    return [row for row in lines if row.raw.get("levelOfDetail", DETAIL) == DETAIL] if levels[DETAIL] else lines


def _whole(found: Iterable[Row]) -> list[Row]:
    """Rows of the whole account, not of one of its models."""
    return [row for row in found if not row.raw.get("model")]
