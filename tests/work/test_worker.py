"""The worker: what it runs when, and that nothing is lost when it stops or fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.work import listening
from bot.work.outcomes import Dead, Handler, Retry
from bot.work.worker import Worker
from domain import jobs, merchants
from domain.errors import RecordNotFound
from domain.jobs import Claim, NewJob
from domain.store import CLOCK, Store

HOUR = timedelta(hours=1)
Enqueue = Callable[..., Awaitable[None]]


class Watch:
    """A moment that the test moves by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def watch(now: datetime) -> Watch:
    return Watch(now)


@pytest.fixture
def enqueue(store: Store, merchant: int, watch: Watch) -> Enqueue:
    async def add(*new: NewJob) -> None:
        async with store.write(merchant, now=watch.now, actor=CLOCK) as work:
            for job in new:
                work.enqueue(job)

    return add


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(worker.run())
    try:
        yield task
    finally:
        worker.stop()
        await task


async def _counts(store: Store) -> dict[str, int]:
    async with store.across() as session:
        return await jobs.counts(session)


def _worker(store: Store, watch: Watch, handlers: Mapping[str, Handler], **options: Any) -> Worker:
    # A poll of an hour: whatever these tests see happen, a poll did not make it happen.
    worker = Worker(store, handlers, watch, **{"poll": HOUR, **options})
    store.wake = worker.wake
    return worker


async def test_new_work_is_done_at_once(store: Store, watch: Watch, enqueue: Enqueue) -> None:
    done = asyncio.Event()

    async def handle(claim: Claim) -> None:
        assert claim.payload == {"for": "you"}
        done.set()

    async with running(_worker(store, watch, {"post": handle})):
        await enqueue(NewJob("j", "post", {"for": "you"}))
        await done.wait()

    assert await _counts(store) == {}


async def test_another_process_s_work_is_heard_of_at_once_on_postgresql(
    postgresql_url: str, now: datetime
) -> None:
    store, other = Store(postgresql_url), Store(postgresql_url)
    async with store.across(write=True) as session:
        merchant = (await merchants.sole(session, now)).id
    done: asyncio.Queue[str] = asyncio.Queue()

    async def handle(claim: Claim) -> None:
        await done.put(claim.key)

    worker = Worker(store, {"post": handle}, lambda: now, poll=HOUR)
    async with running(worker):
        for key in ("first", "second"):
            async with other.write(merchant, now=now, actor=CLOCK) as work:
                work.enqueue(NewJob(key, "post"))
            assert await done.get() == key
    await store.close()
    await other.close()


async def test_a_worker_whose_listening_connection_is_cut_hears_of_new_work_again(
    postgresql_url: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "RECONNECT_SECONDS", 0)
    store, other = Store(postgresql_url), Store(postgresql_url)
    async with store.across(write=True) as session:
        merchant = (await merchants.sole(session, now)).id
    done: asyncio.Queue[str] = asyncio.Queue()

    async def handle(claim: Claim) -> None:
        await done.put(claim.key)

    listeners = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE query LIKE 'LISTEN%' AND datname = current_database()"
    )
    async with running(Worker(store, {"post": handle}, lambda: now, poll=HOUR)):
        for key in ("first", "second"):
            async with other.write(merchant, now=now, actor=CLOCK) as work:
                work.enqueue(NewJob(key, "post"))
            assert await done.get() == key
            async with other.across() as session:
                cut = (await session.scalars(listeners)).all()
                assert cut == [True]
    await store.close()
    await other.close()


async def test_jobs_run_side_by_side_but_never_more_than_allowed(
    store: Store, watch: Watch, enqueue: Enqueue
) -> None:
    now_running, most, full = 0, 0, asyncio.Event()

    async def handle(_: Claim) -> None:
        nonlocal now_running, most
        now_running += 1
        most = max(most, now_running)
        if now_running == 3:
            full.set()
        await full.wait()
        now_running -= 1

    await enqueue(*(NewJob(f"j{n}", "post") for n in range(12)))
    worker = _worker(store, watch, {"post": handle}, concurrency=3)
    await worker.work_off()

    assert most == 3
    assert await _counts(store) == {}


