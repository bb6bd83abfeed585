"""What time does to a refund that nobody decides: it is reminded of, then passed on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain import merchants, people
from domain.events import Kind
from domain.merchants import Settings
from domain.refunds import policy
from domain.refunds.model import Refund, State
from domain.refunds.policy import Step
from domain.refunds.recording import record
from domain.store import Work


def start(refund: Refund, settings: Settings) -> None:
    """Start the clocks of a request that somebody has to decide."""
    refund.expires_due_at = policy.expires_at(settings, refund.requested_at)
    first, _ = policy.steps(settings, refund.requested_at, refund.expires_due_at)[0]
    refund.reminder_due_at = first


def stop(refund: Refund) -> None:
    """Stop them: nobody has to be reminded of a refund that is decided."""
    refund.expires_due_at = refund.reminder_due_at = None


async def sweep(work: Work, *, most: int) -> int:
    """Remind of the refunds that wait too long, or pass them on; returns how many were due.

    Both come once, at times counted from the request; of two that came due since the last
    look, the later alone.
    """
    due = await work.due(Refund, "reminder_due_at", most=most)
    settings = await merchants.settings(work.session)
    for refund in due:
        if refund.state is State.AWAITING_APPROVAL and refund.expires_due_at is not None:
            steps = policy.steps(settings, refund.requested_at, refund.expires_due_at)
            await _take(work, refund, settings, steps)
    return len(due)


async def _take(
    work: Work, refund: Refund, settings: Settings, steps: Sequence[tuple[datetime, Step]]
) -> None:
    """Take the step that came due last, and set the time of the next."""
    come = [step for at, step in steps if at <= work.now]
    refund.reminder_due_at = next((at for at, _ in steps if at > work.now), None)
    if Step.FALLBACK in come:
        await _pass_on(work, refund, settings, why=None)
    elif come and refund.reminded_at is None:
        await _remind(work, refund, settings)


async def _remind(work: Work, refund: Refund, settings: Settings) -> None:
    """Remind who decides refunds; if none of them can be reached, pass it on at once."""
    refund.reminded_at = work.now
    named = settings["refund.approvers"]
    called = await _reach(work, refund, named)
    if named and not called and settings["refund.fallback"]:
        refund.reminder_due_at = None
        await _pass_on(work, refund, settings, why="whoever decides refunds can't be reached")
    else:
        record(work, refund, Kind.REFUND_REMINDED, None, called=called)


async def _pass_on(work: Work, refund: Refund, settings: Settings, why: str | None) -> None:
    """Call the fallback by name; one that is away is called all the same, as the last resort."""
    named = settings["refund.fallback"]
    if named and refund.passed_on_at is None:
        refund.passed_on_at = work.now
        refund.passed_on_to = await _reach(work, refund, named) or named
        record(work, refund, Kind.REFUND_PASSED_ON, why, called=refund.passed_on_to)


async def _reach(work: Work, refund: Refund, named: Sequence[str]) -> list[str]:
    """Return whom to call: who is there, or their deputies, and has not had their say."""
    spent = {refund.requested_by, *(approval.member_id for approval in refund.approvals)}
    present = await people.on_duty(work.session, named, work.now)
    return [one for one in present if one not in spent]
