"""Having parcels followed: whom a partner is asked to track, and the port that it fills."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import DeskhandError
from domain.jobs import NewJob
from domain.shipping.model import ENDED, Parcel, track_due
from domain.shipping.service import Sighting
from domain.store import Work


class CantTrack(DeskhandError):
    """The partner does not track this parcel, in its own words; asking again is of no use."""


class TrackerRefused(DeskhandError):
    """The partner takes nothing of this desk; says what to do about it."""


class TrackerBusy(DeskhandError):
    """The partner asks to wait for `after`."""

    def __init__(self, after: timedelta) -> None:
        self.after = after
        super().__init__("The partner asks to wait. The job runs again by itself.")


class TrackerSilent(DeskhandError):
    """The partner can't be reached, or does not answer as it should."""


class Tracker(Protocol):
    """A partner that follows parcels, and tells of them by itself from then on."""

    name: str

    async def track(self, number: str, carrier: str | None) -> Sequence[Sighting]:
        """Have a parcel followed, once however often it is called; returns what is known of it.

        Raises:
            CantTrack, TrackerRefused, TrackerBusy, TrackerSilent: see each.
        """


async def sweep(work: Work, *, most: int) -> int:
    """Have the parcels tracked that are not yet; returns how many were due."""
    parcels = await work.due(Parcel, "track_due_at", most=most)
    for parcel in parcels:
        if _is_under_way(parcel, work.now):
            work.enqueue(
                NewJob(
                    # Under another number it is another parcel to whoever tracks it.
                    key=f"track:{parcel.id}:{parcel.tracking_number}",
                    kind="parcel.track",
                    payload={"parcel_id": parcel.id},
                    lane="tracker",
                )
            )
    return len(parcels)


async def parcel_to_track(session: AsyncSession, parcel_id: int, now: datetime) -> Parcel | None:
    """Return a parcel that is still to be tracked, None if it is over meanwhile."""
    parcel = await session.get(Parcel, parcel_id)
    return parcel if parcel is not None and _is_under_way(parcel, now) else None


def _is_under_way(parcel: Parcel, now: datetime) -> bool:
    over = parcel.state in ENDED
    return track_due(now, parcel.tracking_number, parcel.shipped_at, over=over) is not None
