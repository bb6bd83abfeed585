"""Shopify's webhook over a real socket: forged, stale, replayed, garbage."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

from bot.http.metrics import Metrics
from bot.http.server import build
from domain.inbox import Delivery
from domain.jobs import Job
from domain.store import Store
from tests.connectors.shopify_shapes import CLIENT_SECRET, signed

_BODY = b'{"id": 5001, "order_id": 450, "transactions": []}'
_HMAC = "X-Shopify-Hmac-SHA256"
Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(store: Store, merchant: int, now: datetime) -> AsyncIterator[Client]:
    del merchant
    secrets_of = {"shopify": CLIENT_SECRET}
    application = build(store, Metrics(), now=lambda: now, secrets_of=secrets_of)
    async with TestClient(TestServer(application)) as client:
        yield client


async def test_a_webhook_is_kept_once_with_its_topic_however_often_it_comes(
    client: Client, store: Store, merchant: int
) -> None:
    for status in ("kept", *["known"] * 4):
        response = await client.post("/webhooks/shopify", data=_BODY, headers=signed(_BODY))
        assert (response.status, await response.json()) == (200, {"status": status})
    async with store.read(merchant) as session:
        (delivery,) = await session.scalars(select(Delivery))
        (job,) = await session.scalars(select(Job))
    assert (delivery.source, delivery.reference) == ("shopify", "w-1")
    assert json.loads(delivery.body) == {"topic": "refunds/create", "payload": json.loads(_BODY)}
    assert (job.kind, job.payload) == ("inbox.shopify", {"delivery_id": delivery.id})


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "AAAA",
        "ünsigned",
        signed(_BODY, secret="shpss_forged")[_HMAC],
        signed(_BODY + b" ")[_HMAC],
        signed(b'{"id": 5000}')[_HMAC],
    ],
    ids=["none", "empty", "short", "odd", "forged", "another message's", "an older message's"],
)
async def test_a_message_of_somebody_else_is_refused(
    client: Client, store: Store, merchant: int, header: str | None
) -> None:
    headers = {name: value for name, value in signed(_BODY).items() if name != _HMAC}
    headers |= {} if header is None else {_HMAC: header}
    response = await client.post("/webhooks/shopify", data=_BODY, headers=headers)
    assert response.status == 401
    assert (await response.json())["error"] == (
        "X-Shopify-Hmac-SHA256 does not belong to this message. Check that the webhook's secret "
        "at Shopify is that of SHOPIFY_CLIENT_SECRET."
    )
    async with store.read(merchant) as session:
        assert (await session.scalars(select(Delivery))).all() == []


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"\0", b"\xff\xfe", b'{"id": '])
async def test_a_message_that_is_no_event_is_refused(client: Client, body: bytes) -> None:
    response = await client.post("/webhooks/shopify", data=body, headers=signed(body))
    assert response.status == 400
    assert "This is not a Shopify event" in (await response.json())["error"]


@pytest.mark.parametrize("missing", ["X-Shopify-Webhook-Id", "X-Shopify-Topic"])
async def test_a_message_without_a_name_or_topic_is_refused(client: Client, missing: str) -> None:
    headers = signed(_BODY)
    del headers[missing]
    response = await client.post("/webhooks/shopify", data=_BODY, headers=headers)
    assert response.status == 400
    assert missing in (await response.json())["error"]


async def test_without_a_secret_nothing_is_taken(store: Store, now: datetime) -> None:
    async with TestClient(TestServer(build(store, Metrics(), now=lambda: now))) as client:
        response = await client.post("/webhooks/shopify", data=_BODY, headers=signed(_BODY))
        assert response.status == 503
        assert "SHOPIFY_CLIENT_SECRET is not set" in (await response.json())["error"]
