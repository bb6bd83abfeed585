"""Scans of parcels that nobody knows yet: a carrier may be quicker than an order's source."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Index, UniqueConstraint, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from domain.shipping.model import Mishap, ParcelState
from domain.shipping.sighting import Sighting
from domain.store import BULK, Work
from domain.tables import Base, Owned, among, upsert

#: A parcel that nobody knows after so long is somebody else's.
KEPT_FOR = timedelta(days=90)
#: The older a scan, the more seldom it is looked at; who makes a parcel known asks at once.
_SOONEST, _LATEST = timedelta(minutes=1), timedelta(hours=6)


class Unmatched(Owned, Base):
    """One thing a carrier said of a parcel that nobody knew; `source` is who told it."""

    __tablename__ = "unmatched_scans"
    __table_args__ = (
        UniqueConstraint("merchant_id", "tracking_number", "reference"),
        Index(None, "due_at"),
    )

    tracking_number: Mapped[str]
    reference: Mapped[str]
    at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    state: Mapped[ParcelState]
    description: Mapped[str | None]
    place: Mapped[str | None]
    mishap: Mapped[Mishap | None]
    source: Mapped[str]
    heard_at: Mapped[datetime]
    #: When the clock looks whether its parcel is known.
    due_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many scans wait for a parcel, of how many parcels, and since when."""

    scans: int
    parcels: int
    since: datetime | None


async def keep(work: Work, sightings: Sequence[Sighting]) -> None:
    """Keep scans until somebody knows their parcels, each once."""
    fresh = {(one.number, one.key): one for one in reversed(sightings) if one.number}
    rows = [
        {
            "merchant_id": work.merchant_id,
            "tracking_number": number,
            "reference": reference,
            "at": one.at,
            "told_at": one.told_at,
            "state": one.state,
            "description": one.description,
            "place": one.place,
            "mishap": one.mishap,
            "source": work.actor,
            "heard_at": work.now,
            "due_at": work.now + _SOONEST,
        }
        for (number, reference), one in sorted(fresh.items(), key=lambda item: item[0])
    ]
    if rows:
        await work.session.execute(
            upsert(work.session, Unmatched).on_conflict_do_nothing(
                index_elements=["merchant_id", "tracking_number", "reference"]
            ),
            rows,
            execution_options=BULK,
        )


async def take(work: Work, numbers: Collection[str]) -> list[Sighting]:
    """Return what was heard of these parcels, which are known from now on; it waits no more."""
    if not numbers:
        return []
    found = (
        await work.session.scalars(
            select(Unmatched)
            .where(among(work.session, Unmatched.tracking_number, sorted(numbers)))
            .order_by(Unmatched.id)
            .with_for_update()
        )
    ).all()
    await _forget(work, found)
    return [
        Sighting(
            one.tracking_number,
            one.state,
            one.at,
            one.description,
            one.place,
            one.reference,
            one.told_at,
            one.mishap,
        )
        for one in found
    ]


async def look_later(work: Work, scans: Sequence[Unmatched]) -> None:
    """Have the clock look again at scans that nobody knows the parcel of, or forget the oldest."""
    old = [one for one in scans if work.now - one.heard_at >= KEPT_FOR]
    await _forget(work, old)
    for one in scans:
        if one not in old:
            age = work.now - one.heard_at
            one.due_at = work.now + min(max(age / 4, _SOONEST), _LATEST)


async def waiting(session: AsyncSession) -> Waiting:
    """Count the scans that wait for their parcels."""
    row = (
        await session.execute(
            select(
                func.count(),
                func.count(Unmatched.tracking_number.distinct()),
                func.min(Unmatched.heard_at),
            ).select_from(Unmatched)
        )
    ).one()
    return Waiting(*row)


async def _forget(work: Work, scans: Sequence[Unmatched]) -> None:
    if scans:
        await work.session.execute(
            delete(Unmatched)
            .where(among(work.session, Unmatched.id, [one.id for one in scans]))
            .execution_options(synchronize_session=False)
        )
        for one in scans:
            work.session.expunge(one)
