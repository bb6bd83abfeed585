"""What time does to a case: it is reminded of, escalates, and wakes."""

from __future__ import annotations

from domain import merchants
from domain.complaints import case, policy
from domain.complaints.model import Complaint, Target
from domain.events import Kind
from domain.store import Work

_MISSED = {Target.ANSWER: "nobody answered in time", Target.RESOLVE: "not resolved in time"}


async def sweep_overdue(work: Work, *, most: int, target: Target) -> int:
    """Escalate the cases that missed the target, each once; returns how many were due.

    At the top level their threads are told, and so is whoever there is to call.
    """
    due = await work.due(Complaint, f"{target}_due_at", most=most)
    settings = await merchants.settings(work.session)
    for complaint in due:
        complaint.set_clock(target, None)
        if complaint.level < settings["complaint.levels"]:
            await case.raise_level(work, complaint, _MISSED[target], target=target)
        else:
            await _tell_overdue(work, complaint, settings, target)
    return len(due)


async def sweep_warnings(work: Work, *, most: int, target: Target) -> int:
    """Remind of the cases whose time is half over, or nearly; returns how many were due.

    Each reminder comes once; of two that came due since the last look, the later alone.
    """
    due = await work.due(Complaint, f"{target}_warning_due_at", most=most)
    for complaint in due:
        if clock := complaint.clock(target):
            share, clock = policy.warned(clock, work.now)
            complaint.set_clock(target, clock)
            owner = await case.owner_on_duty(work, complaint)
            case.record(
                work, complaint, Kind.COMPLAINT_WARNED, None, share=share, target=target, **owner
            )
    return len(due)


async def sweep_snoozed(work: Work, *, most: int) -> int:
    """Wake the cases whose time has come, and call their owners; returns how many were due."""
    due = await work.due(Complaint, "wake_due_at", most=most)
    for complaint in due:
        case.awaken(work, complaint)
        owner = await case.owner_on_duty(work, complaint)
        case.record(work, complaint, Kind.COMPLAINT_WOKEN, None, **owner)
    return len(due)


async def _tell_overdue(
    work: Work, complaint: Complaint, settings: merchants.Settings, target: Target
) -> None:
    owner = await case.owner_on_duty(work, complaint)
    level = await case.level_on_duty(work, settings, complaint.level)
    called = list(dict.fromkeys([*owner["called"], *level["called"]]))
    case.record(
        work, complaint, Kind.COMPLAINT_OVERDUE, _MISSED[target], target=target, called=called
    )
