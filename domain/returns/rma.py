"""What every step of a return does: lock it, record what happened, end it."""

from __future__ import annotations

from sqlalchemy import select

from domain.errors import RecordNotFound
from domain.events import Kind
from domain.orders.model import Order
from domain.returns.model import Return
from domain.store import Work


async def lock(work: Work, return_id: int) -> tuple[Order, Return]:
    """Lock a return after its order, as everybody does who locks both."""
    order_id = await work.session.scalar(select(Return.order_id).where(Return.id == return_id))
    if order_id is None:
        raise RecordNotFound("return", return_id)
    return await work.lock(Order, order_id), await work.lock(Return, return_id)


def record(work: Work, rma: Return, kind: Kind, why: str | None = None, **data: object) -> None:
    """Record what happened to a return, with the state it left it in."""
    work.record(kind, rma, order_id=rma.order_id, why=why, state=rma.state, **data)


def end(work: Work, rma: Return, why: str, member_id: str) -> None:
    """Say that it is over, who ended it, and why."""
    rma.ended_by, rma.ended_at, rma.ending = member_id, work.now, why.strip()
    stop_clock(rma)


def stop_clock(rma: Return) -> None:
    """Have nobody reminded of it any more."""
    rma.warning_due_at = rma.overdue_due_at = rma.expires_due_at = None
