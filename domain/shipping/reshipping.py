"""What somebody decides to send again in a parcel's place, which the warehouse is told of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import Invalid, ReasonNeeded, RecordNotFound
from domain.events import Event, Kind
from domain.orders.model import Line, Order
from domain.people import Can, Member
from domain.shipping import alerts
from domain.shipping.alert import Alert, Outcome
from domain.store import Work


class CantReship(Invalid):
    """Goods that can't be sent again as asked; names what can."""

    def __init__(self, why: str, line_id: int | None = None) -> None:
        super().__init__(why)
        self.field = None if line_id is None else f"line:{line_id}"


@dataclass(frozen=True, slots=True)
class Goods:
    """How many of a line."""

    line: Line
    quantity: int


@dataclass(frozen=True, slots=True)
class Reshipment:
    """What somebody wants sent again, of which order, and why."""

    order: Order
    goods: Sequence[Goods]
    why: str | None
    asked_by: str
    asked_at: datetime


async def reship(
    work: Work, member: Member, alert_id: int, quantities: Mapping[int, int], why: str
) -> Alert:
    """Have goods of the order sent again, by line; that resolves the alert.

    Raises:
        CantReship: nothing was chosen, or more than the order has.
        ReasonNeeded, AlertOver: nobody says why, or there is nothing left to do.
    """
    member.must(Can.SHIP)
    if not why.strip():
        raise ReasonNeeded("send something again")
    goods = {line_id: quantity for line_id, quantity in quantities.items() if quantity}
    if not goods:
        first = next(iter(quantities), None)
        raise CantReship("Nothing is chosen. Say how many of which line are sent again.", first)
    alert, subject = await alerts.hold(work, alert_id)
    order = await work.session.get_one(Order, alert.order_id)
    lines = await _lines(work.session, order.id)
    for line_id, quantity in goods.items():
        most = lines[line_id].quantity if line_id in lines else 0
        if not 0 < quantity <= most:
            raise CantReship(f"At most {most} of this line can be sent again.", line_id)
    alerts.close(work, alert, subject, member.member_id, Outcome.RESHIPPED, why.strip())
    told = [{"line_id": line_id, "quantity": quantity} for line_id, quantity in goods.items()]
    work.record(
        Kind.RESHIPMENT_ASKED,
        order,
        order_id=order.id,
        why=why.strip(),
        alert_id=alert.id,
        parcel_id=alert.parcel_id,
        goods=told,
    )
    return alert


async def card(session: AsyncSession, event_id: int) -> Reshipment:
    """Read what the event asked for; raises `RecordNotFound`."""
    event = await session.scalar(
        select(Event).where(Event.id == event_id, Event.kind == Kind.RESHIPMENT_ASKED)
    )
    if event is None:
        raise RecordNotFound("reshipment", event_id)
    order = await session.get_one(Order, event.subject_id)
    lines = await _lines(session, order.id)
    goods = [
        Goods(lines[one["line_id"]], one["quantity"])
        for one in event.data["goods"]
        if one["line_id"] in lines
    ]
    return Reshipment(order, goods, event.why, event.actor, event.at)


async def _lines(session: AsyncSession, order_id: int) -> dict[int, Line]:
    found = await session.scalars(
        select(Line).where(Line.order_id == order_id).order_by(Line.position)
    )
    return {line.id: line for line in found}
