"""Many hands on one shelf at the same moment, on real databases."""

from __future__ import annotations

import asyncio

from sqlalchemy import select

from domain.inventory import service
from domain.inventory.model import Reservation
from domain.orders.model import Order
from tests.domain.desk import WAREHOUSE, Desk
from tests.domain.shelf import confirming, item, ordered, promised, stocked


async def test_50_confirmations_at_once_never_promise_more_than_there_is(desk: Desk) -> None:
    await stocked(desk, on_hand=60)
    # Two lines of each order are of the same item: 150 pieces in all.
    orders = [await ordered(desk, f"O-{number}", 2, 1) for number in range(50)]
    await asyncio.gather(*(confirming(desk, order_id) for order_id in orders))
    mug = await item(desk)
    held = await promised(desk)
    assert (mug.on_hand, mug.reserved, mug.available) == (60, 60, 0)
    assert (len(held), sum(quantity for quantity, _ in held)) == (100, 60)
    assert sum(wanted for _, wanted in held) == 150


async def test_confirmations_counts_and_deliveries_at_once_leave_the_books_right(
    desk: Desk,
) -> None:
    await stocked(desk, on_hand=20)
    await stocked(desk, "POT-1", on_hand=20)
    orders = [
        await ordered(desk, f"O-{number}", 1, 1, sku=("MUG-1", "POT-1")[number % 2])
        for number in range(20)
    ]

    async def deliver(sku: str) -> None:
        async with desk.work(WAREHOUSE.member_id) as work:
            await service.adjust(work, WAREHOUSE, sku, 1, "delivery")

    async def take(order_id: int) -> None:
        await confirming(desk, order_id)
        async with desk.work() as work:
            await service.end(work, left=[order_id])

    await asyncio.gather(
        *(take(order_id) for order_id in orders[:10]),
        *(confirming(desk, order_id) for order_id in orders[10:]),
        *(deliver(sku) for sku in ("MUG-1", "POT-1") * 8),
    )
    for sku in ("MUG-1", "POT-1"):
        found = await item(desk, sku)
        assert (found.on_hand, found.reserved) == (20 + 8 - 10, 10)
    assert await promised(desk) == [(1, 1)] * 20


async def test_parcels_that_leave_while_goods_arrive_leave_the_books_right(desk: Desk) -> None:
    await stocked(desk, on_hand=10)
    orders = [await ordered(desk, f"O-{number}", 2) for number in range(10)]
    for order_id in orders:
        await confirming(desk, order_id)
    lines = {one.order_id: one.line_id for one in await desk.all(select(Reservation))}

    async def leave(order_id: int) -> None:
        async with desk.work() as work:
            await work.lock(Order, order_id)
            await service.ship(work, order_id, {lines[order_id]: 1})

    async def deliver() -> None:
        async with desk.work(WAREHOUSE.member_id) as work:
            await service.adjust(work, WAREHOUSE, "MUG-1", 1, "delivery")

    # The first five are promised all they want, the others are filled as goods arrive.
    await asyncio.gather(
        *(task for order_id in orders for task in (leave(order_id), deliver())),
    )
    mug = await item(desk)
    held = await desk.all(select(Reservation))
    assert mug.reserved == sum(one.quantity for one in held)
    assert (mug.on_hand, sum(one.wanted for one in held)) == (10, 10)
