"""What can be done with a complaint: open, acknowledge, escalate, resolve, reopen, hear of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from domain import merchants
from domain.complaints import policy, replies
from domain.complaints.model import TRANSITIONS, Category, Complaint, Outcome, Severity, State
from domain.complaints.replies import Said
from domain.errors import Conflict, Invalid, ReasonNeeded, WrongState, either
from domain.events import Kind
from domain.orders.model import Order
from domain.people import Can, Member, roles_that
from domain.store import Work


class TopLevelReached(Conflict):
    """There is no higher level to escalate to."""

    def __init__(self, name: str, level: int) -> None:
        super().__init__(f"Complaint {name} is at the top level ({level}) already. Resolve it.")


class CantOwn(Invalid):
    """The case can't be given to this person."""

    field = "owner"


async def open_case(
    work: Work,
    member: Member,
    order_id: int,
    text: str,
    *,
    category: Category = Category.OTHER,
    severity: Severity = Severity.NORMAL,
) -> Complaint:
    """Open a case on an order; its clock starts now, weekends included.

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
    _start_clock(work, complaint, await merchants.settings(work.session))
    work.session.add(complaint)
    await work.session.flush()
    # The text may name the buyer, so the log keeps only that there is a case.
    _record(work, complaint, Kind.COMPLAINT_OPENED, None, category=category, severity=severity)
    return complaint


async def acknowledge(work: Work, member: Member, complaint_id: int) -> Complaint:
    """Say that a person has it in hand, who owns it from then on; that stops the clock."""
    member.must(Can.COMPLAIN)
    complaint = await work.lock(Complaint, complaint_id)
    _take_in_hand(work, complaint, member, work.now)
    return complaint


async def hear(work: Work, member: Member, complaint_id: int, said: Said) -> None:
    """Keep what somebody says in the case's thread, or has changed or taken back there.

    The first words of a person whose role covers complaints acknowledge a case that waits for
    an answer. The same message may be told any number of times and in any order.
    """
    complaint = await work.lock(Complaint, complaint_id)
    is_new = await replies.keep(work, complaint_id, member.member_id, said)
    if is_new and not said.deleted and complaint.awaits_answer and member.may(Can.COMPLAIN):
        _take_in_hand(work, complaint, member, said.at, by_reply=True)


async def hand_over(work: Work, member: Member, complaint_id: int, owner: Member) -> Complaint:
    """Give the case to somebody else; a clock that runs goes on until they answer.

    Raises:
        CantOwn: their role does not cover complaints, or they have the case.
        WrongState: it is resolved.
    """
    member.must(Can.COMPLAIN)
    if not owner.may(Can.COMPLAIN):
        raise CantOwn(
            f"To {Can.COMPLAIN} they need to be {either(roles_that(Can.COMPLAIN))}. Choose "
            "somebody else, or ask an admin to give them a role."
        )
    complaint = await work.lock(Complaint, complaint_id)
    if complaint.state is State.RESOLVED:
        what = f"Complaint {complaint.name}"
        raise WrongState(what, complaint.state, "handed over", TRANSITIONS[complaint.state])
    if complaint.owner == owner.member_id:
        raise CantOwn(f"They have complaint {complaint.name} already. Choose somebody else.")
    complaint.owner = owner.member_id
    _record(work, complaint, Kind.COMPLAINT_HANDED_OVER, None, owner=owner.member_id)
    return complaint


async def escalate(work: Work, member: Member, complaint_id: int, why: str) -> Complaint:
    """Pass the case to the next level; raises `TopLevelReached` if there is none."""
    member.must(Can.COMPLAIN)
    if not why.strip():
        raise ReasonNeeded("escalate a complaint")
    complaint = await work.lock(Complaint, complaint_id)
    _raise_level(work, complaint, await merchants.settings(work.session), why.strip())
    return complaint


async def resolve(
    work: Work, member: Member, complaint_id: int, outcome: Outcome, note: str
) -> Complaint:
    """Close the case with what came of it."""
    member.must(Can.COMPLAIN)
    complaint = await work.lock(Complaint, complaint_id)
    complaint.move(State.RESOLVED)
    complaint.resolved_by, complaint.resolved_at = member.member_id, work.now
    complaint.outcome, complaint.resolution = outcome, note.strip() or None
    complaint.answered_at = complaint.answered_at or work.now
    _stop_clock(complaint)
    _record(work, complaint, Kind.COMPLAINT_RESOLVED, complaint.resolution, outcome=outcome)
    return complaint


async def reopen(work: Work, member: Member, complaint_id: int) -> Complaint:
    """Open a resolved case again, with a fresh clock."""
    member.must(Can.COMPLAIN)
    complaint = await work.lock(Complaint, complaint_id)
    complaint.move(State.REOPENED)
    complaint.resolved_by = complaint.resolved_at = complaint.outcome = None
    complaint.resolution = None
    _start_clock(work, complaint, await merchants.settings(work.session))
    _record(work, complaint, Kind.COMPLAINT_REOPENED, None)
    return complaint


async def sweep_unanswered(work: Work, *, most: int) -> int:
    """Escalate the cases that nobody answered in time; returns how many were due."""
    due = await work.due(Complaint, "answer_due_at", most=most)
    settings = await merchants.settings(work.session)
    for complaint in due:
        _stop_clock(complaint)
        if complaint.level < settings["complaint.levels"]:
            _raise_level(work, complaint, settings, "nobody answered in time")
    return len(due)


def _take_in_hand(
    work: Work, complaint: Complaint, member: Member, at: datetime, *, by_reply: bool = False
) -> None:
    complaint.move(State.ACKNOWLEDGED)
    complaint.acknowledged_by, complaint.acknowledged_at = member.member_id, at
    complaint.owner = member.member_id
    complaint.answered_at = complaint.answered_at or at
    _stop_clock(complaint)
    _record(work, complaint, Kind.COMPLAINT_ACKNOWLEDGED, None, by_reply=by_reply)


async def sweep_warnings(work: Work, *, most: int) -> int:
    """Remind of the cases whose time to answer is half over, or nearly; returns how many were due.

    Each reminder comes once; of two that came due since the last look, the later alone.
    """
    due = await work.due(Complaint, "warning_due_at", most=most)
    for complaint in due:
        started_at, due_at = complaint.clock_started_at, complaint.answer_due_at
        if started_at is not None and due_at is not None:
            complaint.warning_due_at = policy.next_warning(started_at, due_at, work.now)
            share = policy.passed(started_at, due_at, work.now)
            _record(work, complaint, Kind.COMPLAINT_WARNED, None, share=share)
    return len(due)


def _raise_level(work: Work, complaint: Complaint, settings: merchants.Settings, why: str) -> None:
    top = settings["complaint.levels"]
    if complaint.state is not State.RESOLVED and complaint.level >= top:
        raise TopLevelReached(complaint.name, complaint.level)
    complaint.move(State.ESCALATED)
    complaint.level += 1
    _start_clock(work, complaint, settings)
    called = policy.called(settings, complaint.level)
    _record(work, complaint, Kind.COMPLAINT_ESCALATED, why, called=called)


def _start_clock(work: Work, complaint: Complaint, settings: merchants.Settings) -> None:
    due_at = work.now + policy.answer_within(settings, complaint.severity)
    complaint.clock_started_at, complaint.answer_due_at = work.now, due_at
    complaint.warning_due_at = policy.next_warning(work.now, due_at, work.now)


def _stop_clock(complaint: Complaint) -> None:
    complaint.clock_started_at = complaint.answer_due_at = complaint.warning_due_at = None


def _record(work: Work, complaint: Complaint, kind: Kind, why: str | None, **data: Any) -> None:
    work.record(
        kind,
        complaint,
        order_id=complaint.order_id,
        why=why,
        state=complaint.state,
        level=complaint.level,
        **data,
    )
