"""Giving a label back: asked for, told to its partner, and what was in the parcel is to be shipped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import merchants
from domain.errors import Conflict, RecordNotFound
from domain.events import Event, Kind
from domain.fulfilment import labels
from domain.fulfilment.label import Label, LabelState
from domain.inventory import service as inventory
from domain.orders.clocks import Clocks
from domain.orders.model import TO_SHIP, Line, Order, State
from domain.people import Can, Member
from domain.shipping import reshipping
from domain.shipping import service as parcels
from domain.shipping.model import Content, Parcel, ParcelState, Scan
from domain.store import Work
from domain.tables import among

#: What `reshipping` says of what is sent again: the alerts' parcels, and who asked.
Answered = Sequence[Mapping[str, int | None]]
#: Before a carrier has a parcel: labelled, or nothing is known of it.
_UNSEEN = (ParcelState.PENDING, ParcelState.UNKNOWN)


class LabelUsed(Conflict):
    """A carrier has the parcel, so the label was used."""

    def __init__(self) -> None:
        super().__init__(
            "The carrier has this parcel already, so its label can't be given back. Ask the "
            "carrier to send it back, or have the buyer return it."
        )


class NotToVoid(Conflict):
    """There is no label to give back, or somebody has it given back; says which."""


@dataclass(frozen=True, slots=True)
class VoidCard:
    """A label that was to be given back, as who asked for that hears of it.

    `told` is the marketplace that knows of the parcel, None where none does; `wanted` whether its
    order still wants what was in it.
    """

    label: Label
    number: str
    told: str | None
    wanted: bool = True


async def ask(work: Work, member: Member, label_id: int) -> Label:
    """Ask that a label be given back; its parcel is cancelled once the partner has taken it.

    Raises:
        LabelUsed, NotToVoid: see each.
    """
    member.must(Can.SHIP)
    _, label = await labels.locked(work, label_id)
    if label.state is LabelState.VOIDING:
        raise NotToVoid(f"@{label.voided_by} has this label given back already.")
    if label.state is not LabelState.BOUGHT:
        raise NotToVoid("This label was given back, or never bought. There is nothing to void.")
    if label.parcel_id is not None and await _is_seen(work, label.parcel_id):
        raise LabelUsed
    label.move(LabelState.VOIDING)
    label.voided_by, label.problem, label.unheard_at = member.member_id, None, None
    _record(work, Kind.LABEL_VOID_ASKED, label)
    return label


async def errand(work: Work, label_id: int) -> str | None:
    """Return the partner's id of the label to give back; None once that is over."""
    _, label = await labels.locked(work, label_id)
    return label.quote if label.state is LabelState.VOIDING else None


async def voided(work: Work, label_id: int) -> None:
    """Take in that the partner took it back: the parcel is cancelled, unless a carrier has it now."""
    order, label = await labels.locked(work, label_id)
    if label.state is not LabelState.VOIDING:
        return
    label.move(LabelState.VOIDED)
    label.ended_at = work.now
    answered: Answered = ()
    if label.parcel_id is not None:
        parcel = await work.lock(Parcel, label.parcel_id)
        if await _is_seen(work, parcel.id):
            label.problem = "The carrier scanned the parcel meanwhile, so it goes on."
        else:
            answered = await _bring_back(work, order, parcel)
    _record(work, Kind.LABEL_VOIDED, label, answers=answered)


async def kept(work: Work, label_id: int, problem: str) -> None:
    """Take in that the partner does not take it back, and the words to that: it stays as it was."""
    _, label = await labels.locked(work, label_id)
    if label.state is not LabelState.VOIDING:
        return
    label.move(LabelState.BOUGHT)
    label.problem = problem
    _record(work, Kind.LABEL_KEPT, label)


async def of_order(session: AsyncSession, order_id: int) -> Mapping[int, int]:
    """Return the labels of an order that can be given back, by their parcels' ids."""
    found = await session.execute(
        select(Label.parcel_id, Label.id)
        .join(Parcel, Parcel.id == Label.parcel_id)
        .where(
            Label.order_id == order_id,
            Label.state == LabelState.BOUGHT,
            Parcel.state.in_(_UNSEEN),
            ~_seen(Parcel.id),
        )
    )
    return {parcel_id: label_id for parcel_id, label_id in found if parcel_id is not None}


async def card(session: AsyncSession, label_id: int) -> VoidCard:
    """Read a label that was to be given back; raises `RecordNotFound`."""
    found = (
        await session.execute(
            select(Label, Order).join(Order, Order.id == Label.order_id).where(Label.id == label_id)
        )
    ).first()
    if found is None:
        raise RecordNotFound("label", label_id)
    label, order = found
    told = await session.scalar(
        select(Event.id)
        .where(
            Event.kind == Kind.SHIPMENT_CONFIRMED,
            Event.subject == "parcel",
            Event.subject_id == label.parcel_id,
        )
        .limit(1)
    )
    wanted = order.state is not State.CANCELLED
    return VoidCard(label, order.number, order.channel if told else None, wanted)


async def _bring_back(work: Work, order: Order, parcel: Parcel) -> Answered:
    """Cancel a locked parcel that never left: what is in it is packed, and waits for another.

    An order of which something was only sent again in it stays gone. Returns what was.
    """
    contents = await work.session.scalars(select(Content).where(Content.parcel_id == parcel.id))
    held = contents.all()
    await parcels.troubles_over(work, [parcel])
    parcel.state = ParcelState.CANCELLED
    parcel.late_due_at = parcel.silent_due_at = parcel.track_due_at = parcel.stuck_due_at = None
    first = not held or any(one.quantity > one.again for one in held)
    if order.state is State.SHIPPED and first:
        order.bring_back()
        warning = Clocks.of(work.now, await merchants.settings(work.session)).ship_by_warning
        order.ship_by_due_at = max(order.ship_by - warning, work.now) if order.ship_by else None
    answered = await reshipping.bring_back(work, parcel)
    await work.session.flush()
    await _put_back(work, order, held)
    return answered


async def _put_back(work: Work, order: Order, held: Sequence[Content]) -> None:
    """Put what a parcel held back on the shelf, promised to its order where that still wants it."""
    if order.state in TO_SHIP:
        moved = {one.line_id: -one.quantity for one in held}
    else:
        moved = {one.line_id: -one.again for one in held if one.again}
        over = {one.line_id: one.quantity - one.again for one in held if one.quantity > one.again}
        lines = await work.session.scalars(select(Line).where(among(work.session, Line.id, over)))
        back: dict[str, int] = defaultdict(int)
        for line in lines:
            if line.sku:
                back[line.sku] += over[line.id]
        await inventory.restock(work, back, f"the label of order {order.number} was given back")
    await inventory.follow(work, to_ship=[order.id], moved=moved)


async def _is_seen(work: Work, parcel_id: int) -> bool:
    query = select(Parcel.id).where(
        Parcel.id == parcel_id, and_(Parcel.state.in_(_UNSEEN), ~_seen(Parcel.id))
    )
    return await work.session.scalar(query) is None


def _seen(parcel_id: Any) -> ColumnElement[bool]:
    """Whether a carrier has said more of a parcel than that there is a label."""
    said: Sequence[ParcelState] = _UNSEEN
    return select(Scan.id).where(Scan.parcel_id == parcel_id, Scan.state.not_in(said)).exists()


def _record(work: Work, kind: Kind, label: Label, **data: Any) -> None:
    work.record(
        kind,
        label,
        order_id=label.order_id,
        asked_by=label.voided_by,
        parcel_id=label.parcel_id,
        carrier=label.carrier,
        **data,
    )
