"""What sources and the clock do with orders: they come in, change, and near their ship-by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from domain import merchants
from domain.events import Kind
from domain.orders import arrivals
from domain.orders.additions import Key, add, to_be_confirmed
from domain.orders.changes import change
from domain.orders.clocks import Clocks
from domain.orders.intake import OrderDraft
from domain.orders.model import UNSHIPPED, Order
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


async def receive(
    work: Work, drafts: Sequence[OrderDraft], *, source: str, announce: bool = False
) -> Counts:
    """Take in a batch of orders: add new ones, follow changes, leave equal ones alone.

    `announce` is for sources that tell of orders as they are placed, and not of history: what
    nobody has begun to ship waits for confirmation then, and is said in one message a burst.

    A number that stands twice in the batch counts once, as its last draft tells it. A
    change of lines keeps the lines' ids, so that refunds go on pointing at them.
    """
    latest = _latest(drafts)
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
        known[key].id: draft
        for key, draft in latest.items()
        if key not in added and known[key].is_news(draft)
    }
    changed = await change(work, moved, clocks, added.values())
    return Counts(len(added), changed, len(latest) - len(added) - changed)


async def sweep_ship_by(work: Work, *, most: int) -> int:
    """Record which orders are about to miss their ship-by; returns how many were due."""
    due = await work.due(Order, "ship_by_due_at", most=most)
    near = [order for order in due if order.state in UNSHIPPED and order.ship_by]
    spoken_for = await storms.gather(work, [(order, Trouble.SHIP_BY_NEAR) for order in near])
    for order in near:
        storm = spoken_for.get(order.id)
        storm_id = storm.id if storm else None
        alerts.begin(work, order, Trouble.SHIP_BY_NEAR, storm=storm)
        work.record(Kind.SHIP_BY_NEAR, order, order_id=order.id, storm_id=storm_id)
    return len(due)


@dataclass(frozen=True, slots=True)
class _Known:
    """What tells whether an order's source says something new of it."""

    id: int
    fingerprint: str
    changed_at: datetime | None

    def is_news(self, draft: OrderDraft) -> bool:
        if draft.changed_at is None or self.changed_at is None:
            return draft.fingerprint != self.fingerprint
        same = draft.changed_at == self.changed_at and draft.fingerprint == self.fingerprint
        return draft.changed_at >= self.changed_at and not same


def _latest(drafts: Sequence[OrderDraft]) -> dict[Key, OrderDraft]:
    """Return each order as it was changed last; where that is not said, as it was told last."""
    latest: dict[Key, OrderDraft] = {}
    for draft in drafts:
        other = latest.get((draft.channel, draft.number))
        if other and other.changed_at and draft.changed_at and draft.changed_at < other.changed_at:
            continue
        latest[draft.channel, draft.number] = draft
    return latest


async def _known(work: Work, numbers: Iterable[str]) -> dict[Key, _Known]:
    """Return what is known of orders with these numbers."""
    found = await work.session.execute(
        select(Order.channel, Order.number, Order.id, Order.fingerprint, Order.changed_at).where(
            among(work.session, Order.number, set(numbers))
        )
    )
    return {
        (channel, number): _Known(order_id, fingerprint, changed_at)
        for channel, number, order_id, fingerprint, changed_at in found
    }
