"""The clock: what time does, to whom, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text

from bot.work.clock import BATCH, SWEEPS, Clock, Sweep
from domain import merchants
from domain.complaints import service as complaints
from domain.complaints.model import Complaint
from domain.errors import RecordNotFound
from domain.events import Event, Kind
from domain.jobs import NewJob
from domain.orders.intake import ParcelDraft
from domain.orders.model import State as OrderState
from domain.refunds.model import State
from domain.shipping.model import Parcel, ParcelState, Trouble
from domain.store import CLOCK, Store, Work
from tests.work.desk import AGENT, Small

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def clock(store: Store, now: datetime) -> Clock:
    return Clock(store, lambda: now)


async def history(desk: Small, kind: Kind) -> Sequence[Event]:
    async with desk.store.read(desk.merchant) as session:
        return (await session.scalars(select(Event).where(Event.kind == kind))).all()


async def test_nothing_happens_before_its_time(desk: Small, clock: Clock) -> None:
    order_id = await desk.order(deliver_by=desk.now + DAY)
    await desk.asked_refund(order_id)

    assert await clock.tick(desk.now) == 0


async def test_an_undecided_refund_expires_in_the_clock_s_name(desk: Small, clock: Clock) -> None:
    refund_id = await desk.asked_refund(await desk.order())

    assert await clock.tick(desk.now + 73 * HOUR) == 1

    assert (await desk.refund(refund_id)).state is State.EXPIRED
    [expired] = await history(desk, Kind.REFUND_EXPIRED)
    assert expired.actor == CLOCK
    assert expired.at == desk.now + 73 * HOUR


async def test_the_warehouse_is_warned_before_an_order_is_late(desk: Small, clock: Clock) -> None:
    await desk.order(state=OrderState.CONFIRMED, parcels=(), ship_by=desk.now + 8 * HOUR)

    assert await clock.tick(desk.now + HOUR) == 0
    # Then its alert is looked at: when whom to remind.
    assert [await clock.tick(desk.now + hours * HOUR) for hours in (3, 4, 5)] == [1, 1, 0]

    assert len(await history(desk, Kind.SHIP_BY_NEAR)) == 1


async def test_a_parcel_past_its_promise_and_one_nobody_scans_are_noticed(
    desk: Small, clock: Clock
) -> None:
    await desk.order("late", deliver_by=desk.now + HOUR)
    await desk.order(
        "silent",
        parcels=(
            ParcelDraft(
                tracking_number="EZ2", state=ParcelState.IN_TRANSIT, shipped_at=desk.now - DAY
            ),
        ),
    )

    await clock.tick(desk.now + 5 * DAY)

    async with desk.store.read(desk.merchant) as session:
        troubles = set(await session.scalars(select(Parcel.trouble)))
    assert troubles == {Trouble.DELAYED, Trouble.CARRIER_SILENT}


async def test_a_complaint_climbs_one_level_for_each_day_without_an_answer(
    desk: Small, clock: Clock
) -> None:
    order_id = await desk.order()
    async with desk.write(AGENT.member_id) as work:
        case = await complaints.open_case(work, AGENT, order_id, "The mug is cracked.")

    levels = []
    for days in range(1, 7):
        await clock.tick(desk.now + days * DAY)
        levels.append((await desk.one(Complaint, case.id)).level)

    assert levels == [1, 2, 3, 3, 3, 3]


async def test_an_escalation_speaks_for_the_reminders_it_missed(desk: Small, clock: Clock) -> None:
    order_id = await desk.order()
    async with desk.write(AGENT.member_id) as work:
        await complaints.open_case(work, AGENT, order_id, "The mug is cracked.")

    assert await clock.tick(desk.now + 12 * HOUR) == 1
    assert await clock.tick(desk.now + 24 * HOUR) == 1
    assert await clock.tick(desk.now + 24 * HOUR) == 0

    [warned] = await history(desk, Kind.COMPLAINT_WARNED)
    assert (warned.actor, warned.data["share"]) == (CLOCK, 50)
    assert len(await history(desk, Kind.COMPLAINT_ESCALATED)) == 1


async def test_more_than_a_batch_is_swept_in_one_tick(
    store: Store, merchant: int, now: datetime
) -> None:
    left, batches = [2 * BATCH + 1], []

    async def run(work: Work, *, most: int) -> int:
        del work
        batches.append(min(most, left[0]))
        left[0] -= batches[-1]
        return batches[-1]

    clock = Clock(store, lambda: now, sweeps={"test": Sweep(Complaint.answer_due_at, run)})
    await _due_complaint(store, merchant, now)

    assert await clock.tick(now) == 2 * BATCH + 1
    assert batches == [BATCH, BATCH, 1]


async def test_each_merchant_s_time_is_its_own(desk: Small, clock: Clock) -> None:
    async with desk.store.across(write=True) as session:
        other = merchants.Merchant(team_id="T2", name="Other", created_at=desk.now)
        session.add(other)
        await session.flush()
    theirs = Small(desk.store, other.id, desk.now)
    await theirs.set(refund__expires_after_hours="1")
    ours_id = await desk.asked_refund(await desk.order())
    theirs_id = await theirs.asked_refund(await theirs.order())

    assert await clock.tick(desk.now + 2 * HOUR) == 1

    assert (await desk.refund(ours_id)).state is State.AWAITING_APPROVAL
    assert (await theirs.refund(theirs_id)).state is State.EXPIRED
    assert await history(desk, Kind.REFUND_EXPIRED) == []


async def test_several_clocks_at_once_let_each_thing_happen_once(desk: Small, clock: Clock) -> None:
    for number in range(12):
        await desk.asked_refund(await desk.order(f"n{number}"))
    others = [Store(desk.store.url.render_as_string(hide_password=False)) for _ in range(2)]
    clocks = [clock, *(Clock(other, lambda: desk.now) for other in others)]

    await asyncio.gather(*(one.tick(desk.now + 73 * HOUR) for one in clocks))
    for other in others:
        await other.close()

    assert len(await history(desk, Kind.REFUND_EXPIRED)) == 12


async def test_a_desk_with_nothing_due_costs_one_query(desk: Small, clock: Clock) -> None:
    await desk.asked_refund(await desk.order())
    seen: list[str] = []

    def watch(*call: Any) -> None:
        if "set_config" not in call[2]:
            seen.append(call[2])

    event.listen(desk.store.engine.sync_engine, "before_cursor_execute", watch)
    await clock.tick(desk.now)
    event.remove(desk.store.engine.sync_engine, "before_cursor_execute", watch)

    assert len([statement for statement in seen if statement.startswith("SELECT")]) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RecordNotFound("refund", "R-1"), "This refund (R-1) is not on this desk any more."),
        (ValueError("Ada Lovelace"), "It failed unexpectedly (ValueError at test_clock.py:"),
    ],
)
async def test_one_sweep_that_fails_does_not_stop_the_others(
    desk: Small, now: datetime, caplog: pytest.LogCaptureFixture, error: Exception, said: str
) -> None:
    async def fails(work: Work, *, most: int) -> int:
        del work, most
        raise error

    refund_id = await desk.asked_refund(await desk.order())
    broken = {"broken": Sweep(SWEEPS["refund expiry"].due_at, fails), **SWEEPS}
    await Clock(desk.store, lambda: now, sweeps=broken).tick(now + 73 * HOUR)

    assert (await desk.refund(refund_id)).state is State.EXPIRED
    assert f"The sweep of broken failed: {said}" in caplog.text
    assert "Lovelace" not in caplog.text


async def test_the_clock_ticks_until_it_is_stopped(desk: Small) -> None:
    await desk.asked_refund(await desk.order())
    expired = asyncio.Event()

    async def alert(*_: object) -> tuple[NewJob, ...]:
        expired.set()
        return ()

    desk.store.alerts = alert
    late = desk.now + 73 * HOUR
    clock = Clock(desk.store, lambda: late, every=HOUR)

    run = asyncio.create_task(clock.run())
    await expired.wait()
    clock.stop()
    await run


async def test_a_running_clock_seals_what_was_recorded(desk: Small) -> None:
    def last_tick() -> datetime:
        clock.stop()
        return desk.now

    await desk.order()
    clock = Clock(desk.store, last_tick)
    await clock.run()

    [received] = await history(desk, Kind.ORDER_RECEIVED)
    assert received.position == 1


async def test_an_event_that_cannot_be_sealed_does_not_stop_the_clock(
    desk: Small, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    if not desk.store.is_sqlite:
        pytest.skip("PostgreSQL takes no such value")
    await desk.order()
    async with desk.store.across(write=True) as session:
        await session.execute(text("UPDATE events SET data = '{'"))

    assert await Clock(desk.store, lambda: now).seal(now) == 0

    assert "The sweep of seals failed: " in caplog.text


async def _due_complaint(store: Store, merchant: int, now: datetime) -> None:
    desk = Small(store, merchant, now - 2 * DAY)
    order_id = await desk.order()
    async with desk.write(AGENT.member_id) as work:
        await complaints.open_case(work, AGENT, order_id, "The mug is cracked.")
