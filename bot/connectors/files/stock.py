"""Deskhand's own CSV of what is in stock, one row an item; docs/importing.md describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.connectors.files.records import Shape, records
from bot.connectors.files.rows import BadRow, Row
from bot.connectors.files.values import Rejected
from domain.inventory.intake import ItemDraft

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.connectors.files.progress import Progress
    from bot.connectors.files.sniffing import Source

#: Longest text of an item; they are shown on cards and pick lists.
_LONGEST = 500


def read(source: Source, progress: Progress) -> Iterator[ItemDraft | Rejected]:
    """Yield the items of the file, and the rows that can't be one."""
    columns = [column.strip().lower() for column in source.header]
    for number, record in enumerate(records(source, Shape(key="sku"), progress), 2):
        if not any(cell.strip() for cell in record.cells):
            continue
        raw = dict(zip(source.header, record.cells, strict=False))
        if record.trouble:
            yield Rejected(number, record.cells, f"row {number}: {record.trouble}")
            continue
        try:
            yield _draft(Row(number, dict(zip(columns, record.cells, strict=True))))
        except BadRow as bad:
            yield Rejected(number, raw, f"row {number}: {bad.reason}")
    progress.handed_out(1)


def _draft(row: Row) -> ItemDraft:
    sku = row.text("sku") or row.refuse("sku is empty")
    currency = row.currency("currency")
    price = row.amount("list_price", currency or "USD")
    if price is not None and currency is None:
        row.refuse("list_price has no currency")
    if max(map(len, (sku, row.text("title") or "", row.text("location") or ""))) > _LONGEST:
        row.refuse(f"a text is longer than {_LONGEST} characters")
    return ItemDraft(
        sku=sku,
        on_hand=row.quantity("on_hand", least=0),
        title=row.text("title"),
        location=row.text("location"),
        low_at=row.quantity("low_at", least=0) if row.text("low_at") else None,
        list_price=price,
        currency=currency if price is not None else None,
    )
