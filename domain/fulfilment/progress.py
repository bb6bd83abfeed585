"""How far each line of an order is: in the house, on a list, picked, packed, gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Label, ScalarSelect, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from domain.fulfilment.model import Fulfilment, Pick
from domain.inventory.model import Reservation
from domain.orders.model import GONE, TO_SHIP, Line, Order, State
from domain.shipping.model import Content, Parcel, ParcelState
from domain.shipping.reshipment import IS_OPEN, Reshipment

#: What `columns` are called, as `read` takes them.
COUNTED = (
    *("picked", "packed", "missing", "waiting", "listed"),
    *("shipped", "sent_again", "again", "order_state"),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """The pieces of the line with this id. `waiting` are those on back-order, or looked for in vain.

    Of those `shipped`, `sent_again` were in place of others; `again` are still to be sent so.

    `listed` are on a list that somebody is out with, `to_pack` were fetched, `to_ship` are in
    a box; `to_pick` are in the house, and nobody has fetched them yet.
    """

    id: int
    sku: str | None
    title: str | None
    quantity: int
    shipped: int = 0
    waiting: int = 0
    listed: int = 0
    to_pack: int = 0
    to_ship: int = 0
    sent_again: int = 0
    again: int = 0
    #: Whether its order has left, also where nobody told what its parcels hold.
    is_gone: bool = False

    @property
    def shipped_first(self) -> int:
        """How many of those ordered have left."""
        return self.shipped - self.sent_again

    @property
    def owed(self) -> int:
        """How many of those ordered have not left the house."""
        return 0 if self.is_gone else max(self.quantity - self.shipped_first, 0)

    @property
    def left(self) -> int:
        """How many are to leave the house, those that are sent again among them."""
        return self.owed + self.again

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
    found = await session.execute(
        select(Line.id, Line.sku, Line.title, Line.quantity, *columns())
        .where(Line.order_id == order_id)
        .order_by(Line.position)
    )
    return [read(*tuple(row)) for row in found]


def columns() -> tuple[Label[Any], ...]:
    """Return what `read` takes besides a line's own, for a SELECT of `Line`."""

    def held(column: InstrumentedAttribute[int]) -> ScalarSelect[int]:
        one = select(column).where(Fulfilment.line_id == Line.id)
        return one.correlate(Line).scalar_subquery()

    waiting = select(Reservation.wanted - Reservation.quantity).where(
        Reservation.line_id == Line.id
    )
    listed = select(Pick.quantity).where(Pick.line_id == Line.id, Pick.found.is_(None))
    again = select(func.sum(Reshipment.quantity - Reshipment.sent)).where(
        Reshipment.line_id == Line.id, IS_OPEN
    )
    state = select(Order.state).where(Order.id == Line.order_id)
    return (
        held(Fulfilment.picked).label("picked"),
        held(Fulfilment.packed).label("packed"),
        held(Fulfilment.missing).label("missing"),
        waiting.correlate(Line).scalar_subquery().label("waiting"),
        listed.correlate(Line).scalar_subquery().label("listed"),
        in_parcels(Content.quantity).label("shipped"),
        in_parcels(Content.again).label("sent_again"),
        again.correlate(Line).scalar_subquery().label("again"),
        state.correlate(Line).scalar_subquery().label("order_state"),
    )


def in_parcels(column: InstrumentedAttribute[int]) -> ScalarSelect[int | None]:
    """Return how many of a line its order's parcels hold, for a SELECT of `Line`."""
    held = (
        select(func.sum(column))
        .join(Parcel, Parcel.id == Content.parcel_id)
        .where(_to_buyer(Line.order_id), Content.line_id == Line.id)
    )
    return held.correlate(Line).scalar_subquery()


def read(
    line_id: int,
    sku: str | None,
    title: str | None,
    quantity: int,
    picked: int | None,
    packed: int | None,
    missing: int | None,
    waiting: int | None,
    listed: int | None,
    shipped: int | None,
    sent_again: int | None,
    again: int | None,
    order_state: str,
) -> Progress:
    """Return how far a line is; `missing` counts where it has no item that `waiting` is of."""
    gone = int(shipped or 0)
    # A source may tell of parcels that nobody picked or packed here.
    fetched, boxed = max(picked or 0, gone), max(packed or 0, gone)
    state = State(order_state)
    progress = Progress(
        id=line_id,
        sku=sku,
        title=title,
        quantity=quantity,
        shipped=gone,
        sent_again=int(sent_again or 0),
        again=int(again or 0) if state in (*TO_SHIP, *GONE) else 0,
        is_gone=state in GONE,
    )
    # Fewer may be wanted by now than were fetched: the rest goes back to the shelf.
    left = progress.left
    to_ship = min(boxed - gone, left)
    to_pack = min(max(fetched - boxed, 0), left - to_ship)
    return replace(
        progress,
        waiting=min((missing or 0) if waiting is None else waiting, left),
        listed=min(listed or 0, left - to_ship - to_pack),
        to_pack=to_pack,
        to_ship=to_ship,
    )


async def is_partly_shipped(session: AsyncSession, order_id: int) -> bool:
    """Tell whether all parcels of an order say what they hold, and something is in none of them."""
    untold = (
        select(Parcel.id)
        .where(
            _to_buyer(order_id), ~select(Content.id).where(Content.parcel_id == Parcel.id).exists()
        )
        .limit(1)
    )
    if await session.scalar(untold) is not None:
        return False
    return any(line.owed for line in await of(session, order_id))


def _to_buyer(order_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    return (
        (Parcel.order_id == order_id)
        & Parcel.return_id.is_(None)
        & (Parcel.state != ParcelState.CANCELLED)
    )
