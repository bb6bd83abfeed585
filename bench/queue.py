"""Jobs: how fast they are enqueued and worked off."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from bench.databases import NOW, Databases, Place
from bench.tables import Table, rate, seconds, times
from bot.work.worker import Worker
from domain import jobs
from domain.jobs import Claim, NewJob
from domain.store import Store

_SINGLE, _MANY, _BATCH = 100, 1_000, 100


async def run(databases: Databases) -> list[Table]:
    """Enqueue jobs that do nothing and work them off, on each kind of database."""
    table = Table(("jobs", "enqueue", "work off", "of one by one"))
    for kind in databases.kinds:
        async with databases.place(kind) as place:
            await _measure(place, table)
    table.note = "enqueue: one or 100 a transaction; 4 replicas share one process here"
    return [table]


async def _measure(place: Place, table: Table) -> None:
    one, many = _SINGLE, _MANY
    singly = await seconds(partial(_enqueue, place, one, 1))
    alone = one / await seconds(partial(_work_off, [place.store], 1))
    table.add(f"{place.kind}, one by one", rate(one, singly), f"{alone:,.0f}/s", times(1, 1))
    at_once = await seconds(partial(_enqueue, place, many, _BATCH))
    for at_a_time in (8, 50):
        speed = many / await seconds(partial(_work_off, [place.store], at_a_time))
        _add(table, f"{place.kind}, {at_a_time} at a time", rate(many, at_once), speed, alone)
        at_once = await seconds(partial(_enqueue, place, many, _BATCH))
    stores = [Store(place.url) for _ in range(4)]
    speed = many / await seconds(partial(_work_off, stores, 8))
    _add(table, f"{place.kind}, 4 replicas, 8 each", rate(many, at_once), speed, alone)
    for store in stores:
        await store.close()


def _add(table: Table, what: str, enqueued: str, speed: float, alone: float) -> None:
    table.add(what, enqueued, f"{speed:,.0f}/s", times(speed, alone))


async def _enqueue(place: Place, count: int, batch: int) -> None:
    for start in range(0, count, batch):
        async with place.store.write(place.merchant_id, now=NOW, actor="bench") as work:
            for number in range(start, start + batch):
                work.enqueue(NewJob(f"bench:{id(work)}:{start}:{number}", "bench.nothing"))


async def _work_off(stores: Sequence[Store], at_a_time: int) -> None:
    workers = [
        Worker(store, {"bench.nothing": _nothing}, lambda: NOW, concurrency=at_a_time)
        for store in stores
    ]
    await asyncio.gather(*(worker.work_off() for worker in workers))
    async with stores[0].across() as session:
        if left := await jobs.counts(session):
            raise SystemExit(f"Jobs were left over: {left}")


async def _nothing(_: Claim) -> None:
    """Be a job that takes no time."""
