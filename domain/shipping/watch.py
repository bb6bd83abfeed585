"""What time does to an alert: somebody is reminded of it, then called; it wakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import select

from domain import merchants, people
from domain.events import Kind
from domain.merchants import Settings
from domain.orders.model import Order
from domain.shipping import policy
from domain.shipping.alert import Alert, AlertState
from domain.shipping.alerts import record
from domain.shipping.model import Parcel
from domain.shipping.policy import Step
from domain.store import Work
from domain.tables import among

_Subject = TypeVar("_Subject", Parcel, Order)


async def sweep_unanswered(work: Work, *, most: int) -> int:
    """Remind of the alerts that nobody has in hand, then call somebody; returns how many were due.

    Both come once; of two that came due since the last look, the later alone.
    """
    due = await work.due(Alert, "answer_due_at", most=most)
    settings = await merchants.settings(work.session)
    for alert, subject in await _still_so(work, due):
        if alert.state is AlertState.OPEN:
            await _take(work, alert, subject, settings)
    return len(due)


async def sweep_snoozed(work: Work, *, most: int) -> int:
    """Wake the alerts whose time has come and whose trouble is not over; returns how many were due.

    They wait for an answer anew. One that a storm spoke for gets a card of its own.
    """
    due = await work.due(Alert, "wake_due_at", most=most)
    for alert, subject in await _still_so(work, due):
        alert.move(AlertState.OPEN)
        alert.waiting_since = alert.answer_due_at = work.now
        alert.reminded_at = alert.escalated_at = None
        surfaced, alert.storm_id = alert.storm_id is not None, None
        called = await people.on_duty(work.session, [alert.owner] if alert.owner else [], work.now)
        record(work, alert, subject, Kind.ALERT_WOKEN, called=called, surfaced=surfaced)
    return len(due)


async def _take(work: Work, alert: Alert, subject: Parcel | Order, settings: Settings) -> None:
    """Take the step that came due last, and set the time of the next."""
    deadline = subject.ship_by if isinstance(subject, Order) else None
    steps = policy.steps(settings, alert.waiting_since, deadline)
    come = [step for at, step in steps if at <= work.now]
    alert.answer_due_at = next((at for at, _ in steps if at > work.now), None)
    if Step.ESCALATE in come and await _escalate(work, alert, subject, settings):
        return
    if come and alert.reminded_at is None:
        alert.reminded_at = work.now
        owner = [alert.owner] if alert.owner else []
        called = await people.on_duty(work.session, owner, work.now)
        record(work, alert, subject, Kind.ALERT_REMINDED, called=called)


async def _escalate(work: Work, alert: Alert, subject: Parcel | Order, settings: Settings) -> bool:
    """Call who is named for it; if all of them are away, they are called all the same."""
    named = settings["shipping.escalate_to"]
    if not named or alert.escalated_at is not None:
        return False
    alert.escalated_at = work.now
    called = await people.on_duty(work.session, named, work.now) or named
    record(work, alert, subject, Kind.ALERT_ESCALATED, called=called)
    return True


async def _still_so(work: Work, alerts: Sequence[Alert]) -> list[tuple[Alert, Parcel | Order]]:
    """Return the alerts whose trouble goes on, with what they are about; the others are over."""
    parcels = await _by_id(work, Parcel, {one.parcel_id for one in alerts if one.parcel_id})
    orders = await _by_id(work, Order, {one.order_id for one in alerts if one.parcel_id is None})
    found: list[tuple[Alert, Parcel | Order]] = []
    for alert in alerts:
        subject = parcels.get(alert.parcel_id or 0) or orders[alert.order_id]
        if alert.is_about(subject):
            found.append((alert, subject))
        elif not alert.is_closed:
            alert.move(AlertState.OVER)
    return found


async def _by_id(work: Work, table: type[_Subject], ids: set[int]) -> dict[int, _Subject]:
    found = await work.session.scalars(select(table).where(among(work.session, table.id, ids)))
    return {one.id: one for one in found}
