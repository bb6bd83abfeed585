"""What can be asked of refunds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import links
from domain.errors import RecordNotFound
from domain.links import Linked
from domain.orders.model import Line, Order
from domain.refunds.model import Part, Refund, State


@dataclass(frozen=True, slots=True)
class PartView:
    """A part of a refund with the title of the line it is about."""

    part: Part
    title: str | None


@dataclass(frozen=True, slots=True)
class RefundCard:
    """A refund as its approval card shows it, without anything about the buyer."""

    refund: Refund
    order: Order
    parts: tuple[PartView, ...]
    links: Sequence[Linked] = ()


async def card(session: AsyncSession, refund_id: int) -> RefundCard:
    """Read a refund with its order and the titles of its lines; raises `RecordNotFound`."""
    row = (
        await session.execute(
            select(Refund, Order)
            .join(Order, Order.id == Refund.order_id)
            .where(Refund.id == refund_id)
        )
    ).first()
    if row is None:
        raise RecordNotFound("refund", refund_id)
    refund, order = row
    titles = dict(
        (
            await session.execute(
                select(Line.id, Line.title).where(
                    Line.id.in_([part.line_id for part in refund.parts if part.line_id])
                )
            )
        ).all()
    )
    return RefundCard(
        refund,
        order,
        tuple(PartView(part, titles.get(part.line_id or 0)) for part in refund.parts),
        await links.of(session, "refund", refund_id),
    )


async def waiting(session: AsyncSession, *, most: int = 10) -> tuple[Sequence[Refund], int]:
    """Return the oldest refunds that need a decision, a payment or an answer, and how many do."""
    which = Refund.state.in_((State.AWAITING_APPROVAL, State.SUBMITTED, State.UNKNOWN))
    found = await session.scalars(select(Refund).where(which).order_by(Refund.id).limit(most))
    total = await session.scalar(select(func.count(Refund.id)).where(which))
    return found.all(), total or 0
