"""A storm in somebody's hands: taken as a whole, or called for when nobody takes it."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, and_, or_, select, update

from domain import merchants, people
from domain.events import Kind
from domain.people import Can, Member
from domain.shipping import storms
from domain.shipping.alert import Alert, AlertState
from domain.shipping.alerts import AlreadyInHand
from domain.shipping.model import Storm
from domain.store import Work


async def take(
    work: Work, member: Member, storm_id: int, instead_of: str | None = None
) -> tuple[Storm, int]:
    """Take a storm, with all of its alerts that nobody has; returns it and how many those are.

    What somebody took or put off before stays theirs, and what `instead_of` has is taken over.
    What the storm grows by later is its owner's.

    Raises:
        AlreadyInHand: somebody else took it meanwhile, or nothing is left to take.
    """
    member.must(Can.SHIP)
    storm = await work.lock(Storm, storm_id)
    if storm.owner != instead_of:
        raise AlreadyInHand(storm.owner)
    free = Alert.state == AlertState.OPEN
    theirs = and_(Alert.state == AlertState.ACKNOWLEDGED, Alert.owner == storm.owner)
    # Whoever has an alert locked deals with it right now, and may wait for this storm.
    found = (
        select(Alert.id)
        .where(Alert.storm_id == storm.id, or_(free, theirs))
        .with_for_update(skip_locked=True)
    )
    if storm.owner == member.member_id:
        found = found.where(free)
    result = await work.session.execute(
        update(Alert)
        .where(Alert.id.in_(found))
        .values(state=AlertState.ACKNOWLEDGED, owner=member.member_id, answer_due_at=None)
        .execution_options(synchronize_session=False)
    )
    taken = cast("CursorResult[Any]", result).rowcount
    if storm.owner == member.member_id and not taken:
        raise AlreadyInHand(storm.owner)
    storm.owner, storm.taken_at, storm.answer_due_at = member.member_id, work.now, None
    work.record(
        Kind.STORM_TAKEN,
        storm,
        order_id=None,
        trouble=storm.trouble,
        carrier=storm.carrier,
        taken=taken,
        instead_of=instead_of,
    )
    return storm, taken


async def sweep_ignored(work: Work, *, most: int) -> int:
    """Call somebody, once a storm, for those that nobody took; returns how many were due.

    They are called as for an alert: if all of them are away, they are called all the same.
    """
    due = await work.due(Storm, "answer_due_at", most=most)
    named = (await merchants.settings(work.session))["shipping.escalate_to"]
    for storm in due:
        _, _, ignored = await storms.count(work.session, storm)
        if storm.owner is not None or not ignored:
            continue
        storm.escalated_at = work.now
        called = await people.on_duty(work.session, named, work.now) or named
        work.record(Kind.STORM_ESCALATED, storm, order_id=None, called=called, ignored=ignored)
    return len(due)
