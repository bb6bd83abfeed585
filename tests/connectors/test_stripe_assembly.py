"""A desk put together from its configuration pays at Stripe and hears its webhooks."""

from __future__ import annotations

from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from domain.refunds.model import State
from tests.connectors.stripe_emulator import API_KEY, WEBHOOK_SECRET, Emulator
from tests.connectors.till import assembled


async def test_a_configured_desk_pays_at_stripe_and_hears_it(database_url: str) -> None:
    emulator = Emulator(status="pending", times=1)
    async with (
        TestServer(emulator.application()) as server,
        assembled(
            database_url,
            "stripe",
            stripe_api_key=SecretStr(API_KEY),
            stripe_api_url=str(server.make_url("/")),
            stripe_webhook_secret=SecretStr(WEBHOOK_SECRET),
        ) as (site, desk, send),
    ):
        emulator.deliver = lambda body, header: send(body, {"Stripe-Signature": header})
        order_id = await desk.order(payment_provider="stripe", payment_reference="pi_1")
        refund_id = await desk.approved_refund(order_id)
        await site.worker.work_off()
        assert (await desk.refund(refund_id)).state is State.SUBMITTED
        await emulator.tell("refund.updated", emulator.refunds[0], status="succeeded")
        await site.worker.work_off()

        refund = await desk.refund(refund_id)
        assert (refund.state, refund.provider) == (State.SUCCEEDED, "stripe")
        assert emulator.paid == refund.amount
