"""Telling marketplaces that parcels left, each once, before the time by which they want to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.work.outcomes import Dead, Handler, Retry
from domain.jobs import Claim
from domain.shipping import confirmation
from domain.shipping.marketplace import (
    Marketplace,
    MarketplaceBusy,
    MarketplaceSilent,
    ShipmentRefused,
)
from domain.store import WORKER, Store

#: A marketplace that is silent is tried every few minutes. What it does not hear for longer
#: than that is parked after some more attempts, for somebody to see.
_AWAY, _PATIENCE = timedelta(minutes=5), timedelta(hours=2)


class Shipments:
    """Tells the marketplaces that are connected, by the channel of their orders."""

    def __init__(
        self,
        store: Store,
        marketplaces: Mapping[str, Marketplace],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._marketplaces = marketplaces
        self._now = now

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handler of `shipment.confirm`."""
        return {"shipment.confirm": self.confirm}

    async def confirm(self, claim: Claim) -> None:
        """Tell the order's marketplace of a parcel; where none is connected nobody wants to hear.

        What was not answered is asked for again by the next attempt, before it tells anything.
        """
        parcel_id = claim.payload["parcel_id"]
        async with self._store.read(claim.merchant_id) as session:
            if not await confirmation.is_wanted(session, parcel_id):
                return
            shipment = await confirmation.shipment(session, parcel_id)
        marketplace = self._marketplaces.get(shipment.channel)
        if marketplace is None:
            return
        try:
            await marketplace.confirm(shipment)
        except MarketplaceBusy as busy:
            raise Retry(busy.after) from busy
        except MarketplaceSilent as silence:
            if self._now() - claim.created_at > _PATIENCE:
                raise
            # What is wrong with one parcel keeps no other one waiting.
            raise Retry(_AWAY, alone=True) from silence
        except ShipmentRefused as refusal:
            async with self._store.write(claim.merchant_id, now=self._now(), actor=WORKER) as work:
                await confirmation.refused(work, parcel_id, str(refusal))
            raise Dead(
                f"Order {shipment.order_number} was shipped, and {shipment.channel} does not take "
                f"it: {refusal} Confirm it there, or mend that and retry."
            ) from refusal
        async with self._store.write(claim.merchant_id, now=self._now(), actor=WORKER) as work:
            await confirmation.confirmed(work, parcel_id)
