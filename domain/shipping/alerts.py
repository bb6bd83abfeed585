"""What can be done about an alert: take it in hand, give it to somebody, put it off, resolve it.

An alert begins and ends with its trouble; see `begin` and `over`, which `service` calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain import people
from domain.errors import Conflict, Invalid, ReasonNeeded, RecordNotFound
from domain.events import Kind
from domain.orders.model import Order
from domain.people import Can, CantOwn, Member
from domain.shipping.alert import GOING_ON, Alert, AlertState, Outcome
from domain.shipping.model import Parcel, ParcelState, Storm, Trouble
from domain.store import Work
from domain.tables import among

#: What sleeps longer than this has been given up, not put off.
LONGEST_SNOOZE = timedelta(days=30)


class AlreadyInHand(Conflict):
    """Somebody took the alert on."""

    def __init__(self, owner: str | None) -> None:
        super().__init__(f"@{owner} has this in hand already.")


class AlertOver(Conflict):
    """The trouble is over, or somebody dealt with it; says how."""


class CantSnooze(Invalid):
    """A time until which no alert can be put off."""

    field = "day"


def begin(
    work: Work, subject: Parcel | Order, trouble: Trouble, *, storm: Storm | None = None
) -> None:
    """Begin the alert of a trouble that is noticed now, which nobody has in hand yet.

    The clock looks at once when it is due. In a storm it is not: the storm's message calls, and
    whoever took the storm has what it grows by.
    """
    owner = storm.owner if storm else None
    is_parcel = isinstance(subject, Parcel)
    work.session.add(
        Alert(
            order_id=subject.order_id if isinstance(subject, Parcel) else subject.id,
            parcel_id=subject.id if is_parcel else None,
            storm_id=storm.id if storm else None,
            trouble=trouble,
            noticed_at=work.now,
            waiting_since=work.now,
            state=AlertState.ACKNOWLEDGED if owner else AlertState.OPEN,
            owner=owner,
            answer_due_at=None if storm else work.now,
        )
    )


async def over(work: Work, parcels: Sequence[Parcel]) -> None:
    """End the alerts of locked parcels that move again or have arrived.

    Comes before their `trouble` is cleared: an alert about an earlier one ends without a word.
    """
    by_id = {parcel.id: parcel for parcel in parcels}
    found = await work.session.scalars(
        select(Alert)
        .where(among(work.session, Alert.parcel_id, by_id), Alert.state.in_(GOING_ON))
        .order_by(Alert.id)
        .with_for_update()
    )
    for alert in found.all():
        parcel = by_id[alert.parcel_id or 0]
        is_news = alert.is_about(parcel)
        alert.move(AlertState.OVER)
        if is_news:
            record(work, alert, parcel, Kind.ALERT_OVER, state=parcel.state)


async def newest(session: AsyncSession, parcel_id: int) -> int:
    """Return the id of a parcel's newest alert; raises `AlertOver` if it has none."""
    alert_id = await session.scalar(
        select(Alert.id).where(Alert.parcel_id == parcel_id).order_by(Alert.id.desc()).limit(1)
    )
    if alert_id is None:
        if await session.scalar(select(Parcel.id).where(Parcel.id == parcel_id)) is None:
            raise RecordNotFound("parcel", parcel_id)
        raise AlertOver("This parcel is in no trouble. There is nothing to do.")
    return alert_id


async def acknowledge(work: Work, member: Member, alert_id: int) -> Alert:
    """Take it in hand, be it asleep; raises `AlreadyInHand` or `AlertOver`."""
    member.must(Can.SHIP)
    alert, subject = await hold(work, alert_id)
    if alert.state is AlertState.ACKNOWLEDGED:
        raise AlreadyInHand(alert.owner)
    alert.move(AlertState.ACKNOWLEDGED)
    alert.owner = member.member_id
    record(work, alert, subject, Kind.ALERT_ACKNOWLEDGED)
    return alert


async def assign(work: Work, member: Member, alert_id: int, owner: Member) -> Alert:
    """Give it to somebody, who has it in hand from then on.

    Raises:
        CantOwn: there is nobody, their role does not cover parcels, or they have it.
        OwnerAway: they are out of office.
        AlertOver: there is nothing left to do.
    """
    member.must(Can.SHIP)
    owner.must_take_on(Can.SHIP)
    alert, subject = await hold(work, alert_id)
    if alert.state is AlertState.ACKNOWLEDGED and alert.owner == owner.member_id:
        raise CantOwn("They have this in hand already. Choose somebody else.")
    await people.must_be_there(work.session, owner.member_id, work.now)
    alert.move(AlertState.ACKNOWLEDGED)
    alert.owner = owner.member_id
    record(work, alert, subject, Kind.ALERT_ASSIGNED)
    return alert


