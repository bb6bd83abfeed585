"""Make orders of a table's rows, wherever in the file the rows of one order stand."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from bot.connectors.files.records import records
from bot.connectors.files.spill import Spill, scratch
from bot.connectors.files.values import (
    BadValue,
    Rejected,
    amount,
    checked,
    currency,
    moment,
    quantity,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime, tzinfo

    from bot.connectors.files.progress import Progress
    from bot.connectors.files.records import Record, Shape
    from bot.connectors.files.sniffing import Source
    from domain.orders.intake import OrderDraft


class BadRow(Exception):
    """A row that spoils its order."""

    def __init__(self, number: int, reason: str) -> None:
        self.number = number
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Row:
    """A row by column; `number` counts as a spreadsheet does, the header being row 1."""

    number: int
    cells: dict[str, str]

    def text(self, column: str) -> str | None:
        """Return what stands in the column, None for nothing or no such column."""
        return text(self.cells.get(column))

    def amount(self, column: str, code: str) -> int | None:
        """Return minor units; raises `BadRow`."""
        with self._blamed():
            return amount(self.cells.get(column), code, column)

    def currency(self, column: str) -> str | None:
        """Return an ISO 4217 code; raises `BadRow`."""
        with self._blamed():
            return currency(self.cells.get(column), column)

    def quantity(self, column: str, *, least: int = 1) -> int:
        """Return a whole number; raises `BadRow`."""
        with self._blamed():
            return quantity(self.cells.get(column), column, least=least)

    def moment(self, column: str, zone: tzinfo, *, end_of_day: bool = False) -> datetime | None:
        """Return a time in UTC; raises `BadRow`."""
        with self._blamed():
            return moment(self.cells.get(column), column, zone=zone, end_of_day=end_of_day)

    def refuse(self, reason: str) -> NoReturn:
        """Say that this row can't be used; raises `BadRow`."""
        raise BadRow(self.number, reason)

    @contextmanager
    def _blamed(self) -> Iterator[None]:
        try:
            yield
        except BadValue as bad:
            raise BadRow(self.number, str(bad)) from None


def orders(
    source: Source,
    progress: Progress,
    shape: Shape,
    build: Callable[[list[Row]], Iterable[OrderDraft]],
) -> Iterator[OrderDraft | Rejected]:
    """Yield the orders of a table, or the rows of those that can't be made.

    The rows of one order may stand anywhere in the file: they are put away on disk by
    order first. One bad row spoils its order, since an order with a line missing would
    have a wrong total; the other rows of it are rejected with it.
    """
    columns = [column.strip().lower() for column in source.header]
    where = columns.index(shape.key)
    with scratch() as database:
        spill = Spill(database)
        key: str | None = None
        for number, record in enumerate(records(source, shape, progress), start=2):
            if not any(cell.strip() for cell in record.cells):
                continue
            key = _key(record, where) or (key if shape.inherits else None)
            trouble = record.trouble or (None if key else f"{source.header[where]} is empty")
            spill.add(f"order {key}" if key else f"row {number}", number, [record.cells, trouble])
        for share, group in spill.groups():
            yield from _made(source, columns, group, build)
            progress.handed_out(share)
    progress.handed_out(1)


def _key(record: Record, position: int) -> str | None:
    """Return the order's number, unless the row was damaged before its end was seen."""
    if position >= len(record.cells) - (1 if record.trouble else 0):
        return None
    return text(record.cells[position])


def _made(
    source: Source,
    columns: list[str],
    group: list[tuple[int, Any]],
    build: Callable[[list[Row]], Iterable[OrderDraft]],
) -> Iterator[OrderDraft | Rejected]:
    try:
        _check_undamaged(group)
        rows = [
            Row(number, dict(zip(columns, cells, strict=False))) for number, (cells, _) in group
        ]
        drafts = [_checked(draft, rows[0]) for draft in build(rows)]
    except BadRow as bad:
        for number, (cells, trouble) in group:
            raw = (
                dict(zip(source.header, cells, strict=True))
                if len(cells) == len(columns)
                else cells
            )
            reason = trouble or bad.reason
            if number != bad.number and not trouble:
                reason = f"row {bad.number} of the same order can't be used: {reason}"
            yield Rejected(number, raw, f"row {number}: {reason}")
    else:
        yield from drafts


def _check_undamaged(group: list[tuple[int, Any]]) -> None:
    for number, (_, trouble) in group:
        if trouble:
            raise BadRow(number, trouble)


def _checked(draft: OrderDraft, first: Row) -> OrderDraft:
    try:
        return checked(draft)
    except BadValue as bad:
        raise BadRow(first.number, str(bad)) from None
