"""What waits to be picked."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.fulfilment import progress
from domain.fulfilment.model import Fulfilment, Pick
from domain.inventory.model import Reservation
from domain.orders.model import GONE, Line, Order, State
from domain.shipping.model import Content, Parcel
from domain.shipping.reshipment import IS_OPEN, Reshipment
from domain.tables import among

_PICKABLE = (State.CONFIRMED, State.PICKING, State.PACKED)


async def to_pick(session: AsyncSession) -> ColumnElement[bool]:
    """Match the orders of which something may be fetched, and is on nobody's list.

    For the first time, or to be sent again.
    """
    waiting = func.coalesce(Reservation.wanted - Reservation.quantity, Fulfilment.missing, 0)
    something = (
        select(Line.id)
        .outerjoin(Fulfilment, Fulfilment.line_id == Line.id)
        .outerjoin(Reservation, Reservation.line_id == Line.id)
        .where(
            Line.order_id == Order.id,
            Line.quantity - waiting > func.coalesce(Fulfilment.picked, 0),
            Line.quantity - waiting > func.coalesce(progress.in_parcels(Content.quantity), 0),
        )
    )
    on_list = select(Pick.id).where(Pick.order_id == Order.id, Pick.found.is_(None))
    reopened = (await session.scalars(select(Reshipment.order_id).where(IS_OPEN))).all()
    first = and_(
        Order.state.in_(_PICKABLE),
        or_(Order.state == State.CONFIRMED, _is_ours()),
        something.exists(),
    )
    again = and_(
        among(session, Order.id, reopened),
        or_(Order.state.in_(GONE), and_(Order.state.in_(_PICKABLE), _is_ours())),
    )
    return and_(or_(first, again), ~on_list.exists())


def _is_ours() -> ColumnElement[bool]:
    """Match orders whose picking was begun here.

    What came in as picked or packed is in the hands of whoever told so, but for what is left
    where they sent a part.
    """
    begun = select(Fulfilment.id).where(Fulfilment.order_id == Order.id)
    in_parts = (
        select(Content.id)
        .join(Parcel, Parcel.id == Content.parcel_id)
        .where(Parcel.order_id == Order.id, Parcel.return_id.is_(None))
    )
    return or_(begun.exists(), in_parts.exists())