async def snooze(
    work: Work, member: Member, alert_id: int, until: datetime, why: str = ""
) -> Alert:
    """Put it off until then, when it wakes if the trouble is not over; whoever does so has it.

    Raises:
        CantSnooze: that time is over, or too far ahead.
        AlertOver: there is nothing left to do.
    """
    member.must(Can.SHIP)
    if until <= work.now:
        raise CantSnooze("That time is over already. Choose one ahead.")
    if until > work.now + LONGEST_SNOOZE:
        raise CantSnooze(f"An alert can sleep for {LONGEST_SNOOZE.days} days at most.")
    alert, subject = await hold(work, alert_id)
    alert.move(AlertState.SNOOZED)
    alert.owner = alert.owner or member.member_id
    alert.snoozed_by, alert.wake_due_at = member.member_id, until
    alert.snooze_reason = why.strip() or None
    record(
        work,
        alert,
        subject,
        Kind.ALERT_SNOOZED,
        alert.snooze_reason,
        until=until.isoformat(),
    )
    return alert


async def resolve(
    work: Work, member: Member, alert_id: int, outcome: Outcome, note: str = ""
) -> Alert:
    """Say what was done about it; the same trouble of the parcel calls for nobody any more.

    Raises:
        ReasonNeeded: it is something else than refunded, reshipped, found or received, and
            nobody says what.
        AlertOver: there is nothing left to do.
    """
    member.must(Can.SHIP)
    if outcome is Outcome.OTHER and not note.strip():
        raise ReasonNeeded("resolve this in another way")
    alert, subject = await hold(work, alert_id)
    close(work, alert, subject, member.member_id, outcome, note.strip() or None)
    return alert


def close(
    work: Work,
    alert: Alert,
    subject: Parcel | Order,
    by: str,
    outcome: Outcome,
    note: str | None,
) -> None:
    """Resolve a locked alert of a locked parcel or order."""
    alert.move(AlertState.RESOLVED)
    alert.resolved_by, alert.resolved_at = by, work.now
    alert.outcome, alert.note = outcome, note
    if isinstance(subject, Parcel):
        subject.settled = {**(subject.settled or {}), alert.trouble: outcome}
        subject.trouble = subject.troubled_at = None
    record(work, alert, subject, Kind.ALERT_RESOLVED, note, outcome=outcome)


def record(
    work: Work,
    alert: Alert,
    subject: Parcel | Order,
    kind: Kind,
    why: str | None = None,
    **data: Any,
) -> None:
    """Record what happened to the alert on its parcel or order, whose card shows it."""
    work.record(
        kind,
        subject,
        order_id=alert.order_id,
        why=why,
        alert_id=alert.id,
        trouble=alert.trouble,
        owner=alert.owner,
        storm_id=alert.storm_id,
        **data,
    )


async def hold(work: Work, alert_id: int) -> tuple[Alert, Parcel | Order]:
    """Return an alert and what it is about, locked; raises `AlertOver` if nothing is left to do."""
    about = (
        await work.session.execute(
            select(Alert.parcel_id, Alert.order_id).where(Alert.id == alert_id)
        )
    ).first()
    if about is None:
        raise RecordNotFound("alert", alert_id)
    subject: Parcel | Order
    # As its carrier does: the parcel first, then what is said of it.
    if about.parcel_id is None:
        subject = await work.lock(Order, about.order_id)
    else:
        subject = await work.lock(Parcel, about.parcel_id)
    alert = await work.lock(Alert, alert_id)
    if not alert.is_about(subject):
        raise AlertOver(f"{_how_it_ended(alert, subject)} There is nothing left to do.")
    return alert, subject


def _how_it_ended(alert: Alert, subject: Parcel | Order) -> str:
    if alert.outcome:
        outcome = alert.outcome.replace("_", " ")
        return f"@{alert.resolved_by} dealt with this already: {outcome}."
    if isinstance(subject, Order):
        return f"This order is {subject.state} by now."
    if subject.trouble:
        return "This parcel is in another trouble by now, which has a card of its own."
    if subject.state is ParcelState.DELIVERED:
        return "This parcel has been delivered."
    return "This parcel is moving again."
