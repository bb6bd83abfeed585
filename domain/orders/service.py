"""What sources and the clock do with orders: they come in, change, and near their ship-by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from domain import merchants
from domain.events import Kind
from domain.orders import arrivals
from domain.orders.additions import Key, add, to_be_confirmed
from domain.orders.changes import change
from domain.orders.clocks import Clocks
from domain.orders.intake import OrderDraft
from domain.orders.model import UNSHIPPED, Order
from domain.shipping import storms
from domain.shipping.model import Trouble
from domain.store import Work
from domain.tables import among


@dataclass(slots=True)
class Counts:
    """How many orders a source brought, by what became of them."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0

    def add(self, other: Counts) -> None:
        """Count another batch in."""
        self.added += other.added
        self.changed += other.changed
        self.unchanged += other.unchanged


async def receive(
    work: Work, drafts: Sequence[OrderDraft], *, source: str, announce: bool = False
) -> Counts:
    """Take in a batch of orders: add new ones, follow changes, leave equal ones alone.

    `announce` is for sources that tell of orders as they are placed, and not of history: what
    nobody has begun to ship waits for confirmation then, and is said in one message a burst.

    A number that stands twice in the batch counts once, as its last draft tells it. A
    change of lines keeps the lines' ids, so that refunds go on pointing at them.
    """
    latest = {(draft.channel, draft.number): draft for draft in drafts}
    settings = await merchants.settings(work.session)
    clocks = Clocks.of(work.now, settings)
    known = await _known(work, (number for _, number in latest))
    fresh = [draft for key, draft in latest.items() if key not in known]
    arrival_id = None
    if announce and any(map(to_be_confirmed, fresh)):
        arrival_id = await arrivals.current(work, settings)
    added = await add(work, fresh, source, clocks, arrival_id)
    if len(added) < len(fresh):
        known = await _known(work, (number for _, number in latest))
    moved = {
        known[key][0]: draft
        for key, draft in latest.items()
        if key not in added and known[key][1] != draft.fingerprint
    }
    await change(work, moved, clocks)
    return Counts(len(added), len(moved), len(latest) - len(added) - len(moved))


async def sweep_ship_by(work: Work, *, most: int) -> int:
    """Record which orders are about to miss their ship-by; returns how many were due."""
    due = await work.due(Order, "ship_by_due_at", most=most)
    near = [order for order in due if order.state in UNSHIPPED and order.ship_by]
    storm_id = await storms.gather(work, Trouble.SHIP_BY_NEAR, near)
    for order in near:
        work.record(Kind.SHIP_BY_NEAR, order, order_id=order.id, storm_id=storm_id)
    return len(due)


async def _known(work: Work, numbers: Iterable[str]) -> dict[Key, tuple[int, str]]:
    """Return the ids and fingerprints of orders with these numbers."""
    found = await work.session.execute(
        select(Order.channel, Order.number, Order.id, Order.fingerprint).where(
            among(work.session, Order.number, set(numbers))
        )
    )
    return {(channel, number): (order_id, seen) for channel, number, order_id, seen in found}
