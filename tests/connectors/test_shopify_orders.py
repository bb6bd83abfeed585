"""Orders that Shopify tells of: by webhook, in any order, with their refunds and parcels."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from graphql import graphql

from bot.connectors.files.values import BadValue
from bot.connectors.shopify import documents, events, orders
from domain.inbox import Delivery
from domain.money import Money
from domain.orders import queries
from domain.orders.model import State
from domain.orders.views import OrderView
from domain.shipping.model import ParcelState
from tests.connectors.conftest import ShopifyTill
from tests.connectors.shopify_sales import fulfillment_payload, sale_payload, sale_view
from tests.connectors.shopify_schema import SCHEMA
from tests.connectors.shopify_shapes import Fulfillment, Order


async def told(shop: ShopifyTill, topic: str = "orders/updated", **changes: Any) -> None:
    """Send the shop's order, as often as Shopify may, and let the desk read it."""
    await shop.shopify._send(topic, {**sale_payload(shop.shopify.orders[0]), **changes})
    await shop.work()


async def order(shop: ShopifyTill) -> OrderView:
    async with shop.desk.store.read(shop.desk.merchant) as session:
        return await queries.card(session, "#450")


async def test_an_order_is_received_once_and_followed_to_the_door(shop: ShopifyTill) -> None:
    sale = shop.shopify.orders[0]
    await told(shop, "orders/create")
    received = await order(shop)
    assert (received.state, received.captured) == (State.PENDING, Money(5_000, "USD"))
    assert [(one.sku, one.quantity) for one in received.lines] == [("SKU-11", 4)]
    assert (received.buyer_name, received.ship_to_city) == ("Bob Norman", "Louisville")

    sale.fulfillments.append(Fulfillment(7_001, Counter({11: 4}), "1Z450"))
    await told(shop, "orders/fulfilled")
    assert (await order(shop)).state is State.SHIPPED

    sale.changed_at = shop.now
    sale.fulfillments[0].shipment = "delivered"
    parcel = fulfillment_payload(sale, sale.fulfillments[0])
    await shop.shopify._send("fulfillments/update", parcel)
    await shop.work()
    delivered = await order(shop)
    assert (delivered.state, delivered.delivered_at) == (State.DELIVERED, sale.changed_at)
    assert [one.state for one in delivered.parcels] == [ParcelState.DELIVERED]
    assert len(delivered.parcels[0].scans) == 1
    assert await shop.open_jobs() == []


async def test_a_refund_that_an_order_tells_of_again_counts_once(shop: ShopifyTill) -> None:
    await told(shop, "orders/create")
    by_admin = shop.shopify.by_admin("12.50")
    await told(shop)
    await shop.shopify.tell(by_admin)
    await told(shop)
    seen = await order(shop)
    assert (seen.captured, seen.held) == (Money(5_000, "USD"), Money(1_250, "USD"))
    assert seen.refundable == Money(3_750, "USD")
    assert len(await shop.refunds()) == 1


async def test_a_cancelled_order_is_cancelled_here(shop: ShopifyTill) -> None:
    await told(shop, "orders/create")
    shop.shopify.orders[0].cancelled_at = shop.now
    await told(shop, "orders/cancelled")
    assert (await order(shop)).state is State.CANCELLED


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "", "order_number": None}, "name is empty"),
        ({"currency": "US Dollars"}, "not a code of three letters"),
        ({"financial_status": "haggling"}, "“haggling” is not one of Shopify's"),
        ({"line_items": [{"id": 1, "quantity": -2}]}, "“-2” is not a whole number"),
        ({"total_price": "-1.00"}, "is negative"),
    ],
)
async def test_an_order_that_can_not_be_read_is_kept_with_the_reason(
    shop: ShopifyTill, changes: dict[str, Any], why: str
) -> None:
    await told(shop, "orders/create", **changes)
    [job] = await shop.open_jobs()
    assert why in (job.last_error or "")
    async with shop.desk.store.read(shop.desk.merchant) as session:
        kept = await session.get_one(Delivery, job.payload["delivery_id"])
    assert json.loads(kept.body)["topic"] == "orders/create"
    # The next one, which can be read, is not held up by it.
    await told(shop, "orders/updated")
    assert (await order(shop)).state is State.PENDING


def test_a_carrier_that_says_nothing_of_a_parcel_is_no_sighting() -> None:
    sale = Order()
    parcel = Fulfillment(7_001, Counter({11: 4}), "1Z450")
    assert events.sightings(fulfillment_payload(sale, parcel)) == []
    parcel.shipment = "teleported"
    [seen] = events.sightings(fulfillment_payload(sale, parcel))
    assert (seen.state, seen.description) == (ParcelState.UNKNOWN, "Teleported")
    parcel.tracking = None
    assert events.sightings(fulfillment_payload(sale, parcel)) == []


def test_published_orders_are_read(shared: Path) -> None:
    folder = shared / "data/shopify"
    published = json.loads((folder / "order.json").read_text())["order"]
    found = orders.draft(published)
    assert (found.number, found.channel, found.total) == ("#1001", "shopify", 40_994)
    assert [line.sku for line in found.lines] == [
        "IPOD2008GREEN",
        "IPOD2008RED",
        "IPOD2008BLACK",
    ]
    for one in json.loads((folder / "orders.json").read_text())["orders"]:
        assert orders.draft(one).number == one["name"]
    parcel = json.loads((folder / "fulfillment.json").read_text())["fulfillment"]
    [seen] = events.sightings({**parcel, "shipment_status": "in_transit"})
    assert (seen.tracking_number, seen.state) == ("1Z2345", ParcelState.IN_TRANSIT)


async def test_both_shapes_of_an_order_say_the_same() -> None:
    sale = Order(lines={11: 4, 12: 1})
    sale.fulfillments.append(Fulfillment(7_001, Counter({11: 2}), "1Z450", shipment="in_transit"))
    answer = await graphql(
        SCHEMA,
        documents.WHOLE_ORDER,
        {"order": lambda _info, id: sale_view(sale)},  # noqa: A006, ARG005
        variable_values={"id": "gid://shopify/Order/450"},
    )
    assert answer.errors is None
    assert answer.data is not None
    assert orders.draft(orders.as_payload(answer.data["order"])) == orders.draft(sale_payload(sale))


def test_an_order_of_graphql_without_a_name_is_refused() -> None:
    with pytest.raises(BadValue, match="name is empty"):
        orders.draft(orders.as_payload({"id": "gid://shopify/Order/450"}))
