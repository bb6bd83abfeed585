"""What can be done with an order: receive it from a source, confirm it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from domain import merchants
from domain.events import Kind
from domain.inventory import service as inventory
from domain.orders.additions import Key, add
from domain.orders.changes import change
from domain.orders.clocks import Clocks
from domain.orders.intake import OrderDraft
from domain.orders.model import UNSHIPPED, Order, State
from domain.people import Can, Member
from domain.shipping import alerts, storms
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


async def receive(work: Work, drafts: Sequence[OrderDraft], *, source: str) -> Counts:
    """Take in a batch of orders: add new ones, follow changes, leave equal ones alone.

    A number that stands twice in the batch counts once, as its last draft tells it. A
    change of lines keeps the lines' ids, so that refunds go on pointing at them.
    """
    latest = {(draft.channel, draft.number): draft for draft in drafts}
    clocks = Clocks.of(work.now, await merchants.settings(work.session))
    known = await _known(work, (number for _, number in latest))
    fresh = [draft for key, draft in latest.items() if key not in known]
    added = await add(work, fresh, source, clocks)
    if len(added) < len(fresh):
        known = await _known(work, (number for _, number in latest))
    moved = {
        known[key][0]: draft
        for key, draft in latest.items()
        if key not in added and known[key][1] != draft.fingerprint
    }
    await change(work, moved, clocks)
    return Counts(len(added), len(moved), len(latest) - len(added) - len(moved))


async def confirm(work: Work, member: Member, order_id: int) -> Order:
    """Confirm a pending order; raises `WrongState` once it has gone on."""
    member.must(Can.SHIP)
    order = await work.lock(Order, order_id)
    order.move(State.CONFIRMED)
    await inventory.reserve(work, order)
    work.record(Kind.ORDER_CONFIRMED, order, order_id=order.id)
    return order


async def sweep_ship_by(work: Work, *, most: int) -> int:
    """Record which orders are about to miss their ship-by; returns how many were due."""
    due = await work.due(Order, "ship_by_due_at", most=most)
    near = [order for order in due if order.state in UNSHIPPED and order.ship_by]
    storm_id = await storms.gather(work, Trouble.SHIP_BY_NEAR, near)
    for order in near:
        alerts.begin(work, order, Trouble.SHIP_BY_NEAR, storm_id=storm_id)
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
