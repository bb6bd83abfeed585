"""What can be done with an order: receive it from a source, confirm it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

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
    latest = _latest(drafts)
    clocks = Clocks.of(work.now, await merchants.settings(work.session))
    known = await _known(work, (number for _, number in latest))
    fresh = [draft for key, draft in latest.items() if key not in known]
    added = await add(work, fresh, source, clocks)
    if len(added) < len(fresh):
        known = await _known(work, (number for _, number in latest))
    moved = {
        known[key].id: draft
        for key, draft in latest.items()
        if key not in added and known[key].is_news(draft)
    }
    changed = await change(work, moved, clocks)
    return Counts(len(added), changed, len(latest) - len(added) - changed)


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
