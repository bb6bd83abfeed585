"""What can be done with a parcel: follow its scans, notice its troubles."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from domain import merchants
from domain.events import Kind
from domain.fulfilment import progress
from domain.inventory import service as inventory
from domain.orders import completion
from domain.orders.model import UNSHIPPED, Order
from domain.orders.model import State as OrderState
from domain.returns import arrivals
from domain.shipping import alerts, policy, storms, stuck
from domain.shipping.model import (
    ENDED,
    Mishap,
    Parcel,
    ParcelState,
    Scan,
    Trouble,
    as_tracked,
)
from domain.store import Work
from domain.tables import upsert


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a carrier says of a parcel; `reference` is its own id of it, if it has one."""

    tracking_number: str
    state: ParcelState
    at: datetime
    description: str | None = None
    place: str | None = None
    reference: str | None = None
    mishap: Mishap | None = None

    @property
    def key(self) -> str:
        """The carrier's id, or a digest of all it said."""
        said = f"{self.state}|{self.at.isoformat()}|{self.description}|{self.place}"
        return self.reference or hashlib.blake2b(said.encode(), digest_size=12).hexdigest()


async def follow(work: Work, sighting: Sighting) -> Parcel | None:
    """Take in a scan; repeated and late ones change nothing, unknown parcels give None.

    The newest scan says where the parcel is. A parcel that moves again is no trouble any
    more, one in the same trouble as before is no new alert; a delivered one stays delivered.
    """
    found = (
        await work.session.execute(
            select(Parcel.id, Parcel.order_id)
            .where(Parcel.tracking_number == as_tracked(sighting.tracking_number))
            .order_by(Parcel.id.desc())
            .limit(1)
        )
    ).first()
    if found is None:
        return None
    # Whoever locks both locks the order first, as an order's source does.
    order = await work.lock(Order, found.order_id)
    parcel = await work.lock(Parcel, found.id)
    if not await _keep(work, parcel, sighting) or not _is_news(parcel, sighting):
        return parcel
    mishap = _mishap(parcel, sighting)
    has_mishap = mishap is not None and mishap is not parcel.mishap
    parcel.state, parcel.mishap = sighting.state, mishap
    parcel.last_event_at = max(sighting.at, parcel.last_event_at or sighting.at)
    await _follow_clock(work, parcel, sighting)
    await _follow_order(work, order, parcel, sighting)
    await arrivals.follow(work, parcel)
    trouble = policy.trouble_of(parcel, sighting.state) or await stuck.still(work, parcel)
    if trouble and (trouble is not parcel.trouble or has_mishap):
        trouble_found(work, parcel, trouble, sighting.description)
        return parcel
    if parcel.trouble and not trouble:
        await alerts.over(work, [parcel])
        parcel.trouble = parcel.troubled_at = None
    kind = Kind.PARCEL_DELIVERED if parcel.state is ParcelState.DELIVERED else Kind.PARCEL_MOVED
    work.record(
        kind,
        parcel,
        order_id=parcel.order_id,
        why=sighting.description,
        state=parcel.state,
        **_coming_back(parcel),
    )
    return parcel


async def sweep_late(work: Work, *, most: int) -> int:
    """Notice parcels whose delivery promise ran out; returns how many were due."""
    due = await work.due(Parcel, "late_due_at", most=most)
    await _all_in_trouble(work, due, Trouble.DELAYED, "past its delivery promise")
    return len(due)


async def sweep_silent(work: Work, *, most: int) -> int:
    """Notice parcels that their carrier says nothing more of; returns how many were due."""
    due = await work.due(Parcel, "silent_due_at", most=most)
    await _all_in_trouble(work, due, Trouble.CARRIER_SILENT, "no scan for days")
    return len(due)


async def sweep_stuck(work: Work, *, most: int) -> int:
    """Notice parcels that are scanned, but do not get on; returns how many were due."""
    due = await work.due(Parcel, "stuck_due_at", most=most)
    in_one_place = await stuck.among_due(work, due)
    await _all_in_trouble(work, in_one_place, Trouble.STUCK, "in the same place for days")
    return len(due)


async def _all_in_trouble(
    work: Work, parcels: Sequence[Parcel], trouble: Trouble, why: str
) -> None:
    fresh = [
        one
        for one in parcels
        if one.state not in ENDED and one.trouble is None and not policy.is_settled(one, trouble)
    ]
    storm_id = await storms.gather(work, trouble, [one for one in fresh if not one.return_id])
    for parcel in fresh:
        storm = None if parcel.return_id else storm_id
        trouble_found(work, parcel, trouble, why, storm_id=storm)