async def test_200_jobs_run_once_each_on_four_workers(
    store: Store, watch: Watch, enqueue: Enqueue
) -> None:
    ran: list[str] = []

    async def handle(claim: Claim) -> None:
        ran.append(claim.key)
        if len(ran) == 200:
            for worker in workers:
                worker.stop()

    await enqueue(*(NewJob(f"j{n}", "post") for n in range(200)))
    stores = [store, *(Store(store.url.render_as_string(hide_password=False)) for _ in range(3))]
    workers = [Worker(one, {"post": handle}, watch) for one in stores]
    await asyncio.gather(*(worker.run() for worker in workers))
    for other in stores[1:]:
        await other.close()

    assert sorted(ran) == sorted(f"j{n}" for n in range(200))
    assert await _counts(store) == {}


async def test_a_kind_that_nobody_here_handles_is_left_to_others(
    store: Store, watch: Watch, enqueue: Enqueue
) -> None:
    await enqueue(NewJob("j", "post"))

    async def handle(_: Claim) -> None:
        pytest.fail("this worker does not post")

    assert await _worker(store, watch, {"refund.pay": handle}).work_off() == 0
    assert await _counts(store) == {"ready": 1}


async def test_who_is_asked_to_wait_waits_and_so_does_the_whole_lane(
    store: Store, watch: Watch, enqueue: Enqueue
) -> None:
    ran: list[tuple[str, int]] = []

    async def handle(claim: Claim) -> None:
        ran.append((claim.key, claim.attempts))
        if len(ran) == 1:
            raise Retry(timedelta(seconds=30))

    await enqueue(NewJob("first", "post", lane="a"), NewJob("second", "post", lane="a"))
    worker = _worker(store, watch, {"post": handle})
    await worker.work_off()
    assert ran == [("first", 1)]

    watch.now += timedelta(seconds=30)
    await worker.work_off()

    assert ran == [("first", 1), ("first", 1), ("second", 1)]


async def test_what_fails_comes_back_and_is_parked_in_the_end(
    store: Store, merchant: int, watch: Watch, enqueue: Enqueue, caplog: pytest.LogCaptureFixture
) -> None:
    ran = []

    async def handle(claim: Claim) -> None:
        ran.append(claim.attempts)
        raise RecordNotFound("refund", "R-7")

    outcomes: list[str] = []
    await enqueue(NewJob("j", "post"))
    worker = _worker(
        store, watch, {"post": handle}, observe=lambda _kind, what, _s: outcomes.append(what)
    )
    for _ in range(20):
        await worker.work_off()
        watch.now += HOUR

    assert ran == list(range(1, jobs.MAX_ATTEMPTS + 1))
    assert outcomes == ["ready"] * 7 + ["dead"]
    async with store.read(merchant) as session:
        [parked] = await jobs.dead(session)
    assert parked.last_error == "This refund (R-7) is not on this desk any more."
    assert parked.last_error in caplog.text


async def test_what_can_t_be_helped_is_parked_at_once_with_what_to_do(
    store: Store, merchant: int, watch: Watch, enqueue: Enqueue
) -> None:
    async def handle(_: Claim) -> None:
        raise Dead("channel.refunds is not set.")

    await enqueue(NewJob("j", "post"))
    assert await _worker(store, watch, {"post": handle}).work_off() == 1

    async with store.read(merchant) as session:
        [parked] = await jobs.dead(session)
    assert parked.last_error == "channel.refunds is not set."


