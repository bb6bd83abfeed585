"""What the use cases of complaints share: the locked case, its clocks, whom to call, its events."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain import merchants, people
from domain.complaints import policy, queries
from domain.complaints.model import TRANSITIONS, Complaint, State, Target
from domain.definitions import CALLED_LEVELS
from domain.errors import Conflict, WrongState
from domain.events import Kind
from domain.merchants import Settings
from domain.store import Work


class MergedAway(Conflict):
    """The case goes on in another one; says in which."""

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(
            f"Complaint {complaint.name} was merged into C-{complaint.merged_into}. Go on there, "
            f"or reopen {complaint.name} first."
        )


class TopLevelReached(Conflict):
    """There is no higher level to escalate to."""

    def __init__(self, name: str, level: int) -> None:
        super().__init__(f"Complaint {name} is at the top level ({level}) already. Resolve it.")


async def lock(work: Work, complaint_id: int) -> Complaint:
    """Return a case, locked; raises `MergedAway` for one that goes on in another."""
    complaint = await work.lock(Complaint, complaint_id)
    if complaint.state is State.MERGED:
        raise MergedAway(complaint)
    return complaint


async def lock_surviving(work: Work, complaint_id: int) -> Complaint:
    """Return the case that this one goes on in, locked; itself unless it was merged."""
    # Looked up without locks: the two are locked together by id alone, when they are merged.
    complaint = await work.lock(Complaint, await queries.surviving(work.session, complaint_id))
    while complaint.merged_into is not None:
        complaint = await work.lock(Complaint, complaint.merged_into)
    return complaint


def must_be_open(complaint: Complaint, doing: str) -> None:
    """Raise `WrongState` for a case that is closed."""
    if complaint.is_closed:
        what = f"Complaint {complaint.name}"
        raise WrongState(what, complaint.state, doing, TRANSITIONS[complaint.state])


async def start_clocks(work: Work, complaint: Complaint, *targets: Target) -> None:
    """Give it a target's whole time from now."""
    settings = await merchants.settings(work.session)
    for target in targets:
        clock = policy.started(settings, target, complaint.severity, work.now)
        complaint.set_clock(target, clock)


def stop_clocks(complaint: Complaint) -> None:
    """Let nothing of it be due any more, a wake-up neither."""
    for target in Target:
        complaint.set_clock(target, None)
    complaint.snoozed_by = complaint.wake_due_at = complaint.snooze_reason = None


def awaken(work: Work, complaint: Complaint) -> None:
    """End its sleep: what is left of the time that it was to stand still, it does not."""
    if complaint.wake_due_at and complaint.wake_due_at > work.now:
        stand_still(complaint, work.now - complaint.wake_due_at)
    complaint.snoozed_by = complaint.wake_due_at = complaint.snooze_reason = None


def stand_still(complaint: Complaint, span: timedelta) -> None:
    """Put off when it has to be resolved by a span of time, if that clock runs."""
    if clock := complaint.clock(Target.RESOLVE):
        complaint.set_clock(Target.RESOLVE, policy.shifted(clock, span))


async def raise_level(
    work: Work, complaint: Complaint, why: str, *, target: Target | None = None
) -> None:
    """Pass it to the next level and call its people; raises `TopLevelReached` if there is none.

    `target` is the one that was missed, where the clock escalates.
    """
    settings = await merchants.settings(work.session)
    if not complaint.is_closed and complaint.level >= settings["complaint.levels"]:
        raise TopLevelReached(complaint.name, complaint.level)
    complaint.move(State.ESCALATED)
    complaint.level += 1
    awaken(work, complaint)
    await start_clocks(work, complaint, Target.ANSWER)
    call = await level_on_duty(work, settings, complaint.level)
    record(work, complaint, Kind.COMPLAINT_ESCALATED, why, target=target, **call)


async def level_on_duty(work: Work, settings: Settings, level: int) -> dict[str, Any]:
    """Return whom a level calls, as events keep it: members and user groups who are on duty.

    If everyone of it is away and nobody stands in, the next level's people are called, and
    `called_level` says so; `all_away` means that they are away up to the last.
    """
    named = policy.called(settings, level)
    for asked in range(level, max(level, CALLED_LEVELS) + 1):
        called = await people.on_duty(work.session, policy.called(settings, asked), work.now)
        if called or not named:
            return {"called": called} | ({"called_level": asked} if asked > level else {})
    return {"called": [], "all_away": True}


async def owner_on_duty(work: Work, complaint: Complaint) -> dict[str, Any]:
    """Return its owner and whom to call, as events keep it: who stands in, if they are away."""
    named = [complaint.owner] if complaint.owner else []
    called = await people.on_duty(work.session, named, work.now)
    return {"owner": complaint.owner, "called": called}


def record(work: Work, complaint: Complaint, kind: Kind, why: str | None, **data: Any) -> None:
    """Record what happened to the case, which says nothing of the buyer."""
    work.record(
        kind,
        complaint,
        order_id=complaint.order_id,
        why=why,
        state=complaint.state,
        level=complaint.level,
        **data,
    )
