"""What is sent again is goods to send: picked, packed, shipped, and never told as the first."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from domain.errors import ReasonNeeded, WrongState
from domain.events import Kind
from domain.fulfilment.picking import NothingToPick
from domain.fulfilment.policy import NotThere
from domain.inventory import service as inventory
from domain.jobs import Job
from domain.orders import completion
from domain.orders.model import State
from domain.shipping import alerts, confirmation, queries, reshipping
from domain.shipping.model import Content, ParcelState
from domain.shipping.reshipment import Reshipment
from domain.shipping.reshipping import Whereabouts
from handlers.alerts import route
from tests.domain.desk import WAREHOUSE, Desk, draft, parcel
from tests.domain.shelf import confirmed, item, promised, stocked
from tests.domain.warehouse import by_line, found, lines, listed, packed, shipped


async def lost(desk: Desk, order_id: int, *quantities: int, number: str = "1Z999") -> int:
    """Have a parcel's delivery fail, and so many of each line sent again; returns its alert."""
    failed = await desk.scan(ParcelState.DELIVERY_FAILED, number)
    assert failed
    goods = await by_line(desk, order_id, quantities)
    async with desk.work(WAREHOUSE.member_id) as work:
        alert_id = await alerts.newest(work.session, failed.id)
        await reshipping.reship(work, WAREHOUSE, alert_id, goods, "lost")
    return alert_id


async def whereabouts(desk: Desk, alert_id: int) -> Whereabouts:
    async with desk.look() as session:
        return await reshipping.of_alert(session, alert_id)


async def jobs(desk: Desk, kind: str) -> list[Job]:
    return await desk.all(select(Job).where(Job.kind == kind))


async def test_what_is_sent_again_is_picked_packed_and_shipped_beside_its_order(
    desk: Desk,
) -> None:
    desk.store.alerts = route
    await stocked(desk, on_hand=5)
    order_id = await confirmed(desk, "1", 2, 1)
    await shipped(desk, order_id, 2, 1)
    alert_id = await lost(desk, order_id, 2)
    assert await promised(desk) == [(2, 2)]
    assert ((await item(desk)).on_hand, (await item(desk)).reserved) == (2, 2)
    assert (await whereabouts(desk, alert_id)).left == 2

    pick_list = await listed(desk)
    assert [one.listed for one in await lines(desk, order_id)] == [2, 0]
    with pytest.raises(NothingToPick):
        await listed(desk)
    await found(desk, pick_list)
    await packed(desk, order_id, 2, 0)
    with pytest.raises(NotThere, match="from 0 to 2"):
        await shipped(desk, order_id, 3, 0, number="2")
    assert len(await jobs(desk, "shipment.confirm")) == 1
    again = await shipped(desk, order_id, 2, 0, number="2")

    assert (await desk.order_row("1")).state is State.SHIPPED
    assert ((await item(desk)).on_hand, (await item(desk)).reserved) == (0, 0)
    assert [one.left for one in await lines(desk, order_id)] == [0, 0]
    where = await whereabouts(desk, alert_id)
    assert (where.left, [one.id for one in where.parcels]) == (0, [again.id])
    assert len(await jobs(desk, "shipment.confirm")) == 1, "it knows these lines as shipped"
    with pytest.raises(WrongState):
        await shipped(desk, order_id, 1, number="3")
    order = await desk.card("1")
    assert ([one.again for one in order.parcels], order.again) == ([0, 2], 0)


async def test_an_order_that_its_source_shipped_sends_only_what_is_asked_for(desk: Desk) -> None:
    order_id = await desk.order(state=State.SHIPPED, parcels=(parcel("1Z999"),))
    await lost(desk, order_id, 0, 1)
    assert [(one.left, one.to_pick) for one in await lines(desk, order_id)] == [(0, 0), (1, 1)]
    assert (await desk.card()).again == 1
    await shipped(desk, order_id, 0, 1, number="2")
    assert [one.left for one in await lines(desk, order_id)] == [0, 0]


async def test_what_is_missing_for_it_is_a_back_order_that_the_next_delivery_fills(
    desk: Desk,
) -> None:
    await stocked(desk, on_hand=2)
    order_id = await confirmed(desk, "1", 2)
    await shipped(desk, order_id, 2)
    await lost(desk, order_id, 2)
    assert await promised(desk) == [(0, 2)]
    with pytest.raises(NothingToPick):
        await listed(desk)
    async with desk.work(WAREHOUSE.member_id) as work:
        await inventory.adjust(work, WAREHOUSE, "MUG-1", 1, "delivery")
    alert_id = (await desk.one(select(Reshipment))).alert_id
    await shipped(desk, order_id, 1, number="2")
    where = await whereabouts(desk, alert_id)
    assert (where.left, len(where.parcels)) == (1, 1)
    assert (await desk.one(select(Reshipment))).ended_at is None


async def test_of_an_order_partly_shipped_the_first_goes_before_what_is_sent_again(
    desk: Desk,
) -> None:
    desk.store.alerts = route
    await stocked(desk, on_hand=4)
    order_id = await confirmed(desk, "1", 3)
    await shipped(desk, order_id, 2)
    await lost(desk, order_id, 2)
    assert await promised(desk) == [(2, 3)]
    [line] = await lines(desk, order_id)
    assert (line.owed, line.again, line.left) == (1, 2, 3)
    second = await shipped(desk, order_id, 2, number="2")
    held = await desk.all(select(Content).where(Content.parcel_id == second.id))
    assert [(one.quantity, one.again) for one in held] == [(2, 1)]
    async with desk.look() as session:
        told = await confirmation.shipment(session, second.id)
    assert [quantity for _, _, quantity in told.lines] == [1]
    assert (await desk.order_row("1")).state is State.SHIPPED
    assert await promised(desk) == [(0, 1)], "which is still to be sent again"
    assert (await item(desk)).on_hand == 0


