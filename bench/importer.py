"""The process that `bench.imports` starts: read a file, or take it in; tells as JSON how it went."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench.databases import NOW
from bot.cli.importing import BATCH
from bot.connectors.files import Rejected, read
from domain import merchants
from domain.orders.intake import OrderDraft
from domain.orders.service import receive
from domain.store import IMPORT, Store

Take = Callable[[list[OrderDraft]], Awaitable[None]]


async def _passes(path: Path, url: str, count: int) -> list[dict[str, Any]]:
    if not url:
        return [await _pass(path, _drop)]
    store = Store(url)
    async with store.across(write=True) as session:
        merchant_id = (await merchants.sole(session, NOW)).id

    async def take(batch: list[OrderDraft]) -> None:
        async with store.write(merchant_id, now=NOW, actor=IMPORT) as work:
            await receive(work, batch, source="bench")

    found = [await _pass(path, take) for _ in range(count)]
    await store.close()
    return found


async def _pass(path: Path, take: Take) -> dict[str, Any]:
    orders = rows = 0
    batch: list[OrderDraft] = []
    started = time.perf_counter()
    for one in read(path):
        if isinstance(one, Rejected):
            continue
        orders, rows = orders + 1, rows + len(one.lines)
        batch.append(one)
        if len(batch) == BATCH:
            await take(batch)
            batch = []
    await take(batch)
    return {"seconds": time.perf_counter() - started, "orders": orders, "rows": rows}


async def _drop(_: list[OrderDraft]) -> None:
    """Do nothing with the orders that were read."""


def _peak() -> int:
    """Return the most memory that this process held, in bytes.

    Linux counts what the parent held into `ru_maxrss` of a child, so it is asked otherwise.
    """
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text("utf-8").splitlines())
        return int(fields["VmHWM"].split()[0]) * 1024
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held if sys.platform == "darwin" else held * 1024


def main() -> None:
    """Read FILE, or take it in at URL as often as COUNT says, and tell what it took."""
    path, url, count = sys.argv[1:]
    passes = asyncio.run(_passes(Path(path), url, int(count)))
    json.dump({"passes": passes, "peak": _peak()}, sys.stdout)


if __name__ == "__main__":
    main()
