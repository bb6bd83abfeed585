"""Parcels told to Shopify: once each, by line, and what it says when it won't."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from bot.connectors.shopify.client import Client, Credentials
from bot.connectors.shopify.fulfilling import Fulfilling
from domain.shipping.marketplace import MarketplaceSilent, Shipment, ShipmentRefused
from tests.connectors.shopify_emulator import TOKEN, Emulator
from tests.connectors.shopify_shapes import Fulfillment, Order


def shipment(**changes: Any) -> Shipment:
    facts: dict[str, Any] = {
        "reference": "parcel-1",
        "order_number": "#450",
        "channel": "shopify",
        "payment_reference": "gid://shopify/Order/450",
        "carrier": "UPS",
        "tracking_number": "1Z450",
        "shipped_at": datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
        "lines": (("11", "SKU-11", 3),),
    }
    return Shipment(**facts | changes)


@pytest.fixture
async def shop() -> AsyncIterator[tuple[Emulator, Fulfilling]]:
    emulator = Emulator(orders=[Order(lines={11: 4, 12: 1})])
    async with TestServer(emulator.application()) as server:
        client = Client(Credentials(token=TOKEN), str(server.make_url("/")), patience=1.5)
        yield emulator, Fulfilling(client)
        await client.close()
        emulator.released.set()


Shop = tuple[Emulator, Fulfilling]


async def test_a_parcel_is_entered_once_with_its_lines_and_number(shop: Shop) -> None:
    emulator, fulfilling = shop
    for _ in range(3):
        await fulfilling.confirm(shipment())
    await fulfilling.confirm(
        shipment(tracking_number="1Z451", lines=(("11", None, 1), (None, "SKU-12", 1)))
    )
    first, second = emulator.orders[0].fulfillments
    assert (first.tracking, first.company, first.lines) == ("1Z450", "UPS", Counter({11: 3}))
    assert (second.tracking, second.lines) == ("1Z451", Counter({11: 1, 12: 1}))


@pytest.mark.parametrize("mishap", ["dropped after", "500 after", "dropped before", "502"])
async def test_whatever_an_answer_is_lost_to_the_parcel_is_entered_once(
    shop: Shop, mishap: str
) -> None:
    emulator, fulfilling = shop
    emulator.mishaps.append(mishap)
    with pytest.raises(MarketplaceSilent):
        await fulfilling.confirm(shipment())
    await fulfilling.confirm(shipment())
    assert [one.tracking for one in emulator.orders[0].fulfillments] == ["1Z450"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"payment_reference": "gid://shopify/Order/999"}, "shows the app no order #450"),
        ({"payment_reference": None}, "shows the app no order #450"),
        ({"lines": (("11", None, 5),)}, "expects 1 fewer items"),
        ({"lines": (("77", None, 2),)}, "expects 2 fewer items"),
    ],
)
async def test_a_parcel_that_can_not_be_of_the_order_is_refused(
    shop: Shop, changes: dict[str, Any], why: str
) -> None:
    emulator, fulfilling = shop
    with pytest.raises(ShipmentRefused, match=why):
        await fulfilling.confirm(shipment(**changes))
    assert emulator.orders[0].fulfillments == []


async def test_what_was_sent_and_cancelled_may_be_sent_again(shop: Shop) -> None:
    emulator, fulfilling = shop
    emulator.orders[0].fulfillments.append(
        Fulfillment(7_001, Counter({11: 3}), "1Z450", status="CANCELLED")
    )
    await fulfilling.confirm(shipment())
    assert [one.status for one in emulator.orders[0].fulfillments] == ["CANCELLED", "SUCCESS"]


async def test_a_refusal_of_the_app_says_what_to_do(shop: Shop) -> None:
    emulator, fulfilling = shop
    emulator.mishaps.append("ask denied")
    with pytest.raises(ShipmentRefused, match="write_merchant_managed_fulfillment_orders"):
        await fulfilling.confirm(shipment())
