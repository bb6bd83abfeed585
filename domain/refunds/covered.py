"""How much of what was paid for an order is spoken for, under the order's lock."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from domain.errors import RecordNotFound
from domain.orders.model import Order
from domain.refunds import policy
from domain.refunds.model import HOLDING, Refund, State
from domain.store import Work


async def lock(work: Work, refund_id: int) -> tuple[Order, Refund]:
    """Return a refund and its order, locked: the order first, as whoever asks for one does.

    Raises:
        RecordNotFound: there is no such refund.
    """
    order_id = await work.session.scalar(select(Refund.order_id).where(Refund.id == refund_id))
    if order_id is None:
        raise RecordNotFound("refund", refund_id)
    return await work.lock(Order, order_id), await work.lock(Refund, refund_id)


async def check(work: Work, order: Order, refund: Refund, ahead: Collection[State]) -> None:
    """Raise unless what was paid by now covers a refund and what is ahead of it.

    Raises:
        NotRefundable, MoreThanRefundable: as when it is asked for.
    """
    policy.check_refundable(order, refund.money, await held(work, order.id, ahead))


async def held(work: Work, order_id: int, states: Collection[State] = HOLDING) -> int:
    """Return what refunds in these states hold of an order, in minor units."""
    total = await work.session.scalar(
        select(func.coalesce(func.sum(Refund.amount), 0)).where(
            Refund.order_id == order_id, Refund.state.in_(states)
        )
    )
    return int(total or 0)
