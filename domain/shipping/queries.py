"""What can be asked of parcels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import links
from domain.errors import RecordNotFound
from domain.links import Linked
from domain.orders.model import OPEN, UNSHIPPED, Order
from domain.shipping.model import ENDED, Parcel, Scan

PAGE = 10


@dataclass(frozen=True, slots=True)
class ParcelCard:
    """A parcel with its order and its latest scan, without anything about the buyer."""

    parcel: Parcel
    order: Order
    scan: Scan | None
    links: Sequence[Linked] = ()


@dataclass(frozen=True, slots=True)
class Late:
    """A parcel or an unshipped order that is late or in trouble; `parcel` None if unshipped."""

    order: Order
    parcel: Parcel | None


async def card(session: AsyncSession, parcel_id: int) -> ParcelCard:
    """Read a parcel with its order and latest scan; raises `RecordNotFound`."""
    row = (
        await session.execute(
            select(Parcel, Order, Scan)
            .join(Order, Order.id == Parcel.order_id)
            .outerjoin(Scan, Scan.parcel_id == Parcel.id)
            .where(Parcel.id == parcel_id)
            .order_by(Scan.at.desc(), Scan.id.desc())
            .limit(1)
        )
    ).first()
    if row is None:
        raise RecordNotFound("parcel", parcel_id)
    return ParcelCard(*row, links=await links.of(session, "parcel", parcel_id))


async def late(session: AsyncSession, now: datetime, *, start: int = 0) -> tuple[list[Late], int]:
    """Return a page of what is late or in trouble, the oldest promise first, and the total.

    Late is a parcel in trouble or past its promise, or an order past its ship-by. An order
    that is over is not, whatever became of its parcels.
    """
    late_parcel = and_(
        Parcel.order_id == Order.id,
        Parcel.return_id.is_(None),
        Parcel.state.not_in(ENDED),
        or_(Parcel.trouble.is_not(None), Order.deliver_by < now),
    )
    overdue = and_(Order.state.in_(UNSHIPPED), Order.ship_by < now)
    query = (
        select(Order, Parcel)
        .outerjoin(Parcel, late_parcel)
        .where(Order.state.in_(OPEN), or_(Parcel.id.is_not(None), overdue))
    )
    total = await session.scalar(select(func.count()).select_from(query.subquery()))
    rows = await session.execute(
        query.order_by(func.coalesce(Order.deliver_by, Order.ship_by), Order.id, Parcel.id)
        .offset(start)
        .limit(PAGE)
    )
    return [Late(order, parcel) for order, parcel in rows], total or 0
