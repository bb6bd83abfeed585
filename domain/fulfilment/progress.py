"""How far each line of an order is: in the house, on a list, picked, packed, gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.fulfilment.model import Fulfilment, Pick
from domain.inventory.model import Reservation
from domain.orders.model import Line
from domain.shipping.model import Content, Parcel, ParcelState


@dataclass(frozen=True, slots=True)
class Progress:
    """A line's pieces. `waiting` are those on back-order, or looked for in vain.

    `listed` are on a list that somebody is out with, `to_pack` were fetched, `to_ship` are in
    a box; `to_pick` are in the house, and nobody has fetched them yet.
    """

    line_id: int
    sku: str | None
    title: str | None
    quantity: int
    shipped: int = 0
    waiting: int = 0
    listed: int = 0
    to_pack: int = 0
    to_ship: int = 0

    @property
    def left(self) -> int:
        """How many have not left the house."""
        return max(self.quantity - self.shipped, 0)

    @property
    def to_pick(self) -> int:
        """How many could be fetched now."""
        taken = self.waiting + self.listed + self.to_pack + self.to_ship
        return max(self.left - taken, 0)

    @property
    def in_hand(self) -> bool:
        """Whether somebody has begun with what is left of it."""
        return bool(self.listed or self.to_pack or self.to_ship)

    @property
    def name(self) -> str:
        """What people call the product."""
        return self.title or self.sku or "an item without a name"


async def of(session: AsyncSession, order_id: int) -> Sequence[Progress]:
    """Return how far the lines of an order are, in their order."""
    shipped = contents(order_id).subquery()
    listed = (
        select(Pick.line_id, func.sum(Pick.quantity).label("quantity"))
        .where(Pick.order_id == order_id, Pick.found.is_(None))
        .group_by(Pick.line_id)
        .subquery()
    )
    found = await session.execute(
        select(
            Line,
            Fulfilment,
            Reservation.wanted - Reservation.quantity,
            shipped.c.quantity,
            listed.c.quantity,
        )
        .outerjoin(Fulfilment, Fulfilment.line_id == Line.id)
        .outerjoin(Reservation, Reservation.line_id == Line.id)
        .outerjoin(shipped, shipped.c.line_id == Line.id)
        .outerjoin(listed, listed.c.line_id == Line.id)
        .where(Line.order_id == order_id)
        .order_by(Line.position)
        .execution_options(populate_existing=True)
    )
    return [
        _progress(line, held, missing, int(gone or 0), int(on_list or 0))
        for line, held, missing, gone, on_list in found
    ]


async def is_partly_shipped(session: AsyncSession, order_id: int) -> bool:
    """Tell whether all parcels of an order say what they hold, and something is in none of them."""
    untold = (
        select(Parcel.id)
        .where(
            _to_buyer(order_id), ~select(Content.id).where(Content.parcel_id == Parcel.id).exists()
        )
        .limit(1)
    )
    shipped = contents(order_id).subquery()
    left = (
        select(Line.id)
        .outerjoin(shipped, shipped.c.line_id == Line.id)
        .where(Line.order_id == order_id, func.coalesce(shipped.c.quantity, 0) < Line.quantity)
        .limit(1)
    )
    return await session.scalar(untold) is None and await session.scalar(left) is not None


def contents(order_id: int) -> Select[int, int]:
    """Return a query of how many of each line are in the order's parcels to the buyer."""
    return (
        select(Content.line_id, func.sum(Content.quantity).label("quantity"))
        .join(Parcel, Parcel.id == Content.parcel_id)
        .where(_to_buyer(order_id))
        .group_by(Content.line_id)
    )


def _to_buyer(order_id: int) -> ColumnElement[bool]:
    return (
        (Parcel.order_id == order_id)
        & Parcel.return_id.is_(None)
        & (Parcel.state != ParcelState.CANCELLED)
    )


def _progress(
    line: Line, held: Fulfilment | None, missing: int | None, shipped: int, listed: int
) -> Progress:
    # A source may tell of parcels that nobody picked or packed here.
    picked = max(held.picked if held else 0, shipped)
    packed = max(held.packed if held else 0, shipped)
    waiting = (held.missing if held else 0) if missing is None else missing
    return Progress(
        line_id=line.id,
        sku=line.sku,
        title=line.title,
        quantity=line.quantity,
        shipped=shipped,
        waiting=waiting,
        listed=listed,
        to_pack=picked - packed,
        to_ship=packed - shipped,
    )
