"""A desk put together from its configuration pays at Stripe and hears its webhooks."""

from __future__ import annotations

import socket

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from sqlalchemy import select

from bot import app
from bot.config import Config
from bot.http.server import listen
from domain import merchants
from domain.refunds.model import Refund, State
from tests.connectors.stripe_emulator import API_KEY, WEBHOOK_SECRET, Emulator
from tests.work.desk import Small


@pytest.fixture
def listener() -> socket.socket:
    return listen("127.0.0.1", 0)


async def test_a_configured_desk_pays_at_stripe_and_hears_it(
    database_url: str, listener: socket.socket
) -> None:
    emulator = Emulator(status="pending", times=1)
    async with TestServer(emulator.application()) as server:
        config = Config(
            _env_file=None,  # type: ignore[call-arg]
            database_url=database_url,
            slack_bot_token=SecretStr("xoxb-1"),
            slack_signing_secret=SecretStr("s"),
            slack_api_url="http://127.0.0.1:1/api/",
            stripe_api_key=SecretStr(API_KEY),
            stripe_api_url=str(server.make_url("/")),
            stripe_webhook_secret=SecretStr(WEBHOOK_SECRET),
        )
        async with (
            app.running(config, only="web", listener=listener) as site,
            aiohttp.ClientSession() as session,
        ):

            async def send(body: bytes, header: str) -> None:
                address = f"{site.address}/webhooks/stripe"
                async with session.post(
                    address, data=body, headers={"Stripe-Signature": header}
                ) as answer:
                    assert answer.status == 200

            emulator.deliver = send
            async with site.store.across(write=True) as rows:
                merchant = (await merchants.sole(rows, app.utc_now())).id
            desk = Small(site.store, merchant, app.utc_now())
            order_id = await desk.order(payment_provider="stripe", payment_reference="pi_1")
            refund_id = await desk.approved_refund(order_id)
            await site.worker.work_off()
            assert (await desk.refund(refund_id)).state is State.SUBMITTED
            await emulator.tell("refund.updated", emulator.refunds[0], status="succeeded")
            await site.worker.work_off()

            async with site.store.read(merchant) as rows:
                (refund,) = await rows.scalars(select(Refund))
            assert (refund.state, refund.provider) == (State.SUCCEEDED, "stripe")
            assert emulator.paid == refund.amount
