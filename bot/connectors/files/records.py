"""Read the records of a table, also of one that is damaged."""

from __future__ import annotations

import csv
import re
from collections import deque
from dataclasses import dataclass
from io import TextIOWrapper
from typing import TYPE_CHECKING, Literal, NamedTuple, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.connectors.files.progress import Progress
    from bot.connectors.files.sniffing import Source

#: A longer line is taken in pieces, so that a file without line ends can't fill memory.
_LONGEST_LINE = 1_000_000
#: A quoted value may hold line breaks, but a quote that is still open after so many lines
#: was never meant to be.
_LONGEST_QUOTE = 200

_CUT = "the file breaks off in this row; export it again"
_OPEN_QUOTE = "a quotation mark is opened here and never closed"
_TOO_LONG = "the row is too long to be meant"
_NOT_UTF8 = "the row holds characters that are not UTF-8; save the file as “CSV UTF-8”"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a source lays a table out.

    `key` is the column of the order's number; with `inherits` a row without one belongs to
    the row above. `quoted` is false where a quotation mark is a character like any other,
    `ragged` true where empty cells at the end of a row may be missing. `encoding` reads
    what is not UTF-8.
    """

    key: str
    inherits: bool = False
    quoted: bool = True
    ragged: bool = False
    encoding: str | None = None


class Record(NamedTuple):
    """A row as its cells, as many as the header has unless `trouble` says what is wrong."""

    cells: list[str]
    trouble: str | None = None


def records(source: Source, shape: Shape, progress: Progress) -> Iterator[Record]:
    """Yield all rows below the header, blank ones too; damage costs its own row only."""
    # Bytes that are no characters survive decoding, so that only their own row suffers.
    errors = "replace" if source.encoding == "utf-16" else "surrogateescape"
    with (
        source.path.open("rb") as binary,
        TextIOWrapper(binary, encoding=source.encoding, errors=errors, newline="") as stream,
    ):
        _skip_header(stream)
        for block in _Blocks(stream, source, shape):
            progress.read(binary.tell())
            for record in block:
                yield _fitted(record, len(source.header), shape)


def _skip_header(stream: TextIO) -> None:
    while (line := stream.readline(_LONGEST_LINE)) and not line.strip():
        pass


class _Blocks:
    """The lines of a table, each with those that a quoted line break ties to it."""

    def __init__(self, stream: TextIO, source: Source, shape: Shape) -> None:
        self._stream = stream
        self._waiting: deque[str] = deque()
        self._width = len(source.header)
        self._delimiter = source.delimiter
        self._quoted = shape.quoted
        self._opening = re.compile(rf'(?:^|{re.escape(source.delimiter)})\s*"')

    def __iter__(self) -> Iterator[list[Record]]:
        while line := self._next_line():
            lines = self._tied(line)
            try:
                yield self._records(lines)
            except csv.Error:
                self._waiting.extendleft(reversed(lines[1:]))
                yield [Record([line[:_LONGEST_QUOTE]], _TOO_LONG)]

    def _next_line(self) -> str:
        return self._waiting.popleft() if self._waiting else self._stream.readline(_LONGEST_LINE)

    def _tied(self, line: str) -> list[str]:
        """Take further lines while a quotation mark is open."""
        lines = [line]
        marks = line.count('"') if self._quoted else 0
        while marks % 2 and len(lines) < _LONGEST_QUOTE and (more := self._next_line()):
            lines.append(more)
            marks += more.count('"')
        return lines

    def _records(self, lines: list[str]) -> list[Record]:
        if len(lines) > 1 and (together := self._together(lines)):
            return together
        self._waiting.extendleft(reversed(lines[1:]))
        line = lines[0]
        cut = not line.endswith(("\n", "\r"))
        found = list(self._reader([line]))
        if self._quoted and line.count('"') % 2 and self._opening.search(line):
            return [Record(found[0], _CUT if cut else _OPEN_QUOTE)]
        short = cut and len(found[-1]) < self._width
        return [Record(one, _CUT if short else None) for one in found]

    def _together(self, lines: list[str]) -> list[Record] | None:
        """Read tied lines as rows, if that is what they are: each must fit exactly."""
        try:
            found = list(self._reader(lines, strict=True))
        except csv.Error:
            return None
        fits = all(len(one) == self._width for one in found)
        return [Record(one) for one in found] if fits else None

    def _reader(self, lines: list[str], *, strict: bool = False) -> Iterator[list[str]]:
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if self._quoted else csv.QUOTE_NONE
        return csv.reader(lines, delimiter=self._delimiter, quoting=quoting, strict=strict)


def _fitted(record: Record, width: int, shape: Shape) -> Record:
    """Check a row against the header, and its bytes against the encoding."""
    cells, trouble = record
    if shape.encoding:
        cells = [_recovered(cell, shape.encoding) for cell in cells]
    if not all(map(_is_text, cells)):
        cells = [cell.encode("utf-8", "replace").decode() for cell in cells]
        trouble = trouble or _NOT_UTF8
    if not any(cell.strip() for cell in cells[width:]):
        cells = cells[:width]
    if trouble or len(cells) == width or not any(cell.strip() for cell in cells):
        return Record(cells, trouble)
    if len(cells) < width and shape.ragged:
        return Record([*cells, *[""] * (width - len(cells))])
    return Record(cells, f"it has {len(cells)} values where the header has {width} columns")


def _recovered(cell: str, encoding: str) -> str:
    if _is_text(cell):
        return cell
    return cell.encode("utf-8", "surrogateescape").decode(encoding, "replace")


def _is_text(cell: str) -> bool:
    if cell.isascii():
        return True
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True