async def test_the_promise_is_not_broken_a_second_time(desk: Desk) -> None:
    order_id = await desk.order(
        state=State.SHIPPED, parcels=(parcel("1Z999"),), deliver_by=desk.now
    )
    await lost(desk, order_id, 1)
    again = await shipped(desk.later(days=2), order_id, 1, number="2")
    assert again.late_due_at is None
    assert again.silent_due_at is not None


async def test_an_order_is_delivered_once_what_was_sent_again_is(desk: Desk) -> None:
    order_id = await confirmed(desk, "1", 1, 1)
    await shipped(desk, order_id, 1, 0, number="A")
    await shipped(desk, order_id, 0, 1, number="B")
    await lost(desk, order_id, 0, 1, number="B")
    await desk.scan(ParcelState.DELIVERED, "A")
    assert (await desk.order_row("1")).state is State.SHIPPED
    await shipped(desk, order_id, 0, 1, number="C")
    await desk.scan(ParcelState.DELIVERED, "C")
    assert (await desk.order_row("1")).state is State.DELIVERED


async def test_a_delivered_order_is_not_completed_while_something_is_to_be_sent(
    desk: Desk,
) -> None:
    order_id = await desk.order(parcels=(parcel("1Z999"), parcel("2")))
    await desk.scan(ParcelState.DELIVERED, "2")
    alert_id = await lost(desk, order_id, 1)
    await shipped(desk, order_id, 1, number="3")
    await desk.scan(ParcelState.DELIVERED, "3")
    assert (await desk.order_row()).state is State.DELIVERED
    async with desk.work() as work:
        mug = next(iter(await by_line(desk, order_id, (1,))))
        work.session.add(
            Reshipment(order_id=order_id, line_id=mug, alert_id=alert_id, quantity=1, sent=0)
        )
    later = desk.later(days=15)
    await later.sweep(completion.sweep)
    assert (await desk.order_row()).state is State.DELIVERED
    assert (await desk.card()).waits_for == ("what is sent again",)
    await shipped(later, order_id, 1, number="4")
    await later.later(hours=1).sweep(completion.sweep)
    assert (await desk.order_row()).state is State.COMPLETED


async def test_the_cards_of_who_asked_and_of_the_alert_say_where_it_is(desk: Desk) -> None:
    desk.store.alerts = route
    order_id = await confirmed(desk, "1", 2)
    first = await shipped(desk, order_id, 2)
    await lost(desk, order_id, 2)
    again = await shipped(desk, order_id, 2, number="2")
    async with desk.look() as session:
        card = await queries.card(session, first.id)
        asked = (await desk.events(Kind.RESHIPMENT_ASKED))[0]
        told = await reshipping.card(session, asked.id)
    for where in (card.again, told.where):
        assert where
        assert (where.left, [one.id for one in where.parcels]) == (0, [again.id])
    refreshed: list[dict[str, Any]] = [job.payload for job in await jobs(desk, "refresh")]
    assert {"subject": "event", "id": asked.id} in refreshed
    assert {"subject": "parcel", "id": first.id} in refreshed


async def test_what_is_called_off_is_free_for_others_and_what_left_stays(desk: Desk) -> None:
    desk.store.alerts = route
    await stocked(desk, on_hand=6)
    order_id = await confirmed(desk, "1", 2, 1)
    await shipped(desk, order_id, 2, 0, number="A")
    await shipped(desk, order_id, 0, 1, number="B")
    alert_id = await lost(desk, order_id, 2, number="A")
    await lost(desk, order_id, 0, 1, number="B")
    await shipped(desk, order_id, 1, 0, number="C")
    assert await promised(desk) == [(1, 1), (1, 1)]

    async def call_off(why: str = "it turned up") -> None:
        async with desk.work(WAREHOUSE.member_id) as work:
            await reshipping.call_off(work, WAREHOUSE, alert_id, why)

    with pytest.raises(ReasonNeeded, match="call this off"):
        await call_off(" ")
    await call_off()
    where = await whereabouts(desk, alert_id)
    assert (where.left, len(where.parcels), where.called_off) == (0, 1, 1)
    assert await promised(desk) == [(1, 1)], "the other one still is sent again"
    assert ((await item(desk)).on_hand, (await item(desk)).reserved) == (2, 1)
    assert [one.left for one in await lines(desk, order_id)] == [0, 1]
    with pytest.raises(reshipping.NothingToCallOff):
        await call_off()
    [event] = await desk.events(Kind.RESHIPMENT_CALLED_OFF)
    assert (event.why, event.data["quantity"]) == ("it turned up", 1)


async def test_what_a_cancelled_order_had_to_send_again_is_not_sent(desk: Desk) -> None:
    await stocked(desk, on_hand=5)
    order_id = await confirmed(desk, "1", 3)
    await shipped(desk, order_id, 2)
    alert_id = await lost(desk, order_id, 2)
    await desk.receive(draft("1", state=State.CANCELLED, lines=()))
    assert await promised(desk) == []
    assert [one.again for one in await lines(desk, order_id)] == [0]
    with pytest.raises(NothingToPick):
        await listed(desk)
    assert (await whereabouts(desk, alert_id)).left == 0
