"""The job table: what is claimed, by whom, in which order, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select, text

from domain import jobs
from domain.jobs import Claim, Job, NewJob, State
from domain.store import CLOCK, Store

MINUTE = timedelta(minutes=1)


async def enqueue(store: Store, merchant: int, now: datetime, *new: NewJob) -> None:
    async with store.write(merchant, now=now, actor=CLOCK) as work:
        for job in new:
            work.enqueue(job)


async def claim(store: Store, now: datetime, most: int = 10) -> list[Claim]:
    async with store.across(write=True) as session:
        return await jobs.claim(session, now, most=most)


async def finish(store: Store, held: Claim, now: datetime) -> bool:
    async with store.across(write=True) as session:
        return await jobs.finish(session, [held], now) == {held.id}


async def fail(store: Store, held: Claim, now: datetime) -> State | None:
    async with store.across(write=True) as session:
        return await jobs.fail(session, held, now, "no luck")


async def test_each_of_200_jobs_is_claimed_by_exactly_one_of_four_workers(
    store: Store, merchant: int, now: datetime
) -> None:
    await enqueue(store, merchant, now, *(NewJob(f"j{n}", "post") for n in range(200)))
    others = [Store(store.url.render_as_string(hide_password=False)) for _ in range(3)]

    async def work_off(replica: Store) -> list[str]:
        keys = []
        while held := await claim(replica, now, most=7):
            for one in held:
                assert await finish(replica, one, now)
                keys.append(one.key)
        return keys

    done = await asyncio.gather(*(work_off(replica) for replica in (store, *others)))
    for other in others:
        await other.close()

    counted = Counter(key for keys in done for key in keys)
    assert counted == {f"j{n}": 1 for n in range(200)}
    async with store.across() as session:
        assert await jobs.counts(session) == {}


async def test_a_key_is_enqueued_once_for_a_merchant(
    store: Store, merchant: int, now: datetime
) -> None:
    await enqueue(store, merchant, now, NewJob("same", "post", {"first": True}))
    await enqueue(store, merchant, now, NewJob("same", "post", {"first": False}))

    [held] = await claim(store, now)

    assert held.payload == {"first": True}


async def test_jobs_of_a_lane_run_one_after_another_in_the_order_they_came(
    store: Store, merchant: int, now: datetime
) -> None:
    new = [NewJob(f"{lane}{n}", "post", lane=lane) for n in range(3) for lane in ("a", "b")]
    await enqueue(store, merchant, now, *new)

    order = []
    while held := await claim(store, now):
        assert await claim(store, now) == []
        order.append([one.key for one in held])
        for one in held:
            await finish(store, one, now)

    assert order == [["a0", "b0"], ["a1", "b1"], ["a2", "b2"]]


async def test_a_lane_never_has_two_running_jobs_however_many_workers_claim(
    store: Store, merchant: int, now: datetime
) -> None:
    await enqueue(store, merchant, now, *(NewJob(f"j{n}", "post", lane="a") for n in range(40)))
    running: set[str] = set()
    done: list[str] = []

    async def work_off() -> None:
        while len(done) < 40:
            for one in await claim(store, now, most=3):
                running.add(one.key)
                assert running == {one.key}
                await asyncio.sleep(0)
                running.remove(one.key)
                done.append(one.key)
                await finish(store, one, now)

    await asyncio.gather(*(work_off() for _ in range(4)))

    assert done == [f"j{n}" for n in range(40)]


async def test_a_resting_lane_is_left_alone_until_it_is_free(
    store: Store, merchant: int, now: datetime
) -> None:
    await enqueue(store, merchant, now, NewJob("slow", "post", lane="a"), NewJob("any", "tell"))
    free_at = now + timedelta(seconds=1)
    async with store.across(write=True) as session:
        await jobs.rest(session, merchant, "a", free_at)

    assert [one.key for one in await claim(store, now)] == ["any"]
    async with store.across() as session:
        assert await jobs.next_due(session, now) == free_at
    assert [one.key for one in await claim(store, free_at)] == ["slow"]


async def test_a_lane_of_one_merchant_does_not_hold_up_another(
    store: Store, merchant: int, now: datetime
) -> None:
    async with store.across(write=True) as session:
        await session.execute(
            text("INSERT INTO merchants (id, name, created_at) VALUES (77, 'Other', :now)"),
            {"now": "2026-11-24 09:00:00" if store.is_sqlite else now},
        )
    await enqueue(store, merchant, now, NewJob("j", "post", lane="a"))
    await enqueue(store, 77, now, NewJob("j", "post", lane="a"))

    assert {one.merchant_id for one in await claim(store, now)} == {merchant, 77}


async def test_a_job_is_not_due_before_its_time(store: Store, merchant: int, now: datetime) -> None:
    await enqueue(store, merchant, now, NewJob("later", "post", due_at=now + MINUTE))

    assert await claim(store, now) == []
    async with store.across() as session:
        assert await jobs.next_due(session, now) == now + MINUTE
    assert len(await claim(store, now + MINUTE)) == 1


async def test_a_lease_that_ran_out_lets_another_worker_take_over_and_fences_off_the_first(
    store: Store, merchant: int, now: datetime
) -> None:
    await enqueue(store, merchant, now, NewJob("j", "post", lane="a"))
    [gone] = await claim(store, now)
    assert await claim(store, now + jobs.LEASE) == []

    later = now + jobs.LEASE + timedelta(seconds=1)
    [heir] = await claim(store, later)

    assert heir.attempts == 2
    assert heir.repeated
    assert not await finish(store, gone, later)
    assert await fail(store, gone, later) is None
    assert await claim(store, later) == [], "the late answer must not have freed the job"
    assert await finish(store, heir, later)


async def test_a_failed_job_comes_back_later_each_time_until_it_is_parked(
    store: Store, merchant: int, now: datetime
) -> None:
    await enqueue(store, merchant, now, NewJob("j", "post"))
    waits = []
    states: list[State | None] = []
    while State.DEAD not in states:
        [held] = await claim(store, now)
        states.append(await fail(store, held, now))
        async with store.across() as session:
            due_at = await jobs.next_due(session, now)
        if due_at:
            waits.append(due_at - now)
            now = due_at

    assert states == [State.READY] * (jobs.MAX_ATTEMPTS - 1) + [State.DEAD]
    for attempt, wait in enumerate(waits):
        longest = min(timedelta(seconds=5) * 2**attempt, timedelta(minutes=15))
        assert longest / 2 <= wait <= longest
    async with store.read(merchant) as session:
        [parked] = await jobs.dead(session)
        assert parked.last_error == "no luck"
        assert await jobs.counts(session) == {"dead": 1}


async def test_a_revived_job_starts_over_but_knows_that_it_may_have_reached_the_other_side(
    store: Store, merchant: int, now: datetime
) -> None:
    await enqueue(store, merchant, now, NewJob("j", "post"))
    [held] = await claim(store, now)
    async with store.across(write=True) as session:
        await jobs.fail(session, held, now, "not allowed", final=True)

    async with store.across(write=True) as session:
        assert await jobs.revive(session, now, held.id) == 1
    [again] = await claim(store, now)

    assert again.attempts == 1
    assert again.repeated
    assert not held.repeated


async def test_a_postponed_attempt_does_not_count(
    store: Store, merchant: int, now: datetime
) -> None:
    await enqueue(store, merchant, now, NewJob("j", "post"))
    [held] = await claim(store, now)
    async with store.across(write=True) as session:
        assert await jobs.postpone(session, held, now + MINUTE)

    assert await claim(store, now) == []
    [again] = await claim(store, now + MINUTE)
    assert again.attempts == 1


async def test_a_job_that_was_put_back_can_be_taken_at_once_and_remembers_the_attempt(
    store: Store, merchant: int, now: datetime
) -> None:
    await enqueue(store, merchant, now, NewJob("j", "post"))
    [held] = await claim(store, now)
    async with store.across(write=True) as session:
        assert await jobs.put_back(session, held, now)

    [again] = await claim(store, now)
    assert again.attempts == 2
    assert again.repeated


async def test_work_that_is_undone_leaves_no_job(
    store: Store, merchant: int, now: datetime
) -> None:
    async def undone() -> None:
        async with store.write(merchant, now=now, actor=CLOCK) as work:
            work.enqueue(NewJob("j", "post"))
            await work.settle()
            raise LookupError

    with pytest.raises(LookupError):
        await undone()

    assert await claim(store, now) == []


async def test_a_merchant_sees_and_revives_its_own_dead_jobs_alone(
    store: Store, merchant: int, now: datetime
) -> None:
    async with store.across(write=True) as session:
        await session.execute(
            text("INSERT INTO merchants (id, name, created_at) VALUES (77, 'Other', :now)"),
            {"now": "2026-11-24 09:00:00" if store.is_sqlite else now},
        )
    await enqueue(store, merchant, now, NewJob("ours", "post"))
    await enqueue(store, 77, now, NewJob("theirs", "post"))
    async with store.across(write=True) as session:
        for held in await jobs.claim(session, now, most=2):
            await jobs.fail(session, held, now, "no", final=True)

    async with store.read(merchant) as session:
        assert [job.key for job in await jobs.dead(session)] == ["ours"]
    async with store.write(merchant, now=now, actor=CLOCK) as work:
        assert await jobs.revive(work.session, now) == 1
    assert [held.key for held in await claim(store, now)] == ["ours"]


async def test_claiming_does_not_look_at_done_jobs(
    store: Store, merchant: int, now: datetime
) -> None:
    done = {
        "merchant_id": merchant,
        "kind": "post",
        "payload": {},
        "lane": "a",
        "state": State.DONE,
        "due_at": now - MINUTE,
        "created_at": now - MINUTE,
        "finished_at": now,
        "attempts": 1,
    }
    async with store.across(write=True) as session:
        await session.execute(insert(Job), [{**done, "key": f"d{n}"} for n in range(5_000)])
    await enqueue(store, merchant, now, *(NewJob(f"j{n}", "post", lane="a") for n in range(5)))

    plan = await _plan_of_claim(store, now)

    assert "ix_jobs_open" in plan
    assert "ix_jobs_held_lane" in plan
    assert "SCAN jobs" not in plan
    assert "Seq Scan on jobs" not in plan
    assert "ix_jobs_merchant_id" not in plan


async def _plan_of_claim(store: Store, now: datetime) -> str:
    """Return the database's own words on how it finds the jobs of a claim."""
    from sqlalchemy import event  # noqa: PLC0415

    seen: list[tuple[str, object]] = []

    def watch(*call: object) -> None:
        if str(call[2]).startswith("SELECT jobs.id"):
            seen.append((str(call[2]), call[3]))

    async with store.across(write=True) as session:
        if not store.is_sqlite:
            await session.execute(text("ANALYZE jobs"))
        event.listen(store.engine.sync_engine, "before_cursor_execute", watch)
        await jobs.claim(session, now, most=5)
        event.remove(store.engine.sync_engine, "before_cursor_execute", watch)
        [(statement, values)] = seen
        explain = "EXPLAIN QUERY PLAN " if store.is_sqlite else "EXPLAIN "
        connection = await session.connection()
        rows = await connection.exec_driver_sql(explain + statement, values)  # type: ignore[arg-type]
        return "\n".join(str(row[-1]) for row in rows)


async def test_the_store_wakes_its_worker_after_the_commit_and_not_before(
    store: Store, merchant: int, now: datetime
) -> None:
    found: list[int] = []
    store.wake = lambda: found.append(1)

    async with store.write(merchant, now=now, actor=CLOCK) as work:
        work.enqueue(NewJob("j", "post"))
        await work.settle()
        assert found == []
    async with store.write(merchant, now=now, actor=CLOCK) as work:
        await work.session.scalars(select(Job))

    assert found == [1]
