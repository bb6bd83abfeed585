"""What a marketplace is told of a parcel that left, and what it said to that."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import RecordNotFound
from domain.events import Kind
from domain.orders.model import Line, Order
from domain.shipping.marketplace import Shipment
from domain.shipping.model import Content, Parcel, ParcelState
from domain.store import Work


async def shipment(session: AsyncSession, parcel_id: int) -> Shipment:
    """Read a parcel as its order's marketplace is told of it; raises `RecordNotFound`.

    What is sent again is none of its business: it knows these lines as shipped.
    """
    found = (
        await session.execute(
            select(Parcel, Order)
            .join(Order, Order.id == Parcel.order_id)
            .where(Parcel.id == parcel_id, Parcel.return_id.is_(None))
        )
    ).first()
    if found is None:
        raise RecordNotFound("parcel", parcel_id)
    parcel, order = found
    lines = await session.execute(
        select(Line.external_id, Line.sku, Content.quantity - Content.again)
        .join(Content, Content.line_id == Line.id)
        .where(Content.parcel_id == parcel.id, Content.quantity > Content.again)
        .order_by(Line.position)
    )
    return Shipment(
        reference=f"parcel-{parcel.id}",
        order_number=order.number,
        channel=order.channel,
        payment_reference=order.payment_reference,
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        shipped_at=parcel.shipped_at or order.shipped_at or order.received_at,
        lines=tuple((external_id, sku, quantity) for external_id, sku, quantity in lines),
    )


async def is_wanted(session: AsyncSession, parcel_id: int) -> bool:
    """Tell whether the marketplace is to hear of a parcel: not of one that never left after all."""
    parcel = await session.get(Parcel, parcel_id)
    return parcel is None or parcel.state is not ParcelState.CANCELLED


async def confirmed(work: Work, parcel_id: int) -> None:
    """Record that the marketplace knows of the parcel."""
    await _record(work, parcel_id, Kind.SHIPMENT_CONFIRMED)


async def refused(work: Work, parcel_id: int, words: str) -> None:
    """Record that the marketplace does not take the parcel, and its words."""
    await _record(work, parcel_id, Kind.SHIPMENT_REFUSED, words)


async def _record(work: Work, parcel_id: int, kind: Kind, why: str | None = None) -> None:
    parcel = await work.session.get_one(Parcel, parcel_id)
    work.record(kind, parcel, order_id=parcel.order_id, why=why)
