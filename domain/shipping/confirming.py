"""Telling the marketplace that a parcel of ours left: what it is told, and what came of it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import Kind
from domain.orders.model import Line, Order
from domain.shipping.marketplace import Shipment
from domain.shipping.model import Content, Parcel
from domain.store import Work


async def shipment(session: AsyncSession, parcel_id: int) -> Shipment | None:
    """Return what a marketplace has to know of a parcel, None if it did not leave for a buyer."""
    found = (
        await session.execute(
            select(Parcel, Order)
            .join(Order, Order.id == Parcel.order_id)
            .where(Parcel.id == parcel_id, Parcel.return_id.is_(None))
        )
    ).first()
    if found is None or (shipped_at := found[0].shipped_at) is None:
        return None
    parcel, order = found
    lines = await session.execute(
        select(Line.external_id, Line.sku, Content.quantity)
        .join(Content, Content.line_id == Line.id)
        .where(Content.parcel_id == parcel.id)
        .order_by(Line.position)
    )
    return Shipment(
        reference=f"parcel-{parcel.id}",
        order_number=order.number,
        channel=order.channel,
        payment_reference=order.payment_reference,
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        shipped_at=shipped_at,
        lines=tuple((external_id, sku, quantity) for external_id, sku, quantity in lines),
    )


async def confirmed(work: Work, parcel_id: int) -> None:
    """Note that the marketplace knows that the parcel left."""
    parcel = await work.lock(Parcel, parcel_id)
    work.record(Kind.SHIPMENT_CONFIRMED, parcel, order_id=parcel.order_id)


async def untold(work: Work, parcel_id: int, why: str) -> None:
    """Note that the marketplace was not told that the parcel left, and why."""
    parcel = await work.lock(Parcel, parcel_id)
    work.record(Kind.SHIPMENT_REFUSED, parcel, order_id=parcel.order_id, why=why)
