"""A shelf to tell stories about: items in stock, and what of them is promised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from domain.inventory.model import Item, Reservation, as_key
from domain.orders.intake import LineDraft
from domain.orders.model import State
from domain.orders.service import confirm
from tests.domain.desk import WAREHOUSE, Desk


async def stocked(desk: Desk, sku: str = "MUG-1", on_hand: int = 10, **facts: Any) -> Item:
    """Put an item on the shelf."""
    async with desk.work("import") as work:
        item = Item(key=as_key(sku), sku=sku, on_hand=on_hand, reserved=0, **facts)
        work.session.add(item)
        await work.session.flush()
        return item


async def item(desk: Desk, sku: str = "MUG-1") -> Item:
    """Read an item as it stands."""
    [found] = await desk.all(select(Item).where(Item.key == as_key(sku)))
    return found


async def ordered(desk: Desk, number: str, *quantities: int, sku: str = "MUG-1") -> int:
    """Receive a pending order with a line of each quantity; returns its id."""
    lines = [LineDraft(count, sku, external_id=f"L{at}") for at, count in enumerate(quantities)]
    return await desk.order(number=number, state=State.PENDING, lines=tuple(lines))


async def confirmed(desk: Desk, number: str, *quantities: int) -> int:
    """Receive an order and confirm it."""
    order_id = await ordered(desk, number, *quantities)
    await confirming(desk, order_id)
    return order_id


async def confirming(desk: Desk, order_id: int) -> None:
    """Confirm an order."""
    async with desk.work(WAREHOUSE.member_id) as work:
        await confirm(work, WAREHOUSE, order_id)


async def promised(desk: Desk) -> Sequence[tuple[int, int]]:
    """Return (promised, wanted) of each reservation, oldest first."""
    found = await desk.all(select(Reservation).order_by(Reservation.id))
    return [(one.quantity, one.wanted) for one in found]
