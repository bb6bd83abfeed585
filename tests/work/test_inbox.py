"""Messages that come in a burst: kept together, read together, and alone where one is odd."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from bot.connectors.inbound import Message, Together, UnreadableEvent
from bot.http.intake import Intake
from bot.work.worker import Worker
from domain import jobs
from domain.inbox import Delivery
from domain.jobs import Job, NewJob, State
from domain.store import Work
from tests.work.desk import Small

SOURCE = "ups"


class Reader:
    """A source whose messages are kept and read, at times that the test sets."""

    def __init__(self, desk: Small) -> None:
        self.desk = desk
        self.now = desk.now
        self.taken: list[Sequence[str]] = []
        self.took: list[float] = []
        self.slow = timedelta()
        self.outages = 0
        self.intake = Intake(desk.store, SOURCE, self.time, together=True)
        self.worker = self.another()

    def time(self) -> datetime:
        return self.now

    def another(self) -> Worker:
        """Return a worker like that of another process."""
        handler = Together(self.desk.store, self.time, SOURCE, self.meaning, self.take)
        return Worker(self.desk.store, {f"inbox.{SOURCE}": handler, "other": self.other}, self.time)

    def meaning(self, body: str) -> Sequence[str]:
        if body == "gibberish":
            raise UnreadableEvent("a UPS")
        return [body]

    async def take(self, _work: Work, facts: Sequence[str]) -> None:
        if "poison" in facts:
            raise ZeroDivisionError
        if self.outages:
            self.outages -= 1
            raise OSError
        await asyncio.sleep(self.slow.total_seconds())
        self.taken.append(facts)
        self.took.append(time.monotonic())

    async def other(self, _claim: jobs.Claim) -> None:
        self.taken.append(["another job"])

    async def keep(self, *texts: str) -> list[bool]:
        """Have messages arrive at once, each named by its text."""
        return await asyncio.gather(*(self.intake.keep(Message(one, one)) for one in texts))

    async def work(self, after: timedelta = timedelta(seconds=1)) -> None:
        """Work off what is due a little later."""
        self.now += after
        await self.worker.work_off()

    async def unread(self) -> list[str]:
        async with self.desk.store.read(self.desk.merchant) as session:
            found = await session.scalars(select(Delivery.body).where(Delivery.unread))
            return list(found)

    async def open_jobs(self) -> Sequence[Job]:
        async with self.desk.store.read(self.desk.merchant) as session:
            found = await session.scalars(
                select(Job).where(Job.state != State.DONE).order_by(Job.id)
            )
            return found.all()


@pytest.fixture
def reader(desk: Small) -> Reader:
    return Reader(desk)


async def test_what_arrives_at_once_is_kept_once_and_read_together(reader: Reader) -> None:
    texts = [f"{number:03}" for number in range(150)]
    assert all(await reader.keep(*texts))
    assert await reader.keep("new", "new", "000") == [True, False, False]
    (job,) = await reader.open_jobs()
    assert (job.kind, job.waits_as, job.payload) == ("inbox.ups", "inbox:ups", {})
    await reader.work()
    assert [len(batch) for batch in reader.taken] == [100, 51]
    assert sorted(text for batch in reader.taken for text in batch) == [*texts, "new"]
    assert (await reader.unread(), await reader.open_jobs()) == ([], [])


async def test_one_that_the_database_does_not_take_is_kept_from_nobody_else(
    reader: Reader,
) -> None:
    arriving = [reader.intake.keep(Message(text, text)) for text in ("a", "b", "\ud800", "c")]
    kept = await asyncio.gather(*arriving, return_exceptions=True)
    assert [kept[0], kept[1], kept[3]] == [True, True, True]
    assert isinstance(kept[2], UnicodeEncodeError | DBAPIError)
    assert sorted(await reader.unread()) == ["a", "b", "c"]


async def test_an_odd_message_is_set_aside_alone_with_its_reason(reader: Reader) -> None:
    await reader.keep("a", "b", "gibberish", "c", "poison", "d")
    await reader.work()
    assert sorted(text for batch in reader.taken for text in batch) == ["a", "b", "c", "d"]
    odd = {job.key: job.last_error for job in await reader.open_jobs()}
    assert odd.keys() == {"inbox:ups:gibberish", "inbox:ups:poison"}
    assert "This is not a UPS event" in (odd["inbox:ups:gibberish"] or "")
    assert "ZeroDivisionError" in (odd["inbox:ups:poison"] or "")
    assert await reader.unread() == []


async def test_the_reader_rests_between_batches_while_messages_come_in(reader: Reader) -> None:
    await reader.keep(*(f"{number:03}" for number in range(250)))
    reader.slow = timedelta(milliseconds=100)
    await reader.work(timedelta(milliseconds=500))
    (first, second, _third) = reader.took
    assert [len(batch) for batch in reader.taken] == [100, 100, 50]
    # At least: a machine with other work to do makes it longer.
    assert second - first >= 4 * reader.slow.total_seconds()


async def test_what_was_not_taken_in_is_read_again(reader: Reader) -> None:
    await reader.keep("a", "b")
    reader.outages = 1
    await reader.work()
    assert (reader.taken, sorted(await reader.unread())) == ([], ["a", "b"])
    await reader.work(jobs.LEASE)
    assert ([sorted(batch) for batch in reader.taken], await reader.unread()) == ([["a", "b"]], [])


async def test_another_process_reads_what_a_dead_one_has_left(reader: Reader) -> None:
    await reader.keep("a")
    async with reader.desk.store.across(write=True) as session:
        (claim,) = await jobs.claim(session, reader.now + jobs.LEASE, most=1)
    await reader.keep("b")
    await reader.work()
    assert [sorted(batch) for batch in reader.taken] == [["a", "b"]]
    assert [job.id for job in await reader.open_jobs()] == [claim.id]


async def test_a_job_that_waits_does_for_all_that_would_do_the_same(reader: Reader) -> None:
    async def ask(key: str) -> None:
        async with reader.desk.write() as work:
            work.enqueue(NewJob(key, "other", waits_as="the same"))
            work.enqueue(NewJob(f"{key}'", "other", waits_as="the same"))

    await ask("first")
    await ask("second")
    assert [job.key for job in await reader.open_jobs()] == ["first"]
    async with reader.desk.store.across(write=True) as session:
        await jobs.claim(session, reader.now, most=1)
    # That one may have looked already.
    await ask("third")
    assert [job.key for job in await reader.open_jobs()] == ["first", "third"]


async def test_other_jobs_get_their_turn_while_a_burst_is_read(reader: Reader) -> None:
    await reader.keep(*(f"{number}" for number in range(500)))
    async with reader.desk.write() as work:
        work.enqueue(NewJob("refund", "other"))
    await reader.work()
    turn = reader.taken.index(["another job"])
    assert turn < len(reader.taken) - 1
