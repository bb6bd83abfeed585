"""What can be asked of complaints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.complaints.model import Complaint, State
from domain.errors import RecordNotFound
from domain.orders.model import Order


@dataclass(frozen=True, slots=True)
class ComplaintCard:
    """A case as its card shows it."""

    complaint: Complaint
    order: Order


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
        raise RecordNotFound("complaint", f"C-{complaint_id}")
    return ComplaintCard(*row)


async def open_cases(session: AsyncSession, *, most: int = 20) -> Sequence[Complaint]:
    """Return the cases that are not resolved, the most escalated and oldest first."""
    found = await session.scalars(
        select(Complaint)
        .where(Complaint.state != State.RESOLVED)
        .order_by(Complaint.level.desc(), Complaint.id)
        .limit(most)
    )
    return found.all()
