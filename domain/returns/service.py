"""What people can do with a return until it arrives: ask, answer, track, receive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select

from domain import links, merchants
from domain.errors import Invalid, ReasonNeeded, WrongState
from domain.events import Kind
from domain.orders.model import Order
from domain.people import Can, Member
from domain.returns import arrivals, policy
from domain.returns.model import (
    MOST_LINES,
    TRANSITIONS,
    Reason,
    Return,
    ReturnLine,
    State,
)
from domain.returns.rma import end, lock, record
from domain.shipping.model import ENDED, Parcel, ParcelState, as_tracked
from domain.store import Subject, Work

_ON_ITS_WAY = (State.AUTHORISED, State.IN_TRANSIT)


class TooManyLines(Invalid):
    """More lines than one form can be inspected in."""

    def __init__(self) -> None:
        super().__init__(f"One return takes up to {MOST_LINES} lines. Ask for two returns.")


class CantBeTracked(Invalid):
    """A tracking number that names no parcel, or another one."""

    field = "number"


@dataclass(frozen=True, slots=True)
class Ask:
    """What a buyer wants to send back, and why: quantities by the order's line id."""

    reason: Reason
    note: str | None = None
    lines: Mapping[int, int] = field(default_factory=dict)


async def request(
    work: Work, member: Member, order_id: int, ask: Ask, *, about: Sequence[Subject] = ()
) -> Return:
    """Ask for a return; somebody has to answer in time.

    The order's row is locked while what can still come back is counted. What was refunded
    already may come back, too: a refund of it finds what is left. It belongs to what it is
    `about`, such as a complaint.

    Raises:
        NotReturnable, TooMany, NothingChosen, TooManyLines, ReasonNeeded: it can't come back.
        NoRole, RoleNeeded: the person may not ask.
    """
    member.must(Can.RETURN)
    note = (ask.note or "").strip()
    if ask.reason is Reason.OTHER and not note:
        raise ReasonNeeded("ask for a return")
    wanted = {line_id: quantity for line_id, quantity in ask.lines.items() if quantity}
    if len(wanted) > MOST_LINES:
        raise TooManyLines
    order = await work.lock(Order, order_id)
    policy.check_returnable(order.number, order.state)
    if not wanted:
        raise policy.NothingChosen
    await arrivals.check_room(work, order_id, wanted)
    answer_by = work.now + policy.answer_within(await merchants.settings(work.session))
    rma = Return(
        order_id=order_id,
        state=State.REQUESTED,
        reason=ask.reason,
        note=note or None,
        requested_by=member.member_id,
        requested_at=work.now,
        answer_by=answer_by,
        warning_due_at=policy.remind_to_answer(work.now, answer_by),
        lines=[
            ReturnLine(merchant_id=work.merchant_id, line_id=line_id, quantity=quantity)
            for line_id, quantity in wanted.items()
        ],
    )
    work.session.add(rma)
    await work.session.flush()
    await links.tie(work, rma, about)
    # The note may name the buyer, so the log keeps only the reason from the list.
    quantity = sum(wanted.values())
    about_it = links.as_data(about)
    record(work, rma, Kind.RETURN_REQUESTED, reason=ask.reason, quantity=quantity, **about_it)
    return rma


async def authorise(work: Work, member: Member, return_id: int) -> Return:
    """Let it come; what never does expires."""
    member.must(Can.RETURN)
    rma = await work.lock(Return, return_id)
    rma.move(State.AUTHORISED)
    settings = await merchants.settings(work.session)
    rma.decided_by, rma.decided_at = member.member_id, work.now
    rma.warning_due_at = None
    rma.expires_due_at = work.now + timedelta(days=settings["return.expires_after_days"])
    record(work, rma, Kind.RETURN_AUTHORISED)
    return rma


async def decline(work: Work, member: Member, return_id: int, why: str) -> Return:
    """Turn a request down; raises `ReasonNeeded` without a reason."""
    member.must(Can.RETURN)
    rma = await work.lock(Return, return_id)
    rma.move(State.DECLINED)
    if not why.strip():
        raise ReasonNeeded("decline a return")
    rma.decided_by, rma.decided_at = member.member_id, work.now
    end(work, rma, why, member.member_id)
    record(work, rma, Kind.RETURN_DECLINED, rma.ending, requested_by=rma.requested_by)
    return rma


async def withdraw(work: Work, member: Member, return_id: int, why: str) -> Return:
    """Say that nothing comes back after all, whether it was authorised or not."""
    member.must(Can.RETURN)
    rma = await work.lock(Return, return_id)
    rma.move(State.WITHDRAWN)
    if not why.strip():
        raise ReasonNeeded("withdraw a return")
    end(work, rma, why, member.member_id)
    record(work, rma, Kind.RETURN_WITHDRAWN, rma.ending)
    return rma


async def track(
    work: Work, member: Member, return_id: int, number: str, carrier: str | None = None
) -> Parcel:
    """Follow the parcel it comes back in; a number that no scan has confirmed yet is corrected.

    Raises:
        CantBeTracked: there is no number, or it is another parcel's.
        WrongState: it is not on its way.
    """
    member.must(Can.RECEIVE)
    tracked = as_tracked(number)
    if tracked is None:
        raise CantBeTracked("Give the number that the carrier tracks the parcel by.")
    order, rma = await lock(work, return_id)
    if rma.state not in _ON_ITS_WAY:
        raise WrongState(f"Return {rma.name}", rma.state, "tracked", TRANSITIONS[rma.state])
    parcels = (
        await work.session.scalars(select(Parcel).where(Parcel.tracking_number == tracked))
    ).all()
    for parcel in parcels:
        if parcel.order_id == order.id or parcel.state not in ENDED:
            whose = "brought this order" if parcel.return_id is None else "comes back already"
            raise CantBeTracked(
                f"{tracked} is the number of a parcel that {whose}, or belongs to another order. "
                "Give the number of the parcel that this return comes in."
            )
    parcel = await _unscanned(work, rma) or Parcel(
        order_id=order.id, return_id=rma.id, state=ParcelState.PENDING, contents=[]
    )
    parcel.tracking_number, parcel.carrier = tracked, (carrier or "").strip() or None
    work.session.add(parcel)
    rma.expires_due_at = None
    await work.session.flush()
    record(work, rma, Kind.RETURN_TRACKED, carrier=parcel.carrier, number=tracked)
    return parcel


async def receive(work: Work, member: Member, return_id: int) -> Return:
    """Say that it arrived, tracked or not; its lines are counted when they are inspected."""
    member.must(Can.RECEIVE)
    _, rma = await lock(work, return_id)
    await arrivals.check_room_again(work, rma)
    await arrivals.arrive(work, rma, work.now)
    return rma


async def _unscanned(work: Work, rma: Return) -> Parcel | None:
    """Return the parcel of a number that no carrier has said anything of, if there is one."""
    return await work.session.scalar(
        select(Parcel)
        .where(
            Parcel.order_id == rma.order_id,
            Parcel.return_id == rma.id,
            Parcel.last_event_at.is_(None),
        )
        .order_by(Parcel.id.desc())
        .limit(1)
    )
