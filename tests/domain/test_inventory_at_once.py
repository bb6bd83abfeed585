"""Many hands on one shelf at the same moment, on real databases."""

from __future__ import annotations

import asyncio

from domain.inventory import service
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
