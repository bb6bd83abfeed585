"""Letting more of an item do good: to those who wait for it, in the order in which they came."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from domain.inventory import watching
from domain.inventory.model import Item, Reservation
from domain.store import Work
from domain.tables import among


async def rise(work: Work, items: Collection[Item]) -> None:
    """Let more of locked items do good: to back-orders first, then to orders not confirmed yet."""
    await fill(work, items)
    for item in items:
        if item.available > 0:
            item.checks_due_at = work.now


async def fill(work: Work, items: Collection[Item]) -> None:
    """Promise what is available now to the back-orders that wait for it, the oldest first."""
    for item in await _waited_for(work, [item for item in items if item.available > 0]):
        waiting = await work.session.scalars(
            select(Reservation)
            .where(Reservation.item_id == item.id, Reservation.quantity < Reservation.wanted)
            .order_by(Reservation.id)
            .limit(item.available)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        for one in waiting:
            more = min(one.missing, item.available)
            if more <= 0:
                break
            one.quantity += more
            item.reserved += more
    await watching.look(work, items)


async def _waited_for(work: Work, items: Collection[Item]) -> list[Item]:
    """Return those of the items that a back-order waits for."""
    if not items:
        return []
    waited_for = set(
        await work.session.scalars(
            select(Reservation.item_id)
            .where(
                among(work.session, Reservation.item_id, {item.id for item in items}),
                Reservation.quantity < Reservation.wanted,
            )
            .distinct()
        )
    )
    return [item for item in items if item.id in waited_for]
