"""What every step of an order in the warehouse does: lock it, write how far it is, follow it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from domain.events import Kind
from domain.fulfilment import policy, progress
from domain.fulfilment.model import Fulfilment, Problem
from domain.fulfilment.progress import Progress
from domain.inventory import queries as stock
from domain.inventory import service as inventory
from domain.inventory.model import Reservation
from domain.orders.model import TO_SHIP, Line, Order, State
from domain.store import Work
from domain.tables import among


async def lock(work: Work, order_id: int, doing: str) -> Order:
    """Lock an order that the warehouse has something to do with; raises `WrongState`."""
    order = await work.lock(Order, order_id)
    lines = () if order.state in TO_SHIP else await progress.of(work.session, order.id)
    policy.check_open(order, lines, doing)
    return order


async def promise(work: Work, orders: Sequence[Order]) -> None:
    """Promise stock to orders that came in confirmed, and were never asked for any."""
    ids = [order.id for order in orders if order.state is State.CONFIRMED]
    held = await work.session.scalars(
        select(Reservation.order_id).where(among(work.session, Reservation.order_id, ids))
    )
    new = [order for order in orders if order.id in {*ids} - {*held}]
    if not new or not await stock.is_kept(work.session):
        return
    skus = await work.session.scalars(
        select(Line.sku).where(among(work.session, Line.order_id, [order.id for order in new]))
    )
    # All of them at once, in the order of their ids: order by order, two could wait in a circle.
    await inventory.locked(work, skus.all())
    for order in new:
        await inventory.reserve(work, order)
    await work.session.flush()


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
        if line.id not in held:
            held[line.id] = Fulfilment(
                order_id=order.id, line_id=line.id, picked=0, packed=0, missing=0
            )
            work.session.add(held[line.id])
        one = held[line.id]
        one.picked = line.shipped + line.to_ship + line.to_pack
        one.packed = line.shipped + line.to_ship
    return held


async def follow(work: Work, order: Order) -> Sequence[Progress]:
    """Let the order's state follow from its lines; returns how far they are."""
    await work.session.flush()
    lines = await progress.of(work.session, order.id)
    to = policy.state_of(order, lines)
    if to is order.state:
        return lines
    if to is State.SHIPPED:
        if order.state is State.PICKING:
            order.move(State.PACKED)
        order.move(State.SHIPPED)
        order.shipped_at, order.ship_by_due_at = work.now, None
        await inventory.end(work, left=[order.id])
    else:
        order.move(to)
    return lines


def problems(
    work: Work,
    order: Order,
    lines: Sequence[Progress],
    quantities: Mapping[int, int],
    problem: Problem,
    note: str | None = None,
) -> None:
    """Record what was wrong, and with how many of which lines of an order."""
    for line in lines:
        if line.id in quantities:
            work.record(
                Kind.PACKING_PROBLEM,
                order,
                order_id=order.id,
                why=note,
                problem=problem,
                line_id=line.id,
                sku=line.sku,
                quantity=quantities[line.id],
            )
