"""What time does to a return: reminders, calls for help, and an end to what never comes."""

from __future__ import annotations

from domain import merchants, people
from domain.events import Kind
from domain.returns import queries
from domain.returns.model import Return, State
from domain.returns.rma import record
from domain.store import Work


async def sweep_warnings(work: Work, *, most: int) -> int:
    """Remind of answers and refunds that are due soon; returns how many were due."""
    due = await work.due(Return, "warning_due_at", most=most)
    for rma in due:
        if rma.state is State.REQUESTED or not await _is_paid(work, rma):
            record(work, rma, Kind.RETURN_REMINDED)
    return len(due)


async def sweep_overdue(work: Work, *, most: int) -> int:
    """Call somebody for refunds that are overdue; returns how many were due."""
    due = await work.due(Return, "overdue_due_at", most=most)
    if due:
        named = (await merchants.settings(work.session))["return.overdue"]
        called = await people.on_duty(work.session, named, work.now)
        for rma in due:
            if not await _is_paid(work, rma):
                # With everyone away, those who were named hear of it when they are back.
                record(work, rma, Kind.RETURN_OVERDUE, called=called or named)
    return len(due)


async def sweep_expired(work: Work, *, most: int) -> int:
    """Let authorised returns expire that never came; returns how many were due."""
    due = await work.due(Return, "expires_due_at", most=most)
    for rma in due:
        if rma.state is State.AUTHORISED:
            rma.move(State.EXPIRED)
            rma.ended_at = work.now
            record(work, rma, Kind.RETURN_EXPIRED, "nothing came in time")
    return len(due)


async def _is_paid(work: Work, rma: Return) -> bool:
    return (await queries.card(work.session, rma.id)).is_paid
