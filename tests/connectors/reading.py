"""Reading a source on, as the job and the clock do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from domain import sources
from domain.payouts import service
from domain.sources import OrderSource, Source
from tests.connectors.till import AnyTill


async def read_on(till: AnyTill, source: OrderSource, **later: float) -> Source:
    """Let time pass, read a source to its end, and compare what it brought.

    Returns how the source stands then.
    """
    now = till.now + timedelta(**later)
    async with till.desk.write("console") as work:
        await sources.connect(work, [source.name])
    [kept] = await rows(till, Source)
    cursor, more = kept.cursor, True
    while more:
        page = await source.read(cursor, now)
        async with till.desk.store.write(till.desk.merchant, now=now, actor=source.name) as work:
            await sources.take_in(work, kept.id, page)
        cursor, more = page.cursor, page.more
    soon = now + service.QUIET
    async with till.desk.store.write(till.desk.merchant, now=soon, actor="clock") as work:
        await service.sweep(work, most=10)
    [kept] = await rows(till, Source)
    return kept


async def rows(till: AnyTill, table: type[Any]) -> list[Any]:
    """Return a table's rows, oldest first."""
    async with till.desk.store.read(till.desk.merchant) as session:
        return list(await session.scalars(select(table).order_by(table.id)))
