"""A desk put together from its configuration pays at Shopify and hears its webhooks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from domain import sources
from domain.money import Money
from domain.orders import queries
from domain.orders.model import State as OrderState
from domain.refunds.model import State
from tests.connectors.shopify_emulator import CLIENT_ID, Emulator
from tests.connectors.shopify_shapes import CLIENT_SECRET, Fulfillment, Order
from tests.connectors.till import assembled


def connected(server: TestServer) -> dict[str, Any]:
    """Return the settings of a desk that is connected to an emulator."""
    return {
        "shopify_shop": "alder-finch.myshopify.com",
        "shopify_client_secret": SecretStr(CLIENT_SECRET),
        "shopify_client_id": CLIENT_ID,
        "shopify_api_url": str(server.make_url("/")),
    }


async def test_a_configured_desk_pays_at_shopify_and_hears_it(database_url: str) -> None:
    emulator = Emulator(statuses=("PENDING",), times=1)
    async with (
        TestServer(emulator.application()) as server,
        assembled(database_url, "shopify", **connected(server)) as (site, desk, send),
    ):
        emulator.deliver = send
        order_id = await desk.order(payment_provider="shopify", payment_reference="450")
        refund_id = await desk.approved_refund(order_id)
        await site.worker.work_off()
        assert (await desk.refund(refund_id)).state is State.SUBMITTED
        await emulator.turn(emulator.refunds[0], "SUCCESS")
        await site.worker.work_off()

        refund = await desk.refund(refund_id)
        assert (refund.state, refund.provider) == (State.SUCCEEDED, "shopify")
        assert emulator.paid * 100 == refund.amount


async def test_orders_that_no_webhook_told_of_are_asked_for(database_url: str) -> None:
    emulator = Emulator(orders=[Order(number) for number in range(450, 455)])
    now = datetime.now(UTC)
    for number, order in enumerate(emulator.orders):
        order.placed_at = now - timedelta(hours=9 - number)
    emulator.orders[1].fulfillments.append(Fulfillment(7_001, Counter({11: 4}), "1Z451"))
    emulator.now = now - timedelta(hours=1)
    emulator.by_admin("12.50")
    async with (
        TestServer(emulator.application()) as server,
        assembled(database_url, "shopify", **connected(server)) as (site, desk, _),
    ):
        await site.clock.tick(datetime.now(UTC))
        await site.worker.work_off()
        async with desk.store.read(desk.merchant) as session:
            refunded = await queries.card(session, "#450")
            shipped = await queries.card(session, "#451")
            source, payouts = await sources.every(session)
        assert (refunded.captured, refunded.refundable) == (
            Money(5_000, "USD"),
            Money(3_750, "USD"),
        )
        assert (shipped.state, shipped.parcels[0].tracking_number) == (OrderState.SHIPPED, "1Z451")
        assert (source.name, source.failing_since) == ("shopify", None)
        assert source.checked_at is not None
        assert (payouts.name, payouts.failing_since) == ("shopify-payouts", None)
        # From where it was read to: of all the orders only the one that changed comes again.
        asked = emulator.asked.count("WholeOrder")
        emulator.orders[3].changed_at = now + timedelta(minutes=1)
        async with site.store.write(desk.merchant, now=now, actor="clock") as work:
            source, _ = await sources.every(work.session)
            source.due_at = now
        await site.clock.tick(datetime.now(UTC))
        await site.worker.work_off()
        assert emulator.asked.count("WholeOrder") - asked == 1
