"""Stripe's webhook over a real socket: forged, stale, replayed, garbage."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select
from stripe import WebhookSignature

from bot.http.metrics import Metrics
from bot.http.server import build
from domain.inbox import Delivery
from domain.jobs import Job
from domain.store import Store

_SECRET = "whsec_1"
_BODY = json.dumps({"id": "evt_1", "type": "refund.created", "data": {"object": {}}})
Client = TestClient[web.Request, web.Application]


def signed(body: str = _BODY, *, secret: str = _SECRET, age: int = 0) -> dict[str, str]:
    at = int(time.time()) - age
    return {"Stripe-Signature": WebhookSignature.generate_signature_header(body, secret, at)}


@pytest.fixture
async def client(store: Store, merchant: int, now: datetime) -> AsyncIterator[Client]:
    del merchant
    application = build(store, Metrics(), now=lambda: now, secrets_of={"stripe": _SECRET})
    async with TestClient(TestServer(application)) as client:
        yield client


async def test_an_event_is_kept_once_however_often_it_comes(
    client: Client, store: Store, merchant: int
) -> None:
    for status in ("kept", *["known"] * 4):
        response = await client.post("/webhooks/stripe", data=_BODY, headers=signed())
        assert (response.status, await response.json()) == (200, {"status": status})
    async with store.read(merchant) as session:
        (delivery,) = await session.scalars(select(Delivery))
        (job,) = await session.scalars(select(Job))
    assert (delivery.source, delivery.reference, delivery.body) == ("stripe", "evt_1", _BODY)
    assert (job.kind, job.payload) == ("inbox.stripe", {"delivery_id": delivery.id})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Stripe-Signature": ""},
        {"Stripe-Signature": "t=1,v1=00"},
        {"Stripe-Signature": "ünsigned"},
        signed(secret="whsec_forged"),
        signed(_BODY + " "),
        signed(age=310),
    ],
    ids=["none", "empty", "old scheme", "odd", "forged", "another message's", "stale"],
)
async def test_a_message_of_somebody_else_is_refused(
    client: Client, store: Store, merchant: int, headers: dict[str, str]
) -> None:
    response = await client.post("/webhooks/stripe", data=_BODY, headers=headers)
    assert response.status == 401
    answer = await response.json()
    assert answer["error"].startswith("Stripe-Signature does not belong to this message. Check")
    async with store.read(merchant) as session:
        assert (await session.scalars(select(Delivery))).all() == []


@pytest.mark.parametrize("body", ["", "not json", "[]", '{"id": 7}', '{"id": ""}', "\0"])
async def test_a_message_that_is_no_event_is_refused(client: Client, body: str) -> None:
    response = await client.post("/webhooks/stripe", data=body, headers=signed(body))
    assert response.status == 400
    assert "This is not a Stripe event" in (await response.json())["error"]


async def test_without_a_secret_nothing_is_taken(store: Store, now: datetime) -> None:
    async with TestClient(TestServer(build(store, Metrics(), now=lambda: now))) as client:
        response = await client.post("/webhooks/stripe", data=_BODY, headers=signed())
        assert response.status == 503
        assert "STRIPE_WEBHOOK_SECRET is not set" in (await response.json())["error"]
