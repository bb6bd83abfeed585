"""Orders from a file: each import in a process of its own, whose peak memory it tells."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from bench.databases import Databases
from bench.samples import write_csv
from bench.tables import Table, rate, times

_OLIST = Path(__file__).parents[2] / "shared" / "data" / "olist"


async def run(databases: Databases) -> list[Table]:
    """Import orders of our own making, and Olist's where they are at hand."""
    tables = []
    # Ten times the orders tell whether time and memory grow alike; once is enough for that.
    for size, passes in ((3_000, 2), (30_000, 1)):
        path = databases.folder / f"{size}.csv"
        write_csv(path, size)
        tables.append(await _table(databases, f"{size:,} orders", path, passes))
    if _OLIST.is_dir():
        tables.append(await _table(databases, "Olist's orders", _OLIST, 2))
    return tables


async def _table(databases: Databases, name: str, path: Path, passes: int) -> Table:
    table = Table((name, "seconds", "orders", "rows", "of reading", "peak memory"))
    told = await _import(path)
    reading = told["passes"][0]
    _add(table, "read alone", reading, reading, told)
    for kind in databases.kinds:
        async with databases.place(kind) as place:
            told = await _import(path, place.url, passes)
        for what, one in zip(("first", "again, unchanged"), told["passes"], strict=False):
            _add(table, f"{kind}, {what}", one, reading, told)
    return table


def _add(
    table: Table, what: str, one: dict[str, Any], reading: dict[str, Any], told: dict[str, Any]
) -> None:
    table.add(
        what,
        f"{one['seconds']:.2f} s",
        rate(one["orders"], one["seconds"]),
        rate(one["rows"], one["seconds"]),
        times(one["seconds"], reading["seconds"]),
        f"{told['peak'] / 1e6:.0f} MB",
    )


async def _import(path: Path, url: str = "", passes: int = 1) -> dict[str, Any]:
    command = (sys.executable, "-m", "bench.importer", str(path), url, str(passes))
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await child.communicate()
    if child.returncode:
        raise SystemExit(f"The import of {path.name} failed; see above.")
    told: dict[str, Any] = json.loads(said)
    return told
