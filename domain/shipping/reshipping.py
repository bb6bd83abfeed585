"""What somebody decides to send again in a parcel's place, which the warehouse is told of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import Conflict, Invalid, ReasonNeeded, RecordNotFound
from domain.events import Event, Kind
from domain.fulfilment import progress, steps
from domain.inventory import service as inventory
from domain.orders.model import GONE, TO_SHIP, Line, Order
from domain.people import Can, Member
from domain.shipping import alerts
from domain.shipping.alert import Alert, Outcome
from domain.shipping.model import Content, Parcel
from domain.shipping.reshipment import IS_OPEN, Reshipment
from domain.store import Work
from domain.tables import among


class CantReship(Invalid):
    """Goods that can't be sent again as asked; names what can."""

    def __init__(self, why: str, line_id: int | None = None) -> None:
        super().__init__(why)
        self.field = None if line_id is None else f"line:{line_id}"


class NothingToCallOff(Conflict):
    """Nothing is left to be sent again."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing of this is left to be sent again: it has left, or was called off already."
        )


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """How many of what is sent again are still in the house, and the parcels of the others.

    So many were `called_off`, and do not leave.
    """

    left: int
    parcels: Sequence[Parcel]
    called_off: int = 0


@dataclass(frozen=True, slots=True)
class Goods:
    """How many of a line."""

    line: Line
    quantity: int


@dataclass(frozen=True, slots=True)
class ReshipmentCard:
    """What somebody wants sent again, of which order, and why; `where` it is by now."""

    order: Order
    goods: Sequence[Goods]
    why: str | None
    asked_by: str
    asked_at: datetime
    where: Whereabouts
    alert_id: int


async def reship(
    work: Work, member: Member, alert_id: int, quantities: Mapping[int, int], why: str
) -> Alert:
    """Have goods of the order sent again, by line; that resolves the alert.

    They are picked, packed and shipped as all else is, and promised from stock. The order stays
    what it is.

    Raises:
        CantReship: nothing was chosen, more than the order has, or the order is cancelled.
        ReasonNeeded, AlertOver: nobody says why, or there is nothing left to do.
    """
    member.must(Can.SHIP)
    if not why.strip():
        raise ReasonNeeded("send something again")
    goods = {line_id: quantity for line_id, quantity in quantities.items() if quantity}
    if not goods:
        first = next(iter(quantities), None)
        raise CantReship("Nothing is chosen. Say how many of which line are sent again.", first)
    order = await _hold(work, alert_id)
    if order.state not in (*TO_SHIP, *GONE):
        raise CantReship(
            f"Order {order.number} is {order.state}, so nothing of it can be sent again. Say in "
            "another way what becomes of the parcel."
        )
    alert, subject = await alerts.hold(work, alert_id)
    lines = await _lines(work.session, order.id)
    for line_id, quantity in goods.items():
        most = lines[line_id].quantity if line_id in lines else 0
        if not 0 < quantity <= most:
            raise CantReship(f"At most {most} of this line can be sent again.", line_id)
    alerts.close(work, alert, subject, member.member_id, Outcome.RESHIPPED, why.strip())
    await _open(work, order, alert, goods)
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


async def card(session: AsyncSession, event_id: int) -> ReshipmentCard:
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
    alert_id = event.data["alert_id"]
    where = await of_alert(session, alert_id)
    return ReshipmentCard(order, goods, event.why, event.actor, event.at, where, alert_id)


async def of_alert(session: AsyncSession, alert_id: int) -> Whereabouts:
    """Return where what an alert had sent again is; nothing where it had nothing sent."""
    alert = await session.get_one(Alert, alert_id)
    rows = await session.execute(
        select(Reshipment, Parcel)
        .outerjoin(Parcel, Parcel.id == Reshipment.parcel_id)
        .where(Reshipment.order_id == alert.order_id, Reshipment.alert_id == alert_id)
        .order_by(Reshipment.id)
    )
    left, called_off, parcels = 0, 0, {}
    for reshipment, parcel in rows:
        if reshipment.ended_at is None:
            left += reshipment.left
        else:
            called_off += reshipment.left
        if parcel is not None:
            parcels[parcel.id] = parcel
    return Whereabouts(left, tuple(parcels.values()), called_off)


async def carry(
    work: Work, parcel: Parcel, again: Mapping[int, int]
) -> Sequence[Mapping[str, int | None]]:
    """Note which of what is sent again leaves in a parcel of a locked order, the oldest first.

    Returns what that answers: alerts with their parcels, and the events that asked for it.
    """
    if not any(again.values()):
        return ()
    await work.session.flush()
    found = await work.session.scalars(
        select(Reshipment)
        .where(Reshipment.order_id == parcel.order_id, IS_OPEN)
        .order_by(Reshipment.id)
    )
    rest, answered = dict(again), set()
    for one in found:
        sent = min(rest.get(one.line_id, 0), one.left)
        if not sent:
            continue
        rest[one.line_id] -= sent
        one.sent, one.parcel_id = one.sent + sent, parcel.id
        one.ended_at = None if one.left else work.now
        answered.add(one.alert_id)
    return await _answered(work, parcel.order_id, answered)


async def bring_back(work: Work, parcel: Parcel) -> Sequence[Mapping[str, int | None]]:
    """Send what was sent again in a parcel that never left in another one, the latest first.

    Returns what that answers, as `carry` does.
    """
    again = await work.session.execute(
        select(Content.line_id, Content.again).where(
            Content.parcel_id == parcel.id, Content.again > 0
        )
    )
    rest = dict(again.all())
    if not rest:
        return ()
    found = await work.session.scalars(
        select(Reshipment)
        .where(Reshipment.order_id == parcel.order_id, Reshipment.sent > 0)
        .order_by(Reshipment.id.desc())
    )
    answered = set()
    for one in found:
        back = min(rest.get(one.line_id, 0), one.sent)
        if not back:
            continue
        if one.ended_at is not None:
            # What was called off of it stays so.
            one.quantity = one.sent
        rest[one.line_id] -= back
        one.sent, one.parcel_id, one.ended_at = one.sent - back, None, None
        answered.add(one.alert_id)
    return await _answered(work, parcel.order_id, answered)


async def call_off(work: Work, member: Member, alert_id: int, why: str) -> None:
    """Send nothing more again of what an alert asked for: what has not left is free for others.

    Raises:
        NothingToCallOff: all of it has left, or somebody was first.
        ReasonNeeded: nobody says why.
    """
    member.must(Can.SHIP)
    if not why.strip():
        raise ReasonNeeded("call this off")
    order = await _hold(work, alert_id)
    found = await work.session.scalars(
        select(Reshipment).where(
            Reshipment.order_id == order.id, Reshipment.alert_id == alert_id, IS_OPEN
        )
    )
    given_up = found.all()
    if not given_up:
        raise NothingToCallOff
    for one in given_up:
        one.ended_at = work.now
    await work.session.flush()
    # What else is sent again of an order that has left is promised anew.
    gone = [order.id] if order.state in GONE else []
    await inventory.follow(work, to_ship=[order.id], cancelled=gone)
    work.record(
        Kind.RESHIPMENT_CALLED_OFF,
        order,
        order_id=order.id,
        why=why.strip(),
        alert_id=alert_id,
        quantity=sum(one.left for one in given_up),
        answers=await _answered(work, order.id, {alert_id}),
    )


async def end(work: Work, order_ids: Collection[int]) -> None:
    """Send nothing again of locked orders that were cancelled; stock follows those by itself."""
    if order_ids:
        await work.session.execute(
            update(Reshipment)
            .where(among(work.session, Reshipment.order_id, order_ids), IS_OPEN)
            .values(ended_at=work.now)
        )


async def _hold(work: Work, alert_id: int) -> Order:
    """Lock the order that an alert is about, which comes before the parcel and the alert."""
    known = await work.session.get(Alert, alert_id)
    if known is None:
        raise RecordNotFound("alert", alert_id)
    return await work.lock(Order, known.order_id)


async def _open(work: Work, order: Order, alert: Alert, goods: Mapping[int, int]) -> None:
    if order.state in GONE:
        # What was left of the first time in the warehouse's books, as when its source shipped it.
        before = await progress.of(work.session, order.id)
        held = await steps.written(work, order, before)
        for line_id in goods:
            held[line_id].missing = 0
    work.session.add_all(
        Reshipment(order_id=order.id, line_id=line_id, alert_id=alert.id, quantity=quantity, sent=0)
        for line_id, quantity in goods.items()
    )
    await work.session.flush()
    await inventory.follow(work, to_ship=[order.id])


async def _answered(
    work: Work, order_id: int, alert_ids: Collection[int]
) -> Sequence[Mapping[str, int | None]]:
    alerts_of = await work.session.scalars(
        select(Alert).where(among(work.session, Alert.id, alert_ids))
    )
    about = {alert.id: alert.parcel_id for alert in alerts_of}
    asked = await work.session.scalars(
        select(Event)
        .where(Event.order_id == order_id, Event.kind == Kind.RESHIPMENT_ASKED)
        .order_by(Event.id)
    )
    return [
        {"parcel_id": about[event.data["alert_id"]], "event_id": event.id}
        for event in asked
        if event.data["alert_id"] in about
    ]


async def _lines(session: AsyncSession, order_id: int) -> dict[int, Line]:
    found = await session.scalars(
        select(Line).where(Line.order_id == order_id).order_by(Line.position)
    )
    return {line.id: line for line in found}
