"""Parcels leave the house: all of an order, or a part of it, and what that makes of the order."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.errors import Invalid, RoleNeeded, WrongState
from domain.events import Kind
from domain.fulfilment.policy import NothingChosen, NothingToDo, NotThere
from domain.fulfilment.shipping import CantBeTracked, CarrierNeeded
from domain.inventory.service import adjust
from domain.orders.model import State
from domain.shipping.model import Content, ParcelState
from tests.domain.desk import FINANCE, WAREHOUSE, Desk
from tests.domain.shelf import confirmed, item, promised, stocked
from tests.domain.warehouse import shipped


async def test_a_parcel_with_all_that_is_ordered_ships_the_order(desk: Desk) -> None:
    await stocked(desk, on_hand=5)
    order_id = await confirmed(desk, "1", 3, 1)
    parcel = await shipped(desk, order_id, 3, 1)
    order = await desk.order_row("1")
    assert (order.state, order.shipped_at, order.ship_by_due_at) == (State.SHIPPED, desk.now, None)
    assert (parcel.tracking_number, parcel.state, parcel.shipped_at) == (
        "1Z999",
        ParcelState.PENDING,
        desk.now,
    )
    assert ((await item(desk)).on_hand, (await item(desk)).reserved) == (1, 0)
    [event] = await desk.events(Kind.PARCEL_SHIPPED)
    assert (event.subject, event.subject_id, event.order_id) == ("parcel", parcel.id, order_id)
    assert len(await desk.all(select(Content))) == 2


async def test_a_back_order_keeps_the_order_open_and_is_shipped_later(desk: Desk) -> None:
    mug = await stocked(desk, on_hand=2)
    order_id = await confirmed(desk, "1", 3)
    with pytest.raises(NotThere, match="a number from 0 to 2"):
        await shipped(desk, order_id, 3)
    await shipped(desk, order_id, 2)
    assert (await desk.order_row("1")).state is State.PACKED
    with pytest.raises(NothingToDo, match="waits for stock: 1 pieces"):
        await shipped(desk, order_id, 1, number="2")
    async with desk.work(WAREHOUSE.member_id) as work:
        await adjust(work, WAREHOUSE, mug.sku, 1, "delivery")
    await shipped(desk, order_id, 1, number="2")
    assert (await desk.order_row("1")).state is State.SHIPPED
    assert await promised(desk) == []


async def test_the_first_scan_of_one_of_two_parcels_does_not_ship_the_rest(desk: Desk) -> None:
    order_id = await confirmed(desk, "1", 2, 1)
    await shipped(desk, order_id, 2, 0, number="A")
    await desk.scan(ParcelState.DELIVERED, "A")
    assert (await desk.order_row("1")).state is State.PACKED
    await shipped(desk, order_id, 0, 1, number="B")
    assert (await desk.order_row("1")).state is State.SHIPPED
    await desk.scan(ParcelState.DELIVERED, "B")
    assert (await desk.order_row("1")).state is State.DELIVERED


@pytest.mark.parametrize(
    ("quantities", "number", "carrier", "error"),
    [
        ((0,), "A", "UPS", NothingChosen),
        ((-1,), "A", "UPS", NotThere),
        ((3,), "A", "UPS", NotThere),
        ((1,), "  ", "UPS", CantBeTracked),
        ((1,), "A", " ", CarrierNeeded),
    ],
)
async def test_a_parcel_that_makes_no_sense_is_refused(
    desk: Desk, quantities: tuple[int, ...], number: str, carrier: str, error: type[Invalid]
) -> None:
    order_id = await confirmed(desk, "1", 2)
    with pytest.raises(error):
        await shipped(desk, order_id, *quantities, number=number, carrier=carrier)
    assert await desk.parcels() == []


async def test_two_parcels_never_have_one_number(desk: Desk) -> None:
    order_id = await confirmed(desk, "1", 2)
    await shipped(desk, order_id, 1, number="a b")
    with pytest.raises(CantBeTracked, match="AB is the number of another parcel"):
        await shipped(desk, order_id, 1, number="AB")


async def test_what_is_gone_or_cancelled_is_not_shipped(desk: Desk) -> None:
    order_id = await confirmed(desk, "1", 1)
    with pytest.raises(RoleNeeded):
        await shipped(desk, order_id, 1, by=FINANCE)
    await shipped(desk, order_id, 1)
    with pytest.raises(WrongState, match="Order 1 is shipped, so it can't be shipped"):
        await shipped(desk, order_id, 1, number="2")
