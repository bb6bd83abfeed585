"""Duplicates: one case goes on in another, which takes over what was stricter about it."""

from __future__ import annotations

from domain import links
from domain.complaints import case, policy
from domain.complaints.model import Complaint, Severity, State, Target
from domain.errors import Invalid
from domain.events import Kind
from domain.people import Can, Member
from domain.store import Work


class CantMerge(Invalid):
    """The two can't become one; says what would."""

    field = "name"


async def merge(work: Work, member: Member, complaint_id: int, into_id: int) -> Complaint:
    """Have a duplicate go on in another case, which is returned.

    The survivor belongs to whatever the duplicate did, has the higher severity and level of
    the two, and whatever is due on either is due on it as early.

    Raises:
        CantMerge: they are the same case, or the other one is closed.
        MergedAway, WrongState: the duplicate is closed.
    """
    member.must(Can.COMPLAIN)
    if complaint_id == into_id:
        raise CantMerge("A case can't be merged into itself. Choose another one.")
    # By id, whichever goes into which: merging both ways at once is then no deadlock, and the
    # second finds the first one's work done. One that is merged is never merged into, so that
    # no circle can come about.
    first, second = sorted((complaint_id, into_id))
    locked = {one: await work.lock(Complaint, one) for one in (first, second)}
    duplicate, survivor = locked[complaint_id], locked[into_id]
    if duplicate.state is State.MERGED:
        raise case.MergedAway(duplicate)
    _must_take_in(survivor)
    duplicate.move(State.MERGED)
    _take_over(work, survivor, duplicate)
    case.stop_clocks(duplicate)
    duplicate.merged_into = survivor.id
    duplicate.merged_by, duplicate.merged_at = member.member_id, work.now
    await links.tie(work, survivor, await links.of(work.session, "complaint", duplicate.id))
    told = links.as_data([survivor])
    case.record(work, duplicate, Kind.COMPLAINT_MERGED, None, **told)
    return survivor


def _must_take_in(survivor: Complaint) -> None:
    if survivor.state is State.MERGED:
        raise CantMerge(
            f"Complaint {survivor.name} was itself merged into C-{survivor.merged_into}. Choose "
            "that one."
        )
    if survivor.is_closed:
        raise CantMerge(
            f"Complaint {survivor.name} is {survivor.state}. Reopen it first, or choose one that "
            "is open."
        )


def _take_over(work: Work, survivor: Complaint, duplicate: Complaint) -> None:
    """Be as strict with the survivor as with the duplicate; what a person has in hand, they have."""
    # There is news for either, and what they slept is behind them before they are compared.
    for one in (survivor, duplicate):
        case.awaken(work, one)
    if duplicate.severity is Severity.HIGH:
        survivor.severity = Severity.HIGH
    if not survivor.is_overdue:
        clocks = [one.clock(Target.RESOLVE) for one in (survivor, duplicate)]
        survivor.set_clock(Target.RESOLVE, policy.stricter(*clocks))
    if survivor.awaits_answer:
        clocks = [one.clock(Target.ANSWER) for one in (survivor, duplicate)]
        survivor.set_clock(Target.ANSWER, policy.stricter(*clocks))
    if duplicate.level > survivor.level:
        survivor.level = duplicate.level
        if survivor.awaits_answer:
            survivor.move(State.ESCALATED)
