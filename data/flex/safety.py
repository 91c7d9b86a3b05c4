"""The file before anything is made of it: what is no whole, plain Activity Flex XML is refused with one sentence.

Python's own parser expands entities and looks things up elsewhere; defusedxml's refuses both. It reads a row at a time and
forgets it, so that memory doesn't grow with the file.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, ParseError
from xml.parsers.expat import ExpatError, ParserCreate

from defusedxml.common import DefusedXmlException, DTDForbidden
from defusedxml.ElementTree import iterparse

MOST_BYTES = 256 * 1024 * 1024  # a year of 20,000 trades with every field ticked is some 40 MB
MOST_ATTRIBUTE = 64 * 1024
MOST_DEPTH = 8
CHUNK = 1 << 20
ACTIVITY = "AF"
ENCODING = re.compile(rb"^\s*<\?xml[^>]*\bencoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
DOCTYPE = "it has a document type, which no statement has: it was not made by the broker"
UTF_8 = frozenset({"utf-8", "ascii"})


class FlexError(Exception):
    """The file, or a statement in it, can't be read. One sentence for the user, about the file; nothing was changed."""


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file, looked through once: not too large, UTF-8, text.

    Raises:
        FlexError: it isn't, or can't be opened.
    """
    try:
        with path.open("rb") as file:
            _look_through(file)
            file.seek(0)
            yield file
    except OSError as error:
        raise FlexError(f"it can't be read ({error.strerror or error})") from None


def _look_through(file: IO[bytes]) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    size, first = 0, b""
    while chunk := file.read(CHUNK):
        if not size:
            first = chunk.removeprefix(codecs.BOM_UTF8)
            _is_text(first)
        size += len(chunk)
        if size > MOST_BYTES:
            raise FlexError(f"it is larger than {MOST_BYTES >> 20} MB: ask for shorter periods, one file each")
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            raise FlexError("it is not in UTF-8, as the broker writes it: download it again") from None
        if b"\0" in chunk:
            raise FlexError("it is no XML: there are zero bytes in it")
    if not first.strip():
        raise FlexError("it is empty")


def _is_text(first: bytes) -> None:
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise FlexError("it is not in UTF-8, as the broker writes it: download it again")
    if first.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        raise FlexError("it is packed: unpack it first")
    if not first.lstrip().startswith(b"<") and first.strip():
        raise FlexError("it is no XML: choose the format XML in the Flex query")
    if (named := ENCODING.match(first)) and _codec(named[1].decode()) not in UTF_8:
        raise FlexError(f"it says that it is in {named[1].decode()}; the broker writes UTF-8: download it again")


def _codec(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return name


def check(file: IO[bytes]) -> int:
    """Read the whole file once for its form alone, fast; how many statements there are. Raises FlexError."""
    found = _Form()
    try:
        found.parser.ParseFile(file)
    except ExpatError as error:
        raise FlexError(_why(error)) from None
    if found.said is not None and found.said.isdigit() and int(found.said) != found.statements:
        raise FlexError(
            f"it says that it has {found.said} statements, but there are {found.statements}: download it again"
        )
    if not found.statements:
        raise FlexError("there is no statement in it")
    return found.statements


class _Form:
    """Counts statements and refuses what no statement has; makes nothing of what it reads."""

    def __init__(self) -> None:
        self.statements = 0
        self.said: str | None = None
        self._depth = 0
        self.parser = ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        enter(tag, attributes, self._depth)
        if self._depth == 2:
            self.said = attributes.get("count")
        elif self._depth == 3:
            self.statements += 1

    def _end(self, _: str) -> None:
        self._depth -= 1

    def _doctype(self, *_: object) -> None:
        raise FlexError(DOCTYPE)


def rows(file: IO[bytes]) -> Iterator[tuple[int, Element]]:
    """Every element with its depth, at its end: the root's is 0, a statement's 2, a section's 3. It is emptied afterwards.

    The root is also given at its start, with its attributes; a statement likewise as depth −2, a section as −3.

    Raises:
        FlexError: not well-formed, cut off, with a document type or entities, or no Activity Flex XML.
    """
    path: list[Element] = []
    try:
        for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                path.append(element)
                enter(element.tag, element.attrib, len(path))
                if len(path) in (1, 3, 4):
                    yield 1 - len(path), element
            else:
                path.pop()
                yield len(path), element
                element.clear()
                if path:
                    path[-1].remove(element)
    except DTDForbidden:
        raise FlexError(DOCTYPE) from None
    except DefusedXmlException:
        raise FlexError(
            "it has entities or references, which no statement has: it was not made by the broker"
        ) from None
    except ParseError as error:
        raise FlexError(_why(error)) from None


def enter(tag: str, attributes: Mapping[str, str], depth: int) -> None:
    """An element begins; the root's `depth` is 1. Raises FlexError: no statement has it there."""
    if depth == 1:
        _is_activity(tag, attributes)
    elif depth > MOST_DEPTH:
        raise FlexError("its elements are nested deeper than any statement's")
    elif depth <= 3 and tag != ("FlexStatements", "FlexStatement")[depth - 2]:
        raise FlexError(f"it is no Flex statement: <{tag[:40]}> is where a statement should be")
    for value in attributes.values():
        if len(value) > MOST_ATTRIBUTE:
            raise FlexError(f"a value of <{tag[:40]}> is longer than any statement's")


def _is_activity(tag: str, attributes: Mapping[str, str]) -> None:
    if tag == "FlexStatementResponse":
        raise FlexError("it is an answer of the Flex Web Service that says why there is no statement")
    if tag != "FlexQueryResponse":
        raise FlexError(f"it is no Flex statement: its root is <{tag[:40]}>, not <FlexQueryResponse>")
    if attributes.get("type", ACTIVITY) != ACTIVITY:
        raise FlexError("it is of another kind of Flex query: make one under “Activity Flex Query”")


def _why(error: ParseError | ExpatError) -> str:
    line = error.lineno if isinstance(error, ExpatError) else error.position[0]
    text = str(error)
    if "no element found" in text or "unclosed" in text:
        return f"it is cut off in line {line}: download it again"
    if "undefined entity" in text:
        return "it has entities, which no statement has: it was not made by the broker"
    return f"it is no well-formed XML (line {line}): download it again"
