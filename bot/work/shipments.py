"""Telling marketplaces that parcels left: each once, and for as long as it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.work.outcomes import Dead, Handler, Retry
from domain.jobs import Claim
from domain.shipping import confirming
from domain.shipping.marketplace import (
    Marketplace,
    MarketplaceBusy,
    MarketplaceSilent,
    Shipment,
    ShipmentRefused,
)
from domain.store import WORKER, Store

#: After this long without an answer nobody knows whether the marketplace took it.
ANSWER_WITHIN = timedelta(seconds=30)
#: The pause grows with the job's age, between these two.
_SOONEST, _LATEST = timedelta(seconds=10), timedelta(minutes=15)
#: A marketplace that is silent for longer is a matter for a person.
PATIENCE = timedelta(hours=12)


class Shipments:
    """Confirms shipments at the marketplaces that are connected, by the name of their channel."""

    def __init__(
        self, store: Store, marketplaces: Mapping[str, Marketplace], now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._marketplaces = marketplaces
        self._now = now

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handler of `shipment.confirm`."""
        return {"shipment.confirm": self.confirm}

    async def confirm(self, claim: Claim) -> None:
        """Tell the marketplace of a parcel, and take note of its answer.

        An order whose channel is not connected, as one from a file, has nobody to be told.
        """
        parcel_id = claim.payload["parcel_id"]
        async with self._store.read(claim.merchant_id) as session:
            shipment = await confirming.shipment(session, parcel_id)
        marketplace = self._marketplaces.get(shipment.channel) if shipment else None
        if shipment is None or marketplace is None:
            return
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                await marketplace.confirm(shipment)
        except MarketplaceBusy as busy:
            raise Retry(busy.after) from busy
        except ShipmentRefused as refusal:
            raise await self._give_up(claim, shipment, str(refusal)) from refusal
        except (MarketplaceSilent, TimeoutError) as silence:
            age = self._now() - claim.created_at
            if age > PATIENCE:
                words = str(silence) or f"{shipment.channel.capitalize()} gives no answer."
                raise await self._give_up(claim, shipment, words) from silence
            # What is wrong with one parcel keeps no other one waiting.
            raise Retry(min(max(age / 2, _SOONEST), _LATEST), alone=True) from silence
        async with self._store.write(claim.merchant_id, now=self._now(), actor=WORKER) as work:
            await confirming.confirmed(work, parcel_id)

    async def _give_up(self, claim: Claim, shipment: Shipment, words: str) -> Dead:
        async with self._store.write(claim.merchant_id, now=self._now(), actor=WORKER) as work:
            await confirming.untold(work, claim.payload["parcel_id"], words)
        return Dead(
            f"{shipment.channel.capitalize()} was not told that a parcel of order "
            f"{shipment.order_number} left: {words} Confirm it there, or mend that and retry."
        )
