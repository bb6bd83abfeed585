"""Read order files: what was named, recognised, and given out order by order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.connectors.files import (
    amazon_report,
    amazon_settlement,
    deskhand,
    json_orders,
    mapping,
    olist,
    shopify_csv,
    stock,
)
from bot.connectors.files.progress import Progress
from bot.connectors.files.sniffing import Format, Source, examine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bot.connectors.files.mapping import Mapping
    from bot.connectors.files.values import Rejected
    from domain.inventory.intake import ItemDraft
    from domain.orders.intake import OrderDraft
    from domain.payouts.model import LineDraft, SettlementDraft

    #: What a file is made of.
    Draft = OrderDraft | ItemDraft

_TABLES: dict[Format, Callable[[Source, Progress], Iterator[Draft | Rejected]]] = {
    Format.AMAZON_REPORT: amazon_report.read,
    Format.SHOPIFY_CSV: shopify_csv.read,
    Format.DESKHAND_CSV: deskhand.read,
    Format.OLIST: olist.read,
    Format.STOCK_CSV: stock.read,
}


@dataclass(slots=True)
class Reading:
    """One file, or several that tell one story, read by iterating over it once.

    `total` and `position` are bytes; `position` moves while orders are taken.
    """

    sources: tuple[Source, ...]
    mapping: Mapping | None = None
    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.progress = Progress(sum(map(_size, self.sources)))

    def __iter__(self) -> Iterator[Draft | Rejected]:
        """Yield orders, or items in stock, and what could not be made into one; raises `UnreadableFile`."""
        if self.mapping is not None:
            return mapping.read(self.source, self.progress, self.mapping)
        if table := _TABLES.get(self.format):
            return table(self.source, self.progress)
        return json_orders.read(self.sources, self.progress)

    def settlement_lines(self) -> Iterator[tuple[SettlementDraft, LineDraft | None] | Rejected]:
        """Yield what a settlement report holds instead of orders; raises `UnreadableFile`."""
        return amazon_settlement.read(self.source, self.progress)

    @property
    def source(self) -> Source:
        """The file, or the first of several: rejected orders are written beside it."""
        return self.sources[0]

    @property
    def format(self) -> Format:
        """What the file was recognised as."""
        return self.source.format

    @property
    def is_stock(self) -> bool:
        """Whether it tells of items in stock, and not of orders."""
        return self.format is Format.STOCK_CSV

    @property
    def total(self) -> int:
        """How many bytes there are to read."""
        return self.progress.total

    @property
    def position(self) -> int:
        """How many bytes' worth of orders were given out."""
        return self.progress.position


def read(path: Path, *, mapping_file: Path | None = None) -> Reading:
    """Recognise one file or folder; raises `UnreadableFile`."""
    return readings([path], mapping_file=mapping_file)[0]


def readings(paths: Sequence[Path], *, mapping_file: Path | None = None) -> list[Reading]:
    """Recognise all files before any is read; raises `UnreadableFile` for the first bad one.

    Amazon's v0 tells an order in several answers, so all its files are one reading; several
    tables of one Olist folder are one, too.
    """
    if mapping_file is not None:
        mapped = mapping.load(mapping_file)
        return [Reading((mapped.source(path),), mapped) for path in paths]
    found: list[Reading] = []
    pieces: list[Source] = []
    for path in dict.fromkeys(paths):
        source = examine(path)
        if source.format is Format.AMAZON_ORDERS_V0:
            pieces.append(source)
        elif not any(source.path == other.source.path for other in found):
            found.append(Reading((source,)))
    return [*found, Reading(tuple(pieces))] if pieces else found


def _size(source: Source) -> int:
    files = source.tables.values() if source.tables else (source.path,)
    return sum(path.stat().st_size for path in files)
