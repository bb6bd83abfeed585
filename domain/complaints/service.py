"""What can be done with a complaint: open, acknowledge, escalate, resolve, reopen, hear of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from domain import links, people
from domain.complaints import case, replies, snoozing
from domain.complaints.model import Category, Complaint, Outcome, Severity, State, Target
from domain.complaints.replies import Said
from domain.errors import ReasonNeeded
from domain.events import Kind
from domain.orders.model import Order
from domain.people import Can, CantOwn, Member
from domain.shipping import disputes
from domain.shipping.model import Parcel
from domain.store import Subject, Work


async def open_case(
    work: Work,
    member: Member,
    order_id: int,
    text: str,
    *,
    category: Category = Category.OTHER,
    severity: Severity = Severity.NORMAL,
    about: Sequence[Subject] = (),
) -> Complaint:
    """Open a case on an order; its clocks start now, weekends included.

    It belongs to what it is `about`, such as a parcel; if nobody said, to the one parcel of
    the order that is in trouble. That a delivered parcel did not arrive is a trouble of it.

    Raises:
        ReasonNeeded: there is no word on what the buyer complains of.
        RecordNotFound: there is no such order.
    """
    member.must(Can.COMPLAIN)
    if not text.strip():
        raise ReasonNeeded("open a complaint")
    order = await work.lock(Order, order_id)
    complaint = Complaint(
        order_id=order.id,
        state=State.OPEN,
        level=0,
        category=category,
        severity=severity,
        text=text.strip(),
        opened_by=member.member_id,
        opened_at=work.now,
    )
    await case.start_clocks(work, complaint, *Target)
    work.session.add(complaint)
    await work.session.flush()
    about = about or await _troubled_parcel(work, order_id)
    about = [*about, *await disputes.notice(work, complaint, about)]
    await links.tie(work, complaint, about)
    told = links.as_data(about)
    # The text may name the buyer, so the log keeps only that there is a case.
    case.record(
        work, complaint, Kind.COMPLAINT_OPENED, None, category=category, severity=severity, **told
    )
    return complaint


async def acknowledge(work: Work, member: Member, complaint_id: int) -> Complaint:
    """Say that a person has it in hand, who owns it from then on: that is the answer."""
    member.must(Can.COMPLAIN)
    complaint = await case.lock(work, complaint_id)
    _take_in_hand(work, complaint, member, work.now)
    return complaint


async def hear(work: Work, member: Member, complaint_id: int, said: Said) -> None:
    """Keep what somebody says in the case's thread, or has changed or taken back there.

    The first words of a person whose role covers complaints acknowledge a case that waits for
    an answer, and anybody's wake one that sleeps, but for who put it off. What is said of a
    case that was merged belongs to where it goes on. The same message may be told any number of
    times and in any order.
    """
    complaint = await case.lock_surviving(work, complaint_id)
    is_new = await replies.keep(work, complaint.id, member.member_id, said)
    if not is_new or said.deleted:
        return
    if complaint.awaits_answer and member.may(Can.COMPLAIN):
        _take_in_hand(work, complaint, member, said.at, by_reply=True)
    elif complaint.is_snoozed and complaint.snoozed_by != member.member_id:
        await snoozing.rouse(work, complaint, by_reply=True)


async def hand_over(work: Work, member: Member, complaint_id: int, owner: Member) -> Complaint:
    """Give the case to somebody else; the clocks go on as they are.

    Raises:
        CantOwn: there is nobody, their role does not cover complaints, or they have the case.
        OwnerAway: they are out of office.
        MergedAway, WrongState: it is closed.
    """
    member.must(Can.COMPLAIN)
    owner.must_take_on(Can.COMPLAIN)
    complaint = await case.lock(work, complaint_id)
    case.must_be_open(complaint, "handed over")
    if complaint.owner == owner.member_id:
        raise CantOwn(f"They have complaint {complaint.name} already. Choose somebody else.")
    await people.must_be_there(work.session, owner.member_id, work.now)
    complaint.owner = owner.member_id
    case.record(work, complaint, Kind.COMPLAINT_HANDED_OVER, None, owner=owner.member_id)
    return complaint


async def escalate(work: Work, member: Member, complaint_id: int, why: str) -> Complaint:
    """Pass the case to the next level; raises `TopLevelReached` if there is none."""
    member.must(Can.COMPLAIN)
    if not why.strip():
        raise ReasonNeeded("escalate a complaint")
    complaint = await case.lock(work, complaint_id)
    await case.raise_level(work, complaint, why.strip())
    return complaint


async def resolve(
    work: Work, member: Member, complaint_id: int, outcome: Outcome, note: str
) -> Complaint:
    """Close the case with what came of it."""
    member.must(Can.COMPLAIN)
    complaint = await case.lock(work, complaint_id)
    complaint.move(State.RESOLVED)
    complaint.resolved_by, complaint.resolved_at = member.member_id, work.now
    complaint.outcome, complaint.resolution = outcome, note.strip() or None
    complaint.answered_at = complaint.answered_at or work.now
    case.stop_clocks(complaint)
    await disputes.settle(work, complaint, member)
    case.record(work, complaint, Kind.COMPLAINT_RESOLVED, complaint.resolution, outcome=outcome)
    return complaint


async def reopen(work: Work, member: Member, complaint_id: int) -> Complaint:
    """Open a resolved or merged case again, with fresh clocks."""
    member.must(Can.COMPLAIN)
    if found := await work.session.get(Complaint, complaint_id):
        # As when a case is opened: either the clock finds it open, or had completed the order.
        await work.lock(Order, found.order_id)
    complaint = await work.lock(Complaint, complaint_id)
    complaint.move(State.REOPENED)
    complaint.reopened_at = work.now
    complaint.resolved_by = complaint.resolved_at = complaint.outcome = None
    complaint.resolution = None
    survivor_id, complaint.merged_into = complaint.merged_into, None
    complaint.merged_by = complaint.merged_at = None
    await case.start_clocks(work, complaint, *Target)
    told = {}
    if survivor_id:
        told = links.as_data([await work.session.get_one(Complaint, survivor_id)])
    case.record(work, complaint, Kind.COMPLAINT_REOPENED, None, **told)
    return complaint


async def _troubled_parcel(work: Work, order_id: int) -> Sequence[Parcel]:
    """Return the one parcel of the order that is in trouble; of several, none is meant."""
    found = await work.session.scalars(
        select(Parcel).where(Parcel.order_id == order_id, Parcel.trouble.is_not(None)).limit(2)
    )
    parcels = found.all()
    return parcels if len(parcels) == 1 else ()


def _take_in_hand(
    work: Work, complaint: Complaint, member: Member, at: datetime, *, by_reply: bool = False
) -> None:
    complaint.move(State.ACKNOWLEDGED)
    complaint.acknowledged_by, complaint.acknowledged_at = member.member_id, at
    complaint.owner = member.member_id
    complaint.answered_at = complaint.answered_at or at
    complaint.set_clock(Target.ANSWER, None)
    case.record(work, complaint, Kind.COMPLAINT_ACKNOWLEDGED, None, by_reply=by_reply)
