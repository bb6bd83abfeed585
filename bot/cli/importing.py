"""`deskhand import`: orders and settlements from files, in batches that are in or not, and any number of times."""
# ruff: noqa: PLC0415 — a command imports what it needs, so that --help answers at once

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from bot.cli.desk import Desk
    from bot.connectors.files import Reading, RejectedFile
    from domain.orders.service import Counts
    from domain.payouts.model import LineDraft, SettlementDraft
    from domain.payouts.service import Taken

_One = TypeVar("_One")
#: Orders, or lines, in one unit of work: enough to be fast, few enough not to keep others waiting.
BATCH = 500


@click.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="FILE…"
)
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Says which column means what in a CSV of any other origin.",
)
def import_orders(files: tuple[Path, ...], mapping: Path | None) -> None:
    """Bring orders, or what is in stock, in from files; what a FILE is, its content tells.

    Amazon's All Orders report and Orders API answers, Shopify's orders export (CSV or JSON),
    an Olist folder, Deskhand's own CSV of orders or of stock, and any other CSV with --mapping. Amazon's settlement
    report (Flat File V2) brings in what was paid out for them.

    Importing a file again changes nothing, importing a newer one follows its changes. Rows
    that can't be used go to a .rejected.csv beside the file with the reason, the others
    load all the same; the exit code is then 1.

    \b
    deskhand import orders.csv
    deskhand import stock.csv
    deskhand import all-orders-2026-11.txt
    deskhand import export.csv --mapping columns.toml
    """  # noqa: D301 — \b keeps click from rewrapping
    tally = Tally()
    try:
        asyncio.run(_import(files, mapping, tally))
    except KeyboardInterrupt:
        raise click.ClickException(
            f"Stopped. {_many(tally.taken_in, tally.what)} are in; the same command again brings "
            "the rest."
        ) from None
    if tally.problems:
        raise click.ClickException("\n".join(tally.problems))


@dataclass(slots=True)
class Tally:
    """What an import has come to: what was taken in so far, and what went wrong, in sentences."""

    taken_in: int = 0
    what: str = "order"
    problems: list[str] = field(default_factory=list)


async def _import(files: tuple[Path, ...], mapping: Path | None, tally: Tally) -> None:
    from bot.cli.desk import desk
    from bot.connectors.files import UnreadableFile, readings

    try:
        found = readings(files, mapping_file=mapping)
    except UnreadableFile as error:
        raise click.ClickException(str(error)) from None
    async with desk() as console:
        for reading in found:
            try:
                await _load(console, reading, tally)
            except UnreadableFile as error:
                tally.problems.append(str(error))


async def _load(console: Desk, reading: Reading, tally: Tally) -> None:
    """Take in one file; raises `UnreadableFile` where it breaks off, with whole batches kept."""
    from bot.connectors.files import Format, Rejected, RejectedFile
    from domain.orders.service import Counts

    if reading.format is Format.AMAZON_SETTLEMENT:
        await _load_settlements(console, reading, tally)
        return
    counts = Counts()
    with RejectedFile(reading.source) as rejects, _progress(reading) as advance:
        batch: list[Any] = []
        for one in reading:
            if isinstance(one, Rejected):
                rejects.add(one)
                continue
            batch.append(one)
            if len(batch) == BATCH:
                counts.add(await _receive(console, batch, reading, tally))
                batch = []
                advance()
        counts.add(await _receive(console, batch, reading, tally))
    what = "item" if reading.is_stock else "order"
    _say(reading, tally, rejects, _told(counts, what))


async def _load_settlements(console: Desk, reading: Reading, tally: Tally) -> None:
    """Take in a settlement report; the desk's clock holds it against the books then."""
    from itertools import groupby

    from bot.connectors.files import RejectedFile
    from domain.payouts.service import Taken

    taken, references, tally.what = Taken(), set[str](), "line"
    with RejectedFile(reading.source) as rejects, _progress(reading) as advance:
        told = _usable(reading, rejects)
        for settlement, rows in groupby(told, key=lambda one: one[0]):
            references.add(settlement.reference)
            for batch in _batches(line for _, line in rows):
                taken.add(await _take_in(console, settlement, batch, tally))
                advance()
    said = f"{_many(len(references), 'settlement')}, {_many(taken.lines, 'line')}"
    new = taken.lines - taken.known
    _say(reading, tally, rejects, f"{said}: {new:,} new, {taken.known:,} unchanged")


def _usable(
    reading: Reading, rejects: RejectedFile
) -> Iterator[tuple[SettlementDraft, LineDraft | None]]:
    from bot.connectors.files import Rejected

    for one in reading.settlement_lines():
        if isinstance(one, Rejected):
            rejects.add(one)
        else:
            yield one


async def _take_in(
    console: Desk,
    settlement: SettlementDraft,
    batch: Sequence[LineDraft | None],
    tally: Tally,
) -> Taken:
    from domain.payouts.service import take_in
    from domain.store import IMPORT

    async with console.write(actor=IMPORT) as work:
        taken = await take_in(work, settlement, [line for line in batch if line is not None])
    tally.taken_in += taken.lines
    return taken


def _batches(lines: Iterable[_One]) -> Iterator[list[_One]]:
    rest = iter(lines)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _say(reading: Reading, tally: Tally, rejects: RejectedFile, told: str) -> None:
    rejected = ""
    if rejects.path is not None:
        rows = _many(rejects.count, "row")
        rejected = f"; {rows} rejected → {rejects.path.name}"
        tally.problems.append(
            f"{rows} of {reading.source.path.name} could not be used. {rejects.path} says why: "
            "put them right there and import that file."
        )
    click.echo(f"{reading.source.path.name}: {told}{rejected}")


async def _receive(console: Desk, batch: list[Any], reading: Reading, tally: Tally) -> Counts:
    from domain.inventory import intake as stock
    from domain.orders import service as orders
    from domain.store import IMPORT

    receive: Any = stock.receive if reading.is_stock else orders.receive
    async with console.write(actor=IMPORT) as work:
        counts: Counts = await receive(work, batch, source=reading.format)
    tally.taken_in += len(batch)
    return counts


def _told(counts: Counts, what: str) -> str:
    found = counts.added + counts.changed + counts.unchanged
    return (
        f"{_many(found, what)}: {counts.added:,} new, {counts.changed:,} changed, "
        f"{counts.unchanged:,} unchanged"
    )


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


@contextmanager
def _progress(reading: Reading) -> Iterator[Callable[[], None]]:
    """Show a bar by bytes read, where somebody is looking."""
    with click.progressbar(
        length=reading.total,
        label=reading.source.path.name,
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
    ) as bar:
        yield lambda: bar.update(reading.position - bar.pos)
        bar.update(reading.total - bar.pos)
