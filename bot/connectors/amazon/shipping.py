"""Parcels that left, told to Amazon: `confirmShipment` of its Orders API v0.

https://developer-docs.amazon.com/sp-api/docs/orders-api-v0-reference#confirmshipment
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

from bot.connectors.amazon.client import AmazonAnswered, AmazonSilent, Connection, NoToken
from bot.connectors.amazon.finances import SOURCE
from bot.connectors.amazon.orders import Orders, UnknownOrder
from bot.connectors.files.values import parts
from bot.work.pace import Gate
from domain.rates import Limit
from domain.shipping.marketplace import (
    MarketplaceBusy,
    MarketplaceSilent,
    Shipment,
    ShipmentRefused,
)
from domain.shipping.model import as_tracked
from domain.sources import SourceBusy, SourceSilent

CONFIRM = Limit("amazon.confirmShipment", rate=2, burst=10)
#: Carriers by the names that Amazon has codes for; others go as `Other`, by name.
CODES = {
    "ups": "UPS",
    "usps": "USPS",
    "fedex": "FedEx",
    "dhl": "DHL",
    "dhl express": "DHL Express",
    "dpd": "DPD",
    "gls": "GLS",
    "royal mail": "Royal Mail",
    "evri": "Hermes",
    "hermes": "Hermes",
    "tnt": "TNT",
    "ontrac": "OnTrac",
    "canada post": "Canada Post",
    "correos": "Correos",
    "la poste": "La Poste",
    "poste italiane": "Poste Italiane",
    "yamato": "YAMATO",
    "sagawa": "SAGAWA",
}
_TOO_MANY, _FAULT = 429, 500


class Shipping:
    """Tells Amazon of parcels, each once: it is asked first whether it knows the parcel."""

    name = SOURCE

    def __init__(self, connection: Connection, orders: Orders, gate: Gate) -> None:
        self._amazon = connection
        self._orders = orders
        self._gate = gate

    async def confirm(self, shipment: Shipment) -> None:
        """Confirm the shipment, unless Amazon has it.

        Raises:
            ShipmentRefused: Amazon does not take it, and says why.
            MarketplaceBusy, MarketplaceSilent: it is to be tried again.
        """
        items = [(item, quantity) for item, _, quantity in shipment.lines if item]
        if not shipment.tracking_number or len(items) < len(shipment.lines):
            raise ShipmentRefused(
                f"Amazon wants a tracking number and its own ids of the items, and order "
                f"{shipment.order_number} has not both. Confirm the shipment in Seller Central."
            )
        try:
            await self._confirm(shipment, items)
        except UnknownOrder as error:
            raise ShipmentRefused(str(error)) from error
        except SourceBusy as busy:
            raise MarketplaceBusy(busy.after) from busy
        except (SourceSilent, AmazonSilent, NoToken) as error:
            raise MarketplaceSilent(str(error)) from error
        except AmazonAnswered as error:
            if error.status == _TOO_MANY:
                raise MarketplaceBusy(await self._gate.refused(CONFIRM)) from error
            kind = MarketplaceSilent if error.status >= _FAULT else ShipmentRefused
            raise kind(str(error)) from error

    async def _confirm(self, shipment: Shipment, items: list[tuple[str, int]]) -> None:
        if await self._knows(shipment):
            return
        await self._gate.enter(CONFIRM)
        await self._amazon.shipments.confirm_shipment(
            shipment.order_number,
            marketplaceId=self._amazon.marketplace,
            packageDetail={
                # Amazon takes a positive number, and changes what it has under the same one.
                "packageReferenceId": shipment.reference.rpartition("-")[2],
                **_carrier(shipment.carrier),
                "trackingNumber": shipment.tracking_number,
                "shipDate": f"{shipment.shipped_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "orderItems": [
                    {"orderItemId": item, "quantity": quantity} for item, quantity in items
                ],
            },
        )

    async def _knows(self, shipment: Shipment) -> bool:
        order = await self._orders.get(shipment.order_number)
        known = {as_tracked(one.get("trackingNumber")) for one in parts(order.get("packages"))}
        return as_tracked(shipment.tracking_number) in known


def _carrier(name: str | None) -> dict[str, Any]:
    code = CODES.get(" ".join((name or "").lower().split()))
    return (
        {"carrierCode": code} if code else {"carrierCode": "Other", "carrierName": name or "Other"}
    )
