"""Orders that wait to be confirmed are checked again once there is more of what they ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, String, and_, func, select, update

from domain.events import Kind
from domain.inventory.model import Item
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
    waiting = _asks_for(work, risen.values())
    # Orders are locked before items.
    found = await work.session.scalars(
        select(Order.arrival_id).where(waiting).order_by(Order.id).with_for_update()
    )
    counts = Counter(found)
    due = await work.session.scalars(
        select(Item)
        .where(among(work.session, Item.id, risen), Item.checks_due_at <= work.now)
        .order_by(Item.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for item in due:
        item.checks_due_at = None
    if counts:
        await work.session.execute(
            update(Order)
            .where(waiting)
            .values(confirm_due_at=work.now)
            .execution_options(synchronize_session=False)
        )
        await _record(work, counts)
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


def _asks_for(work: Work, keys: Iterable[str]) -> ColumnElement[bool]:
    """Match the orders that were announced, wait, and ask for these goods."""
    lines = select(Line.order_id).where(
        among(work.session, func.lower(Line.sku, type_=String), keys)
    )
    return and_(Order.state == State.PENDING, Order.arrival_id.is_not(None), Order.id.in_(lines))


async def _record(work: Work, counts: Mapping[int | None, int]) -> None:
    arrivals = await work.session.scalars(
        select(Arrival).where(among(work.session, Arrival.id, counts)).order_by(Arrival.id)
    )
    for arrival in arrivals:
        work.record(Kind.ORDERS_RECHECKED, arrival, order_id=None, found=counts[arrival.id])
