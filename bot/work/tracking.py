"""Having parcels tracked by a partner, each once, and taking in what it knows already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.work.outcomes import Dead, Handler, Retry
from domain.jobs import Claim
from domain.shipping import service as shipping
from domain.shipping import tracker
from domain.shipping.tracker import CantTrack, Tracker, TrackerBusy, TrackerRefused, TrackerSilent
from domain.store import Store

#: Below the time that a job has.
ANSWER_WITHIN = timedelta(seconds=30)


class Tracking:
    """Has parcels tracked by the partner that is connected."""

    def __init__(self, store: Store, partner: Tracker, now: Callable[[], datetime]) -> None:
        self._store = store
        self._partner = partner
        self._now = now

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handler of `parcel.track`."""
        return {"parcel.track": self.track}

    async def track(self, claim: Claim) -> None:
        """Have a parcel tracked, unless it is over; what is known of it is taken in as scans."""
        async with self._store.read(claim.merchant_id) as session:
            parcel = await tracker.parcel_to_track(session, claim.payload["parcel_id"], self._now())
        if parcel is None or parcel.tracking_number is None:
            return
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                told = await self._partner.track(parcel.tracking_number, parcel.carrier)
        except TrackerBusy as busy:
            raise Retry(busy.after) from busy
        except (CantTrack, TrackerRefused) as refusal:
            raise Dead(str(refusal)) from refusal
        except TimeoutError as silence:
            raise TrackerSilent("The partner gives no answer in time.") from silence
        async with self._store.write(
            claim.merchant_id, now=self._now(), actor=self._partner.name
        ) as work:
            for sighting in told:
                await shipping.follow(work, sighting)
