"""How a return comes in: under its carrier's scans, or as somebody says at the door."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import select

from domain import merchants
from domain.errors import RecordNotFound
from domain.events import Kind
from domain.orders.model import Line
from domain.returns import policy
from domain.returns.model import IS_HELD, QUANTITY_HELD, Return, ReturnLine, State
from domain.returns.rma import record
from domain.shipping.model import ENDED, Parcel, ParcelState
from domain.store import Work

#: A label that was printed, or dropped, has not left the buyer's house.
_STILL_THERE = (ParcelState.UNKNOWN, ParcelState.PENDING, ParcelState.CANCELLED)
_COMING = (State.AUTHORISED, State.IN_TRANSIT, State.EXPIRED)


async def follow(work: Work, parcel: Parcel) -> None:
    """Let a return follow its parcel, in whatever order the scans are heard of.

    It is on its way with the first scan, and has arrived once every parcel of it has, once.
    Whoever calls holds the order's lock, and then the parcel's.
    """
    if parcel.return_id is None:
        return
    rma = await work.lock(Return, parcel.return_id)
    if rma.state in _COMING and await _all_here(work, rma):
        await arrive(work, rma, min(parcel.delivered_at or work.now, work.now))
    elif rma.state is State.AUTHORISED and parcel.state not in _STILL_THERE:
        rma.move(State.IN_TRANSIT)
        rma.expires_due_at = None
        record(work, rma, Kind.RETURN_IN_TRANSIT)


async def check_room_again(work: Work, rma: Return) -> None:
    """Raise `TooMany` if it had expired, and others have asked for its quantities since."""
    if rma.state is State.EXPIRED:
        wanted = {line.line_id: line.quantity for line in rma.lines}
        await check_room(work, rma.order_id, wanted)


async def arrive(work: Work, rma: Return, at: datetime) -> None:
    """Say that it arrived; raises `WrongState` if it is not on its way.

    From now on its refund is due within so many business days.
    """
    rma.move(State.RECEIVED)
    settings = await merchants.settings(work.session)
    rma.received_at = at
    rma.refund_by = rma.overdue_due_at = policy.refund_by(settings, at)
    rma.warning_due_at = policy.remind_to_refund(settings, at)
    rma.expires_due_at = None
    record(work, rma, Kind.RETURN_RECEIVED, refund_by=rma.refund_by.isoformat())


async def check_room(work: Work, order_id: int, wanted: Mapping[int, int]) -> None:
    """Raise unless so many of each line (by id) can still come back, under the order's lock.

    Raises:
        TooMany: more than was bought, less what other returns hold.
        RecordNotFound: a line of another order.
    """
    lines = await work.session.scalars(
        select(Line)
        .where(Line.order_id == order_id, Line.id.in_(wanted))
        .execution_options(populate_existing=True)
    )
    found = {line.id: line for line in lines}
    held = await _held(work, wanted)
    for line_id, quantity in wanted.items():
        line = found.get(line_id)
        if line is None:
            raise RecordNotFound("order line", line_id)
        left = max(line.quantity - held.get(line_id, 0), 0)
        if not 0 < quantity <= left:
            title = line.title or line.sku or f"line {line.position}"
            raise policy.TooMany(line_id, title, quantity, left)


async def _all_here(work: Work, rma: Return) -> bool:
    """Tell whether all its parcels arrived; of one that had expired, whether it may still come."""
    parcels = (
        await work.session.scalars(
            select(Parcel).where(Parcel.order_id == rma.order_id, Parcel.return_id == rma.id)
        )
    ).all()
    arrived = any(one.state is ParcelState.DELIVERED for one in parcels)
    if not arrived or not all(one.state in ENDED for one in parcels):
        return False
    try:
        await check_room_again(work, rma)
    except policy.TooMany:
        return False
    return True


async def _held(work: Work, line_ids: Iterable[int]) -> dict[int, int]:
    found = await work.session.execute(
        select(ReturnLine.line_id, QUANTITY_HELD)
        .join(Return, Return.id == ReturnLine.return_id)
        .where(ReturnLine.line_id.in_(line_ids), IS_HELD)
        .group_by(ReturnLine.line_id)
    )
    return {line_id: int(quantity) for line_id, quantity in found}
