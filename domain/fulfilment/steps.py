"""What every step of an order in the warehouse does: lock it, write how far it is, follow it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from domain.fulfilment import policy, progress
from domain.fulfilment.model import Fulfilment
from domain.fulfilment.progress import Progress
from domain.inventory import service as inventory
from domain.orders.model import Order, State
from domain.store import Work


async def lock(work: Work, order_id: int, doing: str) -> Order:
    """Lock an order that the warehouse has something to do with; raises `WrongState`."""
    order = await work.lock(Order, order_id)
    policy.check_open(order, doing)
    return order


async def written(work: Work, order: Order, lines: Sequence[Progress]) -> dict[int, Fulfilment]:
    """Return what is written of the lines of a locked order, made where there is nothing yet.

    Where a source told of parcels that nobody packed here, it is brought up to them.
    """
    held = {
        one.line_id: one
        for one in await work.session.scalars(
            select(Fulfilment).where(Fulfilment.order_id == order.id)
        )
    }
    for line in lines:
        if line.line_id not in held:
            held[line.line_id] = Fulfilment(
                order_id=order.id, line_id=line.line_id, picked=0, packed=0, missing=0
            )
            work.session.add(held[line.line_id])
        one = held[line.line_id]
        one.picked = line.shipped + line.to_ship + line.to_pack
        one.packed = line.shipped + line.to_ship
    return held


async def follow(work: Work, order: Order) -> Sequence[Progress]:
    """Let the order's state follow from its lines; returns how far they are."""
    await work.session.flush()
    lines = await progress.of(work.session, order.id)
    to = policy.state_of(order, lines)
    if to is State.SHIPPED:
        if order.state is State.PICKING:
            order.move(State.PACKED)
        order.move(State.SHIPPED)
        order.shipped_at, order.ship_by_due_at = work.now, None
        await inventory.end(work, left=[order.id])
    elif to is not order.state:
        order.move(to)
    return lines
