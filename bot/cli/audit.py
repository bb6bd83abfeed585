"""`deskhand audit`: the record, to look at, to hand on, and to check."""
# ruff: noqa: PLC0415 — a command imports what it needs, so that --help answers at once

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from domain.events import Event
    from domain.record import Chain


class _Day(click.ParamType[date]):
    """A calendar day, in UTC."""

    name = "date"

    def convert(
        self, value: str | date, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """Read ISO 8601's extended form; anything else is misuse."""
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date()
        except ValueError:
            self.fail(f"“{value[:40]}” is not a date like 2026-11-30.", param, ctx)


@click.group(invoke_without_command=True)
@click.option("--order", "number", help="Only what happened to the order of this number.")
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="How many, at most."
)
@click.pass_context
def audit(ctx: click.Context, number: str | None, limit: int) -> None:
    """Show who did what, when, and why, latest last. Times are UTC.

    \b
    deskhand audit
    deskhand audit --order 1042
    deskhand audit --limit 500
    deskhand audit export --from 2026-11-01 --to 2026-11-30
    deskhand audit verify
    """  # noqa: D301 — \b keeps click from rewrapping
    if ctx.invoked_subcommand is None:
        asyncio.run(_audit(number, limit))
    elif any(ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in ctx.params):
        raise click.UsageError(f"--order and --limit don't go with {ctx.invoked_subcommand}.")


@audit.command()
@click.option("--from", "first", type=_Day(), help="The first day, in UTC.")
@click.option("--to", "last", type=_Day(), help="The last day, in UTC; it is included.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "jsonl"]),
    default="csv",
    show_default=True,
    help="CSV for people, JSON Lines for programs.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write, instead of standard output.",
)
def export(first: date | None, last: date | None, kind: str, output: Path | None) -> None:
    """Write the record of some days, or all of it: who decided what, when, why, and how much.

    It says last which digest to keep elsewhere, for `audit verify --anchor`.

    \b
    deskhand audit export --from 2026-11-01 --to 2026-11-30 --output november.csv
    deskhand audit export --format jsonl | gzip > record.jsonl.gz
    """  # noqa: D301 — \b keeps click from rewrapping
    if first and last and last < first:
        raise click.UsageError(f"--to {last} is before --from {first}.")
    asyncio.run(_export(first or date.min, last or date.max, kind, output))


@audit.command()
@click.option("--anchor", metavar="DIGEST", help="A digest that must be in the record still.")
def verify(anchor: str | None) -> None:
    """Check that no sealed event was changed, removed or inserted, from the first to the last.

    \b
    deskhand audit verify
    deskhand audit verify --anchor 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef
    """  # noqa: D301 — \b keeps click from rewrapping
    if anchor is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", anchor):
        raise click.UsageError(
            "--anchor is a digest of 64 hexadecimal digits, as verify prints it."
        )
    asyncio.run(_verify(anchor.lower() if anchor else None))


async def _audit(number: str | None, limit: int) -> None:
    from sqlalchemy import select

    from bot.cli.desk import desk
    from bot.cli.table import echo_table
    from domain.events import Event
    from domain.orders import queries

    latest = select(Event).order_by(Event.id.desc()).limit(limit)
    async with desk() as console, console.read() as session:
        if number is not None:
            latest = latest.where(Event.order_id == await queries.identify(session, number))
        found = (await session.scalars(latest)).all()
    if found:
        echo_table(("WHEN", "WHO", "WHAT", "ABOUT", "WHY"), [_row(one) for one in reversed(found)])
    else:
        click.echo("Nothing has happened yet.")


def _row(event: Event) -> tuple[str, str, str, str, str]:
    from bot.cli.table import one_line

    details = " ".join(
        f"{key}={value}" for key, value in event.data.items() if value not in (None, "")
    )
    return (
        f"{event.at:%Y-%m-%d %H:%M:%S}",
        event.actor,
        event.kind,
        f"{event.subject} {event.subject_id}",
        one_line(" ".join(filter(None, (event.why, f"({details})" if details else "")))),
    )


async def _export(first: date, last: date, kind: str, output: Path | None) -> None:
    from contextlib import aclosing

    from bot.cli.desk import desk
    from bot.cli.exports import FORMATS
    from domain import record

    since = datetime.combine(first, time.min, UTC)
    until = datetime.combine(last, time.max, UTC)
    count, digest = 0, None
    async with (
        desk() as console,
        console.store.snapshot(console.merchant_id) as session,
        aclosing(record.entries(session, since, until)) as found,
    ):
        with _written(output) as stream:
            write = FORMATS[kind](stream)
            async for entry, order_number in found:
                write(entry, order_number)
                count, digest = count + 1, entry.digest or digest
    # Not among the rows, which the next program reads.
    click.echo(f"{_events(count)} exported. {_keep(digest)}".rstrip(), err=output is None)


@contextmanager
def _written(output: Path | None) -> Iterator[IO[str]]:
    """Open what is exported to; a file is there in full, or as it was before."""
    if output is None:
        if isinstance(sys.stdout, TextIOWrapper):
            # What is handed on must not depend on the terminal's language.
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
        try:
            yield sys.stdout
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever reads has had enough, and Python would complain of it on leaving.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise click.exceptions.Exit(0) from None
        return
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            yield stream
        part.replace(output)
    except OSError as error:
        raise click.ClickException(
            f"{output} can't be written: {error.strerror}. Name another file with --output."
        ) from None
    finally:
        part.unlink(missing_ok=True)


async def _verify(anchor: str | None) -> None:
    from bot.cli.desk import desk
    from domain import record

    async with desk() as console, console.store.snapshot(console.merchant_id) as session:
        chain = await record.verify(session, anchor)
    for sentence in _found(chain):
        click.echo(sentence)


def _found(chain: Chain) -> Iterator[str]:
    if chain.earliest and chain.latest:
        yield (
            f"{_events(chain.position)}, unbroken from {chain.earliest:%Y-%m-%d %H:%M:%S} to "
            f"{chain.latest:%Y-%m-%d %H:%M:%S} UTC."
        )
        yield _keep(chain.digest)
    else:
        yield "0 events: nothing is sealed yet."
    if chain.unsealed:
        yield (
            f"{_events(chain.unsealed)} not sealed yet: `deskhand serve` seals what is new every "
            "few seconds."
        )


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count:,} events"


def _keep(digest: str | None) -> str:
    return f"Keep elsewhere, for `audit verify --anchor`: {digest}" if digest else ""
