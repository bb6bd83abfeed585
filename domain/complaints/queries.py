"""What can be asked of complaints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import links
from domain.complaints.model import CLOSED, Complaint, Reply
from domain.errors import Invalid, RecordNotFound
from domain.links import Linked
from domain.orders.model import Order


@dataclass(frozen=True, slots=True)
class ComplaintCard:
    """A case as its card shows it, with the cases that were merged into it."""

    complaint: Complaint
    order: Order
    links: Sequence[Linked] = ()
    merged: Sequence[Complaint] = ()


class NoSuchCase(Invalid):
    """What was typed is no complaint's name."""

    field = "name"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no complaint “{name[:40]}”. Give a name such as C-12.")


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
    merged = await session.scalars(
        select(Complaint).where(Complaint.merged_into == complaint_id).order_by(Complaint.id)
    )
    linked = await links.of(session, "complaint", complaint_id)
    return ComplaintCard(*row, links=linked, merged=merged.all())


async def surviving(session: AsyncSession, complaint_id: int) -> int:
    """Return the case that this one goes on in, itself unless it was merged."""
    where = select(Complaint.merged_into)
    while into := await session.scalar(where.where(Complaint.id == complaint_id)):
        complaint_id = into
    return complaint_id


async def alike(
    session: AsyncSession, card: ComplaintCard, *, most: int = 20
) -> Sequence[ComplaintCard]:
    """Return other open cases of the same order or buyer, the newest first."""
    same = [Order.id == card.order.id]
    if card.order.buyer_email:
        same.append(Order.buyer_email == card.order.buyer_email)
    found = await session.execute(
        select(Complaint, Order)
        .join(Order, Order.id == Complaint.order_id)
        .where(or_(*same), Complaint.id != card.complaint.id, Complaint.state.not_in(CLOSED))
        .order_by(Complaint.id.desc())
        .limit(most)
    )
    return [ComplaintCard(*row) for row in found]


async def identify(session: AsyncSession, name: str) -> int:
    """Return the id of the case that people call so, as in `C-12`; raises `NoSuchCase`."""
    said = re.fullmatch(r"(?:C-?)?(\d{1,15})", name.strip(), re.IGNORECASE)
    named = Complaint.id == (int(said[1]) if said else None)
    complaint_id = await session.scalar(select(Complaint.id).where(named))
    if complaint_id is None:
        raise NoSuchCase(name.strip())
    return complaint_id


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
    """Return the most escalated and oldest open cases that are awake, and how many are."""
    which = Complaint.state.not_in(CLOSED) & Complaint.snoozed_by.is_(None)
    found = await session.scalars(
        select(Complaint).where(which).order_by(Complaint.level.desc(), Complaint.id).limit(most)
    )
    total = await session.scalar(select(func.count(Complaint.id)).where(which))
    return found.all(), total or 0


async def snoozed(session: AsyncSession, *, most: int = 5) -> tuple[Sequence[Complaint], int]:
    """Return the cases that sleep, in the order in which they wake, and how many do."""
    which = Complaint.snoozed_by.is_not(None)
    found = await session.scalars(
        select(Complaint).where(which).order_by(Complaint.wake_due_at, Complaint.id).limit(most)
    )
    total = await session.scalar(select(func.count(Complaint.id)).where(which))
    return found.all(), total or 0
