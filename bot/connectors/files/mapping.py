"""A mapping file: which columns of another CSV mean what; docs/importing.md has an example."""

from __future__ import annotations

import codecs
import re
import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.connectors.files import deskhand
from bot.connectors.files.records import Shape
from bot.connectors.files.rows import Row, orders
from bot.connectors.files.sniffing import UnreadableFile, table
from domain.orders.model import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo
    from pathlib import Path

    from bot.connectors.files.progress import Progress
    from bot.connectors.files.sniffing import Source
    from bot.connectors.files.values import Rejected
    from domain.orders.intake import OrderDraft

_SECTIONS = {"columns", "constants", "status", "format"}
_SETTINGS = {"delimiter", "encoding", "decimal", "dates", "timezone"}
_AMOUNTS = ("unit_price", "shipping_price")
_MOMENTS = ("placed_at", "ship_by", "deliver_by")
#: 1.234,50: with a decimal comma a point can only part thousands.
_COMMA = re.compile(r"(-?\d{1,3}(?:[. ]\d{3})+|-?\d+)(,\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a mapping file says: our column → theirs, fixed values, their statuses → ours."""

    path: Path
    columns: dict[str, str]
    constants: dict[str, str]
    status: dict[str, str]
    delimiter: str | None = None
    encoding: str | None = None
    comma: bool = False
    dates: str | None = None
    zone: tzinfo = UTC

    def source(self, path: Path) -> Source:
        """Recognise a file by this mapping; raises `UnreadableFile` if a column is missing."""
        source = table(path, encoding=self.encoding, delimiter=self.delimiter)
        theirs = {column.strip().lower() for column in source.header}
        for ours, column in self.columns.items():
            if column.strip().lower() not in theirs:
                raise UnreadableFile(
                    f"{path.name} has no column “{column}”, which {self.path.name} gives for "
                    f"{ours}. Its columns are: {', '.join(source.header)[:300]}."
                )
        return source

    def row(self, row: Row) -> Row:
        """Translate a row into Deskhand's own columns; raises `BadRow`."""
        cells = dict(self.constants)
        for ours, theirs in self.columns.items():
            if written := row.text(theirs.strip().lower()):
                cells[ours] = written
        status = cells.get("status")
        if status is not None and self.status and "status" in self.columns:
            if status.lower() not in self.status:
                row.refuse(f"status “{status[:40]}” is not in [status] of {self.path.name}")
            cells["status"] = self.status[status.lower()]
        for column in _AMOUNTS:
            if (
                self.comma
                and column in self.columns
                and (found := _COMMA.fullmatch(cells.get(column, "")))
            ):
                cells[column] = re.sub("[. ]", "", found[1]) + (found[2] or "").replace(",", ".")
        for column in _MOMENTS:
            if column in self.columns and column in cells:
                cells[column] = self._moment(row, column, cells[column])
        return Row(row.number, cells)

    def _moment(self, row: Row, column: str, written: str) -> str:
        if self.dates is None:
            parsed = Row(row.number, {column: written}).moment(
                column, self.zone, end_of_day=column != "placed_at"
            )
            return parsed.isoformat() if parsed else ""
        try:
            found = datetime.strptime(written, self.dates)  # noqa: DTZ007 - the zone follows
        except ValueError:
            row.refuse(f"{column} “{written[:40]}” is not a time like {self.dates}")
        if "%H" not in self.dates and "%I" not in self.dates and column != "placed_at":
            found = found.replace(hour=23, minute=59, second=59)
        return (found if found.tzinfo else found.replace(tzinfo=self.zone)).isoformat()


def load(path: Path) -> Mapping:
    """Read a mapping file; raises `UnreadableFile` that says what is wrong with it."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UnreadableFile(
            f"There is no mapping file {path}. Check the name and the folder."
        ) from None
    except OSError as error:
        raise UnreadableFile(f"{path} can't be opened: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{path.name} is not a TOML file: {error}.") from None
    try:
        return _mapping(path, said)
    except (TypeError, ValueError) as error:
        raise UnreadableFile(f"{path.name} can't be used as a mapping: {error}.") from None


def read(source: Source, progress: Progress, mapping: Mapping) -> Iterator[OrderDraft | Rejected]:
    """Yield the orders of any table, as the mapping describes it."""

    def drafts(rows: list[Row]) -> Iterator[OrderDraft]:
        return deskhand.drafts([mapping.row(row) for row in rows])

    key = mapping.columns["order_number"].strip().lower()
    return orders(source, progress, Shape(key=key), drafts)


def _mapping(path: Path, said: dict[str, Any]) -> Mapping:
    if unknown := said.keys() - _SECTIONS:
        raise ValueError(
            f"it has a section “{min(unknown)}”, but only {', '.join(sorted(_SECTIONS))} are known"
        )
    columns, constants, status, form = (
        _texts(said, section) for section in ("columns", "constants", "status", "format")
    )
    for section, words in (("columns", columns), ("constants", constants)):
        if unknown := words.keys() - set(deskhand.COLUMNS):
            raise ValueError(
                f"[{section}] names “{min(unknown)}”, but the columns are {', '.join(deskhand.COLUMNS)}"
            )
    if "order_number" not in columns:
        raise ValueError("[columns] must say which column is the order_number")
    if missing := [need for need in deskhand.REQUIRED if need not in {**columns, **constants}]:
        raise ValueError(f"[columns] or [constants] must give {', '.join(missing)}")
    if unknown := form.keys() - _SETTINGS:
        raise ValueError(
            f"[format] names “{min(unknown)}”, but only {', '.join(sorted(_SETTINGS))} are known"
        )
    if unknown := set(status.values()) - set(State):
        raise ValueError(f"[status] names “{min(unknown)}”, which is not one of {', '.join(State)}")
    mapping = Mapping(
        path, columns, constants, {key.lower(): value for key, value in status.items()}
    )
    return _formatted(mapping, form)


def _formatted(mapping: Mapping, form: dict[str, str]) -> Mapping:
    if len(form.get("delimiter", ",")) != 1:
        raise ValueError("the delimiter must be one character")
    if form.get("decimal", ".") not in {".", ","}:
        raise ValueError("decimal must be “.” or “,”")
    try:
        codecs.lookup(form.get("encoding", "utf-8"))
    except LookupError:
        raise ValueError(f"there is no encoding “{form['encoding']}”") from None
    try:
        zone = ZoneInfo(form["timezone"]) if "timezone" in form else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone “{form['timezone']}”") from None
    return replace(
        mapping,
        delimiter=form.get("delimiter"),
        encoding=form.get("encoding"),
        comma=form.get("decimal") == ",",
        dates=form.get("dates"),
        zone=zone,
    )


def _texts(said: dict[str, Any], section: str) -> dict[str, str]:
    words = said.get(section, {})
    if not isinstance(words, dict):
        raise TypeError(f"{section} must be a section, [{section}]")
    for key, value in words.items():
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise TypeError(f"{key} in [{section}] must be text")
    return {key: str(value) for key, value in words.items()}
