"""Tills at Stripe and at Shopify, and a counter at Amazon, all emulated."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime

import pytest
from aiohttp.test_utils import TestServer

from bot.connectors.amazon.client import Connection
from bot.connectors.amazon.refunds import Amazon
from bot.connectors.shopify import events as shopify_events
from bot.connectors.shopify.client import Credentials
from bot.connectors.shopify.payments import Shopify
from bot.connectors.stripe import events as stripe_events
from bot.connectors.stripe.payments import Stripe
from domain.store import Store
from handlers.alerts import route
from tests.connectors import amazon_emulator, shopify_emulator, stripe_emulator
from tests.connectors.amazon_orders_emulator import Shop
from tests.connectors.counter import Counter, credentials
from tests.connectors.seller import Seller
from tests.connectors.till import PATIENCE, AnyTill, opened
from tests.work.desk import Small


@dataclass
class Till(AnyTill):
    """A till at Stripe."""

    stripe: stripe_emulator.Emulator

    async def send(self, body: bytes, header: str) -> None:
        """Take an event in, as Stripe sends it."""
        await self.take(body, {"Stripe-Signature": header})


@dataclass
class ShopifyTill(AnyTill):
    """A till at Shopify."""

    shopify: shopify_emulator.Emulator


@pytest.fixture
async def till(store: Store, merchant: int, now: datetime) -> AsyncIterator[Till]:
    """A till whose Stripe sends its events, each five times; on both kinds of database."""
    emulator = stripe_emulator.Emulator()
    secrets_of = {"stripe": stripe_emulator.WEBHOOK_SECRET}
    async with AsyncExitStack() as stack:
        address, client = await stack.enter_async_context(
            opened(store, now, emulator.application(), secrets_of)
        )
        provider = Stripe(stripe_emulator.API_KEY, address, patience=PATIENCE)
        stack.push_async_callback(provider.close)
        till = Till(
            desk=Small(store, merchant, now),
            provider=provider,
            client=client,
            now=now,
            reader=stripe_events.reader,
            reference="pi_1",
            stripe=emulator,
        )
        emulator.deliver = till.send
        yield till
        emulator.released.set()


@pytest.fixture
async def shop(store: Store, merchant: int, now: datetime) -> AsyncIterator[ShopifyTill]:
    """A till whose Shopify sends its webhooks, each five times; on both kinds of database."""
    emulator = shopify_emulator.Emulator()
    secrets_of = {"shopify": shopify_emulator.CLIENT_SECRET}
    async with AsyncExitStack() as stack:
        address, client = await stack.enter_async_context(
            opened(store, now, emulator.application(), secrets_of)
        )
        credentials = Credentials(token=shopify_emulator.TOKEN)
        provider = Shopify(credentials, address)
        stack.push_async_callback(provider.close)
        till = ShopifyTill(
            desk=Small(store, merchant, now),
            provider=provider,
            client=client,
            now=now,
            reader=lambda store, now: shopify_events.reader(store, now, provider),
            reference="450",
            shopify=emulator,
        )
        emulator.deliver = till.take
        yield till
        emulator.released.set()


@pytest.fixture
async def counter(store: Store, merchant: int, now: datetime) -> AsyncIterator[Counter]:
    """A counter whose Amazon does at once what it is asked; on both kinds of database."""
    store.alerts = route
    async with AsyncExitStack() as stack:
        emulator = amazon_emulator.Emulator(lambda: now)
        server = await stack.enter_async_context(TestServer(emulator.application()))
        emulator.address = str(server.make_url("/"))
        provider = Amazon(credentials(emulator.address), patience=PATIENCE)
        stack.push_async_callback(provider.close)
        counter = Counter(Small(store, merchant, now), emulator, provider, now)
        emulator.now = counter.time
        yield counter
        emulator.released.set()


@pytest.fixture
async def seller(store: Store, merchant: int, now: datetime) -> AsyncIterator[Seller]:
    """A seller at Amazon; on both kinds of database."""
    emulator = Shop(lambda: now)
    async with TestServer(emulator.application()) as server:
        connection = Connection(credentials(str(server.make_url("/"))), PATIENCE)
        seller = Seller(store, merchant, emulator, connection, now)
        emulator.now = seller.time
        yield seller
        await connection.close()
        emulator.released.set()
