"""The end of an order: delivered, looked at by the buyer, and nothing about it open any more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import select, union

from domain import merchants
from domain.complaints.model import CLOSED, Complaint
from domain.events import Kind
from domain.orders.clocks import Clocks
from domain.orders.model import Order, State
from domain.refunds.model import PENDING, Refund
from domain.returns.model import ENDED, Return
from domain.shipping.reshipment import IS_OPEN, Reshipment
from domain.store import Work
from domain.tables import among

#: So often the clock looks again at what something open keeps from being completed.
LOOK_AGAIN = timedelta(minutes=15)


async def begin(work: Work, orders: Collection[Order]) -> None:
    """Give the buyers of delivered orders their time to look at them, from the delivery."""
    if not orders:
        return
    clocks = Clocks.of(work.now, await merchants.settings(work.session))
    for order in orders:
        order.complete_due_at = clocks.inspected(order.delivered_at)


async def sweep(work: Work, *, most: int) -> int:
    """Complete what buyers have had their time for; returns how many orders were due.

    An open complaint, an open return, a refund that is not settled, and goods that are still to
    be sent again keep an order as it is until they end.
    """
    due = await work.due(Order, "complete_due_at", most=most)
    delivered = [order for order in due if order.state is State.DELIVERED]
    # Asked under the orders' locks, which whoever opens something takes first: what is not
    # seen here is opened on a completed order.
    held = await _held(work, {order.id for order in delivered})
    for order in delivered:
        if order.id in held:
            order.complete_due_at = work.now + LOOK_AGAIN
            continue
        order.move(State.COMPLETED)
        order.completed_at = work.now
        work.record(Kind.ORDER_COMPLETED, order, order_id=order.id)
    return len(due)


async def _held(work: Work, order_ids: Collection[int]) -> set[int]:
    """Return which of the orders something open keeps from being completed."""
    found = await work.session.scalars(
        union(
            *(
                select(table.order_id).where(among(work.session, table.order_id, order_ids), opened)
                for table, opened in (
                    (Complaint, Complaint.state.not_in(CLOSED)),
                    (Return, Return.state.not_in(ENDED)),
                    (Refund, Refund.state.in_(PENDING)),
                    (Reshipment, IS_OPEN),
                )
            )
        )
    )
    return set(found)
