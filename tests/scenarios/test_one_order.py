"""One order's way through the desk: from the marketplace to the doorstep and the payout."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.connectors.practice import PracticeLedger
from domain import merchants
from domain.inventory.model import Item
from tests.connectors.shopify_emulator import CLIENT_ID, Emulator
from tests.connectors.shopify_sales import sale_payload
from tests.connectors.shopify_shapes import CLIENT_SECRET, Order, Transaction, signed
from tests.scenarios.conftest import (
    ANA,
    FAY,
    OFFICE,
    ORDERS,
    SHIPPING,
    WES,
    Shop,
    buttons,
    opened,
    text_of,
)
from tests.scenarios.test_shipping import deliver, scan

NUMBER = "#451"


@dataclass
class Story:
    """A shop at Shopify, and the desk that it is connected to."""

    shopify: Emulator
    shop: Shop

    @property
    def order(self) -> Order:
        """The order at Shopify."""
        return self.shopify.orders[-1]

    async def told_by_shopify(self, topic: str) -> None:
        """Have Shopify send its webhook of the order as it is now, twice as it may."""
        body = json.dumps(sale_payload(self.order)).encode()
        url = f"{self.shop.site.address}/webhooks/shopify"
        headers = signed(body, f"w-{topic}", topic)
        async with aiohttp.ClientSession() as session:
            for _ in range(2):
                async with session.post(url, data=body, headers=headers) as answer:
                    assert answer.status == 200

    async def answers(self, doing: Any) -> str:
        """Do something as Wes; returns what only he reads then."""
        slack = self.shop.slack
        before = len(slack.ephemerals(WES))
        await doing
        said = await slack.until(lambda: (slack.ephemerals(WES)[before:] or [None])[0], 20)
        return text_of(said)  # type: ignore[arg-type]


@pytest.fixture
async def story(database_url: str) -> AsyncIterator[Story]:
    paid = Transaction(902, "SALE", Decimal("25.00"))
    shopify = Emulator(orders=[Order(451, payments=[paid], lines={11: 2})])
    async with (
        TestServer(shopify.application()) as server,
        opened(
            database_url,
            shopify_shop="alder-finch.myshopify.com",
            shopify_client_secret=SecretStr(CLIENT_SECRET),
            shopify_client_id=CLIENT_ID,
            shopify_api_url=str(server.make_url("/")),
        ) as (slack, site, merchant_id, wall),
    ):
        shop = Shop(slack, site, PracticeLedger(), merchant_id, wall)
        shopify.orders[-1].placed_at = shop.now() - timedelta(minutes=5)
        async with site.store.write(merchant_id, now=shop.now(), actor="import") as work:
            work.session.add(Item(key="sku-11", sku="SKU-11", on_hand=5, reserved=0, location="A1"))
            await merchants.change_setting(work, "payout.fees", "shopify 2.9% + 0.30 USD")
        yield Story(shopify, shop)


async def test_an_order_comes_in_leaves_arrives_and_is_paid_out(story: Story) -> None:
    shop, slack = story.shop, story.shop.slack

    await story.told_by_shopify("orders/create")
    card = await shop.card(ORDERS, NUMBER)
    assert "order.confirm" in buttons(card)
    await slack.click(WES, "order.confirm", channel=ORDERS)
    await shop.card(ORDERS, f"confirmed by <@{WES}>")
    assert len(slack.messages(ORDERS)) == 1
    assert "SKU-11 · 3 left" in text_of(await shop.type(ANA, "/stock SKU-11"))

    picked = text_of(await shop.type(WES, "/shipping pick"))
    assert "2 × Product 11" in picked
    await slack.click(WES, "pick.all", channel=OFFICE)
    await slack.click(WES, "order.pack", channel=OFFICE)
    await story.answers(slack.submit(WES, {}))
    await slack.click(WES, "order.ship", channel=OFFICE)
    left = await story.answers(slack.submit(WES, {"carrier": "UPS", "number": "1Z451"}))
    assert "UPS 1Z451 has left" in left
    await shop.quiet()
    (fulfillment,) = story.order.fulfillments
    assert (fulfillment.tracking, fulfillment.company, dict(fulfillment.lines)) == (
        "1Z451",
        "UPS",
        {11: 2},
    )

    # What the desk told Shopify comes back from there, and is nothing new.
    story.order.changed_at = shop.now()
    await story.told_by_shopify("orders/updated")
    await shop.quiet()
    assert f"Order {NUMBER} · 1 parcel" in text_of(await shop.type(ANA, f"/shipping {NUMBER}"))
    assert "SKU-11 · 3 left" in text_of(await shop.type(ANA, "/stock SKU-11"))

    assert await deliver(shop, scan("1Z451", "failure", "Nobody home", reference="e1")) == 200
    alert = await shop.card(SHIPPING, "Delivery failed")
    assert NUMBER in text_of(alert)
    assert await deliver(shop, scan("1Z451", "delivered", "Left at door", reference="e2")) == 200
    over = await shop.card(SHIPPING, "parcel delivered")
    assert not buttons(over)

    await shop.later(days=31)
    assert f"Order {NUMBER} · Completed" in text_of(await shop.type(ANA, f"/order {NUMBER}"))

    story.shopify.balance = [_sold(shop, "25.00", "1.03")]
    await shop.later(hours=7)
    await shop.later(minutes=2)
    await shop.quiet()
    report = text_of(await shop.type(FAY, "/report payouts 7"))
    assert "*Payouts of the last 7 days* · $23.97, no differences" in report


def _sold(shop: Shop, amount: str, fee: str) -> dict[str, Any]:
    """The sale in the balance of Shopify Payments."""
    return {
        "id": "gid://shopify/ShopifyPaymentsBalanceTransaction/1",
        "type": "CHARGE",
        "test": False,
        "sourceType": "CHARGE",
        "transactionDate": shop.now().isoformat(),
        "amount": {"amount": amount, "currencyCode": "USD"},
        "fee": {"amount": fee, "currencyCode": "USD"},
        "net": {"amount": "0", "currencyCode": "USD"},
        "associatedOrder": {"id": "gid://shopify/Order/451", "name": NUMBER},
        "associatedPayout": {"id": "gid://shopify/ShopifyPaymentsPayout/623721858"},
    }
