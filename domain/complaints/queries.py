"""What can be asked of complaints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import links
from domain.complaints.model import Complaint, Reply, State
from domain.errors import RecordNotFound
from domain.links import Linked
from domain.orders.model import Order


@dataclass(frozen=True, slots=True)
class ComplaintCard:
    """A case as its card shows it."""

    complaint: Complaint
    order: Order
    links: Sequence[Linked] = ()


async def card(session: AsyncSession, complaint_id: int) -> ComplaintCard:
    """Read a case with its order; raises `RecordNotFound`."""
    row = (
        await session.execute(
            select(Complaint, Order)
            .join(Order, Order.id == Complaint.order_id)
            .where(Complaint.id == complaint_id)
        )
    ).first()
    if row is None:
        raise RecordNotFound("complaint", complaint_id)
    return ComplaintCard(*row, links=await links.of(session, "complaint", complaint_id))


async def latest_replies(
    session: AsyncSession, complaint_id: int, *, most: int = 3
) -> Sequence[Reply]:
    """Return the last things said in the case's thread and not taken back, oldest first."""
    found = await session.scalars(
        select(Reply)
        .where(Reply.complaint_id == complaint_id, Reply.deleted_at.is_(None))
        .order_by(Reply.said_at.desc(), Reply.id.desc())
        .limit(most)
    )
    return found.all()[::-1]


async def unresolved(session: AsyncSession, *, most: int = 10) -> tuple[Sequence[Complaint], int]:
    """Return the most escalated and oldest open cases, and how many are open."""
    which = Complaint.state != State.RESOLVED
    found = await session.scalars(
        select(Complaint).where(which).order_by(Complaint.level.desc(), Complaint.id).limit(most)
    )
    total = await session.scalar(select(func.count(Complaint.id)).where(which))
    return found.all(), total or 0