def trouble_found(
    work: Work, parcel: Parcel, trouble: Trouble, why: str | None, *, storm_id: int | None = None
) -> None:
    """Record a new trouble of a parcel, which nobody has in hand yet.

    With a `storm_id` the storm's message speaks for it.
    """
    parcel.trouble, parcel.troubled_at = trouble, work.now
    # A return's own card and clocks look after the parcel that brings it.
    if parcel.return_id is None:
        alerts.begin(work, parcel, trouble, storm_id=storm_id)
    work.record(
        Kind.PARCEL_TROUBLED,
        parcel,
        order_id=parcel.order_id,
        why=why,
        trouble=trouble,
        storm_id=storm_id,
        **_coming_back(parcel),
    )


def _coming_back(parcel: Parcel) -> dict[str, int]:
    """Name the return that a parcel belongs to, which hears of it in place of the warehouse."""
    return {} if parcel.return_id is None else {"return_id": parcel.return_id}


async def _keep(work: Work, parcel: Parcel, sighting: Sighting) -> bool:
    statement = upsert(work.session, Scan).values(
        merchant_id=work.merchant_id,
        parcel_id=parcel.id,
        reference=sighting.key,
        at=sighting.at,
        state=sighting.state,
        description=sighting.description,
        place=sighting.place,
    )
    kept = await work.session.scalar(
        statement.on_conflict_do_nothing(index_elements=["parcel_id", "reference"]).returning(
            Scan.id
        )
    )
    return kept is not None


def _is_news(parcel: Parcel, sighting: Sighting) -> bool:
    """Tell whether the scan says where the parcel is now; a delivery does, however late."""
    if parcel.state is ParcelState.DELIVERED or sighting.state is ParcelState.UNKNOWN:
        return False
    newest = parcel.last_event_at is None or sighting.at >= parcel.last_event_at
    return newest or sighting.state is ParcelState.DELIVERED


def _mishap(parcel: Parcel, sighting: Sighting) -> Mishap | None:
    return sighting.mishap or (parcel.mishap if parcel.mishap is Mishap.DAMAGED else None)


async def _follow_clock(work: Work, parcel: Parcel, sighting: Sighting) -> None:
    if parcel.state in ENDED:
        parcel.silent_due_at = parcel.late_due_at = parcel.stuck_due_at = None
        return
    settings = await merchants.settings(work.session)
    parcel.silent_due_at = sighting.at + timedelta(days=settings["shipping.silent_after_days"])
    if parcel.stuck_due_at is None:
        parcel.stuck_due_at = sighting.at + timedelta(days=settings["shipping.stuck_after_days"])


async def _follow_order(work: Work, order: Order, parcel: Parcel, sighting: Sighting) -> None:
    """Let the order's state follow: shipped with its first parcel, delivered with its last.

    Where it is known what its parcels hold, the first does not speak for what is in none.
    A parcel that comes back says nothing of whether the buyer got theirs.
    """
    # A label that was printed, or dropped, has not left the house.
    if parcel.state not in (ParcelState.PENDING, ParcelState.CANCELLED):
        parcel.shipped_at = parcel.shipped_at or sighting.at
        if (
            order.state in UNSHIPPED
            and parcel.return_id is None
            and not await progress.is_partly_shipped(work.session, order.id)
        ):
            order.state = OrderState.SHIPPED
            order.shipped_at = order.shipped_at or sighting.at
            order.ship_by_due_at = None
            await inventory.end(work, left=[order.id])
    if parcel.state is ParcelState.DELIVERED:
        parcel.delivered_at = sighting.at
    if parcel.state not in ENDED or parcel.return_id or order.state is not OrderState.SHIPPED:
        return
    sent = select(Parcel).where(Parcel.order_id == order.id, Parcel.return_id.is_(None))
    parcels = (await work.session.scalars(sent)).all()
    arrivals = [one.delivered_at for one in parcels if one.state is ParcelState.DELIVERED]
    if arrivals and all(one.state in ENDED for one in parcels):
        order.move(OrderState.DELIVERED)
        order.delivered_at = max(at or sighting.at for at in arrivals)
        await completion.begin(work, order)
