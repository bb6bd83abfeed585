"""Sources of orders: read on where they were left, page by page, and how fresh they are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from bot.work.clock import Clock
from bot.work.sources import Sources
from bot.work.worker import Worker
from domain import jobs, sources
from domain.events import Kind
from domain.inbox import Delivery
from domain.orders.model import Order
from domain.sources import Page, Source, SourceBusy, SourceSilent, Unread
from handlers.alerts import called_for
from tests.domain.desk import Desk, draft


class Pages:
    """A source with so many orders, two a page; `trouble` is raised by the next reads, in turn."""

    name = "shop"

    def __init__(self, count: int) -> None:
        self.count = count
        self.trouble: list[Exception | None] = []
        self.asked: list[Any] = []
        self.unread: Sequence[Unread] = ()

    async def read(self, cursor: Mapping[str, Any] | None, now: datetime) -> Page:
        self.asked.append((cursor or {}).get("at"))
        if self.trouble and (trouble := self.trouble.pop(0)):
            raise trouble
        at = int((cursor or {"at": 0})["at"])
        end = min(at + 2, self.count)
        found = [draft(f"S-{number}", placed_at=now) for number in range(at, end)]
        return Page(found, {"at": end}, more=end < self.count, unread=self.unread)


class Reading:
    """A desk with a clock and a worker that reads one source."""

    def __init__(self, desk: Desk, pages: Pages) -> None:
        self.desk, self.pages = desk, pages
        handlers = Sources(desk.store, {"shop": pages}, lambda: desk.now).handlers()
        self.worker = Worker(desk.store, handlers, lambda: desk.now)
        self.clock = Clock(desk.store, lambda: desk.now)

    async def go_on(self, **later: float) -> Source:
        """Let time pass, and the clock and the worker do theirs; returns the source then."""
        self.desk.now += timedelta(**later)
        await self.clock.tick(self.desk.now)
        await self.worker.work_off()
        [source] = await self.desk.all(select(Source))
        return source

    async def orders(self) -> int:
        [count] = await self.desk.all(select(func.count()).select_from(Order))
        return int(count)


@pytest.fixture
async def reading(desk: Desk) -> Reading:
    async with desk.work("clock") as work:
        await sources.connect(work, ["shop"])
    return Reading(desk, Pages(5))


async def test_a_source_is_read_to_its_end_and_then_from_there(reading: Reading) -> None:
    source = await reading.go_on()
    assert (reading.pages.asked, await reading.orders()) == ([None, 2, 4], 5)
    assert (source.cursor, source.checked_at) == ({"at": 5}, reading.desk.now)
    async with reading.desk.work("clock") as work:
        await sources.connect(work, ["shop"])
    reading.pages.count = 6
    await reading.go_on(minutes=4)
    assert await reading.orders() == 5
    await reading.go_on(minutes=2)
    assert (reading.pages.asked[3:], await reading.orders()) == ([5], 6)


async def test_what_a_crash_leaves_is_read_on_by_another(reading: Reading) -> None:
    reading.pages.trouble = [None, asyncio.CancelledError()]  # type: ignore[list-item]
    with pytest.raises(asyncio.CancelledError):
        await reading.go_on()
    assert await reading.orders() == 2
    await reading.go_on(minutes=2)
    assert (reading.pages.asked, await reading.orders()) == ([None, 2, 2, 4], 5)


async def test_a_source_that_is_down_says_since_when_and_why(reading: Reading) -> None:
    reading.pages.trouble = [None, SourceSilent("The shop is closed."), SourceSilent("No answer.")]
    down = (await reading.go_on()).failing_since
    source = await reading.go_on(minutes=6)
    assert (source.failing_since, source.last_error) == (down, "No answer.")
    assert (source.checked_at, await reading.orders()) == (None, 2)
    source = await reading.go_on(minutes=6)
    assert (source.failing_since, source.last_error) == (None, None)
    assert (source.checked_at, await reading.orders()) == (reading.desk.now, 5)


async def test_a_source_that_asks_to_wait_is_waited_for(reading: Reading) -> None:
    reading.pages.trouble = [SourceBusy(timedelta(minutes=3))]
    await reading.go_on()
    async with reading.desk.store.across() as session:
        assert await jobs.counts(session) == {"ready": 1}
    source = await reading.go_on(minutes=3)
    assert (source.failing_since, await reading.orders()) == (None, 5)


async def test_a_source_that_speaks_up_is_asked_less_often(reading: Reading) -> None:
    await reading.go_on()
    async with reading.desk.work("shop") as work:
        await sources.heard(work, "shop")
    heard_at = reading.desk.now
    reading.desk.now += timedelta(seconds=30)
    async with reading.desk.work("shop") as work:
        await sources.heard(work, "shop")
    source = await reading.go_on(minutes=5)
    assert source.heard_at == heard_at
    asked = len(reading.pages.asked)
    await reading.go_on(minutes=25)
    assert len(reading.pages.asked) == asked
    await reading.go_on(minutes=6)
    assert len(reading.pages.asked) == asked + 1


async def test_an_order_that_can_not_be_read_is_kept_and_holds_nobody_up(reading: Reading) -> None:
    reading.pages.unread = [Unread("7:now", "{}")]
    await reading.go_on()
    [kept] = await reading.desk.all(select(Delivery))
    assert (kept.source, kept.reference, await reading.orders()) == ("shop", "7:now", 5)


async def test_a_source_that_is_connected_no_more_is_left(reading: Reading) -> None:
    reading.worker._handlers = Sources(reading.desk.store, {}, lambda: reading.desk.now).handlers()
    await reading.go_on()
    assert await reading.orders() == 0


async def test_who_waited_while_another_read_to_the_end_asks_no_more(reading: Reading) -> None:
    reading.pages.trouble = [SourceBusy(timedelta(minutes=20))]
    await reading.go_on()
    for _ in range(3):
        await reading.go_on(minutes=6)
    async with reading.desk.store.across() as session:
        assert await jobs.counts(session) == {"ready": 4}
    await reading.go_on(minutes=2)
    assert (reading.pages.asked, await reading.orders()) == ([None, None, 2, 4], 5)
    async with reading.desk.store.across() as session:
        assert await jobs.counts(session) == {}


async def test_a_source_that_is_not_read_for_hours_is_told_of_once_until_it_is_again(
    reading: Reading,
) -> None:
    desk = reading.desk
    await reading.go_on()
    reading.pages.trouble = [SourceSilent("No answer.")] * 40
    for _ in range(11):
        source = await reading.go_on(minutes=10)
    assert (source.is_well(desk.now), await desk.events(Kind.SOURCE_STALE)) == (False, [])
    for _ in range(4):
        source = await reading.go_on(minutes=10)
    [told] = await desk.events(Kind.SOURCE_STALE)
    [post] = called_for(told)
    assert (post.kind, post.payload["concept"]) == ("post", "orders")
    assert source.stale_at is not None
    reading.pages.trouble = []
    source = await reading.go_on(minutes=10)
    [again] = await desk.events(Kind.SOURCE_FRESH)
    assert [job.kind for job in called_for(again)] == ["refresh"]
    assert (source.stale_at, source.is_well(desk.now)) == (None, True)


async def test_what_nobody_read_while_the_desk_was_down_is_asked_for_first(
    reading: Reading,
) -> None:
    await reading.go_on()
    reading.desk.now += timedelta(hours=9)
    async with reading.desk.work("clock") as work:
        await sources.connect(work, ["shop"])
    await reading.go_on()
    assert await reading.desk.events(Kind.SOURCE_STALE) == []


async def test_payouts_that_are_not_read_are_told_of_where_payouts_are(desk: Desk) -> None:
    async with desk.work("clock") as work:
        await sources.connect(work, ["stripe-payouts"])
    await desk.later(hours=3).sweep(sources.sweep_stale)
    [told] = await desk.events(Kind.SOURCE_STALE)
    assert [job.payload["concept"] for job in called_for(told)] == ["reports"]


async def test_a_source_that_is_disconnected_is_nobodys_concern_until_it_is_back(
    desk: Desk,
) -> None:
    reading = Reading(desk, Pages(1))
    async with desk.work() as work:
        await sources.connect(work, ["shop"])
    await reading.go_on(minutes=1)
    async with desk.work() as work:
        await sources.connect(work, ["another"])
        assert [one.name for one in await sources.every(work.session)] == ["another"]
    asked = len(reading.pages.asked)
    async with desk.work() as work:
        await work.session.execute(delete(Source).where(Source.name == "another"))
    kept = await reading.go_on(days=1)
    assert (kept.stale_at, len(reading.pages.asked)) == (None, asked)
    async with desk.work() as work:
        await sources.connect(work, ["shop"])
    kept = await reading.go_on(minutes=1)
    assert (kept.checked_at, kept.is_well(desk.now)) == (desk.now, True)