async def test_the_words_of_an_unforeseen_error_are_kept_out_of_logs_and_table(
    store: Store, merchant: int, watch: Watch, enqueue: Enqueue, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(_: Claim) -> None:
        raise ValueError("Ada Lovelace, 12 St James's Square")

    caplog.set_level(logging.DEBUG, logger="bot")
    await enqueue(NewJob("j", "post"))
    await _worker(store, watch, {"post": handle}).work_off()

    async with store.read(merchant) as session:
        job = await session.get_one(jobs.Job, 1)
    assert "It failed unexpectedly (ValueError at test_worker.py:" in (job.last_error or "")
    assert "ValueError at test_worker.py" in caplog.text
    assert "Lovelace" not in caplog.text


async def test_a_job_that_takes_its_worker_down_each_time_is_parked_in_the_end(
    store: Store, watch: Watch, enqueue: Enqueue
) -> None:
    await enqueue(NewJob("j", "post"))
    for _ in range(jobs.MAX_ATTEMPTS):
        async with store.across(write=True) as session:
            assert await jobs.claim(session, watch.now, most=1)
        watch.now += HOUR

    async def handle(_: Claim) -> None:
        pytest.fail("it must not be tried once more")

    await _worker(store, watch, {"post": handle}).work_off()

    assert await _counts(store) == {"dead": 1}


async def test_stopping_lets_running_jobs_end_and_claims_no_more(
    store: Store, watch: Watch, enqueue: Enqueue
) -> None:
    started, go_on, ran = asyncio.Event(), asyncio.Event(), []

    async def handle(claim: Claim) -> None:
        started.set()
        await go_on.wait()
        ran.append(claim.key)

    await enqueue(NewJob("j0", "post"), NewJob("j1", "post"))
    worker = _worker(store, watch, {"post": handle}, concurrency=1)
    async with running(worker) as run:
        await started.wait()
        worker.stop()
        await asyncio.sleep(0)
        assert not run.done()
        go_on.set()
        await run

    assert ran == ["j0"]
    assert await _counts(store) == {"ready": 1}


async def test_a_job_that_outlasts_the_grace_period_is_put_back_for_others(
    store: Store, watch: Watch, enqueue: Enqueue
) -> None:
    started, cut_off = asyncio.Event(), []

    async def endless(claim: Claim) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cut_off.append(claim.key)

    await enqueue(NewJob("j", "post", lane="a"))
    async with running(_worker(store, watch, {"post": endless}, grace=timedelta())):
        await started.wait()

    assert cut_off == ["j"]
    again = []

    async def handle(claim: Claim) -> None:
        again.append((claim.key, claim.repeated))

    await _worker(store, watch, {"post": handle}).work_off()
    assert again == [("j", True)]


async def test_cancelling_the_worker_puts_its_jobs_back_too(
    store: Store, watch: Watch, enqueue: Enqueue
) -> None:
    started = asyncio.Event()

    async def endless(_: Claim) -> None:
        started.set()
        await asyncio.Event().wait()

    await enqueue(NewJob("j", "post"))
    run = asyncio.create_task(_worker(store, watch, {"post": endless}, grace=timedelta()).run())
    await started.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run

    assert await _counts(store) == {"ready": 1}


async def test_a_dead_replica_s_job_is_taken_over_and_its_late_answer_is_ignored(
    store: Store, watch: Watch, enqueue: Enqueue, caplog: pytest.LogCaptureFixture
) -> None:
    took_over = []

    async def heir(claim: Claim) -> None:
        took_over.append(claim.attempts)

    async def stalled(_: Claim) -> None:
        watch.now += jobs.LEASE + timedelta(seconds=1)
        await _worker(store, watch, {"post": heir}).work_off()

    outcomes = []
    await enqueue(NewJob("j", "post"))
    await _worker(
        store, watch, {"post": stalled}, observe=lambda _kind, what, _s: outcomes.append(what)
    ).work_off()

    assert took_over == [2]
    assert outcomes == ["lost"]
    assert "longer than its lease" in caplog.text
    assert await _counts(store) == {}


async def test_a_job_due_later_runs_when_its_time_comes(
    store: Store, watch: Watch, enqueue: Enqueue
) -> None:
    done = asyncio.Event()

    async def handle(_: Claim) -> None:
        done.set()

    await enqueue(NewJob("j", "post", due_at=watch.now + timedelta(milliseconds=200)))
    started = asyncio.get_running_loop().time()
    start = watch.now

    class Moving(Watch):
        def __call__(self) -> datetime:
            elapsed = asyncio.get_running_loop().time() - started
            return start + timedelta(seconds=elapsed)

    async with running(_worker(store, Moving(start), {"post": handle})):
        await done.wait()

    assert asyncio.get_running_loop().time() - started >= 0.2


async def test_wake_may_be_called_from_another_thread(
    store: Store, watch: Watch, enqueue: Enqueue
) -> None:
    done = asyncio.Event()

    async def handle(_: Claim) -> None:
        done.set()

    worker = _worker(store, watch, {"post": handle})
    store.wake = lambda: None
    async with running(worker):
        await enqueue(NewJob("j", "post"))
        await asyncio.to_thread(worker.wake)
        await done.wait()
