"""A case that is put off for a reason, and wakes by itself or for whatever happens to it."""

from __future__ import annotations

from datetime import datetime

from domain.complaints import case
from domain.complaints.model import Complaint
from domain.complaints.policy import LONGEST_SNOOZE
from domain.errors import Conflict, Invalid, ReasonNeeded
from domain.events import Kind
from domain.people import Can, Member
from domain.store import Work


class CantSnooze(Invalid):
    """A time until which no case can be put off."""

    field = "day"


class AnswerFirst(Conflict):
    """The first answer can't be put off: the buyer waits for it, and so does the clock."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Complaint {name} waits for an answer, and that can't be put off. Acknowledge it or "
            "reply in its thread, then snooze it."
        )


class AwakeAlready(Conflict):
    """Somebody woke it, or its time came."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Complaint {name} is awake already. Nothing was changed.")


async def snooze(
    work: Work, member: Member, complaint_id: int, until: datetime, why: str
) -> Complaint:
    """Put a case off until then; its time to resolve stands still for as long.

    One that sleeps already sleeps until the new time instead.

    Raises:
        AnswerFirst: nobody has it in hand.
        CantSnooze: that time is over, or too far ahead.
        ReasonNeeded, MergedAway, WrongState: there is no reason, or it is closed.
    """
    member.must(Can.COMPLAIN)
    if not why.strip():
        raise ReasonNeeded("snooze a complaint")
    if until <= work.now:
        raise CantSnooze("That time is over already. Choose one ahead.")
    if until > work.now + LONGEST_SNOOZE:
        raise CantSnooze(f"A case can sleep for {LONGEST_SNOOZE.days} days at most.")
    complaint = await case.lock(work, complaint_id)
    case.must_be_open(complaint, "snoozed")
    if complaint.awaits_answer:
        raise AnswerFirst(complaint.name)
    case.awaken(work, complaint)
    # Ahead of time, so that nothing comes due in its sleep; waking early takes the rest back.
    case.stand_still(complaint, until - work.now)
    complaint.snoozed_by, complaint.wake_due_at = member.member_id, until
    complaint.snooze_reason = why.strip()
    case.record(
        work, complaint, Kind.COMPLAINT_SNOOZED, complaint.snooze_reason, until=until.isoformat()
    )
    return complaint


async def wake(work: Work, member: Member, complaint_id: int) -> Complaint:
    """Go on with a case before its time; raises `AwakeAlready` if it does not sleep."""
    member.must(Can.COMPLAIN)
    complaint = await case.lock(work, complaint_id)
    if not complaint.is_snoozed:
        raise AwakeAlready(complaint.name)
    await rouse(work, complaint, by_reply=False)
    return complaint


async def rouse(work: Work, complaint: Complaint, *, by_reply: bool) -> None:
    """Wake a locked case for what somebody did, and call its owner."""
    case.awaken(work, complaint)
    owner = await case.owner_on_duty(work, complaint)
    case.record(work, complaint, Kind.COMPLAINT_WOKEN, None, by_reply=by_reply, **owner)
