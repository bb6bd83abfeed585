"""A desk put together from its configuration pays at Shopify and hears its webhooks."""

from __future__ import annotations

from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from domain.refunds.model import State
from tests.connectors.shopify_emulator import CLIENT_ID, Emulator
from tests.connectors.shopify_shapes import CLIENT_SECRET
from tests.connectors.till import assembled


async def test_a_configured_desk_pays_at_shopify_and_hears_it(database_url: str) -> None:
    emulator = Emulator(statuses=("PENDING",), times=1)
    async with (
        TestServer(emulator.application()) as server,
        assembled(
            database_url,
            "shopify",
            shopify_shop="alder-finch.myshopify.com",
            shopify_client_secret=SecretStr(CLIENT_SECRET),
            shopify_client_id=CLIENT_ID,
            shopify_api_url=str(server.make_url("/")),
        ) as (site, desk, send),
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
