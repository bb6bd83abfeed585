"""Parcels that their carrier delivered, and whose buyer says in a complaint that they did not come."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from domain import links
from domain.complaints.model import Category, Complaint
from domain.complaints.model import Outcome as CaseOutcome
from domain.people import Member
from domain.shipping import alerts, policy
from domain.shipping.alert import GOING_ON, Alert, Outcome
from domain.shipping.model import Parcel, ParcelState, Trouble
from domain.shipping.service import trouble_found
from domain.store import Subject, Work

_OUTCOMES = {
    CaseOutcome.REFUNDED: Outcome.REFUNDED,
    CaseOutcome.REPLACED: Outcome.RESHIPPED,
    CaseOutcome.EXPLAINED: Outcome.BUYER_HAS_IT,
    CaseOutcome.COMPENSATED: Outcome.OTHER,
    CaseOutcome.UNFOUNDED: Outcome.BUYER_HAS_IT,
}


async def notice(work: Work, complaint: Complaint, about: Sequence[Subject]) -> Sequence[Parcel]:
    """Begin the trouble of a delivered parcel that a new case says did not arrive; returns it.

    It is the one that the case is about; if nobody said, the order's latest, once all of them are
    delivered. Whoever calls holds the order's lock.
    """
    if complaint.category is not Category.NOT_ARRIVED:
        return ()
    sent = await work.session.scalars(
        select(Parcel)
        .where(
            Parcel.order_id == complaint.order_id,
            Parcel.return_id.is_(None),
            Parcel.state != ParcelState.CANCELLED,
        )
        .order_by(Parcel.delivered_at.desc(), Parcel.id.desc())
    )
    parcels = sent.all()
    named = {linked.id for linked in links.named(about) if linked.subject == "parcel"}
    delivered = [one for one in parcels if one.state is ParcelState.DELIVERED]
    if named:
        meant = [one for one in delivered if one.id in named]
    else:
        meant = delivered[:1] if len(delivered) == len(parcels) else []
    for one in meant:
        parcel = await work.lock(Parcel, one.id)
        if parcel.trouble is None and not policy.is_settled(parcel, Trouble.DISPUTED):
            trouble_found(work, parcel, Trouble.DISPUTED, f"complaint {complaint.name}")
    return [one for one in meant if one.id not in named]


async def settle(work: Work, complaint: Complaint, member: Member) -> None:
    """Resolve the alerts about parcels that a case said did not arrive: it is resolved itself."""
    if complaint.category is not Category.NOT_ARRIVED or complaint.outcome is None:
        return
    tied = await links.of(work.session, "complaint", complaint.id)
    for parcel_id in (one.id for one in tied if one.subject == "parcel"):
        parcel = await work.lock(Parcel, parcel_id)
        if parcel.trouble is not Trouble.DISPUTED:
            continue
        found = await work.session.scalars(
            select(Alert)
            .where(Alert.parcel_id == parcel_id, Alert.state.in_(GOING_ON))
            .with_for_update()
        )
        for alert in found.all():
            if alert.is_about(parcel):
                outcome = _OUTCOMES[complaint.outcome]
                note = f"complaint {complaint.name} is {complaint.outcome}"
                alerts.close(work, alert, parcel, member.member_id, outcome, note)
