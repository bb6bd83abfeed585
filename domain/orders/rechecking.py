"""Orders that wait to be confirmed are checked again once there is more of what they ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from sqlalchemy import String, func, select, update

from domain.events import Kind
from domain.inventory.model import Item, as_key
from domain.orders.arrivals import Arrival
from domain.orders.model import Line, Order, State
from domain.store import Work
from domain.tables import among


async def sweep(work: Work, *, most: int) -> int:
    """Have orders checked again that ask for items of which there is more; returns how many items.

    The rule looks at them next, in batches of its own. The messages that announced them count
    anew, whatever the rule says.
    """
    risen = await _risen(work, most=most)
    if not risen:
        return 0
    # Orders are locked before items.
    found = await _waiting_for(work, set(risen.values()))
    due = await work.session.scalars(
        select(Item)
        .where(among(work.session, Item.id, risen), Item.checks_due_at <= work.now)
        .order_by(Item.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for item in due:
        item.checks_due_at = None
    if not found:
        return len(risen)
    await work.session.execute(
        update(Order)
        .where(among(work.session, Order.id, [order_id for order_id, _ in found]))
        .values(confirm_due_at=work.now)
        .execution_options(synchronize_session=False)
    )
    counts = Counter(arrival_id for _, arrival_id in found)
    arrivals = await work.session.scalars(
        select(Arrival).where(among(work.session, Arrival.id, counts)).order_by(Arrival.id)
    )
    for arrival in arrivals:
        work.record(Kind.ORDERS_RECHECKED, arrival, order_id=None, found=counts[arrival.id])
    return len(risen)


async def _risen(work: Work, *, most: int) -> dict[int, str]:
    """Return the items to look at, by id, with their keys."""
    found = await work.session.execute(
        select(Item.id, Item.key)
        .where(Item.checks_due_at <= work.now)
        .order_by(Item.checks_due_at, Item.id)
        .limit(most)
    )
    return dict(found.all())


async def _waiting_for(work: Work, keys: Collection[str]) -> Sequence[tuple[int, int | None]]:
    """Return (order, arrival) of each order that waits and asks for these goods; locks them."""
    lines = await work.session.execute(
        select(Line.order_id, Line.sku)
        .join(Order, Order.id == Line.order_id)
        .where(
            Order.state == State.PENDING,
            Order.arrival_id.is_not(None),
            among(work.session, func.lower(Line.sku, type_=String), keys),
        )
    )
    ids = {order_id for order_id, sku in lines if as_key(sku) in keys}
    if not ids:
        return []
    locked = await work.session.execute(
        select(Order.id, Order.arrival_id)
        .where(among(work.session, Order.id, ids), Order.state == State.PENDING)
        .order_by(Order.id)
        .with_for_update()
    )
    return [(order_id, arrival_id) for order_id, arrival_id in locked]
