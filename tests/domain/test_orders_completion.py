"""Delivered, looked at, completed: and what keeps an order from it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from domain.complaints import service as complaints
from domain.complaints.model import Outcome
from domain.events import Kind
from domain.orders import completion
from domain.orders.completion import LOOK_AGAIN
from domain.orders.model import State
from domain.shipping.model import ParcelState
from tests.domain.desk import ADMIN, AGENT, PAID, Desk, draft, parcel
from tests.domain.returning import returning

DAY = timedelta(days=1)


async def state(desk: Desk, number: str = "1001") -> State:
    """Say where an order stands once the clock has looked."""
    await desk.sweep(completion.sweep)
    return (await desk.order_row(number)).state


async def test_a_delivered_order_is_completed_when_its_buyer_has_had_time(desk: Desk) -> None:
    await desk.order(parcels=(parcel(),))
    await desk.scan(ParcelState.IN_TRANSIT)
    await desk.later(days=1).scan(ParcelState.DELIVERED)

    assert (await desk.card()).complete_due_at == desk.now + 15 * DAY
    assert await state(desk.later(days=14, hours=23)) is State.DELIVERED
    assert await state(desk.later(days=15)) is State.COMPLETED
    assert await state(desk.later(days=30)) is State.COMPLETED

    [completed] = await desk.events(Kind.ORDER_COMPLETED)
    assert (completed.actor, completed.subject, completed.at) == (
        "clock",
        "order",
        desk.now + 15 * DAY,
    )
    assert (await desk.card()).complete_due_at is None


async def test_how_long_buyers_have_is_a_setting(desk: Desk) -> None:
    await desk.setting("order.inspection_days", "3")
    await desk.receive(draft())
    await desk.receive(draft(state=State.DELIVERED, delivered_at=desk.now))

    assert await state(desk.later(days=2)) is State.DELIVERED
    assert await state(desk.later(days=3)) is State.COMPLETED


async def test_an_open_complaint_keeps_it_open_also_when_it_is_reopened(desk: Desk) -> None:
    order_id = await desk.order(state=State.DELIVERED, delivered_at=desk.now)
    late = desk.later(days=20)
    complaint_id = await desk.complain(order_id)
    assert (await desk.card()).waits_for == (f"C-{complaint_id}",)
    assert await state(late) is State.DELIVERED

    async with late.work(AGENT.member_id) as work:
        await complaints.resolve(work, AGENT, complaint_id, Outcome.EXPLAINED, "")
    async with late.work(AGENT.member_id) as work:
        await complaints.reopen(work, AGENT, complaint_id)
    assert await state(late.later(hours=1)) is State.DELIVERED

    async with late.work(AGENT.member_id) as work:
        await complaints.resolve(work, AGENT, complaint_id, Outcome.EXPLAINED, "")
    assert (await desk.card()).waits_for == ()
    assert await state(late.later(hours=1, seconds=LOOK_AGAIN.total_seconds())) is State.COMPLETED
    assert len(await desk.events(Kind.ORDER_COMPLETED)) == 1


async def test_a_refund_keeps_it_open_until_it_is_settled(desk: Desk) -> None:
    order_id = await desk.order(state=State.DELIVERED, delivered_at=desk.now)
    refund_id = await desk.paying(order_id, 500)
    assert (await desk.card()).waits_for == (f"R-{refund_id}",)
    assert await state(desk.later(days=14)) is State.DELIVERED

    await desk.settle(refund_id, PAID)
    assert await state(desk.later(days=15)) is State.COMPLETED


async def test_a_return_keeps_it_open_until_nothing_is_left_to_do(desk: Desk) -> None:
    shop = await returning(desk, delivered_at=desk.now)
    return_id = await shop.ask()
    assert (await desk.card()).waits_for == (f"RMA-{return_id}",)
    assert await state(desk.later(days=14)) is State.DELIVERED

    await shop.do("decline", return_id, "It was used")
    assert await state(desk.later(days=15)) is State.COMPLETED


@pytest.mark.parametrize(
    ("told", "stands"),
    [
        ({"delivered_at": -22}, State.COMPLETED),
        ({"delivered_at": -20}, State.DELIVERED),
        ({"placed_at": -400, "deliver_by": -390}, State.COMPLETED),
        ({"placed_at": -20}, State.DELIVERED),
        ({}, State.DELIVERED),
    ],
)
async def test_history_is_completed_without_a_word(
    desk: Desk, told: dict[str, int], stands: State
) -> None:
    dates = {name: desk.now + days * DAY for name, days in told.items()}
    await desk.receive(draft(state=State.DELIVERED, **dates))

    assert (await desk.order_row()).state is stands
    assert await desk.events(Kind.ORDER_COMPLETED) == []
    # A source that repeats itself does not bring it back.
    await desk.receive(draft(state=State.DELIVERED, total=1, **dates))
    assert (await desk.order_row()).state is stands


async def test_a_delivery_nobody_dated_counts_from_when_it_is_heard_of(desk: Desk) -> None:
    await desk.receive(draft())
    await desk.later(days=2).receive(draft(state=State.DELIVERED))

    assert await state(desk.later(days=15)) is State.DELIVERED
    assert await state(desk.later(days=16)) is State.COMPLETED


async def test_a_complaint_at_the_moment_of_completion_finds_one_of_two_orders(desk: Desk) -> None:
    numbers = [str(number) for number in range(1, 11)]
    for number in numbers:
        await desk.order(number=number, state=State.DELIVERED, delivered_at=desk.now)
    due = desk.later(days=14)
    ids = [await desk.identify(number) for number in numbers]

    async def complain(order_id: int) -> None:
        async with due.work(ADMIN.member_id) as work:
            await complaints.open_case(work, ADMIN, order_id, "The lid is cracked")

    async def complete() -> None:
        await due.sweep(completion.sweep, most=3)

    await asyncio.gather(*(complain(one) for one in ids), *(complete() for _ in numbers))

    completed = {one.order_id: one.id for one in await desk.events(Kind.ORDER_COMPLETED)}
    opened = {one.order_id: one.id for one in await desk.events(Kind.COMPLAINT_OPENED)}
    assert sorted(opened) == sorted(ids)
    for number, order_id in zip(numbers, ids, strict=True):
        is_over = (await desk.order_row(number)).state is State.COMPLETED
        assert is_over == (order_id in completed)
        assert not is_over or completed[order_id] < opened[order_id]
        assert is_over == (not (await desk.card(number)).waits_for)
