"""Parcels that left, told to Shopify: a fulfilment of its order, so that the buyer hears of it.

https://shopify.dev/docs/api/admin-graphql/latest/mutations/fulfillmentCreate
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bot.connectors.files.values import part, parts
from bot.connectors.shopify import documents
from bot.connectors.shopify.client import Client, ShopifySilent, TokenRefused
from bot.connectors.shopify.objects import SOURCE, gid, number
from domain.shipping.marketplace import MarketplaceSilent, Shipment, ShipmentRefused
from domain.shipping.model import as_tracked


class Fulfilling:
    """Tells one shop of parcels, each once: it is asked first whether it knows the parcel."""

    name = SOURCE

    def __init__(self, client: Client) -> None:
        self._client = client

    async def confirm(self, shipment: Shipment) -> None:
        """Enter the parcel at the shop, unless it is there.

        Raises:
            ShipmentRefused: the shop does not take it, and says why.
            MarketplaceSilent: whether it took it is not known.
        """
        try:
            await self._confirm(shipment)
        except TokenRefused as refusal:
            raise ShipmentRefused(str(refusal)) from refusal
        except ShopifySilent as silence:
            raise MarketplaceSilent(str(silence)) from silence

    async def _confirm(self, shipment: Shipment) -> None:
        order_id = gid("Order", shipment.payment_reference)
        order = None
        if order_id is not None:
            order = (await self._client.ask(documents.TO_FULFILL, id=order_id))["order"]
        if order is None:
            raise ShipmentRefused(f"Shopify shows the app no order {shipment.order_number}.")
        if _is_known(order, shipment.tracking_number):
            return
        answer = await self._client.ask(
            documents.FULFILL,
            fulfillment={
                "lineItemsByFulfillmentOrder": _split(order, shipment),
                "notifyCustomer": True,
                "trackingInfo": {
                    "company": shipment.carrier,
                    "number": shipment.tracking_number,
                },
            },
        )
        made = answer.get("fulfillmentCreate") or {}
        if not made.get("fulfillment"):
            words = " ".join(str(one["message"]) for one in made.get("userErrors") or ())
            if not words:
                raise MarketplaceSilent("Shopify neither took the parcel nor said why not.")
            raise ShipmentRefused(words)


def _is_known(order: Mapping[str, Any], tracking_number: str | None) -> bool:
    numbers = {
        as_tracked(told.get("number"))
        for one in parts(order.get("fulfillments"))
        if one.get("status") != "CANCELLED"
        for told in parts(one.get("trackingInfo"))
    }
    return tracking_number is not None and as_tracked(tracking_number) in numbers


def _split(order: Mapping[str, Any], shipment: Shipment) -> Sequence[dict[str, Any]]:
    """Share the parcel's lines out to the fulfilment orders that still wait for them."""
    wanted: Counter[str] = Counter()
    for external_id, sku, quantity in shipment.lines:
        wanted[external_id or f"sku:{sku}"] += quantity
    groups = []
    for one in parts(part(order, "fulfillmentOrders").get("nodes")):
        taken = []
        for line in parts(part(one, "lineItems").get("nodes")):
            name = _name(line, wanted)
            count = min(wanted[name], int(line["remainingQuantity"]))
            if count > 0:
                wanted[name] -= count
                taken.append({"id": line["id"], "quantity": count})
        if taken:
            groups.append({"fulfillmentOrderId": one["id"], "fulfillmentOrderLineItems": taken})
    if missing := +wanted:
        raise ShipmentRefused(
            f"Of order {shipment.order_number} Shopify expects {missing.total()} fewer items than "
            "this parcel holds. See there what was sent already."
        )
    return groups


def _name(line: Mapping[str, Any], wanted: Mapping[str, int]) -> str:
    item = part(line, "lineItem")
    own = number(item["id"])
    return own if own in wanted else f"sku:{item.get('sku')}"
